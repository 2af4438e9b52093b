package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestLatestOfNothing(t *testing.T) {
	l, err := open(t).Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, Latest{}, l)
}

func TestLatest(t *testing.T) {
	db, s := night(t)
	pending := []PendingSum{
		{reconcile.BillNotFound, reconcile.S1, reconcile.Sum{Count: 2}}, {reconcile.AmountBillMore, reconcile.S2, reconcile.Sum{Count: 1}},
		{reconcile.LedgerDuplicateKey, reconcile.S2, reconcile.Sum{Count: 1}}, {reconcile.LedgerRowInvalid, reconcile.S2, reconcile.Sum{Count: 1}},
		{reconcile.BuyerPayMismatch, reconcile.S3, reconcile.Sum{Count: 1}},
	}
	l, err := db.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, s.RunID, l.Last.RunID)
	require.Equal(t, s.RunID, l.Published.RunID)
	require.True(t, l.Success.Equal(now), "the run is complete")
	for i := range l.Pending {
		l.Pending[i].Fen = 0
	}
	require.Equal(t, pending, l.Pending, "open and proposed, nothing else")
	require.Equal(t, []AskedSum{{reconcile.QueryFailed, 1, 4}, {reconcile.Found, 1, 1}}, l.Asked)

	failed := begin(t, db, day+1)
	require.NoError(t, db.EndRun(t.Context(), failed, reconcile.RunFailed, "no ledger", now.Add(1)))
	l, err = db.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{failed, s.RunID}, []string{l.Last.RunID, l.Published.RunID})
	require.True(t, l.Success.Equal(now), "a failure is no success")

	own, err := db.PendingOf(t.Context(), s.RunID)
	require.NoError(t, err)
	require.Len(t, own, len(pending))
	own, err = db.PendingOf(t.Context(), failed)
	require.NoError(t, err)
	require.Empty(t, own, "it saw no case")
}

// A run that is taken up again after another day's is the one published last.
func TestLatestIsWhatWasPublishedLast(t *testing.T) {
	db := open(t)
	first, second := begin(t, db, day), begin(t, db, day+1)
	publish(t, db, second)
	publish(t, db, first)
	l, err := db.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, l.Published.RunID)
}
