package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

const flowHeader = "bill_no,bill_date,total_amount,status,refund_order_id,refund_amount,authed_order_id,authed_amount,paid_at"

// one is an order in short: what a row was read as.
type one struct {
	id     string // refund or completion id
	amount reconcile.Fen
	status reconcile.Status
	day    reconcile.Day
}

func short(orders []reconcile.Order) (all []one) {
	for _, o := range orders {
		all = append(all, one{o.RefundID + o.CompletionID, o.Amount, o.Status, o.LedgerDay})
	}
	return all
}

func TestRowKinds(t *testing.T) {
	for name, c := range map[string]struct {
		row  string
		want []one
		bad  string
	}{
		"payment":                             {row: "3194A,2026-11-18,100,paid,,,,,", want: []one{{"", 100, reconcile.Paid, day - 1}}},
		"payment of nothing":                  {row: "3194A,2026-11-18,0,paid,,,,,", want: []one{{"", 0, reconcile.Paid, day - 1}}},
		"payment without amount":              {row: "3194A,2026-11-18,,paid,,,,,", bad: "total_amount is empty"},
		"payment with a zero refund":          {row: "3194A,2026-11-18,100,paid,,0,,0,", want: []one{{"", 100, reconcile.Paid, day - 1}}},
		"payment with a refund of no id":      {row: "3194A,2026-11-18,100,paid,,30,,,", bad: "there is a refund_amount of 0.30 yuan, and neither a refund_order_id nor a refunded status"},
		"refunded payment with no id":         {row: "3194A,2026-11-18,100,refunded,,100,,,", want: []one{{"", 100, reconcile.Refunded, day - 1}}},
		"part refunded payment with no id":    {row: "3194A,2026-11-18,100,part_refunded,,30,,,", want: []one{{"", 100, reconcile.PartRefunded, day - 1}}},
		"payment and refund":                  {row: "3194A,2026-11-18,100,part_refunded,R1,30,,,2026-11-18 10:00:00", want: []one{{"", 100, reconcile.PartRefunded, day - 1}, {"R1", 30, reconcile.Success, day - 1}}},
		"payment and refund of no amount":     {row: "3194A,2026-11-18,100,part_refunded,R1,,,,", bad: "refund_order_id is there and refund_amount is not"},
		"payment and refund of nothing":       {row: "3194A,2026-11-18,100,part_refunded,R1,0,,,", bad: "refund_amount must be more than 0"},
		"refund":                              {row: "3194A,2026-11-18,,success,R1,30,,,2026-11-19 10:00:00", want: []one{{"R1", 30, reconcile.Success, day}}},
		"refund that names the payment total": {row: "3194A,2026-11-18,100,processing,R1,30,,,", want: []one{{"R1", 30, reconcile.Processing, day - 1}}},
		"refund without amount":               {row: "3194A,2026-11-18,,success,R1,,,,", bad: "refund_order_id is there and refund_amount is not"},
		"refund of nothing":                   {row: "3194A,2026-11-18,,success,R1,0,,,", bad: "refund_amount must be more than 0"},
		"refund with a payment's status":      {row: "3194A,2026-11-18,,paid,R1,30,,,", bad: `status "paid" is one of payments, and the row is a refund (a payment and its refund on one row need total_amount)`},
		"refund status without id":            {row: "3194A,2026-11-18,100,success,,30,,,", bad: `status "success" is one of refunds and completions, and the row has the id of neither`},
		"completion":                          {row: "3194A,2026-11-18,,failed,,0,C1,90,2026-11-20 10:00:00", want: []one{{"C1", 90, reconcile.Failed, day + 1}}},
		"completion without amount":           {row: "3194A,2026-11-18,,success,,,C1,,", bad: "authed_order_id is there and authed_amount is not"},
		"completion of nothing":               {row: "3194A,2026-11-18,,success,,,C1,0,", bad: "authed_amount must be more than 0"},
		"completion with a payment's status":  {row: "3194A,2026-11-18,100,paid,,,C1,90,", bad: `status "paid" is one of payments, and the row is a completion`},
		"completion with a refund of no id":   {row: "3194A,2026-11-18,,success,,5,C1,90,", bad: "there is a refund_amount of 0.05 yuan, and neither a refund_order_id nor a refunded status"},
		"both ids":                            {row: "3194A,2026-11-18,,success,R1,30,C1,90,", bad: "the row has both a refund_order_id and an authed_order_id"},
		"no status":                           {row: "3194A,2026-11-18,100,,,,,,", bad: "status is empty"},
		"no bill number":                      {row: ",2026-11-18,100,paid,,,,,", bad: "bill_no is empty"},
		"no bill date":                        {row: "3194A,,100,paid,,,,,", bad: "bill_date is empty"},
		"everything at once":                  {row: "3194A,x,1.5,payed,,,,,soon", bad: `date "x" is not a date such as 2006-01-02 or 20060102; column "total_amount": amount "1.5" has decimals though the unit is fen (try: amount_unit: yuan); column "status": status "payed" is not mapped (try: ledger.statuses in the configuration); column "paid_at": time "soon" is not a time such as 2006-01-02 15:04:05, or RFC 3339`},
	} {
		t.Run(name, func(t *testing.T) {
			r := readText(t, lines(flowHeader, c.row))
			if c.bad == "" {
				require.Empty(t, r.bad)
				require.Equal(t, c.want, short(r.orders))
				return
			}
			require.Empty(t, r.orders)
			require.Equal(t, c.bad, r.bad[0].Reason.EN)
			require.Equal(t, reconcile.Source{File: "orders.csv", Line: 2}, r.bad[0].Source)
			require.Equal(t, c.row, r.bad[0].Raw)
			require.False(t, r.bad[0].Damaged)
		})
	}
}

