package reports

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// csvRows reads a CSV twin, which begins with a byte order mark.
func csvRows(t *testing.T, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	text, marked := strings.CutPrefix(string(data), "\xef\xbb\xbf")
	require.True(t, marked, "Excel takes a file without the mark for GBK")
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return all
}

func TestCSVTwinsSayWhatTheWorkbookSays(t *testing.T) {
	lines := sampleDiscrepancies()
	lines[0].Order.OrderNo, lines[1].Order.OrderNo, lines[2].Order.OrderNo = "=1+1", "@SUM(A1)", `a "b", c`
	d := sampleReport()
	d.Discrepancies = each(lines)
	f, path := written(t, d, sampleOptions())
	require.NoError(t, DiscrepanciesCSV(path, d, sampleOptions()))
	cases := csvRows(t, beside(path, "-cases.csv"))
	require.Equal(t, rows(t, f, caseSheet)[headingRow-1], cases[0])
	require.Len(t, cases, len(lines)+1)
	require.Equal(t, []string{"'=1+1", "'@SUM(A1)", `a "b", c`}, []string{cases[1][6], cases[2][6], cases[3][6]})
	require.Equal(t, []string{"1", lines[0].Case.ID, "2026-11-19", "19.08", "-0.01"}, []string{cases[1][0], cases[1][1], cases[1][2], cases[1][12], cases[1][17]}, "a negative amount is a number")
	require.Equal(t, "2026-11-19 12:30:00", cases[1][22])
	require.Empty(t, cases[3][13], "absent is not zero")
	require.Len(t, csvRows(t, beside(path, "-pending.csv")), 3)
	require.Len(t, csvRows(t, beside(path, "-problems.csv")), 3)
}

func TestSettlementCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, SettlementCSV(path, sampleSettlement(), sampleOptions()))
	all := csvRows(t, beside(path, "-detail.csv"))
	require.Equal(t, "支付总额", all[0][firstMoney])
	var total reconcile.Fen
	for _, row := range all[1:] {
		if row[firstMoney] != "" {
			fen, err := reconcile.ParseYuan(row[firstMoney])
			require.NoError(t, err)
			total += fen
		}
	}
	f := settledBook(t, sampleSettlement(), sampleOptions())
	sum := rows(t, f, "结算汇总")
	require.Equal(t, total.Yuan(), strings.ReplaceAll(sum[firstRow(sum, "合计")][4], ",", ""), "the twin adds up to the workbook")
}

func TestACSVTwinIsWholeOrNotThere(t *testing.T) {
	d, dir := sampleReport(), t.TempDir()
	broken := errors.New("broken")
	d.Discrepancies = func() reconcile.Lines {
		return func(yield func(reconcile.Line, error) bool) { yield(reconcile.Line{}, broken) }
	}
	require.ErrorIs(t, DiscrepanciesCSV(filepath.Join(dir, "d.xlsx"), d, sampleOptions()), broken)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
