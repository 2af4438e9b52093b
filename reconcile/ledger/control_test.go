package ledger_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestTrailers(t *testing.T) {
	rows := plainHeader + "\n3194A,2026-11-19,10.00,PAID\n3194B,2026-11-19,5.50,PAID\n"
	for name, c := range map[string]struct{ trailer, missed string }{
		"sum in its column":         {"合计,,15.50,\n", ""},
		"count and sum":             {"合计,2,15.5,\n", ""},
		"in words":                  {"合计：2笔，金额：15.50元\n", ""},
		"on two lines":              {"合计笔数：2\n合计金额：15.50\n", ""},
		"capitals":                  {"合计 COUNT=2 SUM=15.50\n", ""},
		"yuan in words":             {"合计,2笔,15.50元,\n", ""},
		"not of the fees":           {"合计：2笔，手续费金额：9.00元，金额：15.50元\n", ""},
		"count is no number":        {"合计笔数：x,,15.50,\n", `in orders.csv:4, count "x" is not a number of rows`},
		"with thousands":            {"\"合计 2 笔\",,\"0,015.50\",\n", "states a sum"},
		"count is wrong":            {"合计,3,15.50,\n", "orders.csv:4 states 3 rows, and 2 were read"},
		"sum is wrong":              {"合计,2,15.51,\n", "orders.csv:4 states a sum of 15.51 yuan, and 15.50 were read"},
		"says nothing":              {"合计,,,\n", "states neither a count nor a sum"},
		"is not there":              {"", "has no trailer that begins with"},
		"an order behind is no end": {"合计,2,15.50,\n3194C,2026-11-19,1.00,PAID\n", "states 2 rows, and 3 were read"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, rows+c.trailer)
			s.Unit, s.Control.Trailer = ledger.Yuan, "合计"
			r, err := readSource(t, s)
			require.NoError(t, err)
			require.Empty(t, r.bad)
			require.Len(t, r.load.Controls, 1)
			control := r.load.Controls[0]
			require.Equal(t, int64(len(r.orders)), control.Rows)
			if c.missed == "" {
				require.Empty(t, control.Missed)
				require.False(t, r.load.Missed())
				return
			}
			if name == "with thousands" { // 0,015.50 is 15.50: it is met
				require.Empty(t, control.Missed)
				return
			}
			require.True(t, r.load.Missed())
			require.Contains(t, control.Missed.EN, c.missed)
			require.NotEmpty(t, control.Missed.ZH)
		})
	}
}

// A damaged order behind the trailer is a bad row, not a part of the trailer.
func TestADamagedOrderBehindTheTrailer(t *testing.T) {
	s := source(t, plainHeader+"\n3194A,2026-11-19,10.00,PAID\n合计,1,10.00,\n制表人：张三,,,\n3194B,2026/11/19,9.00,PAID\n3194C,46345,9.00,PAID\n")
	s.Unit, s.Control.Trailer = ledger.Yuan, "合计"
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Len(t, r.orders, 1)
	require.Len(t, r.bad, 2)
	require.Equal(t, []int{5, 6}, []int{r.bad[0].Line, r.bad[1].Line})
	require.True(t, r.load.Missed(), "the trailer states one row")
}

// A trailer that nobody configured is a bad row that says what to do.
func TestTrailerThatIsNotConfigured(t *testing.T) {
	r := readYuan(t, plainHeader+"\n3194A,2026-11-19,10.00,PAID\n合计,,10.00,\n")
	require.Len(t, r.orders, 1)
	require.Equal(t, "the row states totals (try: ledger.control.trailer: 合计)", r.bad[0].Reason.EN)
	require.Empty(t, r.load.Controls)
	r = readYuan(t, plainHeader+"\n合计A,2026-11-19,10.00,PAID\n")
	require.NotContains(t, r.bad[0].Reason.EN, "states totals", "it has a bill date")
}

