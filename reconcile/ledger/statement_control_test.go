package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The trailer of a statement is that of a ledger: what has a type is a line
// wherever it stands, and a row of totals that is not named is a bad row.
func TestStatementTrailer(t *testing.T) {
	s := portal(t.TempDir())
	s.Control.Trailer = "合计"
	lines, bad, load, err := readStatement(t, s, portalHeader+"S1,M1,支付,1.00,0.00,1.00,\n小计,,,3.00,,,\n合计3笔,,,1.00\n,复核：张三,,,,,\n合计S2,M2,支付,2.00,0.00,2.00,\nS3,M3,撤销,2.00,,,\n")
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Equal(t, []int{3, 6, 7}, []int{bad[0].Line, bad[1].Line, bad[2].Line})
	require.Equal(t, int64(4), load.Rows)
	require.Contains(t, load.Controls[0].Missed.EN, "2026-11-20.csv:4 states 3 rows, and 4 were read")
}

// What the maker of a statement states of it is compared as that of a ledger
// is: rows, and the sum of a column as it is written.
func TestStatementControls(t *testing.T) {
	const rows = "S1,M1,支付,19.08,0.07,19.01,\nS2,M2,退款,-5.00,-0.02,-4.98,\n"
	for name, c := range map[string]struct {
		rows, trailer, sumOf, missed, open string
	}{
		"count and sum":            {rows: rows, trailer: "合计,2,,14.08,0.05,14.03,\n"},
		"the fees":                 {rows: rows, trailer: "合计,2,,14.08,0.05,14.03,\n", sumOf: "fee"},
		"refunds without a sign":   {rows: strings.ReplaceAll(rows, "-", ""), trailer: "合计：2笔，金额：24.08\n"},
		"below zero":               {rows: "S2,M2,退款,-5.00,-0.02,-4.98,\n", trailer: "合计,1,,-5.00,,,\n"},
		"the sum is wrong":         {rows: rows, trailer: "合计,2,,14.09,0.05,14.03,\n", missed: "2026-11-20.csv:4 states a sum of 14.09 yuan, and 14.08 were read"},
		"the sign is wrong":        {rows: "S2,M2,退款,-5.00,,,\n", trailer: "合计,1,,5.00,,,\n", missed: "states a sum of 5.00 yuan, and -5.00 were read"},
		"the sum of fees is wrong": {rows: rows, trailer: "合计,2,,14.08,0.06,14.03,\n", sumOf: "fee", missed: "states a sum of 0.06 yuan, and 0.05 were read"},
		"a line is missing":        {rows: rows, trailer: "合计,3,,14.08,,,\n", missed: "states 3 rows, and 2 were read"},
		"it is cut off":            {rows: rows, missed: `2026-11-20.csv has no trailer that begins with "合计"`},
		"an unmapped type counts":  {rows: strings.Replace(rows, "退款", "撤销", 1), trailer: "合计,2,,14.08,,,\n"},
		"an amount is unreadable":  {rows: strings.Replace(rows, "19.08", "¥19", 1), trailer: "合计,2,,14.08,,,\n", open: "2026-11-20.csv:4 states a sum of 14.08 yuan, which is not comparable: 1 rows have no readable amount"},
		"and a line is missing":    {rows: strings.Replace(rows, "19.08", "¥19", 1), trailer: "合计,3,,14.08,,,\n", missed: "states 3 rows, and 2 were read"},
	} {
		t.Run(name, func(t *testing.T) {
			s := portal(t.TempDir())
			s.Control = Control{Trailer: "合计", SumOf: c.sumOf}
			_, _, load, err := readStatement(t, s, portalHeader+c.rows+c.trailer)
			require.NoError(t, err)
			require.Len(t, load.Controls, 1)
			require.Equal(t, c.missed != "", load.Missed(), load.Controls[0].Missed.EN)
			require.Contains(t, load.Controls[0].Missed.EN, c.missed)
			require.Equal(t, c.open, load.Controls[0].Open.EN)
			require.Equal(t, c.missed+c.open == "", load.Controls[0].Met())
		})
	}
	s := portal(t.TempDir())
	_, _, load, err := readStatement(t, s, portalHeader+rows)
	require.NoError(t, err)
	require.Empty(t, load.Controls, "none is configured")
}

