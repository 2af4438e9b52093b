package reconcile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// What belongs to no merchant has a part of its own, so that the parts are the
// whole: a bad row of books that several share, a notice that proves nothing. A
// notice whose signature holds is its merchant's.
func TestWhatBelongsToNobodyIsAPart(t *testing.T) {
	w := newWorld(t)
	w.job.PerMerchant, w.job.Settings.ExpectNotices = true, true
	w.trade(monday, 2)
	w.row(monday, "BAD", "NOBODY'S WORD")
	w.told(monday, "N1", "B900", "a")
	w.told(monday, "N2", "B901", "b", func(n *reconcile.Notice) { n.Verified, n.Why = false, "the signature does not hold" })
	s := w.run(monday)
	nobody, own := w.share(s, ""), w.share(s, mid)
	require.EqualValues(t, 1, nobody.Codes[reconcile.LedgerRowInvalid].Count)
	require.EqualValues(t, 1, nobody.Codes[reconcile.NoticeUnverified].Count)
	require.EqualValues(t, 2, nobody.Cases.Closing.Count)
	require.Empty(t, nobody.Kinds)
	require.EqualValues(t, 1, own.Codes[reconcile.LedgerNotFound].Count)
	require.EqualValues(t, 2, own.Loaded())
	require.Zero(t, own.Invalid)
	require.Equal(t, s.Cases.Closing.Count-2, own.Cases.Closing.Count)
	require.Len(t, own.Loads, 1, "its orders stand in the books that all share")
	require.True(t, own.Loads[0].Shared)
	require.Equal(t, s.Loads[0].Files, own.Loads[0].Files)
	require.Zero(t, own.Loads[0].Rows+own.Loads[0].Orders, "whose figures are not for one of them")
}

// A run that kept no parts leaves no gap: the next one that does opens with what
// the movements leave, and from then on the parts roll forward.
func TestSharesBeginInTheMiddle(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 2)
	w.row(monday, "GONE", "PAID")
	s := w.run(monday)
	_, found, err := w.db.Share(t.Context(), s.RunID, mid)
	require.NoError(t, err)
	require.False(t, found, "nobody asked for it")
	w.job.PerMerchant = true
	for day := monday + 1; day < monday+3; day++ {
		w.night(day)
		w.trade(day, 1)
		w.row(day, "LOST", "PAID")
		s = w.run(day)
		own := w.share(s, mid)
		require.Equal(t, s.Cases, own.Cases)
		require.NotZero(t, own.Cases.Opening.Count)
		require.Equal(t, s.Ageing, own.Ageing)
		require.NotZero(t, own.Cases.Opening.Fen)
	}
}

// One merchant's orders that cannot be verified make its own part incomplete,
// and the run; not the part of another.
func TestOnlyWhoseOrdersAreUnverifiedIsIncomplete(t *testing.T) {
	const other = "898340149000006"
	w := newWorld(t)
	w.job.PerMerchant = true
	w.trade(monday, 1)
	w.rows[monday] = append(w.rows[monday], "B000,"+monday.String()+",1908,PAID,"+monday.String()+" 10:00:00,"+other+",,\n")
	b := w.paid(monday, "B000")
	b.MID, b.BillPayment.PaySeqID, b.BillPayment.TargetOrderID = other, "s2", "t2"
	b.TotalAmount = "nineteen"
	w.ums.Put(b)
	s := w.run(monday)
	require.Equal(t, reconcile.RunIncomplete, s.Status)
	require.Equal(t, reconcile.RunIncomplete, w.share(s, other).Status)
	require.NotEmpty(t, w.share(s, other).Alarms)
	require.Equal(t, reconcile.RunComplete, w.share(s, mid).Status)
	require.Empty(t, w.share(s, mid).Alarms)
	require.WithinDuration(t, s.EndedAt, w.share(s, mid).EndedAt, time.Second, "of the run it has what concerns everybody")
}