func TestSidecars(t *testing.T) {
	rows := plainHeader + "\n3194A,2026-11-19,10.00,PAID\n3194B,2026-11-19,x,PAID\n"
	for name, c := range map[string]struct{ sidecar, missed, err string }{
		"both":               {"count=2\nsum=10.00\n", "", ""},
		"colons and blanks":  {"Count: 2\r\nSum : 10\r\n", "", ""},
		"JSON":               {`{"count": 2, "sum": "10.00", "maker": "shop"}`, "", ""},
		"count is wrong":     {"count=3", "orders.csv.ctl states 3 rows, and 2 were read", ""},
		"sum cannot be held": {"count=2\nsum=99.00", "", ""}, // one row's amount is not readable
		"says nothing":       {"hello", "neither a count nor a sum", ""},
		"no number":          {"count=two", "", `count "two" is not a number of rows`},
		"no amount":          {"sum=ten", "", `sum: amount "ten" is not a number`},
		"a number with text": {"count=2x", "", `count "2x" is not a number of rows`},
		"a sign":             {"sum=-10", "", ""}, // of a statement whose refunds are more than its payments
		"currency":           {"sum=¥10\ncount=2", "", ""},
		"capitals":           {"COUNT=2\r\nSUM=10.00\r\n", "", ""},
		"thousands":          {"count=1,002", "states 1002 rows, and 2 were read", ""},
		"thousands of yuan":  {"总笔数：2\n总金额（元）：0,010.00\n", "", ""},
		"in words":           {"2026年11月19日共2笔，金额：10.00元。手续费：0.06元", "", ""},
		"in words, wrong":    {"笔数: 3", "states 3 rows, and 2 were read", ""},
		"of other things":    {"退款金额=99\ndiscount=5\n手续费金额: 9", "neither a count nor a sum", ""},
		"JSON of words":      {`{"file": "orders-20261119.csv", "总笔数": "2", "总金额": "10.00", "退款金额": 5}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, rows)
			s.Unit, s.Control.Sidecar = ledger.Yuan, "{file}.ctl"
			writeFile(t, s.Dir, "orders.csv.ctl", c.sidecar)
			r, err := readSource(t, s)
			if c.err != "" {
				require.ErrorIs(t, err, reconcile.ErrUnreadable)
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Contains(t, r.load.Controls[0].Missed.EN, c.missed)
			require.Equal(t, c.missed != "", r.load.Missed())
			open := ""
			if c.missed == "" {
				open = "1 rows have no readable amount"
			}
			require.Contains(t, r.load.Controls[0].Open.EN, open)
			require.False(t, r.load.Controls[0].Met(), "a sum that was not compared does not agree")
		})
	}
	s := source(t, rows) // a count alone is compared, whatever the amounts
	s.Control.Sidecar = "{file}.ctl"
	writeFile(t, s.Dir, "orders.csv.ctl", "count=2")
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.True(t, r.load.Controls[0].Met())

	s = source(t, rows)
	s.Control.Sidecar = "{file}.ctl"
	_, err = readSource(t, s)
	require.ErrorIs(t, err, ledger.ErrNotReady)
	require.ErrorContains(t, err, "orders.csv.ctl")
}

// A ledger in fen whose trailer speaks of yuan.
func TestTrailerOfAnotherUnit(t *testing.T) {
	s := source(t, plainHeader+"\n3194A,2026-11-19,1908,PAID\n合计 1 笔，金额 19.08 元\n")
	s.Control.Trailer = "合计"
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Empty(t, r.load.Controls[0].Missed)
	require.Equal(t, reconcile.Fen(1908), *r.load.Controls[0].Sum)
}

func TestControlsThatAreRefused(t *testing.T) {
	for want, c := range map[string]ledger.Control{
		"is no column of amounts": {SumOf: "bill_no"}, "that holds {file}": {Sidecar: "a.ctl"}, "must be a file name": {Sidecar: "../{file}"},
	} {
		_, err := ledger.New(ledger.Source{Pattern: "a", Control: c})
		require.ErrorContains(t, err, want)
	}
}

// A table of refunds has no total_amount of its own.
func TestRefundsAlone(t *testing.T) {
	s := source(t, "bill_no,bill_date,status,refund_order_id,refund_amount\n3194A,2026-11-19,SUCCESS,R1,5\n")
	s.Control, s.MayBeEmpty = ledger.Control{SumOf: "refund_amount", Sidecar: "{file}.ctl"}, true
	writeFile(t, s.Dir, "orders.csv.ctl", "sum=5")
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Equal(t, "R1", r.orders[0].RefundID)
	require.False(t, r.load.Missed())
	require.True(t, r.load.MayBeEmpty)
	_, err = readSource(t, source(t, "bill_no,bill_date,status,refund_order_id,refund_amount,total_amonut\n"))
	require.ErrorContains(t, err, `did you mean "total_amonut"?`)
	require.ErrorContains(t, err, "in a table of refunds or completions alone it may be any column, and may be empty")
}

// Refunds in the merchant's own words: the amount of the payment need not be
// there, and where one stands that could be it, it is named and left empty or not.
func TestRefundsAloneInOtherWords(t *testing.T) {
	own := map[string]string{"bill_no": "账单号", "bill_date": "日期", "status": "状态", "refund_order_id": "退款单号", "refund_amount": "退款金额"}
	read := func(columns map[string]string, text string) (result, error) {
		s := source(t, text)
		s.Columns = columns
		return readSource(t, s)
	}
	for _, text := range []string{"账单号,日期,状态,退款单号,退款金额,原单金额\n3194A,2026-11-19,SUCCESS,R1,5,19\n", "账单号,日期,状态,退款单号,退款金额\n3194A,2026-11-19,SUCCESS,R1,5\n"} {
		r, err := read(own, text)
		require.NoError(t, err)
		require.Empty(t, r.bad)
		require.Equal(t, []any{"R1", reconcile.Fen(5)}, []any{r.orders[0].RefundID, r.orders[0].Amount})
	}
	const paid = "账单号,日期,状态,退款单号,退款金额,订单金额\n3194A,2026-11-19,SUCCESS,R1,5,19\n3194A,2026-11-19,SUCCESS,R2,6,\n"
	_, err := read(own, paid)
	require.ErrorContains(t, err, `it may be any column, and may be empty (did you mean "订单金额"?)`)
	named := maps.Clone(own)
	named["total_amount"] = "订单金额"
	r, err := read(named, paid)
	require.NoError(t, err)
	require.Empty(t, r.bad)
	require.Equal(t, []reconcile.Fen{5, 6}, []reconcile.Fen{r.orders[0].Amount, r.orders[1].Amount})
}

func TestFileThatIsStillWritten(t *testing.T) {
	now := time.Date(2026, 11, 20, 2, 30, 0, 0, time.UTC)
	s := source(t, plainHeader+"\n3194A,2026-11-19,10,PAID\n")
	path := filepath.Join(s.Dir, "orders.csv")
	touch := func(at time.Time) { require.NoError(t, os.Chtimes(path, at, at)) }
	var waited time.Duration
	writes := 0 // how often it is written to while it is waited for
	s.Quiet, s.Patience, s.Now = 10*time.Second, time.Minute, func() time.Time { return now }
	s.Sleep = func(_ context.Context, d time.Duration) error {
		now, waited = now.Add(d), waited+d
		if writes > 0 {
			writes--
			touch(now)
		}
		return nil
	}
	read := func(changed time.Time, more int) error {
		touch(changed)
		waited, writes = 0, more
		_, err := readSource(t, s)
		return err
	}
	require.NoError(t, read(now.Add(-10*time.Second), 0))
	require.Zero(t, waited)
	require.NoError(t, read(now.Add(-4*time.Second), 0))
	require.Equal(t, 6*time.Second, waited)
	require.NoError(t, read(now, 3))
	require.Equal(t, 40*time.Second, waited)
	require.ErrorIs(t, read(now, 100), ledger.ErrNotReady)
	require.LessOrEqual(t, waited, time.Minute)
	require.ErrorIs(t, read(now.Add(time.Hour), 0), ledger.ErrNotReady, "a clock that is an hour ahead")
}

func TestFilesBesideTheLedger(t *testing.T) {
	s := source(t, plainHeader+"\n3194A,2026-11-19,10,PAID\n")
	for _, name := range []string{"~$orders.csv", ".~lock.orders.csv#", "orders.csv.tmp", "orders.csv.part"} {
		writeFile(t, s.Dir, name, "half")
	}
	s.Pattern = "*orders.csv*"
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Equal(t, []string{"orders.csv"}, r.load.Files)
	s.Pattern = "orders.csv.tmp" // named in full it is meant
	_, err = readSource(t, s)
	require.NotErrorIs(t, err, reconcile.ErrNoLedger)
}

// A formula that no spreadsheet program has computed is an empty cell to a
// reader: what it would say is neither met nor missed, and no row is sound with
// one in a column of ours.
func TestFormulasWithoutAValue(t *testing.T) {
	book := func(cell, inside string) []byte {
		f := excelize.NewFile()
		defer f.Close()
		for at, row := range map[string][]any{
			"A1": {"bill_no", "bill_date", "total_amount", "status", "buyer_pay_amount", "remark"},
			"A2": {"3194A", "2026-11-19", 10, "PAID", 10, "x"}, "A3": {"3194B", "2026-11-19", 5.5, "PAID", 5.5}, "A4": {"合计", "2笔", 15.5},
		} {
			require.NoError(t, f.SetSheetRow("Sheet1", at, &row))
		}
		var out bytes.Buffer
		require.NoError(t, f.Write(&out))
		one := regexp.MustCompile(`<c r="` + cell + `"[^>]*>.*?</c>`)
		return otherPart(t, out.Bytes(), "xl/worksheets/sheet1.xml", func(s string) string {
			require.Regexp(t, one, s)
			return one.ReplaceAllString(s, `<c r="`+cell+`"`+inside+`</c>`)
		})
	}
	const unsaved, saved = `><f>C2+C3</f><v></v>`, ` t="n"><f>C2+C3</f><v>15.5</v>`
	read := func(data []byte) result {
		s := source(t, "")
		s.Pattern, s.Format, s.Unit, s.Control.Trailer = "orders.xlsx", ledger.XLSX, ledger.Yuan, "合计"
		writeFile(t, s.Dir, "orders.xlsx", string(data))
		r, err := readSource(t, s)
		require.NoError(t, err)
		return r
	}
	for _, cell := range []string{"C4", "B4"} {
		for _, inside := range []string{unsaved, `><f>C2+C3</f>`, `><f t="shared" si="0"/><v/>`} {
			control := read(book(cell, inside)).load.Controls[0]
			require.Contains(t, control.Open.EN, "orders.xlsx:4 holds a formula whose value was not saved, which is not comparable", cell)
			require.False(t, control.Met())
		}
	}
	require.True(t, read(book("C4", saved)).load.Controls[0].Met())
	require.True(t, read(book("B4", ` t="str"><f>COUNTA(A2:A3)&amp;"笔"</f><v>2笔</v>`)).load.Controls[0].Met())
	require.Contains(t, read(book("C2", unsaved)).load.Controls[0].Open.EN, "no readable amount")
	for cell, column := range map[string]string{"C2": "total_amount", "E2": "buyer_pay_amount", "D2": "status"} {
		r := read(book(cell, unsaved))
		require.Len(t, r.bad, 1, cell)
		require.Equal(t, column, r.bad[0].Column)
		require.Contains(t, r.bad[0].Reason.EN, "holds a formula whose value was not saved")
	}
	require.Empty(t, read(book("E2", saved)).bad)
	require.Empty(t, read(book("E2", ` t="str"><f>""</f><v></v>`)).bad, "a formula that says nothing")
	require.Empty(t, read(book("F2", unsaved)).bad, "of a column that is not ours")
}
