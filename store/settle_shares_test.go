package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The merchants' shares of a period are its lines, each once, in the same order;
// a merchant without a line in it has no share. The second has so many bills that
// they are read in batches.
func TestSettleSharesAreTheLines(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for n, bills := range []int{3, familyBatch + 7, 1, 2} {
		for i := range bills {
			o := payment(fmt.Sprint(n, "-", i))
			o.MID = fmt.Sprint("89834014900000", 9-n)
			orders = append(orders, o)
		}
	}
	load(t, db, run, "a", orders...)
	for i, o := range orders {
		a := paid(fmt.Sprint("s", i))
		if o.MID == "898340149000007" {
			a.Bill.Payment.SettleDay = day + 40
		}
		save(t, db, run, o.Key, a)
	}
	type line struct {
		mid, bill string
		fen       reconcile.Fen
	}
	of := func(lines []reconcile.SettleLine) (all []line) {
		for _, l := range lines {
			all = append(all, line{l.Key.MID, l.Key.BillNo, l.BillTotal.Fen})
		}
		return all
	}
	var shares []line
	var mids []string
	for s, err := range db.SettleShares(t.Context(), day, day+30, reconcile.Calendar{}) {
		require.NoError(t, err)
		mids = append(mids, s.MID)
		once := of(collect(t, s.Lines()))
		require.Equal(t, once, of(collect(t, s.Lines())), "they can be read again")
		for _, l := range once {
			require.Equal(t, s.MID, l.mid)
		}
		shares = append(shares, once...)
	}
	require.Equal(t, []string{"898340149000006", "898340149000008", "898340149000009"}, mids)
	all := of(collect(t, db.SettleLines(t.Context(), day, day+30, reconcile.Calendar{})))
	require.Len(t, all, len(orders)-1)
	require.Equal(t, all, shares)

	for s, err := range db.SettleShares(t.Context(), day, day+30, reconcile.Calendar{}) { // somebody stops reading
		require.NoError(t, err)
		require.Equal(t, mids[0], s.MID)
		break
	}
}
