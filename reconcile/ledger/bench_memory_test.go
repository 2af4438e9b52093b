package ledger_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// BenchmarkMemory reads ledgers through the reader alone and reports the most
// memory that the heap takes meanwhile, garbage with it: flat, whatever the
// number of rows. Run it with -benchtime 1x.
func BenchmarkMemory(b *testing.B) {
	for _, rows := range []int{100_000, 1_000_000} {
		for _, format := range []ledger.Format{ledger.CSV, ledger.JSONL, ledger.SQLite, ledger.XLSX} {
			b.Run(fmt.Sprintf("%s/%d", format, rows), func(b *testing.B) {
				s := ledger.Source{Dir: b.TempDir(), Pattern: "orders", Format: format, Defaults: terminal, Query: "SELECT * FROM orders", Now: func() time.Time { return day.Start() }}
				writeMany(b, format, filepath.Join(s.Dir, s.Pattern), rows)
				books := newBooks(b, s)
				runtime.GC() // twice: pools keep for one round what writing the ledger left
				runtime.GC()
				before, most, n := heapInUse(), uint64(0), 0
				for b.Loop() {
					_, err := books.Read(b.Context(), day, func(reconcile.Order, string) error {
						if n++; n%10_000 == 0 {
							most = max(most, heapInUse())
						}
						return nil
					}, func(r reconcile.BadRow) error { return fmt.Errorf("%s", r.Reason.EN) })
					require.NoError(b, err)
				}
				require.Equal(b, b.N*rows, n)
				b.ReportMetric(float64(most-min(most, before))/(1<<20), "MB-heap")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
			})
		}
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// writeMany writes a ledger of as many orders, a row at a time.
func writeMany(b *testing.B, format ledger.Format, path string, rows int) {
	cells := func(i int) []any {
		return []any{fmt.Sprintf("3194202611190%011d7", i), "2026-11-19", i + 1, "PAID", fmt.Sprintf("SO%09d", i)}
	}
	if format == ledger.SQLite {
		db, err := sql.Open("sqlite", path)
		require.NoError(b, err)
		defer db.Close()
		_, err = db.Exec(fmt.Sprintf(`CREATE TABLE orders AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)
			SELECT printf('3194202611190%%011d7', i) bill_no, '2026-11-19' bill_date, i + 1 total_amount, 'PAID' status, printf('SO%%09d', i) order_no FROM n`, rows))
		require.NoError(b, err)
		return
	}
	if format == ledger.XLSX {
		f := excelize.NewFile()
		defer f.Close()
		sheet, err := f.NewStreamWriter("Sheet1")
		require.NoError(b, err)
		require.NoError(b, sheet.SetRow("A1", []any{"bill_no", "bill_date", "total_amount", "status", "order_no"}))
		for i := range rows {
			require.NoError(b, sheet.SetRow(fmt.Sprintf("A%d", i+2), cells(i)))
		}
		require.NoError(b, sheet.Flush())
		to, err := os.Create(path)
		require.NoError(b, err)
		defer to.Close()
		require.NoError(b, f.Write(to))
		return
	}
	to, err := os.Create(path)
	require.NoError(b, err)
	defer to.Close()
	out := bufio.NewWriter(to)
	line := "%s,%s,%d,%s,%s\n"
	if format == ledger.JSONL {
		line = `{"bill_no":"%s","bill_date":"%s","total_amount":%d,"status":"%s","order_no":"%s"}` + "\n"
	} else {
		fmt.Fprintln(out, "bill_no,bill_date,total_amount,status,order_no")
	}
	for i := range rows {
		fmt.Fprintf(out, line, cells(i)...)
	}
	require.NoError(b, out.Flush())
}
