package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestHeaderFaults(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		columns  map[string]string
		defaults ledger.Defaults
		want     string
	}{
		"everything is missing": {
			text: "a,b\n",
			want: "orders.csv:1: no column bill_no, and the configuration names none for it; no column bill_date, and the configuration names none for it; " +
				"no column mid, and no default for it in the configuration; no column tid, and no default for it in the configuration; no column inst_mid, and no default for it in the configuration; " +
				"no column total_amount, and the configuration names none for it; no column status, and the configuration names none for it" +
				`; headings there that nothing names: "a", "b"`,
		},
		"renamed beyond recognition": {
			text: "bill_no,bill_date,应交,status,备注,a,b,c,d,e,f,g\n", defaults: terminal, columns: map[string]string{"total_amount": "total_fee"},
			want: `orders.csv:1: no column "total_fee", which the configuration names for total_amount; headings there that nothing names: "应交", "备注", "a", "b", "c", "d", "e", "f", …`,
		},
		"mistyped": {
			text: "\n\nbil_no,bill_date,total_amount,status\n", defaults: terminal,
			want: `orders.csv:3: no column bill_no, and the configuration names none for it (did you mean "bil_no"?)`,
		},
		"configured, required": {
			text: "账单编号,bill_date,total_amount,status\n", defaults: terminal, columns: map[string]string{"bill_no": "账单号"},
			want: `orders.csv:1: no column "账单号", which the configuration names for bill_no (did you mean "账单编号"?)`,
		},
		"configured, optional": {
			text: plainHeader + "\n", defaults: terminal, columns: map[string]string{"order_no": "订单"},
			want: `orders.csv:1: no column "订单", which the configuration names for order_no`,
		},
		"configured in another case": {
			text: plainHeader + ",Order\n", defaults: terminal, columns: map[string]string{"order_no": "order"},
			want: `orders.csv:1: no column "order", which the configuration names for order_no (did you mean "Order"?)`,
		},
		"configured names stand for ours": {
			text: plainHeader + "\n", defaults: terminal, columns: map[string]string{"bill_no": "bill_date"},
			want: "orders.csv:1: no column bill_date, and the configuration names none for it",
		},
		"twice": {
			text: plainHeader + ",x,Status\n", defaults: terminal,
			want: `orders.csv:1: heading "status" stands twice, in columns 4 and 6; write status: "status#1" or "status#2" for the one that is meant`,
		},
		"only the default that is missing": {
			text: plainHeader + "\n", defaults: ledger.Defaults{MID: "1", InstMID: "2"},
			want: "orders.csv:1: no column tid, and no default for it in the configuration",
		},
		"separator of the nearest fit": {
			text: "bill_no;bill_date;total_amount;stats\n", defaults: terminal,
			want: `orders.csv:1: no column status, and the configuration names none for it (did you mean "stats"?)`,
		},
		"damaged quote": {
			text: plainHeader + ",\"remark\n", defaults: terminal,
			want: "orders.csv:1: in the header, a quote is not closed (a quote inside a field is doubled)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, c.text)
			s.Defaults, s.Columns = c.defaults, c.columns
			_, err := readSource(t, s)
			var header *ledger.HeaderError
			require.ErrorAs(t, err, &header)
			require.Equal(t, c.want, err.Error())
		})
	}
}

// A column that was renamed since yesterday is told with its likeliest new name.
func TestRenamedColumns(t *testing.T) {
	for now, want := range map[string]string{
		"账单号码": "账单号码", "帐单号": "帐单号", "银商账单号": "银商账单号", "bill_number": "bill_number", "Bill No": "Bill No", "备注": "",
	} {
		s := source(t, now+",bill_date,total_amount,status\n")
		s.Columns = map[string]string{"bill_no": "账单号"}
		_, err := readSource(t, s)
		var header *ledger.HeaderError
		require.ErrorAs(t, err, &header)
		require.Equal(t, want, header.Faults[0].DidYouMean, now)
	}
	_, err := readSource(t, source(t, "bill_no,bill_date,订单金额,状态\n"))
	require.ErrorContains(t, err, `did you mean "订单金额"?`)
	require.ErrorContains(t, err, `did you mean "状态"?`)
}

