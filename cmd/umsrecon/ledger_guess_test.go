package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

var guessed = [][]string{
	{"订单编号", "账单号", "账单日期", "金额（元）", "订单状态", "支付时间", "退款单号", "退款金额", "备注"},
	{"1", "3194202607191256000001", "2026-11-19", "19.08", "交易成功", "2026-11-19 10:00:00", "", "", "甲"},
	{"2", "3194202607191256000002", "2026-11-19", "5.00", "待支付", "", "", "", ""},
	{"3", "3194202607191256000003", "2026-11-19", "7.10", "已关闭", "", "", "", ""},
	{"1", "3194202607191256000001", "2026-11-19", "", "退款成功", "2026-11-19 12:00:00", "R1", "1.00", ""},
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
			require.NoError(t, f.SetCellValue("Sheet1", "A1", "某某商户订单"))
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
			require.Contains(t, out.String(), "# headings that are not used: 备注")
			writeText(t, config, "merchant: {mid: \"898340149000005\", tid: \"00000001\"}\n"+out.String())

			cfg, err := Load(config, noEnvironment, NeedMerchant, NeedLedger)
			require.NoError(t, err, out.String())
			books, err := cfg.books(wallClock{})
			require.NoError(t, err)
			var orders []reconcile.Order
			load, err := books[0].Read(t.Context(), reconcile.MakeDay(2026, 11, 19), func(o reconcile.Order, _ string) error {
				orders = append(orders, o)
				return nil
			}, func(r reconcile.BadRow) error {
				require.Fail(t, "bad row", "%s\n%s", r.Reason.EN, out.String())
				return nil
			})
			require.NoError(t, err, out.String())
			require.Len(t, orders, 4)
			require.False(t, load.Missed(), load.Controls)
			require.Equal(t, reconcile.Fen(1908), orders[0].Amount)
			require.Equal(t, []reconcile.Status{reconcile.Paid, reconcile.Unpaid, reconcile.Closed, reconcile.Success},
				[]reconcile.Status{orders[0].Status, orders[1].Status, orders[2].Status, orders[3].Status})
			require.Equal(t, "R1", orders[3].RefundID)
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
	require.Contains(t, guess("账单号,账单日期,金额,状态\n1,2026-11-19,5,PAID\n"), "is the unit fen, or whole yuan?")
	require.NotContains(t, guess("账单号,账单日期,金额(分),状态\n1,2026-11-19,5,PAID\n"), "whole yuan?")
	require.Contains(t, guess("账单号,账单日期,金额,状态,退款单号\n1,2026-11-19,5.0,成功,\n1,2026-11-19,,成功,R1\n"), `what does the status "成功" mean?`)
	require.Contains(t, guess("a,b\n1,2\n"), "nothing looks like bill_no, which is needed")
	byContent := guess("a,b,c,d\n3194202607191256000001,2026-11-19,5.00,PAID\n")
	require.Contains(t, byContent, `bill_no: "a"`)
	require.Contains(t, byContent, `"a" was taken for bill_no by its content alone`)
	require.Contains(t, guess(""), "the ledger is empty")
	require.NotContains(t, guess("\"a\nledger: {}\",b\n1,2\n"), "\nledger: {}")
}