func TestGuaranteeKeepsWhatWasCompleted(t *testing.T) {
	r := readText(t, lines(flowHeader, "3194A,2026-11-18,100,paid,,,,90,"))
	require.Equal(t, reconcile.Some(90), r.orders[0].Authed)
	require.Equal(t, reconcile.Payment, r.orders[0].Kind())
}

// The ledger day of a refund: its own time, else the day of its file, else
// the bill's date. On a row shared with the payment the time is the payment's.
func TestRefundDay(t *testing.T) {
	for name, c := range map[string]struct {
		pattern, row string
		want         reconcile.Day
	}{
		"its own time":             {"{date}.csv", "3194A,2026-11-01,,success,R1,30,,,2026-11-10 10:00:00", reconcile.MakeDay(2026, 11, 10)},
		"its own time, after dark": {"{date}.csv", "3194A,2026-11-01,,success,R1,30,,,2026-11-10 22:58:00", reconcile.MakeDay(2026, 11, 11)},
		"the file's day":           {"{date}.csv", "3194A,2026-11-01,,success,R1,30,,,", day},
		"the bill's date":          {"2026-11-19.csv", "3194A,2026-11-01,,success,R1,30,,,", reconcile.MakeDay(2026, 11, 1)},
		"shared row":               {"{date}.csv", "3194A,2026-11-01,100,paid,R1,30,,,2026-11-01 10:00:00", day},
		"shared row, one file":     {"2026-11-19.csv", "3194A,2026-11-01,100,paid,R1,30,,,2026-11-03 10:00:00", reconcile.MakeDay(2026, 11, 1)},
		"completion":               {"{date}.csv", "3194A,2026-11-01,,success,,,C1,30,", day},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, "2026-11-19.csv", lines(flowHeader, c.row))
			r, err := readSource(t, ledger.Source{
				Dir: dir, Pattern: c.pattern, Defaults: terminal,
				Calendar: reconcile.Calendar{Cutoff: 22*time.Hour + 58*time.Minute},
			})
			require.NoError(t, err)
			require.Empty(t, r.bad)
			last := r.orders[len(r.orders)-1]
			require.Equal(t, c.want, last.LedgerDay)
			if len(r.orders) == 2 {
				require.Equal(t, reconcile.MakeDay(2026, 11, 1), r.orders[0].LedgerDay, "the payment's day is its bill date")
				require.True(t, last.PaidAt.IsZero())
			}
		})
	}
}

