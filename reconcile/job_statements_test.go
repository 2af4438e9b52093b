package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// portal puts the statement of a settle date where the night looks for it.
func (w *world) portal(settle reconcile.Day, lines ...string) {
	text := "reference,type,amount,fee,net\n" + strings.Join(lines, "")
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, "statement-"+settle.String()+".csv"), []byte(text), 0o600))
	st, err := ledger.NewStatements(ledger.StatementSource{
		Source: ledger.Source{Name: "statement", Dir: w.dir, Pattern: "statement-{date}.csv", Unit: ledger.Fen, Defaults: ledger.Defaults{MID: mid}},
		Types:  map[reconcile.Kind][]string{reconcile.Payment: {"PAYMENT"}},
	})
	require.NoError(w, err)
	w.job.Statements, w.job.Settings.Statements = []reconcile.Statement{st}, true
}

func (w *world) nightOf(day reconcile.Day) reconcile.Summary {
	w.write(day)
	w.night(day)
	s, err := w.job.Run(w.Context(), reconcile.Request{Day: day})
	require.NoError(w, err)
	return s
}

func statementOf(n int, reference string) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("%s%03d,PAYMENT,1908,7,1901\n", reference, i))
	}
	return lines
}

// A column that is mapped wrongly makes every line a stranger: that is said
// once, and one case stands for them; mapped rightly, everything clears.
func TestAForeignStatementIsSaidOnce(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 30)
	w.job.Settings.OneCaseFrom = 30
	require.Zero(t, w.nightOf(monday).Pending)
	w.portal(monday+1, statementOf(30, "other")...)
	w.row(monday+1, "C0", "PAID")
	w.paid(monday+1, "C0")
	s := w.nightOf(monday + 1)
	require.NotContains(t, s.Codes, reconcile.StatementOnly)
	require.Equal(t, int64(1), s.Codes[reconcile.SettleTotalMismatch].Count)
	require.Equal(t, int64(30), s.Codes[reconcile.StatementMissing].Count)
	require.Equal(t, int64(2), s.Cases.Closing.Count, "one case for the bills, one for the lines")
	alarms := fmt.Sprint(s.Alarms)
	require.Contains(t, alarms, "30 lines belong to no bill")
	require.Contains(t, alarms, "STATEMENT_MISSING")

	w.portal(monday+1, statementOf(30, "seqB")...)
	s = w.nightOf(monday + 1)
	require.Zero(t, s.Cases.Closing.Count)
	require.Empty(t, s.Alarms)
}

// Twice is as good as once, with a statement, too: nothing is read, judged or
// counted again.
func TestAStatementIsReadOnce(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.portal(monday+1, statementOf(2, "seqB")...)
	first := w.nightOf(monday)
	require.Equal(t, int64(1), first.Codes[reconcile.StatementMissing].Count)
	again := w.nightOf(monday)
	require.Equal(t, first.Kinds, again.Kinds)
	require.Equal(t, first.Codes, again.Codes)
	require.Equal(t, first.Cases.Closing, again.Cases.Closing)
	require.True(t, again.Statements[len(again.Statements)-1].Unchanged)

	w.portal(monday+1, statementOf(3, "seqB")...)
	last := w.nightOf(monday)
	require.Zero(t, last.Cases.Closing.Count)
	require.Equal(t, int64(3), last.Statements[len(last.Statements)-1].Orders)
	final := w.nightOf(monday)
	require.NotContains(t, fmt.Sprint(final.Statements), (monday + 1).String(), "it agrees, and is not looked at any more")
}
