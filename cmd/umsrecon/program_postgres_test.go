package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// onServer are stories of testdata/script that are told again with the database
// on a server.
var onServer = []string{"five_nights", "busy", "killed", "killed_late", "interrupted", "decide", "day_close", "notices", "statement", "preauth_killed", "taken_up", "serve_killed", "merchants_day", "no_query", "options", "bad_gateway", "stubborn_gateway", "token", "requery", "months"}

// TestProgramOnPostgres runs them, and those of testdata/postgres in which the
// server stays up, each with a schema of its own. A configuration that names no
// database has it there.
func TestProgramOnPostgres(t *testing.T) {
	address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
	files := []string{"testdata/postgres/same.txtar", "testdata/postgres/work.txtar"}
	for _, name := range onServer {
		files = append(files, "testdata/script/"+name+".txtar")
	}
	t.Run("scripts", func(t *testing.T) { testscript.Run(t, scriptsOnServer(address, files...)) }) // all of them, before the server ends
}

// TestServerFalls: what the server had committed when it fell is there when it is
// up again, and is not asked for twice.
func TestServerFalls(t *testing.T) {
	address, restart := ledgertest.PostgresThatRestarts(t, os.Getenv("REQUIRE_DATABASES") != "")
	p := scriptsOnServer(address, "testdata/postgres/falls.txtar")
	// server-falls N COMMAND…: starts the command; the server falls when the
	// gateway has seen N requests, and gets up again. The command ends by itself.
	p.Cmds["server-falls"] = func(ts *testscript.TestScript, _ bool, args []string) {
		running := afterRequests(ts, args[0], args[1:])
		restart()
		running.end(ts, "")
	}
	t.Run("scripts", func(t *testing.T) { testscript.Run(t, p) })
}

func scriptsOnServer(address string, files ...string) testscript.Params {
	p := scripts("", map[string]string{"PASSWORD": ledgertest.Password})
	p.Files = files
	prepare := p.Setup
	p.Setup = func(env *testscript.Env) error {
		if err := prepare(env); err != nil {
			return err
		}
		schema := filepath.Base(env.WorkDir) // script-NAME
		env.Setenv("DATABASE", address+"&search_path="+schema)
		return makeSchema(address, schema)
	}
	return p
}

func makeSchema(address, schema string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(`CREATE SCHEMA "` + schema + `"`)
	return err
}

// nameDatabase is called when the gateway starts.
func nameDatabase(dir string) error {
	configs, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, path := range configs {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte("\ndatabase:")) {
			continue
		}
		if err := os.WriteFile(path, append(text, "\ndatabase: env:DATABASE\n"...), 0o600); err != nil {
			return err
		}
	}
	return err
}
