package ledger_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

func TestDatabases(t *testing.T) {
	want, err := readBytes(t, ledger.CSV, separated(sample(300), ","))
	require.NoError(t, err)
	for name, start := range shops(t) {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.fill(t, sample(300))
			t.Run("the same orders", func(t *testing.T) {
				got, err := readSource(t, s.source("SELECT * FROM orders WHERE bill_date = :day ORDER BY bill_no, refund_order_id IS NOT NULL;\n"))
				require.NoError(t, err)
				require.Empty(t, got.bad)
				require.Equal(t, string(s.format)+" 2026-11-19", got.orders[0].Source.File)
				require.Equal(t, placeless(want.orders), placeless(got.orders))
				require.Equal(t, want.rows, got.rows)
				require.Equal(t, day, got.load.Day)
				require.Equal(t, string(s.format)+" 2026-11-19", got.load.Scope)
				require.Equal(t, []string{string(s.format) + " 2026-11-19"}, got.load.Files, "what a run prints names the day that was asked about")
				whole, err := readSource(t, s.source("SELECT * FROM orders"))
				require.NoError(t, err)
				require.Equal(t, []string{string(s.format)}, whole.load.Files, "a query without a day is about all of them")
				require.True(t, day.End().Equal(got.load.SnapshotAt))
				require.Len(t, got.load.SHA256, 64)
			})
			t.Run("the names", s.names)
			t.Run("instants", s.instants)
			t.Run("fractions", s.fractions)
			t.Run("what goes wrong", s.wrong)
			t.Run("values", s.values)
			t.Run("only reads", s.onlyReads)
			t.Run("writes nothing", s.writesNothing)
			t.Run("timeout", s.timeout)
			t.Run("flat memory", s.streams)
		})
	}
}

// names: the values of a query, and what only looks like one.
func (s shop) names(t *testing.T) {
	source := s.source(`SELECT ':to' AS order_no, '3194A' AS bill_no /* :nothing */, :day AS bill_date, '1.00' AS total_amount, -- :nothing
		'PAID' AS status, :from AS paid_at, :yyyymmdd AS contract_id, :to AS mer_order_id`)
	if s.format == ledger.Postgres {
		source.Query = strings.NewReplacer(":day", ":day::text", ":from", ":from::text", ":yyyymmdd", ":yyyymmdd::text", ":to A", ":to::text A").Replace(source.Query)
	}
	source.Calendar.Cutoff = 22*time.Hour + 58*time.Minute
	r, err := readSource(t, source)
	require.NoError(t, err)
	require.Empty(t, r.bad)
	o := r.orders[0]
	require.Equal(t, []string{":to", "20261119", "2026-11-19 22:58:00"}, []string{o.OrderNo, o.ContractID, o.MerOrderID})
	require.Equal(t, "2026-11-18 22:58:00", o.PaidAt.Format(time.DateTime))
	require.Equal(t, day, o.BillDay)
}

// instants: a column that knows its zone gives the right time, whatever the
// zone of the ledger.
func (s shop) instants(t *testing.T) {
	s.exec(t, "CREATE TABLE clocks (at "+s.types.instant+")")
	insert := "INSERT INTO clocks VALUES ('2026-11-19T06:30:05Z')"
	switch s.format {
	case ledger.MySQL:
		insert = "INSERT INTO clocks VALUES (from_unixtime(1795069805))"
	}
	s.exec(t, insert)
	for _, zone := range []*time.Location{reconcile.Beijing, time.FixedZone("", -9*3600-1800), time.UTC} {
		source := s.source("SELECT '3194A' AS bill_no, '2026-11-19' AS bill_date, '1' AS total_amount, 'PAID' AS status, at AS paid_at FROM clocks")
		source.Location = zone
		r, err := readSource(t, source)
		require.NoError(t, err)
		require.Empty(t, r.bad)
		require.Equal(t, "2026-11-19 14:30:05", r.orders[0].PaidAt.Format(time.DateTime), zone)
	}
}

