package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Every line of every sheet is of one merchant or of none; those of a merchant
// stand in the same order as on the sheet, and say the same.
func TestDaySharesAreTheLines(t *testing.T) {
	db := open(t)
	id := begin(t, db, day)
	var orders []reconcile.Order
	var verdicts []reconcile.Verdict
	codes := []reconcile.Code{reconcile.AmountBillLess, reconcile.SettleWaiting, reconcile.LedgerDuplicateRow, reconcile.BillNotFound}
	for i := range 24 {
		o := payment(fmt.Sprint(i))
		o.MID = fmt.Sprint("89834014900000", 5+i%3)
		orders = append(orders, o)
		code := codes[i/3%len(codes)]
		f := reconcile.Finding{Code: code, Severity: reconcile.RuleOf(code).Severity, Shared: code == reconcile.BillNotFound}
		v := reconcile.Verdict{Key: o.Key, Class: reconcile.Discrepant, Findings: []reconcile.Finding{f}}
		if i%2 == 0 && code == reconcile.BillNotFound { // two findings of one order that a cause stands for
			v.Findings = append(v.Findings, reconcile.Finding{Code: reconcile.LedgerRowVanished, Severity: reconcile.S2, Shared: true})
		}
		verdicts = append(verdicts, v)
	}
	load(t, db, id, "a", orders...)
	run := reconcile.Summary{RunID: id, Day: day, Status: reconcile.RunComplete, StartedAt: now, EndedAt: now, Loads: []reconcile.Load{{Scope: "a"}}}
	require.NoError(t, db.Publish(t.Context(), id, func(p reconcile.Publication) error {
		for i, v := range verdicts {
			require.NoError(t, p.Verdict(v))
			f := v.Findings[0]
			if f.Severity.Note() || f.Shared {
				continue
			}
			c := reconcile.Case{ID: fmt.Sprint("D", i), Key: v.Key, Code: f.Code, Severity: f.Severity, State: reconcile.StateOpen, LedgerDay: day, FirstSeen: day + 1, LastSeen: day + 1, Times: 1}
			if f.Severity == reconcile.Wait {
				c.State = reconcile.StateWaiting
			}
			require.NoError(t, p.Case(c, ""))
		}
		nobodys := reconcile.Case{ID: "D0000", Scope: "a", Code: reconcile.LedgerRowInvalid, Severity: reconcile.S2, State: reconcile.StateOpen, LedgerDay: day, FirstSeen: day, LastSeen: day, Times: 1, Covers: 3}
		require.NoError(t, p.Case(nobodys, ""))
		return p.Finish(run)
	}))

	shares, err := db.DayShares(t.Context(), run, day-90)
	require.NoError(t, err)
	mids := shares.Merchants()
	slices.Sort(mids)
	require.Equal(t, []string{"", "898340149000005", "898340149000006", "898340149000007"}, mids)
	for sheet := range sheetArms {
		all := collect(t, db.DayLines(t.Context(), run, sheet, day-90))
		require.NotEmpty(t, all, sheet)
		for _, mid := range mids {
			want := slices.DeleteFunc(slices.Clone(all), func(l reconcile.Line) bool { return l.Case.Key.MID != mid })
			require.Equal(t, len(want) == 0, mid == "" && sheet != Discrepancies, "%d %q", sheet, mid)
			got := collect(t, shares.Lines(t.Context(), mid, sheet))
			require.Equal(t, append([]reconcile.Line{}, want...), append([]reconcile.Line{}, got...), "%d %q", sheet, mid)
		}
	}
	require.Empty(t, collect(t, shares.Lines(t.Context(), "another", Discrepancies)))
}
