package store

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestOpenCreatesAndReopens(t *testing.T) {
	aboutFiles(t)
	path := filepath.Join(t.TempDir(), "new folder", "a ?#%db", "ums 对账.db")
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	run := begin(t, db, day)
	require.NoError(t, db.Check(t.Context()))
	require.NoError(t, db.Close())

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&^0o640, "no more than 0640")
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside a closed database")

	db, err = Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	runs, err := db.Runs(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, run, runs[0].RunID)
}

func TestOpenTakesAnEmptyFile(t *testing.T) {
	aboutFiles(t)
	path := filepath.Join(t.TempDir(), "empty.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	begin(t, db, day)
	require.NoError(t, db.Close())
}

func TestOpenPragmas(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "15000"} {
		var got string
		require.NoError(t, db.writer.QueryRow("PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
	_, err := db.readers.Exec("DELETE FROM runs")
	require.ErrorContains(t, err, "readonly")
}

func TestOpenForeign(t *testing.T) {
	aboutFiles(t)
	tests := map[string]struct {
		write func(t *testing.T, path string)
		want  error
	}{
		"text": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("账单号,金额\n1,2\n"), 0o600))
		}, ErrForeign},
		"truncated header": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("SQLite format 3\x00"), 0o600))
		}, ErrForeign},
		"tables without id":     {foreign("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)"), ErrForeign},
		"another application":   {foreign("PRAGMA application_id = 1; CREATE TABLE theirs (x)"), ErrForeign},
		"another one's log":     {foreign("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)"), ErrForeign},
		"a newer schema":        {foreign(fmt.Sprintf("PRAGMA application_id = 0x554D5352; PRAGMA user_version = %d; CREATE TABLE runs (x)", version+1)), ErrNewer},
		"ours without a number": {foreign("PRAGMA application_id = 0x554D5352; CREATE TABLE runs (x)"), ErrForeign},
		"a folder":              {func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) }, ErrForeign},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			tt.write(t, path)
			before, _ := os.ReadFile(path)
			_, err := Open(t.Context(), path)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, path)
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after, "the file is as it was")
			entries, readErr := os.ReadDir(filepath.Dir(path))
			require.NoError(t, readErr)
			require.Len(t, entries, 1, "nothing stays beside it")
			if errors.Is(err, ErrNewer) {
				require.ErrorContains(t, err, fmt.Sprintf("its schema is %d, this program knows %d", version+1, version))
			}
		})
	}
}

func foreign(statements string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		other, err := sql.Open("sqlite", dsn(path, ""))
		require.NoError(t, err)
		_, err = other.Exec(statements)
		require.NoError(t, err)
		require.NoError(t, other.Close())
	}
}

func TestOpenUnwritable(t *testing.T) {
	aboutFiles(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err := Open(t.Context(), filepath.Join(file, "umsrecon.db"))
	require.ErrorContains(t, err, "folder")
	_, err = Open(t.Context(), "/proc/umsrecon.db")
	require.ErrorContains(t, err, "cannot be written")
}

// A process that is killed while SQLite writes the log back leaves a file that
// is whole only together with its log.
func TestOpenAfterACheckpointThatWasCutOff(t *testing.T) {
	aboutFiles(t)
	path := filepath.Join(t.TempDir(), "umsrecon.db")
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 500 {
		orders = append(orders, payment(fmt.Sprint(i)))
	}
	load(t, db, run, "a", orders...)

	cut := filepath.Join(t.TempDir(), "umsrecon.db")
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	log, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	const page, head, frame = 4096, 32, 24
	first := -1 // the last frame of the first page, which says how long the file is
	for at := head; at+frame+page <= len(log); at += frame + page {
		if binary.BigEndian.Uint32(log[at:]) == 1 {
			first = at + frame
		}
	}
	require.Positive(t, first)
	copy(file, log[first:first+page])
	require.NoError(t, os.WriteFile(cut, file, 0o640))
	require.ErrorIs(t, peek(t.Context(), cut), ErrDamaged, "without its log it is nothing")

	require.NoError(t, os.WriteFile(cut+"-wal", log, 0o640))
	again, err := Open(t.Context(), cut)
	require.NoError(t, err)
	require.Equal(t, len(orders), count(t, again, "orders"))
	require.NoError(t, again.Check(t.Context()))
	require.NoError(t, again.Close())
}
