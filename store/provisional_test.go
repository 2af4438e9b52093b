package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestAnsweredSoFar: of the bills that are named, what this run has asked about
// is in scope, with its answer; the other rows of the bill are beside it.
func TestAnsweredSoFar(t *testing.T) {
	db := open(t)
	before := begin(t, db, day-1)
	load(t, db, before, "a", payment("1"), refund("1", "r"), payment("2"), payment("3"))
	save(t, db, before, payment("3").Key, paid("of another run"))
	require.NoError(t, db.EndRun(t.Context(), before, reconcile.RunFailed, "", now))
	run := begin(t, db, day)
	answer := paid("s")
	answer.AskedAt = now.Add(time.Minute)
	save(t, db, run, payment("1").Key, answer)
	save(t, db, run, payment("2").Key, failing())

	bills := func(of ...string) (all []reconcile.BillKey) {
		for _, no := range of {
			all = append(all, payment(no).BillKey)
		}
		return all
	}
	got := collect(t, db.Answered(t.Context(), scope(run), bills("1", "3", "9")))
	require.Len(t, got, 1, "the third was asked about by another run, the ninth does not exist")
	require.Len(t, got[0].Subjects, 2)
	require.True(t, got[0].Subjects[0].InScope)
	require.Equal(t, reconcile.Found, got[0].Subjects[0].Answer.Outcome)
	require.False(t, got[0].Subjects[1].InScope, "its refund was not asked about")
	require.Len(t, reconcile.Judge(got[0], reconcile.Settings{}, now), 1)

	got = collect(t, db.Answered(t.Context(), scope(run), bills("2", "1")))
	require.Len(t, got, 2)
	require.Equal(t, reconcile.QueryFailed, got[1].Subjects[0].Answer.Outcome)
	require.Empty(t, collect(t, db.Answered(t.Context(), scope(run), nil)))
}
