package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestAskedByAll: a run knows how far all have come, whoever asked, without an answer
// that is counted twice or left out.
func TestAskedByAll(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 40, reconcile.Asking{Lease: time.Hour})
	all := func() reconcile.Progress {
		p, err := theRun.(*dealt).AskedByAll(t.Context())
		require.NoError(t, err)
		return p
	}
	save := func(of *DB, q reconcile.Question, o reconcile.Outcome) {
		a := reconcile.Answer{Outcome: o, AskedAt: now, Attempts: 3}
		require.NoError(t, of.SaveAnswers(t.Context(), run, []reconcile.Answered{{Key: q.Key, Lease: q.Lease, Again: q.Again, Answer: a}}))
	}
	require.Zero(t, all())
	held, mine := next(t, worker), next(t, theRun)
	answer(t, other, run, held[:10]...)
	require.Equal(t, reconcile.Progress{Done: 10, Attempts: 10}, all())
	answer(t, db, run, mine[0])
	require.Equal(t, reconcile.Progress{Done: 11, Attempts: 11}, all())
	require.Equal(t, reconcile.Progress{Done: 11, Attempts: 11}, all())

	save(other, held[10], reconcile.InProcess)
	require.Equal(t, reconcile.Progress{Done: 11, Attempts: 14}, all(), "it was put off")
	require.Equal(t, reconcile.Progress{Done: 11, Attempts: 14}, all())
	save(other, held[11], reconcile.QueryFailed)
	require.Equal(t, reconcile.Progress{Done: 12, Attempts: 17, Failed: 1}, all())
	held[10].Again = true
	save(other, held[10], reconcile.Found)
	require.Equal(t, reconcile.Progress{Done: 13, Attempts: 20, Failed: 1}, all())
}

// TestAnswersThatCommitLate: an answer whose transaction was open at a look is
// counted at the next.
func TestAnswersThatCommitLate(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 40, reconcile.Asking{Lease: time.Hour})
	held, mine := next(t, worker), next(t, theRun)
	look := func() int64 {
		p, err := theRun.(*dealt).AskedByAll(t.Context())
		require.NoError(t, err)
		return p.Done
	}
	require.NoError(t, other.beside(t.Context(), func(t1 *tx) error {
		if err := newSaving(t1, run).saveOnServer(reconcile.Answered{Key: held[0].Key, Answer: paid("x"), Lease: held[0].Lease}); err != nil {
			return err
		}
		answer(t, db, run, mine[0])
		require.Equal(t, int64(1), look())
		return nil
	}))
	require.Equal(t, int64(2), look())
	require.Equal(t, int64(2), look())
}

// TestBoundsAreStated: who joins a run is told what all of them may send together.
func TestBoundsAreStated(t *testing.T) {
	_, other, run, _, _ := dealing(t, 1, reconcile.Asking{Lease: time.Hour, PerSecond: 2.5, Requests: 20})
	b, stated, err := other.BoundsOf(t.Context(), run)
	require.NoError(t, err)
	require.True(t, stated)
	require.Equal(t, Bounds{RunID: run, PerSecond: 2.5, Requests: 20}, b)
	_, stated, err = other.BoundsOf(t.Context(), "another")
	require.NoError(t, err)
	require.False(t, stated)
}

// TestBoundsThatNobodyStated: nothing is known of them.
func TestBoundsThatNobodyStated(t *testing.T) {
	_, other, run, _, _ := dealing(t, 1, reconcile.Asking{Lease: time.Hour})
	_, stated, err := other.BoundsOf(t.Context(), run)
	require.NoError(t, err)
	require.False(t, stated)
}
