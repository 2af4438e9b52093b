package ledger_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

var requireDatabases = os.Getenv("REQUIRE_DATABASES") != ""

// shop is a real database of one kind.
type shop struct {
	format ledger.Format
	driver string
	dsn    string // SQLite: the path
	types  columnTypes
}

// columnTypes are what a merchant's table may be made of in a database.
type columnTypes struct{ money, day, clock, instant, fraction, sleep string }

func shops(t *testing.T) map[string]func(*testing.T) shop {
	return map[string]func(*testing.T) shop{
		"mariadb": func(t *testing.T) shop {
			return shop{ledger.MySQL, "mysql", ledgertest.MariaDB(t, requireDatabases), columnTypes{"DECIMAL(12,2)", "DATE", "DATETIME", "TIMESTAMP NULL", "DOUBLE", "SELECT sleep(5)"}}
		},
		"postgres": func(t *testing.T) shop {
			return shop{ledger.Postgres, "pgx", ledgertest.Postgres(t, requireDatabases), columnTypes{"NUMERIC(12,2)", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "DOUBLE PRECISION", "SELECT pg_sleep(5)"}}
		},
		"sqlite": func(t *testing.T) shop {
			slow := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
			return shop{ledger.SQLite, "sqlite", filepath.Join(t.TempDir(), "shop 50%.db"), columnTypes{"DECIMAL(12,2)", "DATE", "DATETIME", "TEXT", "", slow}}
		},
	}
}

func (s shop) exec(t *testing.T, statements ...string) {
	t.Helper()
	dsn := s.dsn
	if s.format == ledger.SQLite {
		dsn = "file:" + strings.ReplaceAll(dsn, "%", "%25")
	}
	db, err := sql.Open(s.driver, dsn)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
}

func (s shop) source(query string) ledger.Source {
	source := ledger.Source{
		Format: s.format, Query: query, Unit: ledger.Yuan, Defaults: terminal,
		Now: func() time.Time { return day.End() },
	}
	if s.format == ledger.SQLite {
		source.Pattern = s.dsn
	} else {
		source.DSN = func() string { return s.dsn }
	}
	return source
}

// fill makes the table of the sample.
func (s shop) fill(t *testing.T, rows [][]string) {
	statements := []string{
		fmt.Sprintf("CREATE TABLE orders (order_no VARCHAR(64), bill_no VARCHAR(64), bill_date %s, total_amount %s, status VARCHAR(16), paid_at %s, refund_order_id VARCHAR(64), refund_amount %s)",
			s.types.day, s.types.money, s.types.clock, s.types.money),
	}
	for _, row := range rows[1:] {
		values := make([]string, len(row))
		for i, cell := range row {
			if values[i] = "'" + cell + "'"; cell == "" {
				values[i] = "NULL"
			}
		}
		statements = append(statements, "INSERT INTO orders VALUES ("+strings.Join(values, ", ")+")")
	}
	s.exec(t, statements...)
}
