package store

import (
	"fmt"
	"regexp"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// firstOnServer is the first schema that a server has had.
const firstOnServer = 3

var (
	tables   = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \(\n.*?^\)[^;]*;`)
	triggers = regexp.MustCompile(`(?s)CREATE TRIGGER \w+ BEFORE \w+ ON (\w+)\s+BEGIN .*? END;`)
	indices  = regexp.MustCompile(`(?m)^CREATE (UNIQUE INDEX|INDEX) `)
)

// migrateServer brings an older schema of a server up to schema.sql, within the
// transaction.
func migrateServer(t *tx, found int) error {
	if found < firstOnServer {
		return fmt.Errorf("its schema is %d, and there is no way from there to %d; try: another schema in search_path of the address", found, version)
	}
	there := map[string]bool{}
	err := t.each("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", nil, func(row scanner) error {
		var name string
		err := row.Scan(&name)
		there[name] = true
		return err
	})
	if err != nil {
		return err
	}
	before, after := steps(found, migration.ofServers)
	tables, references := postgres.Schema(whatIsNew(there))
	for _, step := range []string{before, tables + references + markSchema, after} {
		if _, err := t.ExecContext(t.ctx, step); err != nil {
			return fmt.Errorf("migrate schema %d to %d: %w", found, version, err)
		}
	}
	return nil
}

// whatIsNew is schema.sql without the tables that are there, and their triggers.
func whatIsNew(there map[string]bool) string {
	text := indices.ReplaceAllString(umsrecon.Schema, "CREATE $1 IF NOT EXISTS ")
	for _, made := range []*regexp.Regexp{tables, triggers} {
		text = made.ReplaceAllStringFunc(text, func(statement string) string {
			if there[made.FindStringSubmatch(statement)[1]] {
				return ""
			}
			return statement
		})
	}
	return text
}