func TestHeaderAccepts(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		columns  map[string]string
		defaults ledger.Defaults
	}{
		"our names in upper case":      {"Bill_No,BILL_DATE,Total_Amount,STATUS\n3194A,2026-11-19,1,paid\n", nil, terminal},
		"quoted, with a line end":      {"bill_no,bill_date,total_amount,status,\"remark\n(free)\"\n3194A,2026-11-19,1,paid,\n", nil, terminal},
		"unused headings twice":        {plainHeader + ",x,x,\n3194A,2026-11-19,1,paid,,,\n", nil, terminal},
		"columns instead of defaults":  {plainHeader + ",mid,tid,inst_mid\n3194A,2026-11-19,1,paid,1,T2,3\n", nil, ledger.Defaults{}},
		"two of ours under one name":   {"no,bill_date,total_amount,status\n3194A,2026-11-19,1,paid\n", map[string]string{"bill_no": "no", "order_no": "no"}, terminal},
		"ours given to another column": {"bill_no,bill_date,total_amount,status,buyer_pay_amount\n3194A,2026-11-19,x,paid,1\n", map[string]string{"total_amount": "buyer_pay_amount"}, terminal},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, c.text)
			s.Defaults, s.Columns = c.defaults, c.columns
			r, err := readSource(t, s)
			require.NoError(t, err)
			require.Empty(t, r.bad)
			require.Len(t, r.orders, 1)
			require.Equal(t, reconcile.Fen(1), r.orders[0].Amount)
			require.False(t, r.orders[0].BuyerPay.Known)
		})
	}
}

func TestNewTellsAllFaults(t *testing.T) {
	_, err := ledger.New(ledger.Source{
		Pattern: "orders-{day}.csv", Encoding: "latin1", Unit: "cent",
		Columns:  map[string]string{"bill_on": "x", "status": " "},
		Statuses: map[reconcile.Status][]string{"payed": nil, reconcile.Paid: {"ok", "", "Closed "}, reconcile.Unpaid: {" OK"}},
	})
	require.EqualError(t, err, `path "orders-{day}.csv" may hold {date} and {yyyymmdd}, no other braces
encoding "latin1" is not auto, utf-8 or gb18030
amount unit "cent" is not fen or yuan
columns: "bill_on" is not a column of umsrecon (did you mean "bill_no"?)
columns: the heading of status is empty
statuses: "payed" is not a status (did you mean "paid"?)
statuses: the word "ok" stands for both unpaid and paid
statuses: paid has an empty word
statuses: the word "CLOSED" stands for both paid and closed`)
	_, err = ledger.New(ledger.Source{})
	require.ErrorContains(t, err, "path of the ledger is empty")
	_, err = ledger.New(ledger.Source{Pattern: "a["})
	require.ErrorContains(t, err, "syntax error in pattern")
	_, err = ledger.New(ledger.Source{Pattern: "a", Statuses: map[reconcile.Status][]string{reconcile.Paid: {"Paid", "paid"}}})
	require.NoError(t, err, "a word may be repeated for its own status")
}

func TestColumns(t *testing.T) {
	require.Len(t, ledger.Columns(), 23)
	require.NotContains(t, ledger.Columns(), "")
}

// Titles may stand above the header of a text as of a workbook. What is above
// it and is no title is not passed over in silence.
func TestTitlesAboveTheHeader(t *testing.T) {
	const row = "3194A,2026-11-19,1908,PAID"
	for name, c := range map[string]struct {
		text string
		line int
		bad  []int
	}{
		"a title":                 {lines("2026年11月19日 订单明细", plainHeader, row), 3, nil},
		"a title in many cells":   {lines("订单明细,,,", "商户号：898340149000005,,,", "", plainHeader, row), 5, nil},
		"a title with commas":     {lines("订单明细,2026-11-19", plainHeader, row), 3, nil},
		"tabs":                    {lines("订单明细", strings.ReplaceAll(plainHeader, ",", "\t"), strings.ReplaceAll(row, ",", "\t")), 3, nil},
		"orders of another file":  {lines("单号,bill_date,total_amount,status", row, plainHeader, row), 4, []int{1, 2}},
		"a line that is damaged":  {lines("\x00", plainHeader, row), 0, nil},
		"nine titles":             {lines("1", "2", "3", "4", "5", "6", "7", "8", "9", plainHeader, row), 11, nil},
		"ten titles are too many": {lines("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", plainHeader, row), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBooks(newBooks(t, source(t, c.text)), day)
			if c.line == 0 {
				require.ErrorIs(t, err, reconcile.ErrUnreadable)
				return
			}
			require.NoError(t, err)
			require.Len(t, r.orders, 1)
			require.Equal(t, c.line, r.orders[0].Source.Line)
			var bad []int
			for _, b := range r.bad {
				bad = append(bad, b.Line)
				require.Contains(t, b.Reason.EN, "stands above the header and is no title")
			}
			require.Equal(t, c.bad, bad)
			require.Equal(t, int64(1+len(c.bad)), r.load.Rows)
		})
	}
}

