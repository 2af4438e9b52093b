package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func guessText(t *testing.T, name, text string) ledger.Guess {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	g, err := ledger.GuessFile(t.Context(), path)
	require.NoError(t, err)
	return g
}

// The headings of shops, and what stands beside them that is none of ours.
func TestGuessedHeadings(t *testing.T) {
	for name, c := range map[string]struct {
		headings string
		want     map[string]string
	}{
		"Chinese": {
			"商户订单号,账单号,账单日期,下单时间,支付时间,订单金额(元),实付金额,优惠金额,订单状态,终端号,商户号,退款单号,参考号,流水号",
			map[string]string{"mer_order_id": "商户订单号", "bill_no": "账单号", "bill_date": "账单日期", "paid_at": "支付时间", "total_amount": "订单金额(元)", "buyer_pay_amount": "实付金额", "coupon_amount": "优惠金额", "status": "订单状态", "tid": "终端号", "mid": "商户号", "refund_order_id": "退款单号", "order_no": "流水号"},
		},
		"English": {
			"merOrderId,billNo,billDate,totalAmount,order_sn,created_at,pay_time,pay_status,mch_id",
			map[string]string{"mer_order_id": "merOrderId", "bill_no": "billNo", "bill_date": "billDate", "total_amount": "totalAmount", "order_no": "order_sn", "paid_at": "pay_time", "status": "pay_status", "mid": "mch_id"},
		},
		"of a payment gateway": {
			"out_trade_no,银商订单号,交易日期,交易时间,交易金额（单位：元）,交易状态,订单状态",
			map[string]string{"mer_order_id": "out_trade_no", "bill_no": "银商订单号", "bill_date": "交易日期", "paid_at": "交易时间", "total_amount": "交易金额（单位：元）", "status": "交易状态"},
		},
		"what is paid stands in for the total": {
			"账单号,账单日期,实付金额,状态", map[string]string{"bill_no": "账单号", "bill_date": "账单日期", "total_amount": "实付金额", "status": "状态"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, guessText(t, "a.csv", c.headings+"\n").Columns)
		})
	}
}

// Where headings say nothing the cells do: the vendor's number with a day in
// it, the day, the merchant, the terminal, an amount, a status, a time.
func TestGuessedByContent(t *testing.T) {
	text := "n,x1,x2,x3,x4,x5,x6,x7,手机号\n"
	for _, row := range []string{
		"1,31942611190255200133896901,2026-11-19,898340149000005,00000001,19.08,PAID,2026-11-19 10:00:00,13800000001",
		"2,31942611190255200133896902,2026-11-19,898340149000005,00000001,5.00,UNPAID,,13800000002",
		"3,31942611190255200133896903,2026-11-19,898340149000005,00000001,7.10,CLOSED,,13800000003",
	} {
		text += row + "\n"
	}
	g := guessText(t, "a.csv", text)
	require.Equal(t, map[string]string{"bill_no": "x1", "bill_date": "x2", "mid": "x3", "tid": "x4", "total_amount": "x5", "status": "x6", "paid_at": "x7"}, g.Columns)
	require.Contains(t, strings.Join(g.Doubtful, "\n"), `"x1" was taken for bill_no by its content alone`)
	g = guessText(t, "a.csv", "商户订单号,账单日期,金额,状态\n31942611190255200133896901,2026-11-19,5.00,PAID\n")
	require.Equal(t, "商户订单号", g.Columns["bill_no"])
	g = guessText(t, "a.csv", "商户订单号,账单日期,金额,状态\nSO1,2026-11-19,5.00,PAID\n")
	require.Equal(t, []string{"bill_no"}, g.Missing)
}

func TestPatternFor(t *testing.T) {
	for path, want := range map[string]string{
		"orders-2026-11-19.csv":            "orders-{date}.csv",
		"20261119/orders.csv":              "{yyyymmdd}/orders.csv",
		"orders_20261119103522.csv":        "orders_{yyyymmdd}*.csv",
		"89834014900000520261119.csv":      "898340149000005{yyyymmdd}.csv",
		"orders_20261119_[1].csv":          "orders_{yyyymmdd}_[[]1].csv",
		"orders-2026-11-01_2026-11-30.csv": "orders-2026-11-01_2026-11-30.csv",
		"orders-20261319.csv":              "orders-20261319.csv",
		"898340149000005.csv":              "898340149000005.csv",
		"2026-11-19/orders-20261119.jsonl": "{date}/orders-{yyyymmdd}.jsonl",
	} {
		require.Equal(t, want, ledger.PatternFor(path), path)
	}
}

func TestGuessOfTheDayInTheName(t *testing.T) {
	text := plainHeader + "\n1,2026-11-19,5.00,PAID\n"
	require.Empty(t, guessText(t, "orders-20261119.csv", text).Doubtful)
	require.Contains(t, guessText(t, "orders-20261120.csv", text).Doubtful[0], "the file is named for 2026-11-20 and holds orders of 2026-11-19 alone")
	require.Contains(t, guessText(t, "orders.csv", text).Doubtful[0], "every night reads the same file")
	require.Contains(t, guessText(t, "2026-11-01_2026-11-30.csv", text).Doubtful[0], "several days")
}

// The trailer is found behind any number of rows; page totals before it are
// not taken for it.
func TestGuessedTrailers(t *testing.T) {
	rows := strings.Repeat("1,2026-11-19,5.00,PAID\n", 600)
	for end, want := range map[string]string{
		"": "", "合计,600,3000.00,\n": "合计", "总笔数：600\n总金额：3000.00\n": "总笔数", "Total,600,3000.00,\n": "Total",
		"小计,600,3000.00,\n1,2026-11-19,5.00,PAID\n总计,601,,\n": "总计", "小计,1,,\n合计,600,,\n": "合计", "合计5,2026-11-19,5.00,PAID\n": "",
	} {
		require.Equal(t, want, guessText(t, "a.csv", plainHeader+"\n"+rows+end).Trailer, end)
	}
}

// A header that stands again among the rows is no order to guess from.
func TestGuessOfJoinedFiles(t *testing.T) {
	rows := "SO1,31942611190255200133896901,2026-11-19,5.00,PAID\nSO2,31942611190255200133896902,2026-11-19,6.00,UNPAID\n"
	g := guessText(t, "a-20261119.csv", "sn,no,日期,金额,状态\n"+rows+"sn,no,日期,金额,状态\n"+strings.ReplaceAll(rows, "33896", "44896"))
	require.Equal(t, "no", g.Columns["bill_no"])
	require.Empty(t, g.Missing)
	require.Empty(t, g.Unknown)
	require.Contains(t, g.Doubtful, "the header stands again in line 4, where it is a bad row: files were joined")
}
