package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestBackupWhileWriting: a copy taken between two commits is whole, and holds
// what was committed.
func TestBackupWhileWriting(t *testing.T) {
	db, run := night(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = db.SaveAnswers(t.Context(), run.RunID, []reconcile.Answered{{Key: payment("1").Key, Answer: failing()}})
			}
		}
	}()
	dest := filepath.Join(t.TempDir(), "copy.db")
	err := db.Backup(t.Context(), dest)
	close(stop)
	<-stopped
	require.NoError(t, err)
	info, err := os.Stat(dest)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	copied, err := Open(t.Context(), dest)
	require.NoError(t, err)
	defer copied.Close()
	require.NoError(t, copied.Check(t.Context()))
	require.Equal(t, count(t, db, "cases"), count(t, copied, "cases"))
	require.ErrorContains(t, db.Backup(t.Context(), dest), "exists")
}

func TestPrune(t *testing.T) {
	db, first := night(t)
	_, err := db.writer.Exec("UPDATE answers SET body = x'7B7D'")
	require.NoError(t, err)
	failed := begin(t, db, day)
	require.NoError(t, db.EndRun(t.Context(), failed, reconcile.RunFailed, "no ledger", now))
	second := begin(t, db, day)
	publish(t, db, second)
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

	p, err := db.Prune(t.Context(), time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Equal(t, Pruned{}, p, "nothing is asked for")
	p, err = db.Prune(t.Context(), now.AddDate(-1, 0, 0), now.AddDate(-1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, Pruned{}, p, "nothing is that old")

	later := now.AddDate(1, 0, 0)
	p, err = db.Prune(t.Context(), later, later)
	require.NoError(t, err)
	require.Equal(t, Pruned{Answers: 2, Notes: 2, Runs: 1}, p)
	require.Zero(t, bodies())
	for _, table := range tables {
		require.Equal(t, before[table], count(t, db, table), table)
	}
	runs, err := db.Runs(t.Context(), 10)
	require.NoError(t, err)
	var left []string
	for _, r := range runs {
		left = append(left, r.RunID)
	}
	require.ElementsMatch(t, []string{first.RunID, second, alone}, left, "the first is known by its load, the last of a day always stays")
	require.NoError(t, db.Check(t.Context()))
}