func TestOrdersAboveTheHeaderOfAWorkbook(t *testing.T) {
	r, err := readBytes(t, ledger.XLSX, sheet(t, [][]any{
		{"订单明细"}, {"单号", "bill_date", "total_amount", "status"}, {"3194A", "2026-11-19", "19.08", "PAID"},
		{"bill_no", "bill_date", "total_amount", "status"}, {"3194B", "2026-11-19", "19.08", "PAID"},
	}))
	require.NoError(t, err)
	require.Len(t, r.orders, 1)
	require.Equal(t, "3194B", r.orders[0].BillNo)
	require.Len(t, r.bad, 2)
	require.Contains(t, r.bad[0].Reason.EN, "stands above the header")
}

// sheet is a workbook of one sheet with these values in its cells.
func sheet(t testing.TB, rows [][]any) []byte { return sheetIn(t, rows, 0) }

// inFull is sheet with numbers shown to their last digit.
func inFull(t testing.TB, rows [][]any) []byte { return sheetIn(t, rows, 1) }

func sheetIn(t testing.TB, rows [][]any, format int) []byte {
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, f.SetSheetRow("Sheet1", cell, &row))
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: format})
	require.NoError(t, err)
	require.NoError(t, f.SetCellStyle("Sheet1", "A1", "A99", style))
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	return out.Bytes()
}

// Of merchants that share a ledger each has its own terminal: a row need name
// no more than its merchant.
func TestTerminalsOfMerchants(t *testing.T) {
	one, two := ledger.Defaults{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT"}, ledger.Defaults{MID: "898340149000006", TID: "00000002", InstMID: "YUEDANDEFAULT"}
	both := map[string]ledger.Defaults{one.MID: one, two.MID: two}
	read := func(text string, terminals map[string]ledger.Defaults) (result, error) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "o.csv"), []byte(text), 0o600))
		return readSource(t, ledger.Source{Dir: dir, Pattern: "o.csv", Defaults: ledger.Defaults{InstMID: "QRPAYDEFAULT"}, Terminals: terminals})
	}
	const rows = plainHeader + ",mid\n3194A,2026-11-19,1908,PAID,898340149000005\n3194B,2026-11-19,1908,PAID,898340149000006\n3194C,2026-11-19,1908,PAID,898340149000007\n"
	r, err := read(rows, both)
	require.NoError(t, err)
	require.Len(t, r.orders, 2)
	require.Equal(t, []string{"00000001", "QRPAYDEFAULT", "00000002", "YUEDANDEFAULT"},
		[]string{r.orders[0].TID, r.orders[0].InstMID, r.orders[1].TID, r.orders[1].InstMID})
	require.Len(t, r.bad, 1)
	require.Equal(t, "tid is empty", r.bad[0].Reason.EN)

	r, err = read(plainHeader+",mid,tid\n3194A,2026-11-19,1908,PAID,898340149000005,00000009\n3194B,2026-11-19,1908,PAID,898340149000006,\n3194C,2026-11-19,1908,PAID,898340149000006,7\n", both)
	require.NoError(t, err)
	require.Equal(t, []string{"00000009", "00000002"}, []string{r.orders[0].TID, r.orders[1].TID}, "what a row says goes first")
	require.Contains(t, r.bad[0].Reason.EN, "shorter than 8 digits")

	two.TID = ""
	for text, terminals := range map[string]map[string]ledger.Defaults{rows: {one.MID: one, two.MID: two}, plainHeader + "\n": both} {
		_, err = read(text, terminals)
		require.ErrorContains(t, err, "no column tid, and no default for it in the configuration")
	}
}
