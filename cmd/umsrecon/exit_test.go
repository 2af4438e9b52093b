package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
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
		{"a day of history", reconcile.History("2026-02-03", reconcile.MakeDay(2026, 3, 1)), 2},
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
		{"no ledger", fmt.Errorf("%w: no file", reconcile.ErrNoLedger), "the ledger is not there: no file; try: the export of that day"},
		{"headless", reconcile.ErrHeadless, "; try: exporting"},
		{"header", &ledger.HeaderError{File: "a.csv", Line: 1}, "; try: naming the headings under ledger.columns"},
		{"foreign", store.ErrForeign, "; try: another file under database"},
		{"newer", store.ErrNewer, "; try: the newer umsrecon"},
		{"contradictory", store.ErrContradictory, "; compare each with umsrecon discrepancies show, umsrecon bill query and a backup; do not restore before"},
		{"read otherwise", store.ErrReadOtherwise, "; after an update of umsrecon that is to be expected"},
		{"damaged", store.ErrDamaged, "; try: restoring"},
		{"no case", store.ErrNoCase, "; try: umsrecon discrepancies list"},
		{"ambiguous", store.ErrAmbiguous, "; try: more of the id"},
		{"busy", errBusy, "; wait for it"},
		{"interrupted", reconcile.ErrInterrupted, "; what was answered is kept"},
		{"permission", &fs.PathError{Op: "mkdir", Path: "/x", Err: fs.ErrPermission}, "; try: giving"},
		{"unset", &ConfigError{File: "c", Faults: []Fault{{Key: "k", Message: "env:NAME is not set"}, {Message: "other"}}}, "c: k: env:NAME is not set\nc: other\ntry: giving the variable"},
		{"a file for a folder", os.MkdirAll(filepath.Join(file, "x"), 0o750), "; try: another path"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Contains(t, a.explain(fmt.Errorf("run: %w", c.err)), c.want) })
	}
	require.NotContains(t, a.explain(&ConfigError{Faults: []Fault{{Message: "file:NAME is empty"}}}), "try:")
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

// TestHelp: every command says which exit codes it can return, and how it is
// called; what is wrong with a command line is one line that says what to do.
func TestHelp(t *testing.T) {
	a, _, _ := newApp(wallClock{})
	seen := 0
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			look(below)
		}
		if c.HasSubCommands() || c.Hidden || strings.HasPrefix(nameOf(c), "completion") || nameOf(c) == "help" {
			return
		}
		seen++
		require.Equal(t, 1, strings.Count(c.Long, "Exit codes:\n  0 "), nameOf(c))
		for line := range strings.Lines(c.Example) {
			require.Regexp(t, `^  umsrecon (-c \S+ )?`+nameOf(c)+`( |\n|$)`, line)
		}
		require.NotEmpty(t, c.Example, nameOf(c))
	}
	look(a.root())
	require.Len(t, helps, seen)

	for command, want := range map[string]string{
		"rum":                  `unknown command "rum"; try: umsrecon run, or umsrecon --help`,
		"xyzzy":                `unknown command "xyzzy"; try: umsrecon --help`,
		"day bogus":            `unknown command "bogus"; try: umsrecon day --help`,
		"day close":            `day close takes D, got none; try: umsrecon day close --help`,
		"backup a b":           `backup takes FILE, got "a" "b"; try: umsrecon backup --help`,
		"run 2026-01-05":       `run takes no arguments, got "2026-01-05"; try: umsrecon run --help`,
		"bill query 1":         `bill query takes no arguments, got "1"; try: umsrecon bill query --help`,
		"run --bogus":          `unknown flag: --bogus; try: umsrecon run --help`,
		"runs --last x":        `invalid argument "x" for "--last" flag: strconv.ParseInt: parsing "x": invalid syntax; try: umsrecon runs --help`,
		"discrepancies list -": `discrepancies list takes no arguments, got "-"; try: umsrecon discrepancies list --help`,
	} {
		a, _, stderr := newApp(wallClock{})
		require.Equal(t, exitUsage, a.run(t.Context(), strings.Fields(command)), command)
		require.Equal(t, "umsrecon: "+want+"\n", stderr.String())
	}
}
