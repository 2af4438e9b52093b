package ledger_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestDamagedWorkbooks(t *testing.T) {
	header := []string{"bill_no", "bill_date", "total_amount", "status", "paid_at"}
	for name, c := range map[string]struct {
		column int
		value  any
		why    string // empty: sound
		key    bool
	}{
		"id as a number":             {0, 319420230719125623.0, "bill_no", true},
		"short id as a number":       {0, 31942.0, "", false},
		"error value":                {0, "#N/A", "error value of a spreadsheet", true},
		"apostrophe":                 {0, "'3194", "apostrophe", true},
		"date as a number":           {1, 46345.0, "", false},
		"date with a time":           {1, 46345.5, "serial number", false},
		"date as text":               {1, "2026-11-19", "", false},
		"date with slashes":          {1, "2026/11/19", "slashes", false},
		"amount":                     {2, 19.9, "", false},
		"amount as a sum of floats":  {2, 19.899999999999999, "", false},
		"amount in binary fractions": {2, 0.1 + 0.2, "", false},
		"amount below a fen":         {2, 19.905, "finer than one fen", false},
		"amount with a mark":         {2, "¥19.90", "currency mark", false},
		"negative amount":            {2, -19.9, "sign", false},
		"time as a number":           {4, 46345.604224537, "", false},
		"time without seconds":       {4, "2026-11-19 10:00", "no seconds", false},
		"id as a logical value":      {0, true, "logical value", true},
		"id that says so":            {0, "true", "logical value", true},
		"id that begins so":          {0, "TRUE1", "", false},
		"date as a logical value":    {1, true, "TRUE", false},
		"amount as a logical value":  {2, true, `"TRUE" is not a number`, false},
		"amount that is false":       {2, false, `"FALSE" is not a number`, false},
		"amount of one yuan":         {2, 1, "", false},
		"amount of nothing":          {2, 0, "", false},
		"amount as text":             {2, "1", "", false},
		"status as a logical value":  {3, true, `status "TRUE" is not mapped`, false},
		"id as a date":               {0, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), `stored as "46024", in a column that holds none`, true},
		"amount as a date":           {2, time.Date(1900, 1, 18, 0, 0, 0, 0, time.UTC), `stored as "18", in a column that holds none`, false},
		"amount as a time":           {2, 36 * time.Hour, `stored as "1.5", in a column that holds none`, false},
		"status as a date":           {3, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "in a column that holds none", false},
		"date as a date":             {1, time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC), "", false},
		"time as a date":             {4, time.Date(2026, 11, 19, 14, 30, 5, 0, time.UTC), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			row := []any{"3194A", 46345.0, 19.9, "PAID", 46345.5}
			row[c.column] = c.value
			f := excelize.NewFile()
			defer f.Close()
			require.NoError(t, f.SetSheetRow("Sheet1", "A1", &header))
			require.NoError(t, f.SetSheetRow("Sheet1", "A3", &row))
			var out bytes.Buffer
			require.NoError(t, f.Write(&out))
			r, err := readBytes(t, ledger.XLSX, out.Bytes())
			require.NoError(t, err)
			if c.why == "" {
				require.Empty(t, r.bad)
				require.Equal(t, day, r.orders[0].BillDay)
				if c.column == 4 {
					require.Equal(t, "14:30:05", r.orders[0].PaidAt.Format(time.TimeOnly))
				}
				return
			}
			require.Empty(t, r.orders)
			require.Equal(t, 3, r.bad[0].Line)
			require.Contains(t, r.bad[0].Column+r.bad[0].Reason.EN, c.why)
			require.Equal(t, c.key, r.bad[0].Damaged)
		})
	}
}

func TestWorkbooksAsAWhole(t *testing.T) {
	for name, c := range map[string]struct{ text, why string }{
		"text":        {"bill_no\n", "not an xlsx workbook"},
		"old":         {"\xd0\xcf\x11\xe0....", "old Excel workbook, or one with a password"},
		"empty":       {"", "it is empty"},
		"archive":     {"PK\x03\x04....", "not an xlsx workbook"},
		"cut off":     {string(workbook(t, sample(3))[:2000]), "not an xlsx workbook"},
		"half a gzip": {"\x1f\x8b\x08", "not an xlsx workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readBytes(t, ledger.XLSX, []byte(c.text))
			require.ErrorIs(t, err, ledger.ErrNotWorkbook)
			require.ErrorIs(t, err, reconcile.ErrUnreadable)
			require.ErrorContains(t, err, c.why)
		})
	}
	_, err := readBytes(t, ledger.XLSX, workbook(t, [][]string{{"bill_nr", "bill_date", "total_amount", "status"}, {"1", "2026-11-19", "1", "PAID"}}))
	var header *ledger.HeaderError
	require.ErrorAs(t, err, &header)
	require.ErrorContains(t, err, `did you mean "bill_nr"?`)

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "o.xlsx"), workbook(t, sample(1)), 0o600))
	_, err = readSource(t, ledger.Source{Dir: dir, Pattern: "o.xlsx", Format: ledger.XLSX, Sheet: "Sheet2", Defaults: terminal})
	require.ErrorContains(t, err, `no sheet "Sheet2" (did you mean "Sheet1"?)`)
}

// otherPart is a workbook with another text in one of its parts.
func otherPart(t testing.TB, book []byte, name string, change func(string) string) []byte {
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range z.File {
		in, err := part.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		if part.Name == name {
			text = []byte(change(string(text)))
		}
		to, err := w.Create(part.Name)
		require.NoError(t, err)
		_, err = to.Write(text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// An amount may be shown as its owner likes, as long as it is not shown as a date.
func TestFormatsOfAmounts(t *testing.T) {
	for format, sound := range map[string]bool{
		"#,##0.00": true, `0.00"元"`: true, "0%": true, "0.00E+00": true, `_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ `: true, "0.00;(0.00)": true,
		"yyyy-mm-dd": false, "yyyy/m/d h:mm": false, `yyyy"年"m"月"d"日"`: false, "mmm-yy": false, "h:mm": false,
	} {
		t.Run(format, func(t *testing.T) {
			f := excelize.NewFile()
			defer f.Close()
			require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"bill_no", "bill_date", "total_amount", "status"}))
			require.NoError(t, f.SetSheetRow("Sheet1", "A2", &[]any{"3194A", "2026-11-19", 46024.5, "PAID"}))
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			require.NoError(t, err)
			require.NoError(t, f.SetCellStyle("Sheet1", "C2", "C2", style))
			var out bytes.Buffer
			require.NoError(t, f.Write(&out))
			r, err := readBytes(t, ledger.XLSX, out.Bytes())
			require.NoError(t, err)
			if !sound {
				require.Equal(t, "total_amount", r.bad[0].Column)
				require.Contains(t, r.bad[0].Reason.EN, "holds a date or time, stored as")
				require.Contains(t, r.bad[0].Reason.ZH, "该列不应为日期")
				return
			}
			require.Empty(t, r.bad)
			require.Equal(t, reconcile.Fen(4602450), r.orders[0].Amount)
		})
	}
}