func TestAmounts(t *testing.T) {
	for name, c := range map[string]struct {
		unit ledger.Unit
		cell string
		want reconcile.Fen
		bad  string
	}{
		"fen":                     {ledger.Fen, "1908", 1908, ""},
		"fen, blanks around":      {ledger.Fen, " 1908\t", 1908, ""},
		"fen, zero":               {ledger.Fen, "0", 0, ""},
		"fen, decimals":           {ledger.Fen, "19.08", 0, `amount "19.08" has decimals though the unit is fen (try: amount_unit: yuan)`},
		"fen, leading zero":       {ledger.Fen, "019", 0, `amount "019" has a leading zero; write fen like 1234`},
		"fen, out of range":       {ledger.Fen, "10000000000001", 0, `amount "10000000000001" is out of range, the largest is 100000000000.00 yuan`},
		"yuan":                    {ledger.Yuan, "19.08", 1908, ""},
		"yuan, one decimal":       {ledger.Yuan, "19.8", 1980, ""},
		"yuan, third decimal 0":   {ledger.Yuan, "19.080", 1908, ""},
		"yuan, third decimal":     {ledger.Yuan, "19.081", 0, `amount "19.081" is finer than one fen; write yuan like 12.34`},
		"yuan, whole":             {ledger.Yuan, "19", 1900, ""},
		"yuan, out of range":      {ledger.Yuan, "99999999999999999999.00", 0, `amount "99999999999999999999.00" is out of range, the largest is 100000000000.00 yuan`},
		"minus":                   {ledger.Yuan, "-19.08", 0, `amount "-19.08" has a sign; write yuan like 12.34`},
		"plus":                    {ledger.Fen, "+19", 0, `amount "+19" has a sign; write fen like 1234`},
		"typographic minus":       {ledger.Fen, "−19", 0, `amount "−19" has a sign; write fen like 1234`},
		"brackets":                {ledger.Yuan, "(19.08)", 0, `amount "(19.08)" is in brackets; write yuan like 12.34`},
		"thousands separator":     {ledger.Yuan, `"1,908.00"`, 0, `amount "1,908.00" has a thousands separator; write yuan like 12.34`},
		"currency mark":           {ledger.Yuan, "¥19.08", 0, `amount "¥19.08" carries a currency mark; write yuan like 12.34`},
		"currency name":           {ledger.Yuan, "19.08元", 0, `amount "19.08元" carries a currency mark; write yuan like 12.34`},
		"full width":              {ledger.Yuan, "１９.08", 0, `amount "１９.08" has full-width characters; write yuan like 12.34`},
		"scientific":              {ledger.Yuan, "1.9E3", 0, `amount "1.9E3" is in scientific notation; write yuan like 12.34`},
		"two points":              {ledger.Yuan, "1.9.8", 0, `amount "1.9.8" is not a number; write yuan like 12.34`},
		"words":                   {ledger.Fen, "n/a", 0, `amount "n/a" is not a number; write fen like 1234`},
		"blank inside":            {ledger.Fen, "19 08", 0, `amount "19 08" holds a blank; write fen like 1234`},
		"no-break space at end":   {ledger.Fen, "1908\u00a0", 0, `amount "1908\u00a0" holds a blank; write fen like 1234`},
		"apostrophes in threes":   {ledger.Yuan, "1'908.00", 0, `amount "1'908.00" has a thousands separator; write yuan like 12.34`},
		"decimal comma":           {ledger.Yuan, `"12,30"`, 0, `amount "12,30" has a comma for its decimal point; write yuan like 12.34`},
		"currency code":           {ledger.Yuan, "RMB 1", 0, `amount "RMB 1" carries a currency mark; write yuan like 12.34`},
		"currency code behind":    {ledger.Yuan, "1.00cny", 0, `amount "1.00cny" carries a currency mark; write yuan like 12.34`},
		"another word before it":  {ledger.Yuan, "about 1", 0, `amount "about 1" holds a blank; write yuan like 12.34`},
		"long nonsense is cut up": {ledger.Fen, "x123456789x123456789x123456789x123456789x123456789x123456789x", 0, `amount "x123456789x123456789x123456789x123456789x123456789x123456789"… is not a number; write fen like 1234`},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, lines(plainHeader, "3194A,2026-11-19,"+c.cell+",paid"))
			s.Unit = c.unit
			r, err := readSource(t, s)
			require.NoError(t, err)
			if c.bad == "" {
				require.Empty(t, r.bad)
				require.Equal(t, c.want, r.orders[0].Amount)
				return
			}
			require.Equal(t, c.bad, r.bad[0].Reason.EN)
			require.Equal(t, "total_amount", r.bad[0].Column)
		})
	}
}

