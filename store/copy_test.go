package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCopyLeavesTheOriginal copies an older database: the copy is brought up to
// date, and nothing changes beside the original.
func TestCopyLeavesTheOriginal(t *testing.T) {
	aboutFiles(t)
	for name, held := range map[string]bool{"at rest": false, "while somebody has it open": true} {
		t.Run(name, func(t *testing.T) {
			path, old := older(t, 1)
			require.NoError(t, old.Close())
			old, err := sql.Open("sqlite", dsn(path, writing))
			require.NoError(t, err)
			defer old.Close()
			_, err = old.Exec("INSERT INTO runs (run_id, day, status, started_at) VALUES ('r', '2026-11-19', 'failed', '2026-11-20T02:30:00.000+08:00')")
			require.NoError(t, err)
			if !held {
				require.NoError(t, old.Close())
			}
			before := folder(t, path)
			dest := filepath.Join(t.TempDir(), "copy.db")
			require.NoError(t, Copy(t.Context(), path, dest))
			require.Equal(t, before, folder(t, path))
			db, err := Open(t.Context(), dest)
			require.NoError(t, err)
			defer db.Close()
			require.Equal(t, 1, count(t, db, "runs"))
			require.Equal(t, before, folder(t, path))
		})
	}
}

func TestCopyOfWhatIsNotOurs(t *testing.T) {
	aboutFiles(t)
	path := filepath.Join(t.TempDir(), "x.db")
	require.NoError(t, os.WriteFile(path, []byte("a letter to a friend, and long enough"), 0o600))
	before := folder(t, path)
	dest := filepath.Join(t.TempDir(), "copy.db")
	require.ErrorIs(t, Copy(t.Context(), path, dest), ErrForeign)
	require.Equal(t, before, folder(t, path))
	require.NoFileExists(t, dest)
}

// folder is what lies in a file's folder, byte for byte; the shared memory
// beside a database is no content.
func folder(t *testing.T, path string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		require.NoError(t, err)
		if filepath.Ext(e.Name()) == ".db-shm" {
			data = nil
		}
		all[e.Name()] = string(data)
	}
	return all
}
