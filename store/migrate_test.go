package store

import (
	"database/sql"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata/schema-*.sql
var schemas embed.FS

// TestMigrateFromEverySchema opens databases as earlier versions made them:
// what they hold stays, and they come to have what schema.sql has.
func TestMigrateFromEverySchema(t *testing.T) {
	aboutFiles(t)
	for number := 1; number < version; number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) { migrateFrom(t, number) })
	}
}

func migrateFrom(t *testing.T, number int) {
	path, old := older(t, number)
	_, err := old.Exec("INSERT INTO runs (run_id, day, status, started_at) VALUES ('r', '2026-11-19', 'failed', '2026-11-20T02:30:00.000+08:00')")
	require.NoError(t, err)
	require.NoError(t, old.Close())

	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	require.Equal(t, shape(t, open(t)), shape(t, db))
	require.Equal(t, 1, count(t, db, "runs"))
	var references string
	require.NoError(t, db.writer.QueryRow(`SELECT group_concat("from" ORDER BY "from") FROM pragma_foreign_key_list('orders')`).Scan(&references))
	require.Equal(t, "gone_load_id,load_id", references, "known to the connection that has migrated it, too")
	prior, err := sql.Open("sqlite", dsn(fmt.Sprintf("%s.schema-%d.bak", path, number), reading))
	require.NoError(t, err)
	defer prior.Close()
	var was, runs int
	require.NoError(t, prior.QueryRow("SELECT user_version, (SELECT count(*) FROM runs) FROM pragma_user_version").Scan(&was, &runs))
	require.Equal(t, []int{number, 1}, []int{was, runs}, "as it was before")
	requireFiles(t, path, "", "-shm", "-wal", fmt.Sprintf(".schema-%d.bak", number))
	require.NoError(t, db.Check(t.Context()))
	require.NoError(t, db.Close())
	again, err := Open(t.Context(), path)
	require.NoError(t, err, "a second time there is nothing to do")
	require.NoError(t, again.Close())
}

// TestMigrateCutOff: an upgrade that was killed behind its backup makes no
// second one of the same; another database has one of its own.
func TestMigrateCutOff(t *testing.T) {
	aboutFiles(t)
	path, old := older(t, 1)
	require.NoError(t, old.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	upgrade := func() {
		db, err := Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
	upgrade()
	require.NoError(t, os.WriteFile(path, before, 0o600))
	upgrade()
	requireFiles(t, path, "", ".schema-1.bak")

	require.NoError(t, os.WriteFile(path, before, 0o600))
	changed, err := sql.Open("sqlite", dsn(path, writing))
	require.NoError(t, err)
	_, err = changed.Exec("INSERT INTO runs (run_id, day, status, started_at) VALUES ('r', '2026-11-19', 'failed', '2026-11-20T02:30:00.000+08:00')")
	require.NoError(t, err)
	require.NoError(t, changed.Close())
	upgrade()
	requireFiles(t, path, "", ".schema-1.2.bak", ".schema-1.bak")
}

// requireFiles holds what lies in the folder of a database against its name
// with these endings.
func requireFiles(t *testing.T, path string, endings ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, strings.TrimPrefix(e.Name(), filepath.Base(path)))
	}
	require.Equal(t, endings, got)
}

// older is a database as an earlier version made it.
func older(t *testing.T, number int) (path string, old *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "old.db")
	old, err := sql.Open("sqlite", dsn(path, writing))
	require.NoError(t, err)
	schema, err := schemas.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", number))
	require.NoError(t, err)
	_, err = old.Exec(string(schema) + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, number))
	require.NoError(t, err)
	return path, old
}

// TestMigrateKnowsTheOrderOfRuns: runs were told apart by their ids alone, and
// one that was taken up late has an old id.
func TestMigrateKnowsTheOrderOfRuns(t *testing.T) {
	aboutFiles(t)
	path, old := older(t, 1)
	_, err := old.Exec(`INSERT INTO runs (run_id, day, status, started_at, ended_at, summary) VALUES
('1', '2026-11-19', 'complete', '2026-11-20T02:30:00.000+08:00', '2026-11-21T09:00:00.000+08:00', '{"run_id": "1"}'),
('2', '2026-11-20', 'complete', '2026-11-21T02:30:00.000+08:00', '2026-11-21T02:31:00.000+08:00', '{"run_id": "2"}'),
('3', '2026-11-20', 'failed', '2026-11-21T02:30:00.000+08:00', '2026-11-21T02:31:00.000+08:00', NULL)`)
	require.NoError(t, err)
	require.NoError(t, old.Close())
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	var order string
	require.NoError(t, db.readers.QueryRow("SELECT group_concat(run_id || ':' || coalesce(publication, '–'), ' ' ORDER BY run_id) FROM runs").Scan(&order))
	require.Equal(t, "1:2 2:1 3:–", order)
}

// TestMigrateKnowsWhatIsGone: every load wrote its number into each row that it
// held; now a row says which load held it last, where that is not the last one
// of its source that has rows.
func TestMigrateKnowsWhatIsGone(t *testing.T) {
	aboutFiles(t)
	path, old := older(t, 3)
	_, err := old.Exec(`INSERT INTO runs (run_id, day, status, started_at) VALUES ('r', '2026-11-19', 'failed', '2026-11-20T02:30:00.000+08:00');
INSERT INTO loads (load_id, run_id, scope, files, sha256, loaded_at, rows, orders, invalid, total_fen) VALUES
(1, 'r', 'a', '[]', '', 'x', 2, 2, 0, 0), (2, 'r', 'b', '[]', '', 'x', 1, 1, 0, 0), (3, 'r', 'a', '[]', '', 'x', 1, 1, 0, 0), (4, 'r', 'a', '[]', '', 'x', 0, 0, 0, 0);
INSERT INTO orders (mid, tid, inst_mid, bill_day, bill_no, ledger_day, order_no, amount_fen, status, mer_order_id, auth_code, contract_id, fen_order_id, service_id,
  file, line, row_hash, scope, load_id, first_seen_at, status_at)
SELECT 'm', 't', 'i', 'd', value ->> 0, 'd', '', 1, 'paid', '', '', '', '', '', 'f', 1, 'h', value ->> 1, value ->> 2, 'x', 'x'
FROM json_each('[["gone", "a", 1], ["there", "a", 3], ["other", "b", 2]]')`)
	require.NoError(t, err)
	require.NoError(t, old.Close())
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	var gone string
	require.NoError(t, db.readers.QueryRow("SELECT group_concat(bill_no || ':' || coalesce(gone_load_id, '–'), ' ' ORDER BY bill_no) FROM orders").Scan(&gone))
	require.Equal(t, "gone:1 other:– there:–", gone)
}

// shape is every object of a schema with its columns and references.
func shape(t *testing.T, db *DB) (objects []string) {
	t.Helper()
	rows, err := db.readers.Query(`SELECT type || ' ' || name || coalesce((SELECT group_concat(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, ''), ', ' ORDER BY c.name)
		FROM pragma_table_info(s.name) AS c WHERE s.type = 'table'), coalesce(sql, '')) || coalesce((SELECT group_concat(f."from" || ' → ' || f."table", ', ' ORDER BY f."from")
		FROM pragma_foreign_key_list(s.name) AS f WHERE s.type = 'table'), '') FROM sqlite_schema AS s WHERE name NOT LIKE 'sqlite_%' ORDER BY 1`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var object string
		require.NoError(t, rows.Scan(&object))
		objects = append(objects, object)
	}
	require.NoError(t, rows.Err())
	return objects
}
