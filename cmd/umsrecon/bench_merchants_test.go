package main

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// BenchmarkMerchants is `run --no-query` over ORDERS orders (100,000 by default)
// of MERCHANTS merchants (1,000), whose answers are stored, with the database in a
// file and on a server.
func BenchmarkMerchants(b *testing.B) {
	orders, merchants := amountOf(b, "ORDERS", "100000"), amountOf(b, "MERCHANTS", "1000")
	books := filepath.Join(b.TempDir(), "books")
	out, err := exec.Command("go", "build", "-o", books, "../../.ci/books").CombinedOutput()
	require.NoError(b, err, "%s", out)
	b.Run("file", func(b *testing.B) { judgeAgain(b, books, orders, merchants, "") })
	b.Run("server", func(b *testing.B) {
		address := ledgertest.Postgres(b, true)
		judgeAgain(b, books, orders, merchants, address)
	})
}

func amountOf(b *testing.B, name, otherwise string) string {
	text := os.Getenv(name)
	if text == "" {
		text = otherwise
	}
	_, err := strconv.Atoi(text)
	require.NoError(b, err, name)
	return text
}

func judgeAgain(b *testing.B, books, orders, merchants, address string) {
	dir, database := b.TempDir(), ""
	if address != "" {
		schema := "judged" + strconv.FormatInt(time.Now().UnixNano(), 36)
		require.NoError(b, makeSchema(address, schema))
		database = address + "&search_path=" + schema
	}
	began := time.Now()
	out, err := exec.Command(books, "-n", orders, "-merchants", merchants, "-dir", dir, "-database", database).CombinedOutput()
	require.NoError(b, err, "%s", out)
	b.Logf("filled in %s: %s", time.Since(began).Round(time.Millisecond), out)
	for b.Loop() {
		c := exec.Command("umsrecon", "run", "--date", "2026-11-18", "--no-query")
		c.Dir, c.Env = dir, append(os.Environ(), "DATABASE="+database, "UMS_APP_ID="+playAppID, "UMS_APP_KEY="+playAppKey)
		said, _ := c.CombinedOutput()
		require.Equal(b, exitDiscrepant, c.ProcessState.ExitCode(), "%s", said)
		b.ReportMetric(c.ProcessState.UserTime().Seconds()+c.ProcessState.SystemTime().Seconds(), "cpu-s")
		b.ReportMetric(float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MB")
	}
	if address != "" {
		n, _ := strconv.Atoi(orders)
		b.ReportMetric(bytesOnServer(b, database)/float64(n), "B/order")
	}
}

// bytesOnServer is what the tables and indices of the first schema take.
func bytesOnServer(b *testing.B, database string) (bytes float64) {
	db, err := sql.Open("pgx", database)
	require.NoError(b, err)
	defer db.Close()
	require.NoError(b, db.QueryRow("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace").Scan(&bytes))
	return bytes
}
