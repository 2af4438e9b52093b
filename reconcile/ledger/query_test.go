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
	for query, dated := range map[string]bool{
		"SELECT :day":                 true,
		"SELECT (:from)":              true,
		"SELECT a::date":              false,
		"SELECT ':days'":              false,
		"SELECT 'it''s :days'":        false,
		"SELECT \":days\", `:days`":   false,
		"SELECT 1 -- :days":           false,
		"SELECT 1 # :days\n":          false,
		"SELECT /* :days */ :day":     true,
		"SELECT $$ :days $$":          false,
		"SELECT $a$ $$ :days $a$":     false,
		"SELECT '12:30:00', a[1:2]":   false,
		"SELECT ':days":               false,
		"SELECT to_char(a,'HH24:MI')": false,
	} {
		books, err := ledger.New(ledger.Source{Format: ledger.Postgres, DSN: func() string { return "x" }, Query: query, Now: time.Now})
		require.NoError(t, err, query)
		require.Equal(t, dated, books.Scope(day) != books.Scope(day+1), query)
	}
}

func TestOnlyQueriesThatRead(t *testing.T) {
	for query, reads := range map[string]bool{
		"SELECT 1": true, " (select 1)": true, "-- orders\nWITH a AS (SELECT 1) SELECT * FROM a": true, "/* a */VALUES (1)": true, "table orders": true,
		"DROP TABLE a": false, "DELETE FROM a": false, "/*!50000 DROP TABLE a */": false, "/*M! DROP TABLE a */": false, "# a\nCOMMIT": false,
		"SELECTED": false, "": false, "CALL a()": false, "/* a": false, "EXPLAIN ANALYZE DELETE FROM a": false,
	} {
		require.Equal(t, reads, ledger.CheckQuery(query) == nil, query)
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
	for _, s := range []string{"SELECT :day", "$", "$$", "'", "/*", "--", ":", "::day", "a:day", "$é$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { _ = ledger.CheckQuery(s) })
}
