package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// pruneAll prunes step by step until there is no more.
func pruneAll(t *testing.T, db *DB, answers, runs time.Time) (all Pruned) {
	t.Helper()
	for more := true; more; more = all.More {
		p, err := db.Prune(t.Context(), now.AddDate(2, 0, 0), answers, runs)
		require.NoError(t, err)
		all.Add(p)
	}
	return all
}

func TestPrune(t *testing.T) {
	db, first := night(t)
	_, err := db.writer.Exec("UPDATE answers SET body = ?", []byte("{}"))
	require.NoError(t, err)
	failed := begin(t, db, day)
	require.NoError(t, db.EndRun(t.Context(), failed, reconcile.RunFailed, "no ledger", now))
	second := begin(t, db, day)
	publish(t, db, second)
	for _, run := range []string{first.RunID, second} {
		_, err := db.writer.Exec("INSERT INTO shares (run_id, mid, figures) VALUES ('" + run + "', '8983', '{}')")
		require.NoError(t, err)
	}
	alone := begin(t, db, day+1)
	require.NoError(t, db.EndRun(t.Context(), alone, reconcile.RunFailed, "no ledger", now))
	before := map[string]int{}
	tables := []string{"answers", "orders", "cases", "events", "loads", "bad_rows"}
	for _, table := range tables {
		before[table] = count(t, db, table)
	}
	bodies := func() (n int) {
		require.NoError(t, db.readers.QueryRow("SELECT count(body) FROM answers").Scan(&n))
		return n
	}

	require.Equal(t, Pruned{}, pruneAll(t, db, time.Time{}, time.Time{}), "nothing is asked for")
	long := now.AddDate(-1, 0, 0)
	require.Equal(t, Pruned{}, pruneAll(t, db, long, long), "nothing is that old")

	later := now.AddDate(1, 0, 0)
	require.Equal(t, Pruned{Answers: 2, Notes: 2, Runs: 1}, pruneAll(t, db, later, later))
	require.Zero(t, bodies())
	for run, want := range map[string]int{first.RunID: 0, second: 1} {
		mids, err := db.Sharers(t.Context(), run)
		require.NoError(t, err)
		require.Len(t, mids, want, "nobody looks at the merchants of a run that was replaced")
	}
	for _, table := range tables {
		require.Equal(t, before[table], count(t, db, table), table)
	}
	require.ElementsMatch(t, []string{first.RunID, second, alone}, runIDs(t, db), "the first is known by its load, the last of a day always stays")
	require.Equal(t, Pruned{}, pruneAll(t, db, later, later), "a second time there is nothing to do")
	require.NoError(t, db.Check(t.Context()))
}

func runIDs(t *testing.T, db *DB) (ids []string) {
	runs, err := db.Runs(t.Context(), 10)
	require.NoError(t, err)
	for _, r := range runs {
		ids = append(ids, r.RunID)
	}
	return ids
}

// TestPruneLoads: the loads of a replaced run go when no row names them, and
// then the run itself, unless something else is known by it.
func TestPruneLoads(t *testing.T) {
	db := open(t)
	wrote := begin(t, db, day)
	load(t, db, wrote, "a", payment("1")) // which no later one changes
	require.NoError(t, db.EndRun(t.Context(), wrote, reconcile.RunFailed, "disk full", now))
	asked := begin(t, db, day)
	load(t, db, asked, "a", payment("1"), payment("2"))
	save(t, db, asked, payment("1").Key, paid("s"))
	require.NoError(t, db.EndRun(t.Context(), asked, reconcile.RunFailed, "disk full", now))
	gone := begin(t, db, day)
	load(t, db, gone, "a", payment("1")) // the second is gone from the books, and stays in its load
	require.NoError(t, db.EndRun(t.Context(), gone, reconcile.RunFailed, "disk full", now))
	last := begin(t, db, day)
	load(t, db, last, "a", payment("1"))
	publish(t, db, last)

	later := now.AddDate(1, 0, 0)
	require.Equal(t, Pruned{Loads: 1, Runs: 1}, pruneAll(t, db, time.Time{}, later))
	require.ElementsMatch(t, []string{wrote, asked, last}, runIDs(t, db))
	require.NoError(t, db.Check(t.Context()))

	// A signed run stays with all that it has.
	again := begin(t, db, day)
	publish(t, db, again)
	_, err := db.writer.Exec("INSERT INTO sign_offs (day, kind, at, by_whom, system_user, note, accepted, run_id) VALUES (?, 'closed', '', '', '', '', '[]', ?)", date(day), last)
	require.NoError(t, err)
	require.Equal(t, Pruned{}, pruneAll(t, db, time.Time{}, later))
}

// TestPruneInSteps: no step takes away more than its share.
func TestPruneInSteps(t *testing.T) {
	db, run := night(t)
	answersAt(t, db, run.RunID, "2027-01-01T00:00:00.000+08:00", pruneBatch) // by a clock that was wrong
	answersAt(t, db, run.RunID, "2026-01-01T00:00:00.000+08:00", pruneBatch+1)
	before := time.Date(2026, time.January, 2, 0, 0, 0, 0, reconcile.Beijing)
	var all, kept int64
	for more := true; more; {
		p, err := db.Prune(t.Context(), now, before, time.Time{})
		require.NoError(t, err)
		require.LessOrEqual(t, p.Answers, int64(pruneBatch))
		all, more = all+p.Answers, p.More
	}
	require.EqualValues(t, pruneBatch+1, all, "though younger ones stand before them")
	require.NoError(t, db.readers.QueryRow("SELECT count(*) FROM answers WHERE body IS NOT NULL").Scan(&kept))
	require.Greater(t, kept, int64(pruneBatch))
}

// answersAt stores answers in vain, with words, asked at one instant.
func answersAt(t *testing.T, db *DB, run, at string, n int) {
	t.Helper()
	_, err := db.writer.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO answers (run_id, order_id, asked_at, outcome, attempts, err_code, message, body)
SELECT ?, (SELECT min(order_id) FROM orders), ?, 'failed', 1, '', '', ? FROM n`, n, run, at, []byte("{}"))
	require.NoError(t, err)
}
