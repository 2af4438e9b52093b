package ledger_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// sample is a ledger of n payments with their refunds, as rows of cells; the
// first row has the headings. Amounts are in yuan.
func sample(n int) [][]string {
	rows := [][]string{{"order_no", "bill_no", "bill_date", "total_amount", "status", "paid_at", "refund_order_id", "refund_amount"}}
	for i := range n {
		bill := fmt.Sprintf("31942023071912562344%06d", i+1)
		row := []string{fmt.Sprintf("订单 %d", i), bill, "2026-11-19", fmt.Sprintf("%d.%02d", 10+i, i%100), "已支付", fmt.Sprintf("2026-11-19 %02d:30:05", i%24), "", ""}
		rows = append(rows, row)
		if i%7 == 0 {
			rows = append(rows, []string{"", bill, "2026-11-19", "", "SUCCESS", "2026-11-19 23:00:00", fmt.Sprintf("R%d", i), "1.50"})
		}
	}
	return rows
}

func separated(rows [][]string, sep string) []byte {
	var text strings.Builder
	for _, r := range rows {
		text.WriteString(strings.Join(r, sep) + "\n")
	}
	return []byte(text.String())
}

func gzipped(t testing.TB, text []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func jsonLines(t testing.TB, rows [][]string) []byte {
	var out bytes.Buffer
	for _, r := range rows[1:] {
		object := map[string]any{}
		for i, cell := range r {
			if cell != "" {
				object[rows[0][i]] = cell
			}
		}
		text, err := json.Marshal(object)
		require.NoError(t, err)
		out.Write(append(text, '\n'))
	}
	return out.Bytes()
}

// workbook writes rows as a person's spreadsheet has them: dates, times and
// amounts are numbers, everything else is text.
func workbook(t testing.TB, rows [][]string, titles ...string) []byte {
	f := excelize.NewFile()
	defer f.Close()
	dates, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	require.NoError(t, err)
	put := func(row, col int, v any) {
		cell, err := excelize.CoordinatesToCellName(col+1, row)
		require.NoError(t, err)
		require.NoError(t, f.SetCellValue("Sheet1", cell, v))
		if _, ok := v.(float64); ok && (strings.HasSuffix(rows[0][col], "_date") || rows[0][col] == "paid_at") {
			require.NoError(t, f.SetCellStyle("Sheet1", cell, cell, dates))
		}
	}
	for i, title := range titles {
		put(i+1, 0, title)
	}
	for i, r := range rows {
		for j, cell := range r {
			if i == 0 || cell == "" {
				put(i+1+len(titles), j, cell)
				continue
			}
			put(i+1+len(titles), j, native(t, rows[0][j], cell))
		}
	}
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	return out.Bytes()
}

func native(t testing.TB, heading, cell string) any {
	serial := func(layout string) float64 {
		at, err := time.Parse(layout, cell)
		require.NoError(t, err)
		return float64(at.Unix())/86400 + 25569
	}
	switch heading {
	case "bill_date":
		return serial(time.DateOnly)
	case "paid_at":
		return serial(time.DateTime)
	case "total_amount", "refund_amount":
		var yuan float64
		_, err := fmt.Sscan(cell, &yuan)
		require.NoError(t, err)
		return yuan
	}
	return cell
}

func readBytes(t testing.TB, format ledger.Format, text []byte) (result, error) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders"), text, 0o600))
	return readSource(t, ledger.Source{Dir: dir, Pattern: "orders", Format: format, Unit: ledger.Yuan, Defaults: terminal})
}

// placeless takes away where the orders stood.
func placeless(orders []reconcile.Order) []reconcile.Order {
	for i := range orders {
		orders[i].Source = reconcile.Source{}
	}
	return orders
}

