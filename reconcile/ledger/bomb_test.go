package ledger_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// zeros are as many bytes as asked for, of one kind.
type zeros byte

func (z zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(z)
	}
	return len(p), nil
}

// A small file that unpacks to a large one takes no memory, and is refused
// where reading it would take long.
func TestBombs(t *testing.T) {
	t.Run("gzip", func(t *testing.T) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err := z.Write(separated(sample(3), ","))
		require.NoError(t, err)
		_, err = io.CopyN(z, zeros('x'), 64<<20)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		require.Less(t, packed.Len(), 1<<20)
		before := heap()
		r, err := readBytes(t, ledger.CSV, packed.Bytes())
		require.NoError(t, err)
		require.Less(t, heap(), before+16, "MB")
		require.Len(t, r.bad, 1)
		require.Contains(t, r.bad[0].Reason.EN, "longer than 1 MiB")
		require.LessOrEqual(t, len(r.bad[0].Raw), 5000)
	})
	sound := workbook(t, sample(3))
	for name, part := range map[string]string{"sheet": "xl/worksheets/sheet1.xml", "texts": "xl/sharedStrings.xml", "styles": "xl/styles.xml"} {
		t.Run(name, func(t *testing.T) {
			bomb := otherPart(t, sound, part, func(s string) string {
				return strings.Replace(s, "?>", "?>"+strings.Repeat(" ", 80<<20), 1)
			})
			require.Less(t, len(bomb), 1<<20)
			before := heap()
			_, err := readBytes(t, ledger.XLSX, bomb)
			require.Less(t, heap(), before+16, "MB")
			require.ErrorIs(t, err, ledger.ErrNotWorkbook)
			require.ErrorContains(t, err, "unpacks to")
		})
	}
}

// Cells that claim to stand far away take no more than others.
func TestFarCells(t *testing.T) {
	var far strings.Builder
	far.WriteString(`<row r="1048576">`)
	for column := 1; column <= 2000; column++ {
		cell, err := excelize.CoordinatesToCellName(column, 1048576)
		require.NoError(t, err)
		far.WriteString(`<c r="` + cell + `"><v>31942023071912562344</v></c>`)
	}
	far.WriteString("</row></sheetData>")
	book := otherPart(t, workbook(t, sample(3)), "xl/worksheets/sheet1.xml", func(s string) string {
		return strings.Replace(s, "</sheetData>", far.String(), 1)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	dir := t.TempDir()
	books := newBooks(t, ledger.Source{Dir: dir, Pattern: "orders", Format: ledger.XLSX, Unit: ledger.Yuan, Defaults: terminal, Sheet: "no such sheet"})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders"), book, 0o600))
	_, err := readBooks(books, day)
	require.ErrorContains(t, err, "no sheet")
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(64), "MB")
}

// What is not in order in a sheet would be lost or shifted, and a row that claims
// to be the two thousand millionth would be waited for.
func TestOutOfPlace(t *testing.T) {
	sound := workbook(t, sample(3))
	read := func(was, is string) error {
		_, err := readBytes(t, ledger.XLSX, otherPart(t, sound, "xl/worksheets/sheet1.xml", func(s string) string {
			require.Contains(t, s, was)
			return strings.Replace(s, was, is, 1)
		}))
		return err
	}
	require.NoError(t, read(`<row r="3"`, `<row r="3"`))
	for _, row := range []string{"1048577", "2147483647", "99999999999999999999", "-5", "2", "x"} {
		err := read(`<row r="3"`, `<row r="`+row+`"`)
		require.ErrorIs(t, err, ledger.ErrNotWorkbook, row)
		require.ErrorContains(t, err, "out of place")
	}
	for _, cell := range []string{"A3", "C4", "B3\" r=\"C3", "XFE3", ""} {
		err := read(`<c r="C3"`, `<c r="`+cell+`"`)
		if cell == "" {
			require.NoError(t, err, "it stands behind the one before")
			continue
		}
		require.ErrorIs(t, err, ledger.ErrNotWorkbook, cell)
		require.ErrorContains(t, err, "out of place")
	}
}

// What only looks like text, or nests without end, is a bad row or no ledger,
// never a guess.
func TestHostileBytes(t *testing.T) {
	const header = "bill_no,bill_date,total_amount,status\n"
	for name, c := range map[string]struct {
		format    ledger.Format
		text, why string
	}{
		"overlong UTF-8":      {ledger.CSV, header + "3194\xc0\xafA,2026-11-19,19.08,PAID\n", "bytes that utf-8 does not define"},
		"a lone surrogate":    {ledger.CSV, header + "3194\xed\xa0\x80A,2026-11-19,19.08,PAID\n", "bytes that utf-8 does not define"},
		"NUL":                 {ledger.CSV, header + "3194\x00A,2026-11-19,19.08,PAID\n", "NUL"},
		"text turned around":  {ledger.CSV, header + "3194\u202eA,2026-11-19,19.08,PAID\n", "characters that no identifier has"},
		"an escape sequence":  {ledger.CSV, header + "3194\x1b[2JA,2026-11-19,19.08,PAID\n", "characters that no identifier has"},
		"a huge number":       {ledger.CSV, header + "3194A,2026-11-19," + strings.Repeat("9", 1000) + ",PAID\n", "amount"},
		"a huge exponent":     {ledger.JSONL, `{"bill_no":"3194A","bill_date":"2026-11-19","total_amount":1e999999999,"status":"PAID"}`, "scientific notation"},
		"JSON that nests":     {ledger.JSONL, `{"bill_no":"3194A","bill_date":"2026-11-19","total_amount":"19.08","status":` + strings.Repeat("[", 300_000), "is not one JSON object"},
		"JSON that nests, {}": {ledger.JSONL, strings.Repeat(`{"bill_no":`, 80_000), "is not one JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sound := map[ledger.Format]string{
				ledger.CSV:   "3194B,2026-11-19,19.08,PAID\n",
				ledger.JSONL: "\n" + `{"bill_no":"3194B","bill_date":"2026-11-19","total_amount":"19.08","status":"PAID"}`,
			}[c.format]
			require.NoError(t, os.WriteFile(filepath.Join(dir, "orders"), []byte(c.text+sound), 0o600))
			r, err := readSource(t, ledger.Source{Dir: dir, Pattern: "orders", Format: c.format, Unit: ledger.Yuan, Encoding: ledger.UTF8, Defaults: terminal})
			require.NoError(t, err)
			require.Len(t, r.bad, 1)
			require.Contains(t, r.bad[0].Reason.EN, c.why)
			require.Len(t, r.orders, 1)
			require.Equal(t, reconcile.Fen(1908), r.orders[0].Amount)
		})
	}
}