// fractions: amounts in DOUBLE are refused, exact ones of any scale are not.
func (s shop) fractions(t *testing.T) {
	if s.types.fraction == "" {
		return // SQLite has nothing else
	}
	s.exec(t, "CREATE TABLE fractions (a "+s.types.fraction+", d DECIMAL(20,4))", "INSERT INTO fractions VALUES (19.9, 19.9)")
	query := "SELECT '3194A' AS bill_no, '2026-11-19' AS bill_date, 'PAID' AS status, %s AS total_amount FROM fractions"
	_, err := readSource(t, s.source(fmt.Sprintf(query, "a")))
	var header *ledger.HeaderError
	require.ErrorAs(t, err, &header)
	require.ErrorContains(t, err, `column "total_amount" is a binary fraction`)
	r, err := readSource(t, s.source(fmt.Sprintf(query, "d")))
	require.NoError(t, err)
	require.Equal(t, reconcile.Fen(1990), r.orders[0].Amount)
}

func (s shop) wrong(t *testing.T) {
	read := func(change func(*ledger.Source)) error {
		source := s.source("SELECT * FROM orders")
		change(&source)
		_, err := readSource(t, source)
		require.Error(t, err)
		require.NotContains(t, err.Error(), ledgertest.Password)
		if s.format != ledger.SQLite { // whose path is no secret
			require.NotContains(t, err.Error(), s.dsn)
		}
		return err
	}
	err := read(func(l *ledger.Source) { l.Query = "SELECT * FROM nowhere" })
	require.ErrorIs(t, err, reconcile.ErrUnreadable)
	require.ErrorContains(t, err, "nowhere")
	err = read(func(l *ledger.Source) { l.Query = "SELECT FROM WHERE" })
	require.ErrorIs(t, err, reconcile.ErrUnreadable)
	err = read(func(l *ledger.Source) { l.Query = "SELECT bill_no, bill_no, status AS statu FROM orders" })
	require.ErrorContains(t, err, `heading "bill_no" stands twice`)
	require.ErrorContains(t, err, `did you mean "statu"?`)
	if s.format == ledger.SQLite {
		err = read(func(l *ledger.Source) { l.Pattern += ".not" })
		require.ErrorIs(t, err, reconcile.ErrNoLedger)
		return
	}
	for was, is := range map[string]string{"umsrecon:": "nobody:", ledgertest.Password: "wr0ng-passw0rd"} {
		err = read(func(l *ledger.Source) { l.DSN = func() string { return strings.Replace(s.dsn, was, is, 1) } })
		require.ErrorIs(t, err, reconcile.ErrUnreadable)
		require.NotContains(t, err.Error(), "wr0ng-passw0rd")
	}
	err = read(func(l *ledger.Source) { l.DSN = func() string { return "%%" + ledgertest.Password } })
	require.ErrorContains(t, err, "the dsn cannot be understood")
	err = read(func(l *ledger.Source) {
		l.DSN = func() string {
			return strings.Replace(s.dsn, "127.0.0.1:", "127.0.0.1:1", 1)[:strings.Index(s.dsn, "127")] + "127.0.0.1:1" + map[ledger.Format]string{ledger.MySQL: ")/shop", ledger.Postgres: "/postgres?sslmode=disable"}[s.format]
		}
	})
	require.ErrorContains(t, err, "the database cannot be reached")
}

// onlyReads: whatever the query says, nothing is written.
func (s shop) onlyReads(t *testing.T) {
	s.exec(t, "CREATE TABLE kept (bill_no VARCHAR(9), bill_date VARCHAR(10), total_amount VARCHAR(9), status VARCHAR(9))",
		"INSERT INTO kept VALUES ('3194A', '2026-11-19', '1', 'PAID')")
	for _, query := range []string{"SELECT 1; DELETE FROM kept", "WITH d AS (SELECT 1) DELETE FROM kept", "WITH d AS (DELETE FROM kept RETURNING 1) SELECT * FROM d"} {
		require.Error(t, s.refused(t, query), query)
	}
	r, err := readSource(t, s.source("SELECT * FROM kept"))
	require.NoError(t, err)
	require.Len(t, r.orders, 1)
}

// refused is what is said of a query: by its check, else by the database.
func (s shop) refused(t *testing.T, query string) error {
	books, err := ledger.New(s.source(query))
	if err != nil {
		return err
	}
	_, err = readBooks(books, day)
	require.ErrorIs(t, err, reconcile.ErrUnreadable, query)
	return err
}

