package reconcile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Of books that several share a merchant is told name and time; it has the
// figures of its own. It is told nothing of the shared ones where it has its own,
// no order in them and nothing is wrong with them.
func TestBooksOfAMerchant(t *testing.T) {
	const other = "898340149000006"
	taken := time.Date(2026, time.November, 17, 0, 0, 0, 0, reconcile.Beijing)
	shared := reconcile.Load{Scope: "all", Files: []string{"all.csv"}, SHA256: "f0", SnapshotAt: taken, Day: monday, Rows: 9, Orders: 8, Invalid: 1, Total: 700, Duplicates: 2,
		Controls: []reconcile.Control{{Rows: 9, Total: 700}}}
	own := reconcile.Load{Scope: "own", Files: []string{"own.csv"}, SHA256: "0f", Rows: 2, Orders: 1, Invalid: 1, Total: 50, Owner: mid}
	told := reconcile.Load{Scope: "all", Files: []string{"all.csv"}, SnapshotAt: taken, Day: monday, Shared: true}
	s := reconcile.Summary{Loads: []reconcile.Load{shared, own}, Invalid: 2}
	books := func(m reconcile.Share) []reconcile.Load { return s.Of(m).Loads }
	require.Equal(t, []reconcile.Load{told}, books(reconcile.Share{MID: other}))
	require.Zero(t, s.Of(reconcile.Share{MID: other}).Invalid)
	require.Equal(t, []reconcile.Load{own}, books(reconcile.Share{MID: mid}))
	require.EqualValues(t, 1, s.Of(reconcile.Share{MID: mid}).Invalid)
	require.Equal(t, []reconcile.Load{told, own}, books(reconcile.Share{MID: mid, Sharing: true}))

	// What makes the run incomplete makes the merchant's part so, and says nothing more.
	s.Loads[0].Suspect = []reconcile.Words{{ZH: "9 行", EN: "9 rows"}}
	require.Len(t, books(reconcile.Share{MID: mid}), 2)
	of := s.Of(reconcile.Share{MID: other})
	require.True(t, of.Suspected())
	require.NotContains(t, of.Loads[0].Suspect[0].EN+of.Loads[0].Suspect[0].ZH, "9")
	s.Loads[0].Suspect, s.Loads[0].Controls[0].Missed = nil, reconcile.Words{ZH: "9 行", EN: "9 rows"}
	require.Len(t, books(reconcile.Share{MID: mid}), 2)
	of = s.Of(reconcile.Share{MID: other})
	require.True(t, of.ControlMissed())
	require.Zero(t, of.Loads[0].Controls[0].Rows)
	require.NotContains(t, of.Loads[0].Controls[0].Missed.EN+of.Loads[0].Controls[0].Missed.ZH, "9")
}
