// Package store keeps everything umsrecon knows in one SQLite file, or in one
// schema of a PostgreSQL server: runs, loads, orders, answers, verdicts, cases
// and their events. schema.sql at the top of the repository is the whole of it,
// readable top to bottom. Statements are written for SQLite, in words that
// PostgreSQL shares as far as there are any; package postgres puts the rest into
// its own.
//
// Open the database once per process and Close it at the end. DB implements
// reconcile.Store for the night and has reading methods for commands and
// reports. Every exported method that writes is one transaction: all of it is
// there afterwards, or nothing. Streams read a snapshot and never block the
// writer. All methods are safe for concurrent use, but a function passed to
// LoadStatement or Publish must not call a method that writes: there is only one
// writer, and it is waiting for that function. One ledger is loaded at a time; it
// is staged in a file of its own beside the database, or in temporary tables of a
// server, so that others may write while it is read.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/umsrecon/umsrecon/reconcile"
)

var _ reconcile.Store = (*DB)(nil)

// DB is an open database.
type DB struct {
	path     string // of PostgreSQL where it is, without a secret
	postgres bool
	opened   bool // of a server: it was there
	writer   *sql.DB
	readers  *sql.DB
	loads    sync.Mutex // held by the load under way
	lanes    int        // connections that read what is judged; 0: one
	wide     sync.Mutex // held by who has several of them
}

// Open opens the database at path, and creates it (mode 0640) with its folder
// where there is none; an empty file counts as none. The error matches
// ErrForeign or ErrNewer when the file is not for this program; such a file is
// not touched.
//
// An address, postgres://…, opens the database of a PostgreSQL server, and makes
// the tables in the first schema of its search_path where there are none.
func Open(ctx context.Context, path string) (*DB, error) {
	if OnServer(path) {
		return openPostgres(ctx, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %q: %w", path, err)
	}
	if err := prepare(ctx, abs); err != nil {
		return nil, fmt.Errorf("database %q: %w", path, err)
	}
	db, err := connect(abs)
	if err != nil {
		return nil, fmt.Errorf("database %q: %w", path, err)
	}
	if err := db.recognise(ctx); err != nil {
		return nil, fmt.Errorf("database %q: %w", path, errors.Join(err, db.writer.Close(), db.readers.Close()))
	}
	return db, nil
}

// Pragmas stand in the DSN so that every connection of a pool gets them.
const (
	busy = "_pragma=busy_timeout(15000)"
	// synchronous=FULL: an answer that was committed must survive a loss of
	// power, or the run that goes on would ask again what it has told others.
	writing = busy + "&_pragma=cache_size(-16384)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
	reading = busy + "&_pragma=cache_size(-4096)&mode=ro" // what is much is read in its order, once
	peeking = "mode=ro&immutable=1"
)

func connect(path string) (*DB, error) {
	writer, err := sql.Open("sqlite", dsn(path, writing))
	if err != nil {
		return nil, err
	}
	// SQLite has one writer at a time; a second connection would only find
	// the database locked, and waiting for a connection is fairer than
	// polling for a lock.
	writer.SetMaxOpenConns(1)
	readers, err := sql.Open("sqlite", dsn(path, reading))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	readers.SetMaxOpenConns(8)
	return &DB{path: path, writer: writer, readers: readers}, nil
}

func dsn(path, query string) string {
	p := filepath.ToSlash(path)
	if p[0] != '/' {
		p = "/" + p // a drive letter
	}
	return "file://" + (&url.URL{Path: p}).EscapedPath() + "?" + query
}

// Close writes the log back into the database file and closes it.
func (db *DB) Close() error {
	if db.postgres {
		return errors.Join(db.readers.Close(), db.writer.Close())
	}
	err := db.readers.Close()
	_, checkpoint := db.writer.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	if err := errors.Join(err, checkpoint, db.writer.Close()); err != nil {
		return fmt.Errorf("close database %q: %w", db.path, err)
	}
	return nil
}

// Check looks the whole file over; the error matches ErrDamaged when there is
// a fault in it.
func (db *DB) Check(ctx context.Context) error {
	if db.postgres {
		return db.checkPostgres(ctx)
	}
	return db.read(ctx, func(t *tx) error {
		var verdict string
		if err := t.row("PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if verdict != "ok" {
			return fmt.Errorf("%w: %s", ErrDamaged, verdict)
		}
		return t.each("PRAGMA foreign_key_check", nil, func(row scanner) error {
			var table, parent string
			var id, key sql.NullInt64
			if err := row.Scan(&table, &id, &parent, &key); err != nil {
				return err
			}
			return fmt.Errorf("%w: row %d of %s names a row of %s that is not there", ErrDamaged, id.Int64, table, parent)
		})
	})
}

// Copy writes a copy of the database at path to dest, which must not exist, and
// changes nothing at path: an older database stays an older one. The error
// matches ErrForeign or ErrNewer when the file is not for this program.
func Copy(ctx context.Context, path, dest string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("copy database %q: %w", Shown(path), err)
		}
	}()
	if OnServer(path) {
		return ErrOnServer
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := peek(ctx, abs); err != nil {
		return err
	}
	how := reading
	if _, err := os.Stat(abs + "-wal"); os.IsNotExist(err) {
		how = peeking // nobody has it open, and a reader would leave a log behind
	}
	db, err := sql.Open("sqlite", dsn(abs, how))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", dest)
	return errors.Join(err, db.Close())
}
