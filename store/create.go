package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/store/outfile"
)

const (
	applicationID = 0x554D5352 // "UMSR"
	version       = 6          // of schema.sql; migrate.go has the way to it
)

// prepare makes sure that there is a database of ours at path before anything
// is opened for writing: switching the journal of another program's database
// would already change it.
func prepare(ctx context.Context, path string) error {
	dir := filepath.Dir(path)
	if err := outfile.Folder(dir); err != nil {
		return fmt.Errorf("folder %q cannot be written: %w", dir, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return create(ctx, path, false)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: not a regular file", ErrForeign)
	case info.Size() == 0:
		return create(ctx, path, true)
	}
	return peek(ctx, path)
}

// peek looks at a file without locking it, writing it or making anything
// beside it. It goes through SQLite because closing a file that the process
// has open elsewhere would drop SQLite's locks on it.
func peek(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, peeking))
	if err != nil {
		return err
	}
	defer db.Close()
	var id, found int
	err = db.QueryRowContext(ctx, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &found)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && exists(path+"-wal"):
		return nil // cut off while its log was written back: only with the log is it whole, and recognised
	case isCorrupt(err):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return recognise(id, found)
}

// isCorrupt says whether SQLite knows the file for one of its own, and finds a
// fault in it.
func isCorrupt(err error) bool {
	var fault *sqlite.Error
	return errors.As(err, &fault) && fault.Code()&0xff == sqlite3.SQLITE_CORRUPT
}

// create makes the database under another name first, so that a file of that
// name is ours and whole from its first instant. One that another process has
// made meanwhile is never replaced.
func create(ctx context.Context, path string, replace bool) error {
	f, err := outfile.Temp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer outfile.Drop(f)
	if err := writeSchema(ctx, f.Name()); err != nil {
		return err
	}
	if replace {
		err = outfile.Rename(f, path)
	} else {
		err = outfile.Link(f, path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return outfile.SyncFolder(filepath.Dir(path))
}

func writeSchema(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	marks := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, version)
	if _, err := t.ExecContext(ctx, umsrecon.Schema+marks); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return t.Commit()
}

// recognise looks again through the log, which peek cannot see.
func (db *DB) recognise(ctx context.Context) error {
	var id, found int
	if err := db.writer.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if err := db.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return err
	}
	if err := recognise(id, found); err != nil {
		return err
	}
	return db.migrate(ctx, found)
}

func recognise(id, found int) error {
	switch {
	case id != applicationID:
		return fmt.Errorf("%w: its application id is %#x", ErrForeign, uint32(id))
	case found > version:
		return fmt.Errorf("%w: its schema is %d, this program knows %d", ErrNewer, found, version)
	case found < 1:
		return fmt.Errorf("%w: its schema is %d, this program knows 1 to %d", ErrForeign, found, version)
	}
	return nil
}
