package ledger_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// FuzzRead holds the reader to what it promises of any bytes: it does not
// panic, a row is good or bad and never both or neither, bad rows say why, and
// the same bytes are read in the same way.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/damaged/*.csv"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, path := range files {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(text, true)
			f.Add(text, false)
		}
	}
	f.Add([]byte(lines(flowHeader, "3194A,2026-11-19,100,paid,R1,30,,,", "3194A,2026-11-19,,success,,,C1,30,")), false)
	f.Add([]byte("\xff\xfe"), true)
	f.Fuzz(func(t *testing.T, text []byte, yuan bool) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), text, 0o600))
		s := ledger.Source{Dir: dir, Pattern: "orders.csv", Defaults: terminal}
		if yuan {
			s.Unit = ledger.Yuan
		}
		books := newBooks(t, s)
		r, err := readBooks(books, day)
		again, errAgain := readBooks(books, day)
		require.Equal(t, r, again)
		require.Equal(t, err == nil, errAgain == nil)
		var header *ledger.HeaderError
		if err != nil {
			require.True(t, errors.As(err, &header) || errors.Is(err, reconcile.ErrHeadless) || errors.Is(err, ledger.ErrNotText), "%v", err)
			require.Empty(t, r.orders)
			return
		}
		checkRows(t, r)
	})
}

// FuzzJSONLines and FuzzWorkbook hold the other readers to the same.
func FuzzJSONLines(f *testing.F) {
	for _, text := range []string{
		`{"bill_no":"3194A","bill_date":"2026-11-19","total_amount":1908,"status":"PAID"}`, `{"a":{"b":[1,{}]}}`, "[", "{}\n{", `{"":null}`, "\x1f\x8b\x08",
	} {
		f.Add([]byte(text))
	}
	f.Add(jsonLines(f, sample(3)))
	f.Fuzz(func(t *testing.T, text []byte) { checkReading(t, ledger.JSONL, text) })
}

func FuzzWorkbook(f *testing.F) {
	f.Add(workbook(f, sample(3)))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, text []byte) { checkReading(t, ledger.XLSX, text) })
}

// FuzzSheet gets behind the archive: whatever stands in the sheet and in the
// texts of a workbook that is whole.
func FuzzSheet(f *testing.F) {
	sound := workbook(f, sample(3))
	sheet, texts := "", ""
	otherPart(f, sound, "xl/worksheets/sheet1.xml", func(s string) string { sheet = s; return s })
	otherPart(f, sound, "xl/sharedStrings.xml", func(s string) string { texts = s; return s })
	f.Add(sheet, texts)
	f.Add(strings.ReplaceAll(sheet, `t="s"`, `t="inlineStr"`), "")
	f.Add(strings.Replace(sheet, "<v>", "<f>HYPERLINK(1)</f><v>", 1), texts)
	f.Fuzz(func(t *testing.T, sheet, texts string) {
		book := otherPart(t, sound, "xl/worksheets/sheet1.xml", func(string) string { return sheet })
		checkReading(t, ledger.XLSX, otherPart(t, book, "xl/sharedStrings.xml", func(string) string { return texts }))
	})
}

// FuzzGzip: what is packed is read as what it was, and what is not whole is not
// read at all.
func FuzzGzip(f *testing.F) {
	f.Add(separated(sample(3), ","), uint16(20))
	f.Add([]byte("bill_no\n"), uint16(9))
	f.Fuzz(func(t *testing.T, text []byte, cut uint16) {
		packed := gzipped(t, text)
		if bytes.HasPrefix(text, []byte("\x1f\x8b")) {
			t.Skip("is packed twice")
		}
		want, errWant := readBytes(t, ledger.CSV, text)
		got, err := readBytes(t, ledger.CSV, packed)
		require.Equal(t, errWant == nil, err == nil, "%v, %v", errWant, err)
		require.Equal(t, want.orders, got.orders)
		require.Equal(t, want.bad, got.bad)
		if n := 2 + int(cut); n < len(packed) {
			got, err = readBytes(t, ledger.CSV, packed[:n])
			require.ErrorIs(t, err, ledger.ErrGzip)
			require.Empty(t, got.load.Rows)
		}
	})
}

// FuzzFormats: the same cells are the same order, or a bad row with the same
// column, whichever format they stand in.
func FuzzFormats(f *testing.F) {
	f.Add("3194A", "2026-11-19", "19.08", "PAID", "2026-11-19 10:00:00")
	f.Add("=1+1", "20261119", "1,908.00", "已支付", "")
	f.Add("3.19E+17", "46345", "(19.08)", "paid ", "2026/11/19 10:00")
	f.Add("３１９４", "2026-02-30", "-1", "'PAID", "x")
	f.Fuzz(func(t *testing.T, no, date, amount, status, paid string) {
		rows := [][]string{{"bill_no", "bill_date", "total_amount", "status", "paid_at"}, {no, date, amount, status, paid}}
		for _, cell := range rows[1] {
			if !utf8.ValidString(cell) || strings.ContainsFunc(cell, unicode.IsControl) || strings.ContainsAny(cell, "\"\ufeff\ufffd") {
				t.Skip("a file of lines cannot hold it as it is")
			}
		}
		if strings.TrimSpace(strings.Join(rows[1], "")) == "" {
			t.Skip("a row without anything")
		}
		want, err := readBytes(t, ledger.CSV, separated(quotedCells(rows), ","))
		require.NoError(t, err)
		for format, read := range map[ledger.Format]func() (result, error){
			ledger.JSONL:  func() (result, error) { return readBytes(t, ledger.JSONL, jsonLines(t, rows)) },
			ledger.SQLite: func() (result, error) { return readRow(t, rows) },
		} {
			got, err := read()
			if header := (*ledger.HeaderError)(nil); format == ledger.JSONL && errors.As(err, &header) {
				require.True(t, no == "" || date == "" || amount == "" || status == "", "%v", err) // no line has the key
				continue
			}
			require.NoError(t, err, format)
			require.Equal(t, placeless(want.orders), placeless(got.orders), format)
			require.Equal(t, faults(want), faults(got), format)
		}
	})
}

