package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestManual: every command and flag stands on the page, and groff has nothing
// to say against it.
func TestManual(t *testing.T) {
	a, stdout, _ := newApp(wallClock{})
	require.Zero(t, a.run(t.Context(), []string{"man"}))
	page := stdout.String()
	for _, want := range []string{".SS umsrecon run\n", ".SS umsrecon day close D\n", `\fB\-\-due\fR`, `\fB\-\-log\-format\fR`, "130  interrupted", ".SS umsrecon backup FILE"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "umsrecon man")
	for line := range strings.Lines(page) {
		require.NotRegexp(t, `^[.'](?:TH|SH|SS|TP|PP|br|B)?[a-z]{3}`, line)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed: the page is not formatted")
	}
	format := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", "-K", "utf8")
	format.Stdin = strings.NewReader(page)
	out, err := format.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}

func TestRoff(t *testing.T) {
	require.Equal(t, `\&.x \e \-\-y`, roff(`.x \ --y`))
	require.Equal(t, "a\n.PP\n.br\n0 b", paragraphs("a\n\n  0 b\n"))
	require.Empty(t, options((&cobra.Command{}).Flags()))
}
