package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// removeTime bounds the removal of a trial.
const removeTime = time.Minute

// Trial copies the database of a server, as it is at one moment, into a schema
// beside it, which remove takes away again; when the process was killed the next
// Trial or Hold does. It is opened by the address returned.
func Trial(ctx context.Context, address string) (trial string, remove func(), err error) {
	db, err := dial(address)
	if err != nil {
		return "", nil, err
	}
	name := "umsrecon_trial_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	conn, err := db.conn(ctx, db.readers)
	if err == nil {
		sweepTrials(ctx, conn)
		_, err = conn.ExecContext(ctx, holdTrial, name)
	}
	if err == nil {
		trial, err = within(address, name)
	}
	if err == nil {
		err = db.copyInto(ctx, conn, name)
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return "", nil, fmt.Errorf("database %s: %w", db.path, errors.Join(err, db.Close()))
	}
	return trial, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "DROP SCHEMA "+name+" CASCADE")
		_ = conn.Close()
		_ = db.Close()
	}, nil
}

// Who makes a trial shares the lock of its name for as long as it lives, from
// before anybody can see the schema: of one whose lock can be had alone nobody is
// left. The comment tells it from another's schema of such a name.
const (
	trialMark  = "umsrecon trial"
	holdTrial  = "SELECT pg_advisory_lock_shared(1431130964, hashtext(?))"
	tryTrial   = "SELECT pg_try_advisory_lock(1431130964, hashtext(?))"
	leaveTrial = "SELECT pg_advisory_unlock(1431130964, hashtext(?))"
	allTrials  = `SELECT nspname FROM pg_namespace
WHERE nspname ~ '^umsrecon_trial_[0-9a-f]{32}$' AND obj_description(oid, 'pg_namespace') = '` + trialMark + `'`
)

// sweepTrials takes away what killed processes have left, as far as it may.
func sweepTrials(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	for _, name := range trialsOn(ctx, conn) {
		var left bool
		if conn.QueryRowContext(ctx, tryTrial, name).Scan(&left) != nil || !left {
			continue
		}
		_, _ = conn.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE")
		_, _ = conn.ExecContext(ctx, leaveTrial, name)
	}
}

func trialsOn(ctx context.Context, conn *sql.Conn) (names []string) {
	rows, err := conn.QueryContext(ctx, allTrials)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if rows.Scan(&name) != nil {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// within is an address whose tables are in a schema.
func within(address, schema string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", postgres.ErrAddress
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// copyInto makes a schema with all that the database holds. References come
// last: some tables name each other.
func (db *DB) copyInto(ctx context.Context, conn *sql.Conn, schema string) error {
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	found, err := schemaOf(db.newTx(ctx, t))
	if err != nil {
		return err
	}
	if found > version {
		return fmt.Errorf("%w: its schema is %d, this program knows %d", ErrNewer, found, version)
	}
	if err := fillSchema(ctx, t, schema, found); err != nil {
		return err
	}
	return t.Commit()
}

// fillSchema makes what is found, which an earlier version may have made, what it
// would be today.
func fillSchema(ctx context.Context, t *sql.Tx, schema string, found int) error {
	var of, quoted string
	if err := t.QueryRowContext(ctx, "SELECT current_schema(), quote_ident(current_schema())").Scan(&of, &quoted); err != nil {
		return err
	}
	tables, references := postgres.Schema(umsrecon.Schema)
	if _, err := t.ExecContext(ctx, "CREATE SCHEMA "+schema+"; COMMENT ON SCHEMA "+schema+" IS '"+trialMark+"'; SET LOCAL search_path = "+schema); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, tables); err != nil {
		return err
	}
	if found > 0 {
		columns, err := commonColumns(ctx, t, of, schema)
		if err != nil {
			return err
		}
		_, after := steps(found, migration.ofServers)
		if _, err := t.ExecContext(ctx, copyTables(quoted, columns)+after); err != nil {
			return err
		}
	}
	_, err := t.ExecContext(ctx, references+markSchema)
	return err
}

var (
	tableName = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	numbered  = regexp.MustCompile(`(?m)^CREATE TABLE (\w+) \(\n +(\w+) +INTEGER PRIMARY KEY`)
)

// commonColumns are the columns of each table that stands in both schemas. Where
// they stand in it tells nothing: those that were added later stand at its end.
func commonColumns(ctx context.Context, t *sql.Tx, one, other string) (map[string]string, error) {
	rows, err := t.QueryContext(ctx, `
SELECT a.table_name, string_agg(a.column_name, ', ')
FROM information_schema.columns AS a JOIN information_schema.columns AS b ON b.table_name = a.table_name AND b.column_name = a.column_name
WHERE a.table_schema = ? AND b.table_schema = ? GROUP BY a.table_name`, one, other)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns := map[string]string{}
	for rows.Next() {
		var table, list string
		if err := rows.Scan(&table, &list); err != nil {
			return nil, err
		}
		columns[table] = list
	}
	return columns, rows.Err()
}

// copyTables fills the tables from those of another schema, and lets numbers go
// on behind what is there.
func copyTables(of string, columns map[string]string) string {
	var text strings.Builder
	for _, m := range tableName.FindAllStringSubmatch(umsrecon.Schema, -1) {
		if list := columns[m[1]]; list != "" {
			fmt.Fprintf(&text, "INSERT INTO %s (%s) SELECT %[2]s FROM %[3]s.%[1]s;\n", m[1], list, of)
		}
	}
	for _, m := range numbered.FindAllStringSubmatch(umsrecon.Schema, -1) {
		fmt.Fprintf(&text, "SELECT setval(pg_get_serial_sequence('%s', '%s'), max(%[2]s)) FROM %[1]s HAVING count(*) > 0;\n", m[1], m[2])
	}
	return text.String()
}
