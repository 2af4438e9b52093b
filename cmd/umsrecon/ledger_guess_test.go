package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

var guessed = [][]string{
	{"订单编号", "账单号", "账单日期", "金额（元）", "订单状态", "支付时间", "退款单号", "退款金额", "实付金额", "优惠金额", "清算日期", "商户订单号", "备注"},
	{"1", "3194202607191256000001", "2026-11-19", "19.08", "交易成功", "2026-11-19 10:00:00", "", "", "18.00", "1.08", "2026-11-20", "M-1", "甲"},
	{"2", "3194202607191256000002", "2026-11-19", "5.00", "待支付", "", "", "", "", "", "", "M-2", ""},
	{"3", "3194202607191256000003", "2026-11-19", "7.10", "已关闭", "", "", "", "", "", "", "M-3", ""},
	{"1", "3194202607191256000001", "2026-11-19", "", "退款成功", "2026-11-19 12:00:00", "R1", "1.00", "", "", "2026-11-20", "M-1", ""},
}

// guessedOrders is what guessed says, whatever it stands in. Where headings say
// nothing, an order number is not known by its content.
func guessedOrders(file string) []reconcile.Order {
	day := reconcile.MakeDay(2026, 11, 19)
	at := func(hour int) time.Time { return time.Date(2026, 11, 19, hour, 0, 0, 0, reconcile.Beijing) }
	order := func(no, bill string, fen reconcile.Fen, status reconcile.Status) reconcile.Order {
		o := reconcile.Order{LedgerDay: day, OrderNo: no, MerOrderID: "M-" + no, Amount: fen, Status: status}
		o.MID, o.TID, o.InstMID, o.BillNo, o.BillDay = "898340149000005", "00000001", "QRPAYDEFAULT", bill, day
		if strings.HasPrefix(file, "content") {
			o.OrderNo = ""
		}
		return o
	}
	paid, refunded := order("1", "3194202607191256000001", 1908, reconcile.Paid), order("1", "3194202607191256000001", 100, reconcile.Success)
	paid.BuyerPay, paid.Coupon = reconcile.Amount{Fen: 1800, Known: true}, reconcile.Amount{Fen: 108, Known: true}
	paid.PaidAt, paid.SettleDay, refunded.PaidAt, refunded.SettleDay, refunded.RefundID = at(10), day+1, at(12), day+1, "R1"
	return []reconcile.Order{paid, order("2", "3194202607191256000002", 500, reconcile.Unpaid), order("3", "3194202607191256000003", 710, reconcile.Closed), refunded}
}

func joinedBy(rows [][]string, sep string) string {
	text := ""
	for _, r := range rows {
		text += strings.Join(r, sep) + "\n"
	}
	return text
}