func TestStatementSidecars(t *testing.T) {
	s := portal(t.TempDir())
	s.Control.Sidecar = "{file}.ctl"
	const rows = portalHeader + "S1,M1,支付,19.08,0.07,19.01,\nS2,M2,退款,-25.00,,,\n"
	_, _, _, err := readStatement(t, s, rows)
	require.ErrorIs(t, err, ErrNotReady)
	st, err := NewStatements(s)
	require.NoError(t, err)
	_, err = st.Fingerprint(t.Context(), settles)
	require.ErrorIs(t, err, ErrNotReady)
	before := ""
	for text, missed := range map[string]bool{"count=2\nsum=-5.92\n": false, "sum=5.92": true, "count=1": true} {
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, settles.String()+".csv.ctl"), []byte(text), 0o600))
		_, _, load, err := readStatement(t, s, rows)
		require.NoError(t, err)
		require.Equal(t, missed, load.Missed(), text)
		now, err := st.Fingerprint(t.Context(), settles)
		require.NoError(t, err)
		require.NotEqual(t, before, now, "what is stated has changed")
		before = now
	}
}

// Statements come in every format of a file that a ledger can have.
func TestStatementFormats(t *testing.T) {
	want, _, _, err := readStatement(t, portal(t.TempDir()), portalHeader+"S1,M1,支付,19.08,0.07,19.01,2026-11-19 10:00:00\nS2,M2,退款,-5,0,-5,\n")
	require.NoError(t, err)
	require.Len(t, want, 2)

	s := portal(t.TempDir())
	s.Format = JSONL
	lines, bad, _, err := readStatement(t, s, `{"参考号":"S1","商户订单号":"M1","交易类型":"支付","交易金额":19.08,"手续费":"0.07","清算金额":19.01,"交易时间":"2026-11-19 10:00:00"}`+"\n"+
		`{"参考号":"S2","商户订单号":"M2","交易类型":"退款","交易金额":"-5","手续费":0,"清算金额":-5}`+"\nnot json\n")
	require.NoError(t, err)
	require.Len(t, bad, 1)
	require.Equal(t, []int{1, 2}, []int{lines[0].Source.Line, lines[1].Source.Line})
	lines[0].Source, lines[1].Source = want[0].Source, want[1].Source
	require.Equal(t, want, lines)

	book := excelize.NewFile()
	for i, row := range [][]any{
		{"对账明细"},
		{"参考号", "商户订单号", "交易类型", "交易金额", "手续费", "清算金额", "交易时间"},
		{"S1", "M1", "支付", 19.08, 0.07, 19.01, "2026-11-19 10:00:00"},
		{"S2", "M2", "退款", -5, 0, -5, ""},
		{"合计", "", "", 14.08, 0.07, 14.01, ""},
	} {
		require.NoError(t, book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
	}
	s = portal(t.TempDir())
	s.Format, s.Pattern, s.Control.Trailer = XLSX, "{date}.xlsx", "合计"
	require.NoError(t, book.SaveAs(filepath.Join(s.Dir, settles.String()+".xlsx")))
	st, err := NewStatements(s)
	require.NoError(t, err)
	lines = nil
	load, err := st.Read(t.Context(), settles, func(l reconcile.StatementLine) error { lines = append(lines, l); return nil },
		func(r reconcile.BadRow) error { return fmt.Errorf("%v", r.Reason) })
	require.NoError(t, err)
	require.Equal(t, int64(2), load.Rows)
	require.Equal(t, []int{3, 4}, []int{lines[0].Source.Line, lines[1].Source.Line})
	lines[0].Source, lines[1].Source = want[0].Source, want[1].Source
	require.Equal(t, want, lines)

	s.Format = SQLite
	_, err = NewStatements(s)
	require.ErrorContains(t, err, "format sqlite: a statement is a file")

	require.NoError(t, book.SetCellValue("Sheet1", "E3", nil))
	require.NoError(t, book.SetCellFormula("Sheet1", "E3", "D3-F3"))
	require.NoError(t, book.SaveAs(filepath.Join(s.Dir, settles.String()+".xlsx")))
	bad = nil
	_, err = st.Read(t.Context(), settles, func(reconcile.StatementLine) error { return nil }, func(r reconcile.BadRow) error { bad = append(bad, r); return nil })
	require.NoError(t, err)
	require.Len(t, bad, 1)
	require.Equal(t, "手续费", bad[0].Column)
	require.Contains(t, bad[0].Reason.EN, "holds a formula whose value was not saved")

	for value, want := range map[any]string{
		true: `"TRUE" is not a number`, time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC): `holds a date or time, stored as "46345"`,
	} {
		require.NoError(t, book.SetCellValue("Sheet1", "E3", value))
		require.NoError(t, book.SaveAs(filepath.Join(s.Dir, settles.String()+".xlsx")))
		bad = nil
		_, err = st.Read(t.Context(), settles, func(reconcile.StatementLine) error { return nil }, func(r reconcile.BadRow) error { bad = append(bad, r); return nil })
		require.NoError(t, err)
		require.Len(t, bad, 1)
		require.Equal(t, "手续费", bad[0].Column)
		require.Contains(t, bad[0].Reason.EN, want)
	}
}
