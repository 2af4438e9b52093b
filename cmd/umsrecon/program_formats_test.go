package main

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// TestFormats runs the scripts of testdata/formats once for each format of the
// ledger but CSV, with which each is compared.
func TestFormats(t *testing.T) {
	required := os.Getenv("REQUIRE_DATABASES") != ""
	for format, start := range map[string]func(*testing.T) string{
		"xlsx":     func(*testing.T) string { return "" },
		"jsonl":    func(*testing.T) string { return "" },
		"sqlite":   func(*testing.T) string { return "" },
		"mysql":    func(t *testing.T) string { return ledgertest.MariaDB(t, required) },
		"postgres": func(t *testing.T) string { return ledgertest.Postgres(t, required) },
	} {
		t.Run(format, func(t *testing.T) {
			dsn := start(t)
			testscript.Run(t, scripts("testdata/formats", map[string]string{"FORMAT": format, "LEDGER_DSN": dsn, "PASSWORD": ledgertest.Password}))
		})
	}
}

// TestMerchantsOfThreeFormats: one merchant keeps files, one MariaDB, one
// PostgreSQL.
func TestMerchantsOfThreeFormats(t *testing.T) {
	required := os.Getenv("REQUIRE_DATABASES") != ""
	testscript.Run(t, scripts("testdata/merchants", map[string]string{
		"MYSQL_DSN": ledgertest.MariaDB(t, required), "POSTGRES_DSN": ledgertest.Postgres(t, required), "PASSWORD": ledgertest.Password,
	}))
}

// ledger-in FORMAT DAY [NAME]: what the CSV ledger/NAME-DAY.csv says, in
// another format: a file beside it, or the table NAME in $LEDGER_DSN or in
// shop.db. NAME is orders where it is left out.
func ledgerIn(ts *testscript.TestScript, _ bool, args []string) {
	name := append(args, "orders")[2]
	path := "ledger/" + name + "-" + args[1]
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(path + ".csv"))).ReadAll()
	ts.Check(err)
	if last := len(rows) - 1; rows[last][0] == "合计" && args[0] != "xlsx" { // where there is no trailer
		rows = rows[:last]
	}
	switch args[0] {
	case "xlsx":
		f := excelize.NewFile()
		defer f.Close()
		for i, row := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			ts.Check(err)
			ts.Check(f.SetSheetRow("Sheet1", cell, &row))
		}
		ts.Check(f.SaveAs(ts.MkAbs(path + ".xlsx")))
	case "jsonl":
		var text strings.Builder
		for _, row := range rows[1:] {
			object := map[string]string{}
			for i, cell := range row {
				object[rows[0][i]] = cell
			}
			ts.Check(json.NewEncoder(&text).Encode(object))
		}
		ts.Check(os.WriteFile(ts.MkAbs(path+".jsonl"), []byte(text.String()), 0o600))
	case "sqlite":
		insertAll(ts, "sqlite", ts.MkAbs("shop.db"), name, rows)
	case "mysql":
		insertAll(ts, "mysql", ts.Getenv("LEDGER_DSN"), name, rows)
	case "postgres":
		insertAll(ts, "pgx", ts.Getenv("LEDGER_DSN"), name, rows)
	}
}

func insertAll(ts *testscript.TestScript, driver, dsn, table string, rows [][]string) {
	db, err := sql.Open(driver, dsn)
	ts.Check(err)
	defer db.Close()
	statements := []string{"DROP TABLE IF EXISTS " + table, "CREATE TABLE " + table + " (" + strings.Join(rows[0], " VARCHAR(64), ") + " VARCHAR(64))"}
	for _, row := range rows[1:] {
		statements = append(statements, "INSERT INTO "+table+" VALUES ('"+strings.Join(row, "', '")+"')")
	}
	for _, s := range statements {
		_, err := db.Exec(s)
		ts.Check(err)
	}
}

// move N DAY: every seventh order of `sell N DAY` is refunded in part, every
// eleventh is completed, in the ledgers ledger/refunds-DAY.csv and
// ledger/completions-DAY.csv and at UMS; the ledger of the orders gets a trailer.
func move(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	day := args[1]
	refunds := "bill_no,bill_date,total_amount,status,paid_at,refund_order_id,refund_amount\n"
	completions := "bill_no,bill_date,total_amount,status,paid_at,authed_order_id,authed_amount\n"
	for i := range n {
		b := paidBill(fmt.Sprintf("B%04d", i), day)
		moved := *b.BillPayment
		moved.TotalAmount, moved.BuyerPayAmount = chinaumstest.Amount(strconv.Itoa(100+i)), ""
		row := fmt.Sprintf("%s,%s,,SUCCESS,%s 11:00:00,%%s,%d\n", b.BillNo, day, day, 100+i)
		switch {
		case i%7 == 0:
			moved.PaySeqID = "SR" + b.BillNo
			b.Refunds = map[string]chinaumstest.Flow{"R" + b.BillNo: moved}
			refunds += fmt.Sprintf(row, "R"+b.BillNo)
		case i%11 == 0:
			moved.PaySeqID = "SC" + b.BillNo
			b.Completions = map[string]chinaumstest.Flow{"C" + b.BillNo: moved}
			completions += fmt.Sprintf(row, "C"+b.BillNo)
		}
		playOf(ts).gateway.Put(b)
	}
	orders := "ledger/orders-" + day + ".csv"
	trailer := fmt.Sprintf("合计,%d笔,%d,,\n", n, n*1908)
	ts.Check(os.WriteFile(ts.MkAbs(orders), []byte(ts.ReadFile(orders)+trailer), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("ledger/refunds-"+day+".csv"), []byte(refunds), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("ledger/completions-"+day+".csv"), []byte(completions), 0o600))
}
