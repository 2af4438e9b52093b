package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// A month holds what its days hold, each line once: nothing falls between two
// reports, and nothing stands in both.
func TestAMonthIsTheSumOfItsDays(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 12 {
		orders = append(orders, onDay(fmt.Sprint(i), day+reconcile.Day(i%4)))
	}
	load(t, db, run, "a", orders...)
	for i, o := range orders[:11] { // the last was never asked
		a := paid(fmt.Sprint("s", i))
		a.Bill.Payment.SettleDay = 0
		if i%3 > 0 {
			a.Bill.Payment.SettleDay = day + reconcile.Day(i%5)
		}
		a.Bill.Payment.PaidAt = (day + reconcile.Day(i%4)).Start()
		save(t, db, run, o.Key, a)
		publish(t, db, run, reconcile.Verdict{Key: o.Key, Class: reconcile.Matched})
	}
	names := func(from, to reconcile.Day) (all []string) {
		for _, l := range collect(t, db.SettleLines(t.Context(), from, to, reconcile.Calendar{})) {
			all = append(all, fmt.Sprint(l.Key.BillNo, " ", l.State, " ", l.SettleDay, " ", l.BillTotal.Yuan()))
		}
		return all
	}
	var days []string
	for d := day; d <= day+5; d++ {
		days = append(days, names(d, d)...)
	}
	require.Len(t, days, 12)
	require.ElementsMatch(t, names(day, day+5), days)
}
