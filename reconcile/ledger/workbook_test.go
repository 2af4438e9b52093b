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
