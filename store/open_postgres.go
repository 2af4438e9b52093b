package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// OnServer says whether a database is an address of a PostgreSQL server, and not
// a file.
func OnServer(path string) bool {
	return strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://")
}

// Shown is a database as people may read it: of an address host, port and name.
func Shown(path string) string {
	if !OnServer(path) {
		return path
	}
	c, err := postgres.NewConnector(path, "")
	if err != nil {
		return "postgres://…"
	}
	return c.Place()
}

// CheckAddress says what is wrong with an address, without repeating it.
func CheckAddress(address string) error {
	_, err := postgres.NewConnector(address, "")
	return err
}

// Exists says whether a database is there: a file of that name, or our tables on
// a server, which must answer.
func Exists(ctx context.Context, path string) (bool, error) {
	if !OnServer(path) {
		_, err := os.Stat(path)
		return !os.IsNotExist(err), nil
	}
	db, err := dial(path)
	if err != nil {
		return false, err
	}
	var found int
	err = db.read(ctx, func(t *tx) (err error) {
		found, err = schemaOf(t)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return false, fmt.Errorf("database %s: %w", db.path, err)
	}
	return found > 0, nil
}

// writersKey is of a lock of PostgreSQL that every transaction that writes holds:
// as with SQLite there is one at a time, and ids are given in the order of commits;
// but answers are saved by several at a time. It belongs to the schema that the tables are in.
const (
	writersKey   = "(1431130962, hashtext(current_schema()))" // 'UMSR'
	beginWriting = "BEGIN; SELECT pg_advisory_xact_lock" + writersKey
	beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ"
)

// idleTime is how long a connection waits for its next use.
const idleTime = 5 * time.Minute

func openPostgres(ctx context.Context, address string) (*DB, error) {
	db, err := dial(address)
	if err != nil {
		return nil, err
	}
	if err := db.establish(ctx); err != nil {
		return nil, fmt.Errorf("database %s: %w", db.path, errors.Join(err, db.Close()))
	}
	db.opened = true
	return db, nil
}

// dial makes what connects when it is needed.
func dial(address string) (*DB, error) {
	writer, err := postgres.NewConnector(address, beginWriting)
	if err != nil {
		return nil, err // it has no address in it
	}
	reader, err := postgres.NewConnector(address, beginReading)
	if err != nil {
		return nil, err
	}
	db := &DB{path: writer.Place(), postgres: true, writer: sql.OpenDB(writer), readers: sql.OpenDB(reader), lanes: serverLanes}
	for pool, most := range map[*sql.DB]int{db.writer: 4, db.readers: mostConns} { // one writes, a ledger is staged on another
		pool.SetMaxOpenConns(most)
		pool.SetMaxIdleConns(most) // with the statements prepared on them
		pool.SetConnMaxIdleTime(idleTime)
	}
	return db, nil
}

// mostConns is how many connections a pool has at most.
const mostConns = 8

// conn is a connection of a pool that lives: one that a server has cut off while
// it was idle is only found out when it is used.
func (db *DB) conn(ctx context.Context, pool *sql.DB) (conn *sql.Conn, err error) {
	for range mostConns + 1 { // all that may be idle, and a new one
		if conn, err = pool.Conn(ctx); err != nil || !db.postgres {
			return conn, db.told(err)
		}
		if err = conn.PingContext(ctx); err == nil {
			return conn, nil
		}
		if err = errors.Join(err, conn.Close()); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return nil, db.told(err)
}

// establish makes the tables where there are none, and looks whose they are.
func (db *DB) establish(ctx context.Context) error {
	var found int
	err := db.read(ctx, func(t *tx) (err error) {
		found, err = schemaOf(t)
		return err
	})
	if err != nil || found == version {
		return err
	}
	if found > version {
		return fmt.Errorf("%w: its schema is %d, this program knows %d", ErrNewer, found, version)
	}
	return db.write(ctx, func(t *tx) error {
		// Another process may have been here meanwhile.
		if found, err = schemaOf(t); err != nil || found == version {
			return err
		}
		if found > 0 {
			return migrateServer(t, found)
		}
		tables, references := postgres.Schema(umsrecon.Schema)
		_, err := t.ExecContext(ctx, tables+references+markSchema)
		if isPostgres(err, duplicateTable) {
			err = fmt.Errorf("%w: %w; try: a schema of its own, in search_path of the address", ErrForeign, err)
		}
		return err
	})
}

var markSchema = fmt.Sprintf("COMMENT ON TABLE runs IS '%s%d';", schemaMark, version)

// schemaMark is the beginning of the comment on the table runs, by which a
// database is known for ours; the number of the schema is behind it.
const schemaMark = "umsrecon schema "

// schemaOf is the number of the schema; 0: there is none yet.
func schemaOf(t *tx) (found int, err error) {
	var encoding string
	var schema, table, comment sql.NullString
	err = t.row(`SELECT current_setting('server_encoding'), current_schema(), c.oid, obj_description(c.oid, 'pg_class')
		FROM (SELECT 1) AS one LEFT JOIN pg_class AS c ON c.relname = 'runs' AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))`).
		Scan(&encoding, &schema, &table, &comment)
	switch {
	case err != nil:
		return 0, err
	case encoding != "UTF8":
		return 0, fmt.Errorf("its encoding is %s; try: a database with ENCODING 'UTF8'", encoding)
	case !schema.Valid:
		return 0, errors.New("there is no schema to put tables in; try: CREATE SCHEMA, and search_path in the address")
	case !table.Valid:
		return 0, nil
	}
	if _, err := fmt.Sscanf(comment.String, schemaMark+"%d", &found); err != nil || found < 1 {
		return 0, fmt.Errorf("%w: its table runs is another program's; try: a schema of its own, in search_path of the address", ErrForeign)
	}
	return found, nil
}

// analyse lets PostgreSQL count tables that have just grown: it would by itself,
// some time later, and plan by guesses until then.
func (db *DB) analyse(ctx context.Context, tables ...string) error {
	if !db.postgres {
		return nil
	}
	_, err := db.writer.ExecContext(ctx, "ANALYZE "+strings.Join(tables, ", "))
	return err
}

// checkPostgres looks whether every index and every reference holds. The pages
// are the server's to look after.
func (db *DB) checkPostgres(ctx context.Context) error {
	return db.read(ctx, func(t *tx) error {
		return t.each(`SELECT 'index ' || c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
				WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND NOT i.indisvalid
			UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
				WHERE connamespace = to_regnamespace(quote_ident(current_schema())) AND NOT convalidated`, nil, func(row scanner) error {
			var what string
			if err := row.Scan(&what); err != nil {
				return err
			}
			return fmt.Errorf("%w: %s is not valid", ErrDamaged, what)
		})
	})
}

// told makes what a server says that has gone away match
// reconcile.ErrInterrupted: the run goes on when it is back.
func (db *DB) told(err error) error {
	if db.opened && away(err) && !errors.Is(err, reconcile.ErrInterrupted) {
		return fmt.Errorf("%w: the database server is gone: %w", reconcile.ErrInterrupted, err)
	}
	return told(err)
}

// away says whether a server of PostgreSQL cannot be reached, stops, or starts, or
// whether it cannot serve at present what it could serve later.
func away(err error) bool {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return slices.ContainsFunc(passing, func(begin string) bool { return strings.HasPrefix(told.Code, begin) }) && told.Code != diskFull
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false // it was we who did not wait
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn)
}

// Conditions of PostgreSQL, by its SQLSTATE.
const (
	diskFull       = "53100"
	duplicateTable = "42P07"
)

// passing are the beginnings of conditions that pass: connections that are lost,
// too many of them, a server that ends or is a standby, one that has given up on a
// transaction that stood still, and transactions in each other's way.
var passing = []string{"08", "53", "57P", "25006", "25P03", "40001", "40P01", "55P03"}

// isPostgres says whether an error is PostgreSQL's, of a condition.
func isPostgres(err error, state string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == state
}
