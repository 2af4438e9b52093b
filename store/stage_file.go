package store

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/umsrecon/umsrecon/reconcile"
)

// stageSuffix is behind the name of the database in that of the file in which
// a load is staged. What a killed process left behind is overwritten.
const stageSuffix = ".load"

const stagePragmas = "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)&_pragma=cache_size(-16384)"

// fileStage is the place of a stage beside a database of SQLite.
type fileStage struct {
	of   *DB
	path string
	db   *sql.DB
}

func (db *DB) fileStage() (*fileStage, error) {
	path := db.path + stageSuffix
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	own, err := sql.Open("sqlite", dsn(path, stagePragmas))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	own.SetMaxOpenConns(1)
	return &fileStage{of: db, path: path, db: own}, nil
}

func (f *fileStage) begin(ctx context.Context) (*tx, error) {
	t, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := t.ExecContext(ctx, makeStage); err != nil {
		return nil, errors.Join(err, t.Rollback())
	}
	return f.of.newTx(ctx, t), nil
}

// keep writes what is handed over, with arguments that are made once.
func (f *fileStage) keep(t *tx, scope string) func([]stagedRow) error {
	var row stagedRow
	good := append(orderColumns(&row.order), column{"row_hash", &row.print})
	insertGood, goodArgs := good.insertInto("rows"), good.pointers()
	unwatched := *t
	unwatched.ctx = context.WithoutCancel(t.ctx) // the driver starts a goroutine to watch over each statement that can be cancelled
	t = &unwatched
	return func(batch []stagedRow) error {
		for _, row = range batch {
			var err error
			if row.bad == nil {
				err = t.exec(insertGood, goodArgs...)
			} else {
				bad := append(badRowColumns(row.bad), column{"case_id", reconcile.RowCaseID(scope, *row.bad)})
				err = t.exec(bad.insertInto("bad"), bad.pointers()...)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// end commits the stage and closes its file.
func (f *fileStage) end(t *tx) error { return errors.Join(t.Commit(), f.db.Close()) }

// write runs fn with the tables of the stage beside those of the database.
func (f *fileStage) write(ctx context.Context, fn func(*tx) error) (err error) {
	conn, err := f.of.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "ATTACH ? AS staged", f.path); err != nil {
		return err
	}
	defer func() {
		_, detached := conn.ExecContext(context.WithoutCancel(ctx), "DETACH staged")
		err = errors.Join(err, detached)
	}()
	if _, err := conn.ExecContext(ctx, "PRAGMA staged.journal_mode = OFF; PRAGMA staged.synchronous = OFF"); err != nil {
		return err
	}
	return f.of.within(ctx, conn.BeginTx, fn)
}

// remove leaves nothing behind. One that is left is overwritten by the next load.
func (f *fileStage) remove() {
	_ = f.db.Close()
	_ = os.Remove(f.path)
}
