package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// What names several bills belongs to the first of them by its key, in whatever
// order they were loaded and answered.
func TestOfSeveralBillsTheFirst(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	alike := func(billNo, merOrderID string) reconcile.Order {
		o := payment(billNo)
		o.MerOrderID = merOrderID
		return o
	}
	onlyRefund := refund("0", "R")
	onlyRefund.MerOrderID = "m"
	load(t, db, run, "b", alike("2", "m"), alike("4", ""))
	load(t, db, run, "a", onlyRefund, alike("1", "m"), alike("3", ""))
	for _, billNo := range []string{"4", "3"} {
		a := paid("s")
		a.Bill.Payment.MerOrderID = "both"
		save(t, db, run, payment(billNo).Key, a)
	}
	byAnswer, byRow := deduction("answer"), deduction("row")
	byAnswer.PaySeqID, byRow.MerOrderID = "s", "m"
	keep(t, db, byAnswer, byRow)
	require.NoError(t, db.TieNotices(t.Context(), scope(run), false))
	require.Equal(t, []string{"answer"}, tied(t, db, scope(run), payment("3")))
	require.Equal(t, []string{"row"}, tied(t, db, scope(run), payment("1")))

	number := func(no string) func(*reconcile.StatementLine) {
		return func(l *reconcile.StatementLine) { l.MerOrderID = no }
	}
	state(t, db, run, "statement:x", stateLine("s"), stateLine("s", number("both")), stateLine("", number("m")), stateLine("", number("both")))
	require.Equal(t, map[string][]string{"0": {"m"}, "3": {"s", "sboth", "both"}}, statedRefs(t, db, run))
}