func (s shop) timeout(t *testing.T) {
	source := s.source(s.types.sleep)
	source.Timeout = 200 * time.Millisecond
	_, err := readSource(t, source)
	require.ErrorIs(t, err, reconcile.ErrUnreadable)

	books := newBooks(t, s.source(s.types.sleep))
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	_, err = books.Read(ctx, day, nil, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, reconcile.ErrUnreadable)
}

// streams: the caller may stop after a row of very many.
func (s shop) streams(t *testing.T) {
	many := map[ledger.Format]string{
		ledger.MySQL:    "SELECT seq AS n FROM seq_1_to_200000",
		ledger.Postgres: "SELECT generate_series(1, 200000) AS n",
		ledger.SQLite:   "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM n WHERE n < 200000) SELECT n FROM n",
	}[s.format]
	books := newBooks(t, s.source("SELECT n AS bill_no, '2026-11-19' AS bill_date, '1' AS total_amount, 'PAID' AS status FROM ("+many+") AS t"))
	peak := 0.0
	rows := 0
	_, err := books.Read(t.Context(), day, func(reconcile.Order, string) error {
		if rows++; rows%50000 == 0 {
			peak = max(peak, heap())
		}
		return nil
	}, func(reconcile.BadRow) error { return nil })
	require.NoError(t, err)
	require.Equal(t, 200000, rows)
	require.Less(t, peak, 64.0, "MB")
	stopped := fmt.Errorf("enough")
	_, err = books.Read(t.Context(), day, func(reconcile.Order, string) error { return stopped }, nil)
	require.Equal(t, stopped, err)
}

// heap is the memory in use, in MB.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// SQLite says for each value how it is stored. What is not stored as it was
// meant is a bad row, and the rows around it are good.
func TestWhatSQLiteDoesNotKeep(t *testing.T) {
	db := shops(t)["sqlite"](t)
	db.exec(t, "CREATE TABLE orders (bill_no, bill_date, total_amount, status, order_no)",
		"INSERT INTO orders VALUES (319420260719125600, '2026-11-19', 19.08, 'PAID', 'A')",
		"INSERT INTO orders VALUES (319420260719125601.0, '2026-11-19', 19.08, 'PAID', 'A')",
		"INSERT INTO orders VALUES ('3194C', '2026-11-19', x'31392e3038', 'PAID', 'A')",
		"INSERT INTO orders VALUES ('3194D', x'323032362d31312d3139', '19.08', 'PAID', 'A')",
		"INSERT INTO orders VALUES (x'33313934', '2026-11-19', '19.08', 'PAID', 'A')",
		"INSERT INTO orders VALUES ('3194F', '2026-11-19', 5, 'PAID', 1.5)",
		"INSERT INTO orders VALUES ('3194G', 20261119, 5, 'PAID', NULL)")
	r, err := readSource(t, db.source(`SELECT bill_no, bill_date, total_amount, status, order_no FROM orders`))
	require.NoError(t, err)
	var good []string
	for _, o := range r.orders {
		good = append(good, o.BillNo)
	}
	require.Equal(t, []string{"319420260719125600", "3194G"}, good)
	for i, want := range []struct {
		column, why string
		damaged     bool
	}{
		{"bill_no", `is stored as a binary fraction (REAL), which does not keep the digits of an id; store column "bill_no" as TEXT`, true},
		{"total_amount", `is stored as a BLOB, whose text nobody can be sure of; store it as TEXT, or write CAST("total_amount" AS TEXT) in ledger.query`, false},
		{"bill_date", "is stored as a BLOB", false},
		{"bill_no", "is stored as a BLOB", false},
		{"order_no", "is stored as a binary fraction (REAL)", true},
	} {
		require.Equal(t, want.column, r.bad[i].Column)
		require.Contains(t, r.bad[i].Reason.EN, want.why)
		require.Equal(t, want.damaged, r.bad[i].Damaged)
	}
	require.Len(t, r.bad, 5)
	r, err = readSource(t, db.source(`SELECT bill_no, bill_date, CAST(total_amount AS TEXT) AS total_amount, status FROM orders WHERE bill_no = '3194C'`))
	require.NoError(t, err)
	require.Equal(t, reconcile.Fen(1908), r.orders[0].Amount)
}
