package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The page as a browser shows and prints it. Without Chromium the tests are
// skipped, unless REQUIRE_BROWSER=1.

const phone, desktop = 390, 1280

// browser runs Chromium without a window, with a profile of its own.
func browser(t *testing.T, args ...string) string {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			require.FailNow(t, "Chromium is not installed")
		}
		t.Skip("Chromium is not installed: the page was not shown by a browser")
	}
	profile, err := os.MkdirTemp("", "umsrecon-browser-*")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // a helper of the browser may still be writing
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + profile,
	}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

// frames shows pages side by side, each in a frame of its width, and writes
// what it measures into its own text. A page cannot tell: it may run no script.
const frames = `<!DOCTYPE html><body>%s<pre id="measured"></pre><script>
window.onload = () => {
  document.getElementById("measured").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(f => {
    const page = f.contentDocument;
    return {name: f.name, width: f.contentWindow.innerWidth, needed: page.documentElement.scrollWidth, text: page.body.innerText,
      fetched: f.contentWindow.performance.getEntriesByType("resource").map(e => e.name),
      cut: [...page.querySelectorAll(".wide")].filter(e => e.scrollWidth > e.clientWidth).length};
  }));
}
</script></body>`

type measured struct {
	Name          string
	Width, Needed int
	Text          string
	Fetched       []string
	Cut           int // tables that are wider than their place
}

// shown opens the pages at a phone's and a desktop's width, and returns what
// was measured by name.
func shown(t *testing.T, pages map[string]string) map[string]measured {
	t.Helper()
	var body strings.Builder
	for name := range pages {
		for _, width := range []int{phone, desktop} {
			fmt.Fprintf(&body, `<iframe name="%s %d" src="/%[1]s.html" width="%[2]d" height="800" style="border:0"></iframe>`, name, width)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/" {
			fmt.Fprintf(w, frames, body.String())
			return
		}
		fmt.Fprint(w, pages[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".html")])
	}))
	defer server.Close()
	dom := browser(t, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--dump-dom", server.URL+"/")
	found := regexp.MustCompile(`(?s)<pre id="measured">(.*?)</pre>`).FindStringSubmatch(dom)
	require.NotNil(t, found, dom)
	var all []measured
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &all))
	results := map[string]measured{}
	for _, m := range all {
		results[m.Name] = m
	}
	require.Len(t, results, 2*len(pages))
	return results
}

// three has orders of every kind.
func three() reconcile.Summary {
	s := sampleSummary()
	completion := *s.Kinds[reconcile.Refund]
	completion.UMS.Fen = completion.Ledger.Fen - 503_12
	s.Kinds[reconcile.Completion] = &completion
	return s
}

// grown is a summary with as much on it as a big merchant has: three kinds and
// hundreds of millions of yuan.
func grown() reconcile.Summary {
	s := sampleSummary()
	total := *s.Kinds[reconcile.Payment]
	total.UMS.Fen, total.Ledger.Fen, total.Loaded.Fen = 1_234_567_890_12, 1_234_567_900_00, 1_234_567_900_00
	total.Classes = map[reconcile.Class]reconcile.Sum{reconcile.Matched: {Count: 1_234_567, Fen: 1_234_567_900_00}}
	s.Kinds = map[reconcile.Kind]*reconcile.KindTotals{reconcile.Payment: &total, reconcile.Refund: s.Kinds[reconcile.Refund], reconcile.Completion: s.Kinds[reconcile.Refund]}
	return s
}

func TestPageInABrowser(t *testing.T) {
	english := sampleOptions()
	english.Language, english.Merchant = EN, strings.Repeat("BinhaiTrading", 12)
	all := reconcile.Sum{Count: 300, Fen: 57_204_00}
	quiet := reconcile.Summary{Day: sampleDay, Status: reconcile.RunComplete, Ageing: reconcile.AgeBands(), Kinds: map[reconcile.Kind]*reconcile.KindTotals{
		reconcile.Payment: {Loaded: all, Ledger: all, UMS: all, Classes: map[reconcile.Class]reconcile.Sum{reconcile.Matched: all}},
	}}
	results := shown(t, map[string]string{
		"zh": pageWritten(t, sampleSummary(), sampleOptions()), "en": pageWritten(t, three(), english),
		"grown": pageWritten(t, grown(), sampleOptions()), "quiet": pageWritten(t, quiet, sampleOptions()),
	})
	for name, m := range results {
		require.LessOrEqual(t, m.Needed, m.Width, "%s scrolls sideways", name)
		require.Empty(t, m.Fetched, name)
		require.Zero(t, m.Cut, "%s: a table does not fit", name)
	}
	require.Equal(t, phone, results["zh 390"].Width)
	for name, words := range map[string][]string{
		"zh 390":     {"银联商务对账汇总 2026-11-19", "未核实 3 笔", "差额（渠道−台账）", "−19.09", "渠道少收", "LEDGER_UNPAID_BILL_PAID", "1,484.50"},
		"zh 1280":    {"银联商务对账汇总 2026-11-19", "−19.09"},
		"en 390":     {"ChinaUMS reconciliation summary 2026-11-19", "Open cases: 10, 1,484.50 yuan", "UMS took less"},
		"grown 390":  {"1,234,567,900.00"},
		"quiet 1280": {"本次对账无差异"},
	} {
		for _, word := range words {
			require.Contains(t, results[name].Text, word, name)
		}
	}
}

// What the test above looks for is found where it is: else it would prove nothing.
func TestABrowserSeesAPageThatIsWrong(t *testing.T) {
	results := shown(t, map[string]string{
		"wrong": `<!DOCTYPE html><body><p style="width:900px">x</p><div class="wide" style="overflow-x:auto"><p style="width:3000px">y</p></div><img src="http://example.com/x.png">`,
	})
	require.Equal(t, []string{"http://example.com/x.png"}, results["wrong 390"].Fetched)
	require.Greater(t, results["wrong 390"].Needed, phone)
	require.Equal(t, []int{1, 1}, []int{results["wrong 390"].Cut, results["wrong 1280"].Cut})
	require.Equal(t, desktop, results["wrong 1280"].Needed)
}

// A normal run prints on one sheet.
func TestPagePrintsOnOneSheet(t *testing.T) {
	for _, language := range []Language{ZH, EN} {
		o := sampleOptions()
		o.Language = language
		dir := t.TempDir()
		require.NoError(t, Page(filepath.Join(dir, "d.xlsx"), sampleSummary(), o))
		pdf := filepath.Join(dir, "d.pdf")
		browser(t, "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+filepath.Join(dir, "d.html"))
		program, err := exec.LookPath("pdftotext")
		if err != nil {
			absent(t, "pdftotext")
		}
		text, err := exec.Command(program, "-layout", pdf, "-").Output()
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(text), "\f"), "sheets of paper")
		require.Contains(t, string(text), "1,484.50")
	}
}