// TestGuessIsLoaded pastes what guess says of a file into a configuration,
// and reads the file with it.
func TestGuessIsLoaded(t *testing.T) {
	for name, put := range map[string]func(t *testing.T, path string){
		"orders-2026-11-19.csv": func(t *testing.T, path string) { writeText(t, path, joinedBy(guessed, ",")) },
		"20261119.txt":          func(t *testing.T, path string) { writeText(t, path, "\ufeff"+joinedBy(guessed, "\t")) },
		"bar [1].txt":           func(t *testing.T, path string) { writeText(t, path, joinedBy(guessed, "|")) },
		"total.csv":             func(t *testing.T, path string) { writeText(t, path, joinedBy(guessed, ",")+"合计,4,,31.18\n") },
		"export_20261119103522.csv": func(t *testing.T, path string) {
			text := "2026年11月19日 订单明细,,,,,,,,\n商户：某某,,,,,,,,\n" + joinedBy(guessed, ",") + "合计,4,,31.18,,,,,\n制表：张三,,,,,,,,\n"
			text, err := simplifiedchinese.GB18030.NewEncoder().String(text)
			require.NoError(t, err)
			writeText(t, path, text)
		},
		"content-2026-11-19.csv": func(t *testing.T, path string) {
			rows := [][]string{{"a", "b", "c", "d", "订单状态", "支付时间", "退款单号", "退款金额", "实付金额", "优惠金额", "清算日期", "商户订单号", "备注"}}
			for i, r := range guessed[1:] {
				r = slices.Clone(r)
				r[0] = fmt.Sprint(i + 1)
				rows = append(rows, r)
			}
			writeText(t, path, strings.Replace(joinedBy(rows, ","), "a,b,c,d", "序号,b,c,d", 1))
		},
		"chinese.csv": func(t *testing.T, path string) {
			text, err := simplifiedchinese.GB18030.NewEncoder().String(joinedBy(guessed, ","))
			require.NoError(t, err)
			writeText(t, path, text)
		},
		"orders.csv.gz": func(t *testing.T, path string) {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, err := z.Write([]byte(joinedBy(guessed, ",")))
			require.NoError(t, err)
			require.NoError(t, z.Close())
			writeText(t, path, out.String())
		},
		"orders.jsonl": func(t *testing.T, path string) {
			text := ""
			for _, r := range guessed[1:] {
				var fields []string
				for i, cell := range r {
					fields = append(fields, quotedYAML(guessed[0][i])+":"+quotedYAML(cell))
				}
				text += "{" + strings.Join(fields, ",") + "}\n"
			}
			writeText(t, path, text)
		},
		"orders.xlsx": func(t *testing.T, path string) {
			f := excelize.NewFile()
			defer f.Close()
			require.NoError(t, f.SetCellValue("Sheet1", "A1", "某某商户订单 2026年11月19日"))
			require.NoError(t, f.MergeCell("Sheet1", "A1", "I1"))
			for i, row := range guessed {
				cell, err := excelize.CoordinatesToCellName(1, i+2)
				require.NoError(t, err)
				require.NoError(t, f.SetSheetRow("Sheet1", cell, &row))
			}
			require.NoError(t, f.SaveAs(path))
		},
		"shop.db": func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", "file:"+path)
			require.NoError(t, err)
			defer db.Close()
			statements := []string{"CREATE TABLE \"客户\" (id TEXT, name TEXT)", "CREATE TABLE \"订单\" (\"" + strings.Join(guessed[0], "\" TEXT, \"") + "\" TEXT)"}
			for _, r := range guessed[1:] {
				statements = append(statements, "INSERT INTO \"订单\" VALUES ('"+strings.Join(r, "', '")+"')")
			}
			for _, s := range statements {
				_, err := db.Exec(s)
				require.NoError(t, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config := filepath.Join(dir, "config.yaml")
			put(t, filepath.Join(dir, name))
			var out, errs bytes.Buffer
			a := &app{stdout: &out, stderr: &errs, lookupEnv: noEnvironment, clock: wallClock{}}
			require.Zero(t, a.run(context.Background(), []string{"-c", config, "ledger", "guess", filepath.Join(dir, name)}), errs.String())
			require.NotContains(t, out.String(), "nothing looks like")
			require.Regexp(t, "# headings that are not used: .*备注", out.String())
			writeText(t, config, "merchant: {mid: \"898340149000005\", tid: \"00000001\"}\n"+out.String())

			cfg, err := Load(config, noEnvironment, NeedMerchant, NeedLedger)
			require.NoError(t, err, out.String())
			books, err := cfg.books(wallClock{})
			require.NoError(t, err)
			var orders []reconcile.Order
			load, err := books[0].Read(t.Context(), reconcile.MakeDay(2026, 11, 19), func(o reconcile.Order, _ string) error {
				o.Source = reconcile.Source{}
				orders = append(orders, o)
				return nil
			}, func(r reconcile.BadRow) error {
				require.Fail(t, "bad row", "%s\n%s", r.Reason.EN, out.String())
				return nil
			})
			require.NoError(t, err, out.String())
			require.False(t, load.Missed(), load.Controls)
			require.Equal(t, guessedOrders(name), orders)
		})
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// What guess cannot know it does not say.
func TestGuessAsks(t *testing.T) {
	guess := func(text string) string {
		path := filepath.Join(t.TempDir(), "a.csv")
		writeText(t, path, text)
		var out bytes.Buffer
		a := &app{stdout: &out, stderr: &out, lookupEnv: noEnvironment, clock: wallClock{}}
		a.run(context.Background(), []string{"ledger", "guess", path})
		return out.String()
	}
	require.Contains(t, guess("账单号,账单日期,金额,状态\n1,2026-11-19,5,已发货\n"), `what does the status "已发货" mean?`)
	require.Contains(t, guess("账单号,账单日期,金额,状态\n1,2026-11-19,5,PAID\n"), "all 1 amounts are whole numbers: fen, or whole yuan?")
	require.NotContains(t, guess("账单号,账单日期,金额(分),状态\n1,2026-11-19,5,PAID\n"), "whole yuan?")
	require.Contains(t, guess("账单号,账单日期,金额,状态,退款单号\n1,2026-11-19,5.0,成功,\n1,2026-11-19,,成功,R1\n"), `what does the status "成功" mean?`)
	require.Contains(t, guess("a,b\n1,2\n"), "nothing looks like bill_no, which is needed")
	byContent := guess("a,b,c,d\n3194202607191256000001,2026-11-19,5.00,PAID\n")
	require.Contains(t, byContent, `bill_no: "a"`)
	require.Contains(t, byContent, `"a" was taken for bill_no by its content alone`)
	require.Contains(t, guess(""), "it has not even a header; try: ")
	twice := guess("账单号,账单日期,金额,状态,金额\n1,2026-11-19,5.00,PAID,0.10\n")
	require.Contains(t, twice, `total_amount: "金额#1"`)
	require.Contains(t, twice, `the heading "金额" stands 2 times; the one in column 3 was taken for total_amount`)
	unseen := guess("账单号,账单日期,金额,状态\n1,2026-11-19,,PAID\n")
	require.Contains(t, unseen, "no amount was seen")
	require.NotContains(t, unseen, "amount_unit:")
	require.Contains(t, guess("账单号,账单日期,金额,状态\n1,2026-11-19,5.00,PAID\n"), "amount_unit: yuan  # all 1 amounts have decimals")
	require.Contains(t, guess("账单号,账单日期,金额,状态\n1,2026/11/19,5.00,PAID\n"), `1 of the 1 rows looked at would be invalid: column "账单日期"`)
	require.Contains(t, guess("账单号,交易时间,金额,状态\n1,2026-11-19 10:00:00,5.00,PAID\n"), "nothing looks like bill_date, which is needed")
	var out bytes.Buffer
	a := &app{stdout: &out, stderr: &out, lookupEnv: noEnvironment, clock: wallClock{}}
	require.Equal(t, exitFailed, a.run(context.Background(), []string{"ledger", "guess", "nowhere.csv"}))
	require.Contains(t, out.String(), "; try: the path of an export that is there")
	require.NotContains(t, guess("\"a\nledger: {}\",b\n1,2\n"), "\nledger: {}")
}
