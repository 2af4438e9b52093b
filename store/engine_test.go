package store

import (
	"context"
	"database/sql"
	flags "flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// server is the address of the PostgreSQL that tests run on; empty: they run
// on SQLite.
var server string

// TestMain runs the tests on SQLite and then, where its programs are installed,
// on a server of PostgreSQL, each in a schema of its own: the suite is one. It
// lets the test binary play the process that is killed. No goroutine outlives
// the tests.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimOf); path != "" {
		if err := victims[os.Getenv(victimDoes)](path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if address := os.Getenv(trialOf); address != "" {
		trial, _, err := Trial(context.Background(), address)
		fmt.Println(trial, err)
		select {}
	}
	goleak.VerifyTestMain(onBoth{m})
}

type onBoth struct{ tests *testing.M }

func (b onBoth) Run() int {
	flags.Parse()
	code := b.tests.Run()
	if fuzzing := flags.Lookup("test.fuzz").Value.String() != "" || flags.Lookup("test.fuzzworker").Value.String() == "true"; fuzzing || code != 0 {
		return code
	}
	address, stop := ledgertest.PostgresForAll(os.Getenv("REQUIRE_DATABASES") != "")
	defer stop()
	if server = address; server == "" {
		return code
	}
	var err error
	if admin, err = sql.Open("pgx", server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer admin.Close()
	fmt.Println("on PostgreSQL:")
	return b.tests.Run()
}

var (
	schemaNumber atomic.Int64
	emptied      = make(chan string, 8) // places of tests that have ended
	admin        *sql.DB                // on the server, for what tests cannot do
)

// testPlace is where a test has its database: newPlace or, on the server, one that
// was emptied, which takes a tenth of the time.
func testPlace(t testing.TB) (at string) {
	t.Helper()
	if server == "" {
		return newPlace(t)
	}
	select {
	case at = <-emptied:
	default:
		schema := fmt.Sprintf("test_%d", schemaNumber.Add(1))
		onServer(t, "CREATE SCHEMA "+schema)
		at = server + "&search_path=" + schema
	}
	t.Cleanup(func() {
		if t.Failed() {
			return // whoever looks for the fault finds it as it was
		}
		empty(t, at[strings.LastIndex(at, "=")+1:])
		select {
		case emptied <- at:
		default:
		}
	})
	return at
}

// empty takes out what tables hold, whatever refers to it or forbids it.
func empty(t testing.TB, schema string) {
	t.Helper()
	text := "SET session_replication_role = replica;"
	for _, m := range tableName.FindAllStringSubmatch(umsrecon.Schema, -1) {
		text += "DELETE FROM " + schema + "." + m[1] + ";"
	}
	for _, m := range numbered.FindAllStringSubmatch(umsrecon.Schema, -1) {
		text += "ALTER TABLE " + schema + "." + m[1] + " ALTER " + m[2] + " RESTART;"
	}
	onServer(t, text+"RESET session_replication_role")
}

// newPlace is where a test has its database, new and empty.
func newPlace(t testing.TB) string {
	t.Helper()
	if server == "" {
		return filepath.Join(t.TempDir(), "umsrecon.db")
	}
	schema := fmt.Sprintf("test_%d", schemaNumber.Add(1))
	onServer(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { onServer(t, "DROP SCHEMA "+schema+" CASCADE") })
	return server + "&search_path=" + schema
}

// openTwice opens one database as two processes would.
func openTwice(t testing.TB) (one, other *DB) {
	t.Helper()
	at := newPlace(t)
	var both [2]*DB
	for i := range both {
		db, err := Open(t.Context(), at)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		both[i] = db
	}
	return both[0], both[1]
}

func onServer(t testing.TB, statement string) {
	t.Helper()
	_, err := admin.ExecContext(context.Background(), "SET client_min_messages = error; "+statement)
	require.NoError(t, err)
}

// aboutFiles leaves a test out on PostgreSQL that is about SQLite or its files.
func aboutFiles(t testing.TB) {
	t.Helper()
	if server != "" {
		t.Skip("about the files of SQLite")
	}
}
