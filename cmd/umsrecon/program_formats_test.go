package main

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

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

// ledger-in FORMAT DAY: what the CSV ledger of a day says, in another format:
// a file beside it, or the table orders in $LEDGER_DSN or in shop.db.
func ledgerIn(ts *testscript.TestScript, _ bool, args []string) {
	path := "ledger/orders-" + args[1]
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(path + ".csv"))).ReadAll()
	ts.Check(err)
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
		insertAll(ts, "sqlite", ts.MkAbs("shop.db"), rows)
	case "mysql":
		insertAll(ts, "mysql", ts.Getenv("LEDGER_DSN"), rows)
	case "postgres":
		insertAll(ts, "pgx", ts.Getenv("LEDGER_DSN"), rows)
	}
}

func insertAll(ts *testscript.TestScript, driver, dsn string, rows [][]string) {
	db, err := sql.Open(driver, dsn)
	ts.Check(err)
	defer db.Close()
	statements := []string{"DROP TABLE IF EXISTS orders", "CREATE TABLE orders (" + strings.Join(rows[0], " VARCHAR(64), ") + " VARCHAR(64))"}
	for _, row := range rows[1:] {
		statements = append(statements, "INSERT INTO orders VALUES ('"+strings.Join(row, "', '")+"')")
	}
	for _, s := range statements {
		_, err := db.Exec(s)
		ts.Check(err)
	}
}
