package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// onlyOnServer leaves a test out on SQLite that is about PostgreSQL.
func onlyOnServer(t *testing.T) {
	t.Helper()
	if server == "" {
		t.Skip("about PostgreSQL")
	}
}

// TestTheSchemasAreOne compares what the two databases say of themselves:
// tables, columns, what may be NULL, defaults, keys, references, checks, indices
// and triggers.
func TestTheSchemasAreOne(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	sameSchema(t, db)
}

// TestMigrateOnServer: a server's database of an earlier version becomes what one
// of today is, and keeps what is in it.
func TestMigrateOnServer(t *testing.T) {
	onlyOnServer(t)
	for number := firstOnServer; number < version; number++ {
		at := newPlace(t)
		old, err := dial(at)
		require.NoError(t, err)
		schema, err := schemas.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", number))
		require.NoError(t, err)
		tables, references := postgres.Schema(string(schema))
		_, err = old.writer.Exec(tables + references + fmt.Sprintf("COMMENT ON TABLE runs IS '%s%d'", schemaMark, number))
		require.NoError(t, err)
		_, err = old.writer.Exec(`INSERT INTO runs (run_id, day, status, started_at) VALUES ('r', '2026-11-19', 'failed', '2026-11-20T02:30:00.000+08:00');
INSERT INTO loads (run_id, scope, day, files, sha256, loaded_at, rows, orders, invalid, total_fen) VALUES ('r', 'o', '2026-11-19', '["o"]', '00', '2026-11-20T02:30:00.000+08:00', 1, 1, 0, 1908);
INSERT INTO orders (mid, tid, inst_mid, bill_day, bill_no, ledger_day, order_no, amount_fen, status, mer_order_id, auth_code, contract_id, fen_order_id, service_id,
  file, line, row_hash, scope, load_id, first_seen_at, status_at, copies, judged_run_id)
VALUES ('1', '2', '3', '2026-11-19', '4', '2026-11-19', '', 1908, 'paid', '', '', '', '', '', 'o', 2, '5', 'o', 1, '2026-11-20T02:30:00.000+08:00', '2026-11-20T02:30:00.000+08:00', 7, 'r')`)
		require.NoError(t, err)
		require.NoError(t, old.Close())
		holdsTheOrder(t, number, at)
		var both sync.WaitGroup
		for range 2 { // at once
			both.Go(func() {
				db, err := Open(t.Context(), at)
				if err == nil {
					err = db.Close()
				}
				assert.NoError(t, err)
			})
		}
		both.Wait()
		db, err := Open(t.Context(), at)
		require.NoError(t, err)
		sameSchema(t, db)
		holdsTheOrder(t, number, at)
		runs, err := db.Runs(t.Context(), 9)
		require.NoError(t, err)
		require.Len(t, runs, 1)
		run := begin(t, db, day)
		load(t, db, run, "a", payment("1"))
		require.Equal(t, []string{"4", "1"}, billNos(t, db, scope(run)))
		require.NoError(t, db.Close())
	}
}

// holdsTheOrder: a trial has what the database has, whatever made its tables.
func holdsTheOrder(t *testing.T, number int, at string) {
	trial, remove, err := Trial(t.Context(), at)
	require.NoError(t, err, "schema %d", number)
	defer remove()
	db, err := dial(trial)
	require.NoError(t, err)
	defer db.Close()
	var order string
	require.NoError(t, db.readers.QueryRow(`SELECT bill_no || ' ' || load_id || ' ' || coalesce(gone_load_id, 0) || ' ' || copies || ' ' || conflicting || ' ' || first_seen_at || ' ' || judged_run_id FROM orders`).Scan(&order))
	require.Equal(t, "4 1 0 7 0 2026-11-20T02:30:00.000+08:00 r", order)
}

