package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestFamiliesComeWholeAndInOrder(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	lone, other := refund("3", "r"), payment("0")
	other.MID = "9"
	old := onDay("2", day-1)
	late := refund("2", "r9")
	load(t, db, run, "a", other, lone, completion("1", "c2"), completion("1", "c1"), refund("1", "r2"), refund("1", "r1"), payment("1"), old, late)
	publish(t, db, run, final(old))
	run = begin(t, db, day)

	families := collect(t, db.Families(t.Context(), scope(run)))
	var got []string
	for _, f := range families {
		for _, s := range f.Subjects {
			require.Equal(t, f.Bill, s.Order.BillKey)
			got = append(got, fmt.Sprintf("%s%s%s %t", f.Bill.BillNo, s.Order.RefundID, s.Order.CompletionID, s.InScope))
		}
	}
	require.Equal(t, []string{
		"1 true", "1r1 true", "1r2 true", "1c1 true", "1c2 true",
		"2 false", "2r9 true", // the final payment of an earlier day is there for its refund
		"3r true",
		"0 true", // of a merchant whose number sorts last
	}, got)
}

func TestFamiliesInScope(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	tests := map[string]struct {
		order  reconcile.Order
		final  bool
		answer bool
		want   bool
	}{
		"of the day":                          {onDay("1", day), false, false, true},
		"of the day, final":                   {onDay("2", day), true, false, true},
		"carried over":                        {onDay("3", day-1), false, false, true},
		"of an earlier day, final":            {onDay("4", day-1), true, false, false},
		"of an earlier day, final, but asked": {onDay("5", day-1), true, true, true},
		"on the edge of the lookback":         {onDay("6", day-90), false, false, true},
		"beyond the lookback":                 {onDay("7", day-91), false, false, false},
		"of a later day":                      {onDay("8", day+1), false, false, false},
	}
	for _, tt := range tests {
		load(t, db, run, tt.order.BillNo, tt.order)
	}
	publish(t, db, run)
	next := begin(t, db, day)
	for _, tt := range tests {
		if tt.answer {
			save(t, db, next, tt.order.Key, paid("s"))
		}
		if tt.final {
			require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error { return p.Verdict(final(tt.order)) }))
		}
	}
	got := scoped(t, db, scope(next))
	for name, tt := range tests {
		_, ok := got[tt.order.Key]
		require.Equal(t, tt.want, ok, name)
	}
}

func TestFamiliesAcrossBatches(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 2*familyBatch + 1 {
		orders = append(orders, payment(fmt.Sprintf("%05d", i)), refund(fmt.Sprintf("%05d", i), "r"))
	}
	load(t, db, run, "a", orders...)
	for _, n := range []int{0, 1, familyBatch, familyBatch + 1} { // stop anywhere
		seen := 0
		for _, err := range db.Families(t.Context(), scope(run)) {
			require.NoError(t, err)
			if seen++; seen > n {
				break
			}
		}
	}
	families := collect(t, db.Families(t.Context(), scope(run)))
	require.Len(t, families, 2*familyBatch+1)
	for i, f := range families {
		require.Equal(t, orders[2*i].Key, f.Subjects[0].Order.Key)
		require.Equal(t, orders[2*i+1].Key, f.Subjects[1].Order.Key)
	}
}

func TestFamiliesAreASnapshot(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"))
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		for f, err := range db.Families(t.Context(), scope(run)) {
			require.NoError(t, err)
			require.NoError(t, p.Verdict(final(f.Subjects[0].Order)), "a reader does not block the writer")
		}
		return nil
	}))
	require.True(t, isFinal(t, db, payment("2").Key))
}

func TestFamiliesCarryTheCases(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), refund("1", "r"))
	full := reconcile.Case{
		ID: "D1", Code: reconcile.AmountBillLess, Severity: reconcile.S1, State: reconcile.StateProposed, Primary: true, Key: payment("1").Key, LedgerDay: day,
		Ledger: reconcile.Some(1908), UMS: reconcile.Some(1907), Gap: reconcile.Some(-1), Stake: 1, Reason: reconcile.Words{ZH: "少一分", EN: "one less"},
		Facts: "facts", Gone: true, FirstSeen: day - 3, LastSeen: day + 1, Times: 4, Outcome: "调账", Note: "n", By: "小王",
	}
	bare := reconcile.Case{ID: "D2", Code: reconcile.RefundStuck, Severity: reconcile.S2, State: reconcile.StateCleared, Key: refund("1", "r").Key, LedgerDay: day, FirstSeen: day, LastSeen: day}
	saveCase(t, db, run, full, bare)
	got := subjects(t, db, scope(run))
	require.Equal(t, []reconcile.Case{full}, got[full.Key].Cases)
	require.Equal(t, []reconcile.Case{bare}, got[bare.Key].Cases)
}

// What is read once more is read as it stands by then, though the list of what
// is in scope stays.
func TestEvidenceIsReadOnceMore(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"), refund("2", "r"), payment("3"))
	bills := func(families []reconcile.Family) (all []string) {
		for i, f := range families {
			all = append(all, fmt.Sprintf("%d %s %d", f.Number, f.Bill.BillNo, len(families[i].Subjects[0].Cases)))
		}
		return all
	}
	require.NoError(t, db.Evidence(t.Context(), scope(run), func(e reconcile.Evidence) error {
		require.Equal(t, []string{"1 1 0", "2 2 0", "3 3 0"}, bills(collect(t, e(nil))))
		saveCase(t, db, run, reconcile.Case{
			ID: "D1", Code: reconcile.RefundStuck, Severity: reconcile.S2, State: reconcile.StateOpen, Key: payment("2").Key, LedgerDay: day, FirstSeen: day, LastSeen: day,
		})
		load(t, db, run, "b", payment("4"))
		require.Equal(t, []string{"2 2 1", "3 3 0"}, bills(collect(t, e([]int{2, 3}))))
		require.Empty(t, collect(t, e([]int{})), "none is not all")
		return nil
	}))
	require.Len(t, collect(t, db.Families(t.Context(), scope(run))), 4, "nothing is left of the list")
}
