package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"anything", errors.New("anything"), 1},
		{"no ledger", fmt.Errorf("day: %w", reconcile.ErrNoLedger), 1},
		{"unreadable ledger", fmt.Errorf("x: %w", ledger.ErrNotText), 1},
		{"ledger without a header", fmt.Errorf("x: %w", reconcile.ErrHeadless), 1},
		{"foreign database", fmt.Errorf("x: %w", store.ErrForeign), 1},
		{"newer database", fmt.Errorf("x: %w", store.ErrNewer), 1},
		{"books that do not balance", fmt.Errorf("x: %w", reconcile.ErrBooksOpen), 1},
		{"a column that is not there", fmt.Errorf("x: %w", &ledger.HeaderError{}), 2},
		{"configuration", fmt.Errorf("x: %w", &ConfigError{}), 2},
		{"command line", usage("--date: %q", "x"), 2},
		{"said already", &exitError{code: 3}, 3},
		{"joined with a verdict", errors.Join(nil, &exitError{code: 4}), 4},
		{"busy", fmt.Errorf("%w: somebody", errBusy), 5},
		{"interrupted", fmt.Errorf("x: %w", reconcile.ErrInterrupted), 130},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, exitCode(c.err)) })
	}
}

// TestExitHelp holds the help against the codes.
func TestExitHelp(t *testing.T) {
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitDiscrepant, exitIncomplete, exitBusy, exitInterrupted} {
		require.Regexp(t, fmt.Sprintf(`(?m)^  %d +[a-z]`, code), exitHelp)
	}
}

// TestExplain: what an operator can do something about says what, once.
func TestExplain(t *testing.T) {
	a, _, _ := newApp(wallClock{})
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"no ledger", fmt.Errorf("%w: no file", reconcile.ErrNoLedger), "the ledger is not there: no file; try: umsrecon check"},
		{"headless", reconcile.ErrHeadless, "; try: exporting"},
		{"header", &ledger.HeaderError{File: "a.csv", Line: 1}, "; try: naming the headings under ledger.columns"},
		{"foreign", store.ErrForeign, "; try: another file under database"},
		{"newer", store.ErrNewer, "; try: the newer umsrecon"},
		{"damaged", store.ErrDamaged, "; try: restoring"},
		{"no case", store.ErrNoCase, "; try: umsrecon discrepancies list"},
		{"ambiguous", store.ErrAmbiguous, "; try: more of the id"},
		{"busy", errBusy, "; wait for it"},
		{"interrupted", reconcile.ErrInterrupted, "; what was answered is kept"},
		{"permission", &fs.PathError{Op: "mkdir", Path: "/x", Err: fs.ErrPermission}, "; try: giving"},
		{"a file for a folder", os.MkdirAll(filepath.Join(file, "x"), 0o750), "; try: another path"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Contains(t, a.explain(fmt.Errorf("run: %w", c.err)), c.want) })
	}
	require.Empty(t, a.explain(nil))
	require.Empty(t, a.explain(&exitError{code: exitDiscrepant}))
	require.Equal(t, "something else", a.explain(errors.New("something else")))
}

func TestResultCode(t *testing.T) {
	for _, c := range []struct {
		name    string
		summary reconcile.Summary
		want    int
	}{
		{"everything agrees", reconcile.Summary{Status: reconcile.RunComplete}, 0},
		{"a pending case", reconcile.Summary{Status: reconcile.RunComplete, Pending: 1}, 3},
		{"an invalid row", reconcile.Summary{Status: reconcile.RunComplete, Invalid: 1}, 3},
		{"incomplete", reconcile.Summary{Status: reconcile.RunIncomplete}, 4},
		{"both", reconcile.Summary{Status: reconcile.RunIncomplete, Pending: 1, Invalid: 1}, 4},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, result{summary: c.summary}.code()) })
	}
}

func TestVerdictOf(t *testing.T) {
	agrees, differs := result{summary: reconcile.Summary{Status: reconcile.RunComplete}}, result{summary: reconcile.Summary{Pending: 1}}
	incomplete := result{summary: reconcile.Summary{Status: reconcile.RunIncomplete}}
	require.NoError(t, verdictOf([]result{agrees, agrees}, nil))
	require.Equal(t, exitDiscrepant, exitCode(verdictOf([]result{differs, agrees}, nil)))
	require.Equal(t, exitIncomplete, exitCode(verdictOf([]result{incomplete, differs}, nil)))
	require.NoError(t, verdictOf([]result{differs}, errors.New("the error has its own code")))
}

// TestInterruptedCode: whatever a signal cut off on its way, it is 130; what
// was decided before stays as it is.
func TestInterruptedCode(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	config := smallShop(t, "http://127.0.0.1:1")
	a, _, stderr := newApp(wallClock{})
	require.Equal(t, exitInterrupted, a.run(ctx, []string{"-c", config, "run", "--date", "2026-01-05"}))
	require.Contains(t, stderr.String(), "start again to go on")
	a, _, _ = newApp(wallClock{})
	require.Equal(t, exitUsage, a.run(ctx, []string{"-c", config, "run", "--date", "never"}))
	a, _, _ = newApp(wallClock{})
	require.Equal(t, exitDone, a.run(ctx, []string{"version"}))
}

func TestRollText(t *testing.T) {
	c := reconcile.RollForward{
		Opening: reconcile.Sum{Count: 4, Fen: 1000}, New: reconcile.Sum{Count: 2, Fen: 300}, Reopened: reconcile.Sum{Count: 1, Fen: 50}, Revalued: reconcile.Sum{Count: 1, Fen: -25},
		Cleared: reconcile.Sum{Count: 2, Fen: 200}, Resolved: reconcile.Sum{Count: 1, Fen: 100}, Closing: reconcile.Sum{Count: 4, Fen: 1025},
	}
	require.Equal(t, "4 (10.00) open before, +2 (3.00) new, +1 (0.50) reopened, 1 revalued by (-0.25), -2 (2.00) cleared, -1 (1.00) resolved: 4 open, 10.25 yuan", rollText(c))
}