func sameSchema(t *testing.T, db *DB) {
	file, err := Open(t.Context(), filepath.Join(t.TempDir(), "umsrecon.db"))
	require.NoError(t, err)
	defer file.Close()
	for what, q := range map[string]struct{ sqlite, postgres string }{
		"columns": {`SELECT t.name || '.' || c.name || ' ' || CASE WHEN c.type = 'INTEGER' THEN 'int' WHEN c.type = 'BLOB' THEN 'bytes' ELSE 'text' END
  || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END || CASE WHEN c.dflt_value IS NULL THEN '' ELSE ' default ' || c.dflt_value END
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
			`SELECT table_name || '.' || column_name || ' ' || CASE data_type WHEN 'bigint' THEN 'int' WHEN 'bytea' THEN 'bytes' ELSE 'text' END
  || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END || CASE WHEN column_default IS NULL THEN '' ELSE ' default ' || replace(column_default, '::text', '') END
FROM information_schema.columns WHERE table_schema = current_schema()`},
		"references": {`SELECT t.name || '.' || f."from" || ' ' || f."table" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'`,
			`SELECT conrelid::regclass || '.' || a.attname || ' ' || confrelid::regclass FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = conkey[1]
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`},
		"indices": {`SELECT name || ' ' || (sql LIKE 'CREATE UNIQUE%') || (sql LIKE '% WHERE %') FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`,
			`SELECT indexname || ' ' || CAST(indexdef LIKE 'CREATE UNIQUE%' AS int) || CAST(indexdef LIKE '% WHERE %' AS int) FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE '%_idx'`},
		"triggers": {`SELECT name || ' ' || tbl_name FROM sqlite_schema WHERE type = 'trigger'`,
			`SELECT tgname || ' ' || tgrelid::regclass FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace`},
		"keys": {`SELECT t.name || ' ' || group_concat(c.name ORDER BY c.pk) FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND c.pk > 0 AND t.name NOT LIKE 'sqlite_%' GROUP BY t.name`,
			`SELECT conrelid::regclass || ' ' || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(conkey) WITH ORDINALITY AS k (at, n) JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = k.at)
FROM pg_constraint WHERE contype = 'p' AND connamespace = current_schema()::regnamespace`},
		// A check that a text is JSON is a type there.
		"checks": {`SELECT name || ' ' || ((length(sql) - length(replace(sql, 'CHECK (', ''))) / 7) || ' ' || ((length(sql) - length(replace(sql, '    UNIQUE (', ''))) / 12) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
			`SELECT relname || ' ' || ((SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c') + (SELECT count(*) FROM pg_attribute WHERE attrelid = c.oid AND atttypid = 'json'::regtype))
  || ' ' || (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'u') FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`},
	} {
		t.Run(what, func(t *testing.T) {
			want, got := texts(t, file.readers, q.sqlite), texts(t, db.readers, q.postgres)
			require.NotEmpty(t, want)
			require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"))
		})
	}
}

func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		all = append(all, s)
	}
	require.NoError(t, rows.Err())
	slices.Sort(all)
	return all
}

func TestOpenOnServer(t *testing.T) {
	onlyOnServer(t)
	t.Run("several at once make one schema", func(t *testing.T) {
		at := newPlace(t)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				db, err := Open(t.Context(), at)
				if err == nil {
					err = db.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	schema := func(at string) string { return at[strings.LastIndex(at, "=")+1:] }
	for name, c := range map[string]struct {
		before string
		want   error
	}{
		"newer":                     {"CREATE TABLE S.runs (); COMMENT ON TABLE S.runs IS 'umsrecon schema 99'", ErrNewer},
		"another program's runs":    {"CREATE TABLE S.runs ()", ErrForeign},
		"another program's orders":  {"CREATE TABLE S.orders ()", ErrForeign},
		"another program's remarks": {"CREATE TABLE S.runs (); COMMENT ON TABLE S.runs IS 'what ran'", ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			at := newPlace(t)
			onServer(t, strings.ReplaceAll(c.before, "S.", schema(at)+"."))
			_, err := Open(t.Context(), at)
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
	t.Run("older", func(t *testing.T) {
		at := newPlace(t)
		onServer(t, "CREATE TABLE "+schema(at)+".runs (); COMMENT ON TABLE "+schema(at)+".runs IS 'umsrecon schema 1'")
		_, err := Open(t.Context(), at)
		require.ErrorContains(t, err, "its schema is 1, and there is no way from there")
	})
	t.Run("no schema", func(t *testing.T) {
		_, err := Open(t.Context(), server+"&search_path=nowhere")
		require.ErrorContains(t, err, "CREATE SCHEMA")
	})
	t.Run("wrong password", func(t *testing.T) {
		_, err := Open(t.Context(), strings.Replace(server, "s3cr3t-d4tab4se", "wr0ng-w0rd", 1))
		require.ErrorContains(t, err, "password authentication failed")
		require.NotContains(t, err.Error(), "wr0ng-w0rd")
		require.False(t, away(err), "it is there, and refuses")
	})
}

// TestServerThatCutsConnections: what was under way is as if it had never been,
// and what comes next finds a connection.
func TestServerThatCutsConnections(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "b"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		cutOff(t)
		return reconcile.Load{Rows: 1}, w.Order(payment("2"), "x")
	})
	require.True(t, away(err), err)
	load(t, db, run, "b", payment("3"))
	require.Equal(t, 2, count(t, db, "orders"))
}

// cutOff ends every connection of the program, and waits until they have ended.
func cutOff(t *testing.T) {
	t.Helper()
	onServer(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'umsrecon' AND pid <> pg_backend_pid()")
}

// TestCopyOnALostConnection: a COPY whose connection is gone says so; it does not
// wait for its transaction, which waits for it.
func TestCopyOnALostConnection(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	s, err := db.serverStage(t.Context())
	require.NoError(t, err)
	defer s.remove()
	staging, err := s.begin(t.Context())
	require.NoError(t, err)
	defer staging.Rollback()
	cutOff(t)
	require.True(t, away(staging.exec("SELECT 1")))
	rows := postgres.NewRows("rows", "mid")
	require.NoError(t, rows.Add("m"))
	ended := make(chan error, 1)
	go func() { ended <- rows.Copy(t.Context(), s.conn) }()
	select {
	case err := <-ended:
		require.True(t, away(err), err)
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
	}
}

// TestServerThatCutsToAsk: the connection goes while the first of the orders are
// asked; the questions are on the server.
func TestServerThatCutsToAsk(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 100 {
		orders = append(orders, payment(fmt.Sprintf("%04d", i)))
	}
	load(t, db, run, "a", orders...)
	asked := map[reconcile.Key]bool{}
	for key, err := range toAsk(t.Context(), db, scope(run)) {
		require.NoError(t, err)
		require.False(t, asked[key], "%s is asked once", key.BillNo)
		if asked[key] = true; len(asked) == 1 {
			cutOff(t)
		}
	}
	require.Len(t, asked, len(orders))
	require.Len(t, billNos(t, db, scope(run)), len(orders), "given back")
}

// TestOneWritesAtATime: who waits for another that writes gives up with its
// context, and not before.
func TestOneWritesAtATime(t *testing.T) {
	onlyOnServer(t)
	one, other := openTwice(t)
	require.NoError(t, one.write(t.Context(), func(*tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- other.write(ctx, func(*tx) error { return nil }) }()
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		return nil
	}))
	begin(t, other, day)
}

func TestServerThatIsNotThere(t *testing.T) {
	_, err := Open(t.Context(), "postgres://u:s3cr3t@127.0.0.1:1/db")
	require.ErrorContains(t, err, "database postgres://127.0.0.1:1/db: ")
	require.NotContains(t, err.Error(), "s3cr3t")
	require.True(t, away(err))
	require.False(t, away(ErrNoRun))
	require.False(t, away(nil))
	require.False(t, away(context.DeadlineExceeded), "it was we who did not wait")
}

func TestServerHasNoFile(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	require.NoError(t, db.Check(t.Context()))
	require.ErrorIs(t, db.Backup(t.Context(), filepath.Join(t.TempDir(), "x.db")), ErrOnServer)
	err := Copy(t.Context(), server, filepath.Join(t.TempDir(), "x.db"))
	require.ErrorIs(t, err, ErrOnServer)
	require.NotContains(t, err.Error(), "s3cr3t")
}
