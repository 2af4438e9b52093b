package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
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
