package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestBackupWhileWriting: a copy taken between two commits is whole, and holds
// what was committed.
func TestBackupWhileWriting(t *testing.T) {
	aboutFiles(t)
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
