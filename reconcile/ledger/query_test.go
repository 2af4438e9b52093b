package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestQueriesThatAreRefused(t *testing.T) {
	sound := ledger.Source{Format: ledger.MySQL, DSN: func() string { return "x" }, Query: "SELECT 1", Now: time.Now}
	_, err := ledger.New(sound)
	require.NoError(t, err)
	for want, change := range map[string]func(*ledger.Source){
		"the dsn of the ledger is empty":                 func(s *ledger.Source) { s.DSN = nil },
		"the query of the ledger is empty":               func(s *ledger.Source) { s.Query = " \n" },
		"a query needs a clock":                          func(s *ledger.Source) { s.Now = nil },
		`:days, which is none of :day, :yyyymmdd, :from`: func(s *ledger.Source) { s.Query = "SELECT :days" },
		`(did you mean "day"?)`:                          func(s *ledger.Source) { s.Query = "SELECT :days" },
		"the query must begin with SELECT":               func(s *ledger.Source) { s.Query = "/*!50000 DROP TABLE a */ SELECT 1" },
		"the path of the ledger is empty":                func(s *ledger.Source) { s.Format = ledger.SQLite },
	} {
		s := sound
		change(&s)
		_, err := ledger.New(s)
		require.ErrorContains(t, err, want)
	}
}

func TestWhatANameIs(t *testing.T) {
	for format, queries := range map[ledger.Format]map[string]bool{ledger.Postgres: {
		"SELECT :day":                 true,
		"SELECT (:from)":              true,
		"SELECT a::date":              false,
		"SELECT ':days'":              false,
		"SELECT 'it''s :days'":        false,
		"SELECT \":days\"":            false,
		"SELECT 1 -- :days":           false,
		"SELECT a #> '{b}', :day":     true,
		"SELECT /* /* */ :days */ 1":  false,
		`SELECT E'it\'s :days'`:       false,
		"SELECT /* :days */ :day":     true,
		"SELECT $$ :days $$":          false,
		"SELECT $a$ $$ :days $a$":     false,
		"SELECT '12:30:00', a[1:2]":   false,
		"SELECT ':days":               false,
		"SELECT to_char(a,'HH24:MI')": false,
	}, ledger.MySQL: {
		"SELECT ':from' # :days\n":          false,
		"SELECT `:days`, 'it\\'s :days'":    false,
		"SELECT 1 --:day, which is no text": true,
	}} {
		for query, dated := range queries {
			books, err := ledger.New(ledger.Source{Format: format, DSN: func() string { return "x" }, Query: query, Now: time.Now})
			require.NoError(t, err, query)
			require.Equal(t, dated, books.Scope(day) != books.Scope(day+1), query)
		}
	}
}

func TestOnlyQueriesThatRead(t *testing.T) {
	for query, reads := range map[string]bool{
		"SELECT 1": true, " (select 1)": true, "-- orders\nWITH a AS (SELECT 1) SELECT * FROM a": true, "/* a */VALUES (1)": true, "table orders": true,
		"DROP TABLE a": false, "DELETE FROM a": false, "/*!50000 DROP TABLE a */": false, "/*M! DROP TABLE a */": false, "# a\nCOMMIT": false,
		"SELECTED": false, "": false, "CALL a()": false, "/* a": false, "EXPLAIN ANALYZE DELETE FROM a": false,
	} {
		require.Equal(t, reads, ledger.CheckQuery(ledger.MySQL, query) == nil, query)
	}
}