func quotedCells(rows [][]string) [][]string {
	quoted := [][]string{rows[0], slices.Clone(rows[1])}
	for i, cell := range quoted[1] {
		quoted[1][i] = `"` + cell + `"`
	}
	return quoted
}

// readRow reads one row out of a database.
func readRow(t *testing.T, rows [][]string) (result, error) {
	path := filepath.Join(t.TempDir(), "books.db")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE TABLE orders (" + strings.Join(rows[0], " TEXT, ") + " TEXT)")
	require.NoError(t, err)
	values := make([]any, len(rows[1]))
	for i, cell := range rows[1] {
		if values[i] = cell; cell == "" {
			values[i] = nil
		}
	}
	_, err = db.Exec("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", values...)
	require.NoError(t, err)
	return readSource(t, ledger.Source{Dir: filepath.Dir(path), Pattern: "books.db", Format: ledger.SQLite, Unit: ledger.Yuan, Defaults: terminal, Query: "SELECT * FROM orders", Now: func() time.Time { return day.Start() }})
}

// faults are the bad rows by column.
func faults(r result) (columns []string) {
	for _, b := range r.bad {
		columns = append(columns, b.Column+": "+b.Reason.EN)
	}
	return columns
}

// FuzzGuess: whatever a file holds, there is an error or a guess that names
// what is there, and the file can be read by it or its header is at fault.
func FuzzGuess(f *testing.F) {
	for _, text := range [][]byte{separated(sample(3), ","), jsonLines(f, sample(3)), []byte("a\n合计"), []byte("SQLite format 3\x00"), nil} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "orders")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		g, err := ledger.GuessFile(t.Context(), path)
		if err != nil {
			require.True(t, errors.Is(err, reconcile.ErrUnreadable) || errors.Is(err, reconcile.ErrHeadless), "%v", err)
			return
		}
		for _, theirs := range g.Columns {
			require.NotEmpty(t, theirs)
		}
		s := ledger.Source{Pattern: ledger.PatternFor(path), Format: g.Format, Encoding: g.Encoding, Unit: g.Unit, Columns: g.Columns, Defaults: terminal}
		if g.Format == ledger.SQLite {
			return
		}
		_, err = ledger.New(s)
		require.NoError(t, err)
	})
}

// FuzzControl: whatever stands behind the orders and in the file beside them, a
// control total is met only by the rows that were read, and says what it states.
func FuzzControl(f *testing.F) {
	f.Add("合计,2,15.50,\n", "count=2\nsum=15.50\n")
	f.Add("合计：3笔，金额：15.50元\n制表,,,\n3194C,2026-11-19,1.00,PAID\n", `{"总笔数": "3"}`)
	f.Add("合计\x00\"\n", "sum=¥9999999999999999999")
	f.Fuzz(func(t *testing.T, behind, beside string) {
		s := source(t, plainHeader+"\n3194A,2026-11-19,10.00,PAID\n3194B,2026-11-19,5.50,PAID\n"+behind)
		s.Unit, s.Encoding, s.Control = ledger.Yuan, ledger.UTF8, ledger.Control{Trailer: "合计", Sidecar: "{file}.ctl"}
		writeFile(t, s.Dir, "orders.csv.ctl", beside)
		r, err := readSource(t, s)
		if err != nil {
			require.ErrorIs(t, err, reconcile.ErrUnreadable)
			return
		}
		checkRows(t, r)
		require.Len(t, r.load.Controls, 2)
		for _, c := range r.load.Controls {
			require.Equal(t, r.load.Rows, c.Rows)
			require.Equal(t, c.Missed.EN == "", c.Missed.ZH == "")
			require.True(t, c.Missed.EN == "" || c.Open.EN == "")
			if c.Met() {
				require.True(t, c.Count != nil || c.Sum != nil)
				require.True(t, c.Count == nil || *c.Count == c.Rows)
				require.True(t, c.Sum == nil || *c.Sum == c.Total)
			}
		}
	})
}

func checkReading(t *testing.T, format ledger.Format, text []byte) {
	r, err := readBytes(t, format, text)
	if err != nil {
		require.True(t, errors.Is(err, reconcile.ErrUnreadable) || errors.Is(err, reconcile.ErrHeadless), "%v", err)
		require.Empty(t, r.load.Rows)
		return
	}
	checkRows(t, r)
}

func checkRows(t *testing.T, r result) {
	lines := map[int]bool{}
	for i, o := range r.orders {
		lines[o.Source.Line] = true
		require.Len(t, r.rows[i], 32)
		require.GreaterOrEqual(t, o.Amount, reconcile.Fen(0))
		require.True(t, o.BillNo != "" && o.MID != "" && o.TID != "" && o.InstMID != "" && o.BillDay != 0 && o.LedgerDay != 0)
		require.Equal(t, o.Kind() == reconcile.Payment, o.Status.OfPayment())
		require.True(t, o.Kind() == reconcile.Payment || o.Amount > 0)
	}
	for _, b := range r.bad {
		require.False(t, lines[b.Line])
		lines[b.Line] = true
		require.True(t, b.Reason.EN != "" && b.Reason.ZH != "")
		require.True(t, utf8.ValidString(b.Raw))
		require.LessOrEqual(t, len(b.Raw), 5000*3)
	}
	require.Len(t, lines, int(r.load.Rows))
	require.Equal(t, int64(len(r.bad)), r.load.Invalid)
}
