package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestBar(t *testing.T) {
	clock := &demoClock{now: time.Date(2026, time.January, 6, 2, 30, 0, 0, reconcile.Beijing)}
	a, _, stderr := newApp(clock)
	a.terminal = true
	bar := a.progress()
	shows := func(after time.Duration, p reconcile.Progress, want string) {
		t.Helper()
		stderr.Reset()
		clock.set(clock.Now().Add(after))
		bar.show(p)
		require.Equal(t, want, stderr.String())
	}
	shows(0, reconcile.Progress{Done: 1, Total: 100}, "\r\x1b[Kasked 1/100, 0 without an answer")
	shows(100*time.Millisecond, reconcile.Progress{Done: 5, Total: 100}, "")
	shows(9900*time.Millisecond, reconcile.Progress{Done: 20, Total: 100, Failed: 1}, "\r\x1b[Kasked 20/100, 2.0/s, 40s left, 1 without an answer")
	shows(199*time.Millisecond, reconcile.Progress{Done: 21, Total: 100}, "")
	shows(time.Millisecond, reconcile.Progress{Done: 100, Total: 100}, "\r\x1b[Kasked 100/100, 9.8/s, 0s left, 0 without an answer")
	stderr.Reset()
	bar.end()
	require.Equal(t, "\n", stderr.String())
}

// TestBarOfDiscrepancies: what looks discrepant is told while it is asked, and
// once more when the rest has been judged; the rate stays that of the asking.
func TestBarOfDiscrepancies(t *testing.T) {
	clock := &demoClock{now: time.Date(2026, time.January, 6, 2, 30, 0, 0, reconcile.Beijing)}
	a, _, stderr := newApp(clock)
	a.terminal = true
	bar, found := a.progress(), int64(3)
	bar.discrepant = func() int64 { return found }
	bar.show(reconcile.Progress{Done: 1, Total: 100})
	clock.set(clock.Now().Add(10 * time.Second))
	bar.show(reconcile.Progress{Done: 100, Total: 100})
	require.Equal(t, "\r\x1b[Kasked 1/100, 3 discrepant so far, 0 without an answer"+
		"\r\x1b[Kasked 100/100, 10.0/s, 0s left, 3 discrepant so far, 0 without an answer", stderr.String())
	stderr.Reset()
	found = 4
	clock.set(clock.Now().Add(time.Minute))
	bar.end()
	require.Equal(t, "\r\x1b[Kasked 100/100, 10.0/s, 0s left, 4 discrepant so far, 0 without an answer\n", stderr.String())
}

// TestNarrowBar: a line that would wrap loses its end, not its beginning.
func TestNarrowBar(t *testing.T) {
	parts := []string{"asked 20/100", "2.0/s", "40s left", "1 without an answer"}
	for columns, want := range map[int]string{
		0: "asked 20/100, 2.0/s, 40s left, 1 without an answer", 51: "asked 20/100, 2.0/s, 40s left, 1 without an answer",
		50: "asked 20/100, 2.0/s, 40s left", 20: "asked 20/100, 2.0/s", 19: "asked 20/100", 13: "asked 20/100", 12: "", 1: "",
	} {
		require.Equal(t, want, fitted(parts, columns), columns)
	}
	require.Equal(t, "已核对", fitted([]string{"已核对", "x"}, 8))
	require.Equal(t, 7, displayed("差异 ＡB"[:len("差异 Ａ")]))
	require.Equal(t, 1, displayed("e\u0301"))

	a, _, stderr := newApp(&demoClock{now: time.Unix(1e9, 0)})
	a.terminal, a.columns = true, func() int { return 12 }
	a.progress().show(reconcile.Progress{Done: 1, Total: 9})
	require.Equal(t, "\r\x1b[Kasked 1/9", stderr.String())
}

// TestBarElsewhere: only a terminal has a line of progress.
func TestBarElsewhere(t *testing.T) {
	a, _, stderr := newApp(wallClock{})
	bar := a.progress()
	bar.show(reconcile.Progress{Done: 1, Total: 1})
	bar.end()
	require.Empty(t, stderr.String())

	unused := &bytes.Buffer{}
	a.terminal, a.stderr = true, unused
	a.progress().end()
	require.Empty(t, unused.String(), "nothing was asked")

	file, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	defer file.Close()
	require.False(t, isTerminal(file, func(string) (string, bool) { return "xterm", true }))
}