func TestTimes(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	for name, c := range map[string]struct {
		cell string
		want string // in Beijing; empty: bad
	}{
		"no zone":           {"2026-11-19 23:30:00", "2026-11-19 22:30:00"},
		"zulu":              {"2026-11-19T23:30:00Z", "2026-11-20 07:30:00"},
		"offset":            {"2026-11-19T23:30:00+08:00", "2026-11-19 23:30:00"},
		"fraction":          {"2026-11-19T23:30:00.5+08:00", "2026-11-19 23:30:00"},
		"day only":          {"2026-11-19", ""},
		"no such day":       {"2026-02-30 10:00:00", ""},
		"slashes":           {"2026/11/19 10:00:00", ""},
		"zero of databases": {"0000-00-00 00:00:00", ""},
		"zero of programs":  {"0001-01-01T00:00:00Z", ""},
		"serial number":     {"46345.5", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, lines(plainHeader+",paid_at", "3194A,2026-11-19,1,paid,"+c.cell))
			s.Location = tokyo
			r, err := readSource(t, s)
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, r.orders)
				require.Equal(t, "paid_at", r.bad[0].Column)
				return
			}
			require.Empty(t, r.bad)
			require.Equal(t, c.want, r.orders[0].PaidAt.Format(time.DateTime))
			require.Equal(t, reconcile.Beijing, r.orders[0].PaidAt.Location())
		})
	}
}

func TestDates(t *testing.T) {
	for cell, want := range map[string]reconcile.Day{
		"2026-11-19": day, "20261119": day, " 2026-11-19 ": day,
		"2026-02-30": 0, "2026/11/19": 0, "19-11-2026": 0, "2026-11-19 00:00:00": 0, "0001-01-01": 0, "46345": 0, "2026-1-9": 0,
	} {
		t.Run(cell, func(t *testing.T) {
			r := readText(t, lines(plainHeader, "3194A,"+cell+",1,paid"))
			if want == 0 {
				require.Equal(t, "bill_date", r.bad[0].Column)
				return
			}
			require.Equal(t, want, r.orders[0].BillDay)
		})
	}
}

func TestStatusWords(t *testing.T) {
	for cell, want := range map[string]reconcile.Status{
		"PAID": reconcile.Paid, "paid": reconcile.Paid, " Paid ": reconcile.Paid, "已支付": reconcile.Paid, "　已支付": reconcile.Paid,
		"UNPAID": reconcile.Unpaid, "closed": reconcile.Closed, "Trade Over": reconcile.Refunded,
		"refunded": "", "payed": "", "ＰＡＩＤ": "", "pa id": "",
	} {
		t.Run(cell, func(t *testing.T) {
			s := source(t, lines(plainHeader, "3194A,2026-11-19,1,"+cell))
			s.Statuses = map[reconcile.Status][]string{reconcile.Refunded: {"trade over"}}
			r, err := readSource(t, s)
			require.NoError(t, err)
			if want == "" {
				require.Equal(t, "status", r.bad[0].Column)
				require.Contains(t, r.bad[0].Reason.EN, "is not mapped (try: ledger.statuses")
				return
			}
			require.Equal(t, want, r.orders[0].Status)
		})
	}
}

func TestTexts(t *testing.T) {
	good := readText(t, lines(plainHeader+",order_no", "3194A,2026-11-19,1,paid, 订单 '1' "))
	require.Equal(t, "订单 '1'", good.orders[0].OrderNo)
	for name, cell := range map[string]string{"control": "a\x02b", "line end": "\"a\nb\"", "too long": longText(1025)} {
		t.Run(name, func(t *testing.T) {
			r := readText(t, lines(plainHeader+",order_no", "3194A,2026-11-19,1,paid,"+cell))
			require.Equal(t, "order_no", r.bad[0].Column)
			require.NotContains(t, r.bad[0].Raw, "\x02")
		})
	}
}