func TestFormatsSayTheSame(t *testing.T) {
	rows := sample(300)
	want, err := readBytes(t, ledger.CSV, separated(rows, ","))
	require.NoError(t, err)
	require.Len(t, want.orders, 343)
	require.Empty(t, want.bad)
	for name, c := range map[string]struct {
		format ledger.Format
		text   []byte
	}{
		"tab":                    {ledger.CSV, separated(rows, "\t")},
		"bar":                    {ledger.CSV, separated(rows, "|")},
		"gzip":                   {ledger.CSV, gzipped(t, separated(rows, ","))},
		"jsonl":                  {ledger.JSONL, jsonLines(t, rows)},
		"jsonl, gzip":            {ledger.JSONL, gzipped(t, jsonLines(t, rows))},
		"workbook":               {ledger.XLSX, workbook(t, rows)},
		"workbook with a title":  {ledger.XLSX, workbook(t, rows, "某某商户 2026-11-19 订单", "")},
		"gzip of several pieces": {ledger.CSV, append(gzipped(t, separated(rows[:5], ",")), gzipped(t, separated(rows[5:], ","))...)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readBytes(t, c.format, c.text)
			require.NoError(t, err)
			require.Empty(t, got.bad)
			require.Equal(t, placeless(want.orders), placeless(got.orders))
			require.Equal(t, want.rows, got.rows)
			require.Equal(t, want.load.Rows, got.load.Rows)
		})
	}
}

// Memory does not grow with the number of rows in the other formats either.
func TestOtherFormatsAreFlat(t *testing.T) {
	const rows = 30_000
	dir := t.TempDir()
	var text strings.Builder
	f := excelize.NewFile()
	defer f.Close()
	sheet, err := f.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	require.NoError(t, sheet.SetRow("A1", []any{"bill_no", "bill_date", "total_amount", "status", "order_no"}))
	for i := range rows {
		bill, order := fmt.Sprintf("31942023071912562344%08d", i), strings.Repeat("订", 40)
		fmt.Fprintf(&text, `{"bill_no":%q,"bill_date":"2026-11-19","total_amount":19.08,"status":"PAID","order_no":%q}`+"\n", bill, order)
		require.NoError(t, sheet.SetRow(fmt.Sprintf("A%d", i+2), []any{bill, 46345, 19.08, "PAID", order}))
	}
	require.NoError(t, sheet.Flush())
	require.NoError(t, f.SaveAs(filepath.Join(dir, "o.xlsx")))
	writeFile(t, dir, "o.jsonl", text.String())
	for name, format := range map[string]ledger.Format{"o.jsonl": ledger.JSONL, "o.xlsx": ledger.XLSX} {
		t.Run(name, func(t *testing.T) {
			books := newBooks(t, ledger.Source{Dir: dir, Pattern: name, Format: format, Unit: ledger.Yuan, Defaults: terminal})
			before, n := heap(), 0
			_, err := books.Read(t.Context(), day, func(reconcile.Order, string) error {
				if n++; n%10_000 == 0 {
					require.Less(t, heap(), before+12, "MB")
				}
				return nil
			}, func(r reconcile.BadRow) error { return fmt.Errorf("%s", r.Reason.EN) })
			require.NoError(t, err)
			require.Equal(t, rows, n)
		})
	}
}

// A sheet that breaks off inside a workbook that is whole as an archive must
// not be read as far as it goes.
func TestBrokenSheet(t *testing.T) {
	sound := workbook(t, sample(5))
	for name, damage := range map[string]func(string) string{
		"nothing":    func(s string) string { return s },
		"cut off":    func(s string) string { return s[:len(s)*2/3] },
		"not XML":    func(s string) string { return strings.Replace(s, `r="A4"`, `r=<`, 1) },
		"no closing": func(s string) string { return strings.Replace(s, "</sheetData>", "", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBytes(t, ledger.XLSX, otherPart(t, sound, "xl/worksheets/sheet1.xml", damage))
			if name == "nothing" {
				require.NoError(t, err)
				require.Len(t, r.orders, 6)
				return
			}
			require.ErrorIs(t, err, ledger.ErrNotWorkbook)
			require.ErrorContains(t, err, "sheet1.xml")
		})
	}
}

func TestCutOffGzip(t *testing.T) {
	whole := gzipped(t, separated(sample(300), ","))
	for _, n := range []int{3, 20, len(whole) / 2, len(whole) - 1} {
		_, err := readBytes(t, ledger.CSV, whole[:n])
		require.ErrorIs(t, err, ledger.ErrGzip)
	}
}
