package ledger_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// values: what tables of merchants hold beside what they should. A row of it is
// taken for what it says, or is a bad row that says why; those around it are good.
func (s shop) values(t *testing.T) {
	if s.format == ledger.SQLite {
		return // TestWhatSQLiteDoesNotKeep
	}
	small := map[ledger.Format]string{ledger.MySQL: "TINYINT", ledger.Postgres: "SMALLINT"}[s.format]
	s.exec(t, fmt.Sprintf("CREATE TABLE odd (bill_no VARCHAR(9), bill_date %s, total_amount DECIMAL(10,3), status %s, paid_at %s, settle_date %s)",
		s.types.day, small, s.types.clock, s.types.day),
		"INSERT INTO odd VALUES ('A', '2026-11-19', 12.300, 1, '2026-11-19 14:30:05', NULL)",
		"INSERT INTO odd VALUES ('B', '2026-11-19', 12.305, 1, NULL, NULL)",
		"INSERT INTO odd VALUES ('C', '2026-11-19', NULL, 1, NULL, NULL)",
		"INSERT INTO odd VALUES ('D', '2026-11-19', 1, 7, NULL, NULL)",
		"INSERT INTO odd VALUES ('E', '2026-11-19', 1, NULL, NULL, NULL)",
		"INSERT INTO odd VALUES ('F', NULL, 1, 1, NULL, NULL)",
		"INSERT INTO odd VALUES ('G', '2026-11-19', -1, 1, NULL, NULL)",
		"INSERT INTO odd VALUES ('H', '2026-11-19', 0, 2, NULL, NULL)",
		"INSERT INTO odd VALUES (NULL, '2026-11-19', 1, 1, NULL, NULL)")
	want := []badCell{
		{"total_amount", `amount "12.305"`}, {"total_amount", "is empty"}, {"status", `"7"`}, {"status", "is empty"},
		{"bill_date", "is empty"}, {"total_amount", `amount "-1.000"`}, {"bill_no", "is empty"},
	}
	if s.format == ledger.MySQL {
		s.exec(t, "SET STATEMENT sql_mode='' FOR INSERT INTO odd VALUES ('I', '0000-00-00', 1, 1, NULL, NULL)",
			"SET STATEMENT sql_mode='' FOR INSERT INTO odd VALUES ('J', '2026-11-19', 1, 1, '0000-00-00 00:00:00', NULL)",
			"SET STATEMENT sql_mode='' FOR INSERT INTO odd VALUES ('K', '2026-11-19', 1, 1, NULL, '0000-00-00')")
		want = append(want, badCell{"bill_date", `"0000-00-00"`}, badCell{"paid_at", `"0000-00-00 00:00:00"`}, badCell{"settle_date", `"0000-00-00"`})
	}
	source := s.source("SELECT * FROM odd")
	source.Statuses = map[reconcile.Status][]string{reconcile.Paid: {"1"}, reconcile.Unpaid: {"2"}}
	r, err := readSource(t, source)
	require.NoError(t, err)
	require.Len(t, r.orders, 2)
	require.Equal(t, []any{reconcile.Fen(1230), reconcile.Fen(0)}, []any{r.orders[0].Amount, r.orders[1].Amount})
	require.Equal(t, "2026-11-19 14:30:05", r.orders[0].PaidAt.Format(time.DateTime))
	require.Len(t, r.bad, len(want))
	for i, bad := range r.bad {
		require.Equal(t, want[i].column, bad.Column, bad.Reason.EN)
		require.Contains(t, bad.Reason.EN, want[i].why)
	}
}

type badCell struct{ column, why string }

// writesNothing: nor through what a query calls.
func (s shop) writesNothing(t *testing.T) {
	s.exec(t, "CREATE TABLE touched (n INT)")
	const rest = ", '2026-11-19' AS bill_date, '1' AS total_amount, 'PAID' AS status"
	queries := map[ledger.Format]map[string]string{
		ledger.MySQL: {
			"SELECT touch() AS bill_no" + rest:                                        "READ ONLY transaction",
			"SELECT NEXT VALUE FOR counter AS bill_no" + rest:                         "READ ONLY transaction",
			"SELECT 1 INTO OUTFILE 'umsrecon-touched'":                                "says INTO",
			"SELECT n AS bill_no FROM touched FOR UPDATE; COMMIT; DROP TABLE touched": "syntax",
		},
		ledger.Postgres: {
			"WITH w AS (INSERT INTO touched VALUES (1) RETURNING n) SELECT n AS bill_no" + rest + " FROM w": "says INSERT",
			"SELECT touch() AS bill_no" + rest:                                           "read-only transaction",
			"SELECT nextval('counter') AS bill_no" + rest:                                "read-only transaction",
			"SELECT set_config('transaction_read_only', 'off', false) AS bill_no" + rest: "read-write mode must be set before any query",
			"SELECT turn() AS bill_no" + rest:                                            "read-write mode must be set before any query",
			"SELECT n AS bill_no" + rest + " INTO taken FROM touched":                    "says INTO",
			"SELECT n AS bill_no" + rest + " FROM touched FOR UPDATE":                    "read-only transaction",
		},
		ledger.SQLite: {
			"SELECT n FROM touched; INSERT INTO touched VALUES (1)":                "says INSERT",
			"WITH w AS (SELECT 1) INSERT INTO touched SELECT * FROM w RETURNING n": "says INSERT",
		},
	}[s.format]
	switch s.format {
	case ledger.MySQL:
		s.exec(t, "CREATE FUNCTION touch() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO touched VALUES (1); RETURN 1; END", "CREATE SEQUENCE counter")
	case ledger.Postgres:
		s.exec(t, "CREATE FUNCTION touch() RETURNS INT LANGUAGE sql AS 'INSERT INTO touched VALUES (1) RETURNING 1'", "CREATE SEQUENCE counter",
			"CREATE FUNCTION turn() RETURNS INT LANGUAGE plpgsql AS 'BEGIN SET TRANSACTION READ WRITE; INSERT INTO touched VALUES (1); RETURN 1; END'")
	}
	for query, why := range queries {
		require.ErrorContains(t, s.refused(t, query), why, query)
	}
	r, err := readSource(t, s.source("SELECT count(*) AS bill_no"+rest+" FROM touched"))
	require.NoError(t, err)
	require.Equal(t, "0", r.orders[0].BillNo)
}

// A database that takes the connection and says nothing is waited for no
// longer than the source allows, and its DSN is not told.
func TestDatabaseThatIsSilent(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for format, dsn := range map[ledger.Format]string{
		ledger.MySQL:    "umsrecon:%s@tcp(%s)/shop",
		ledger.Postgres: "postgres://umsrecon:%s@%s/shop?sslmode=disable",
	} {
		dsn = fmt.Sprintf(dsn, ledgertest.Password, l.Addr())
		s := shop{format: format, dsn: dsn}.source("SELECT 1 AS bill_no")
		s.Timeout = 200 * time.Millisecond
		_, err := readSource(t, s)
		require.ErrorIs(t, err, reconcile.ErrUnreadable, format)
		require.False(t, strings.Contains(err.Error(), ledgertest.Password) || strings.Contains(err.Error(), dsn), err)
	}
}