// What begins like a question and writes is refused before it is sent.
func TestQueriesThatWrite(t *testing.T) {
	all := []ledger.Format{ledger.MySQL, ledger.Postgres, ledger.SQLite}
	for _, c := range []struct {
		query   string
		formats []ledger.Format
		why     string // empty: it reads
	}{
		{"SELECT * INTO OUTFILE '/tmp/a' FROM orders", all, "says INTO"},
		{"SELECT * FROM orders into\n dumpfile '/tmp/a'", all, "says INTO"},
		{"SELECT bill_no INTO @a FROM orders", all, "says INTO"},
		{"SELECT * INTO TEMP kept FROM orders", all, "says INTO"},
		{"SELECT '' /* */INTO/**/kept FROM orders", all, "says INTO"},
		{"WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", all, "says DELETE"},
		{"WITH d AS ( /* a */ update only orders SET a = 1 RETURNING *) SELECT * FROM d", all, "says UPDATE"},
		{"WITH d AS (INSERT INTO orders VALUES (1) RETURNING *) SELECT * FROM d", all, "says INSERT"},
		{"WITH d AS (SELECT 1) MERGE INTO orders USING d ON true WHEN MATCHED THEN DELETE", all, "says MERGE"},
		{"WITH d AS (SELECT 1) DELETE a FROM a", all, "says DELETE"},
		{"SELECT 1; UPDATE \"orders\" SET a = 1", all, "says UPDATE"},
		{"SELECT 1 /*!50000 INTO OUTFILE '/tmp/a' */", []ledger.Format{ledger.MySQL}, "no comment to MySQL"},
		{"SELECT 1 /*M! INTO OUTFILE '/tmp/a' */", []ledger.Format{ledger.MySQL}, "no comment to MySQL"},
		{"SELECT 1 --1 INTO OUTFILE '/tmp/a'", []ledger.Format{ledger.MySQL}, "says INTO"},
		{`SELECT 'a\'' INTO OUTFILE '/tmp/a'`, []ledger.Format{ledger.MySQL}, "says INTO"},
		{"SELECT a #> '{b}' INTO kept FROM orders", []ledger.Format{ledger.Postgres}, "says INTO"},
		{"SELECT '\\' INTO kept FROM orders --'", []ledger.Format{ledger.Postgres}, "says INTO"},
		{"SELECT a$b$ INTO kept FROM c$b$", []ledger.Format{ledger.Postgres}, "says INTO"},

		{"SELECT into_x, x_into, `into`, o.into, \"into\" FROM orders o", []ledger.Format{ledger.MySQL, ledger.SQLite}, ""},
		{"SELECT into_x, o.into, \"into\", a AS into, 进into FROM orders o", []ledger.Format{ledger.Postgres}, ""},
		{"SELECT [into] FROM orders", []ledger.Format{ledger.SQLite}, ""},
		{"SELECT 'into outfile', 'it''s into' FROM orders -- into outfile\n/* INTO\nkept */", all, ""},
		{"SELECT 1 # into outfile\n", []ledger.Format{ledger.MySQL}, ""},
		{`SELECT 'it\'s into outfile', @into`, []ledger.Format{ledger.MySQL}, ""},
		{`SELECT E'it\'s into', $a$ into $a$ /* /* */ into */`, []ledger.Format{ledger.Postgres}, ""},
		{"SELECT insert(bill_no, 1, 2, 'x'), (replace(a, 'b', 'c')), (insert(a, 1, 1, '')) FROM orders", all, ""},
		{"SELECT o.update, max(delete), update_at, deleted FROM orders o WHERE (merge) = 1", []ledger.Format{ledger.Postgres}, ""},
		{"SELECT '(delete from orders)' -- (delete from orders)", all, ""},
		{"SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1", all, ""},
		{"SELECT /*! a */ 1", []ledger.Format{ledger.Postgres}, ""},
		{"SELECT bill_no FROM orders WHERE deleted = 0 ORDER BY update_time;", all, ""},
	} {
		for _, f := range c.formats {
			err := ledger.CheckQuery(f, c.query)
			if c.why == "" {
				require.NoError(t, err, "%s: %s", f, c.query)
			} else {
				require.ErrorContains(t, err, c.why, "%s: %s", f, c.query)
			}
		}
	}
}

// The business day that a query names is the one that BusinessDay gives.
func TestBegins(t *testing.T) {
	for _, cutoff := range []time.Duration{0, 4 * time.Hour, 12 * time.Hour, 22*time.Hour + 58*time.Minute} {
		c := reconcile.Calendar{Cutoff: cutoff}
		require.Equal(t, day, c.BusinessDay(c.Begins(day)), cutoff)
		require.Equal(t, day-1, c.BusinessDay(c.Begins(day).Add(-time.Nanosecond)), cutoff)
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"SELECT :day", "SELECT a INTO b", "WITH d AS (DELETE FROM a) SELECT 1", `SELECT E'\\`, "SELECT /* /*", "--", "$", "$$", "'", "/*", "--", ":", "::day", "a:day", "$é$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range []ledger.Format{ledger.MySQL, ledger.Postgres, ledger.SQLite} {
			_ = ledger.CheckQuery(format, s)
		}
	})
}
