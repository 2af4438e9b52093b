package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// onServer are stories of testdata/script that are told again with the database
// on a server.
var onServer = []string{"five_nights", "busy", "killed", "killed_late", "interrupted", "decide", "day_close", "notices", "statement", "preauth_killed", "taken_up", "serve_killed"}

// TestProgramOnPostgres runs them, and the scripts of testdata/postgres, each
// with a schema of its own. A configuration that names no database has it
// there.
func TestProgramOnPostgres(t *testing.T) {
	address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
	files, err := filepath.Glob("testdata/postgres/*.txtar")
	require.NoError(t, err)
	for _, name := range onServer {
		files = append(files, "testdata/script/"+name+".txtar")
	}
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
	t.Run("scripts", func(t *testing.T) { testscript.Run(t, p) }) // all of them, before the server ends
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
