package reports

import (
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// BenchmarkDetail writes a settlement workbook, and by excelize's bare
// StreamWriter one sheet with the cells of its detail, made before. ROWS says
// how many rows of detail; 100,000 by default.
func BenchmarkDetail(b *testing.B) {
	n := 100_000
	if asked := os.Getenv("ROWS"); asked != "" {
		var err error
		n, err = strconv.Atoi(asked)
		require.NoError(b, err)
	}
	for name, write := range map[string]func(*testing.B, string, []reconcile.SettleLine, int){"ours": writeDetail, "bare": writeBare} {
		b.Run(name, func(b *testing.B) {
			lines := make([]reconcile.SettleLine, 1000)
			for i := range lines {
				lines[i] = sampleSettleLine(i, reconcile.Fen(100+i))
			}
			for b.Loop() {
				b.StopTimer()
				path := filepath.Join(b.TempDir(), "detail.xlsx")
				write(b, path, lines, n)
				b.StartTimer()
			}
		})
	}
}

func writeDetail(b *testing.B, path string, lines []reconcile.SettleLine, n int) {
	all := func() iter.Seq2[reconcile.SettleLine, error] {
		return func(yield func(reconcile.SettleLine, error) bool) {
			for i := range n {
				if !yield(lines[i%len(lines)], nil) {
					return
				}
			}
		}
	}
	began := time.Now()
	require.NoError(b, Settlement(path, SettlementReport{Period: "2026-11", Terms: reconcile.DefaultSettleTerms(), Lines: all}, sampleOptions()))
	b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(n), "ns/row")
}

func writeBare(b *testing.B, path string, lines []reconcile.SettleLine, n int) {
	book := newBook(sampleOptions(), "bare")
	rows := make([][]any, len(lines))
	books := reconcile.NewSettlement(reconcile.DefaultSettleTerms())
	for i, l := range lines {
		figures, err := books.Add(l)
		require.NoError(b, err)
		for _, c := range book.settleTable("", reconcile.DefaultSettleTerms()).columns {
			cell := book.cell(c.value(settled{l, figures}, int64(i)), c.look)
			rows[i] = append(rows[i], &cell)
		}
	}
	began := time.Now()
	stream, err := book.file.NewStreamWriter("Sheet1")
	require.NoError(b, err)
	for i := range n {
		require.NoError(b, stream.SetRow(at(1, i+1), rows[i%len(rows)], excelize.RowOpts{Height: lineHeight}))
	}
	require.NoError(b, stream.Flush())
	require.NoError(b, book.file.SaveAs(path))
	b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(n), "ns/row")
	require.NoError(b, book.file.Close())
}
