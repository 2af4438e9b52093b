package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// tx is one transaction with its prepared statements.
type tx struct {
	*sql.Tx
	ctx      context.Context
	stmts    map[string]*sql.Stmt
	postgres bool // not SQLite
}

type scanner interface{ Scan(dest ...any) error }

// write runs fn in the one writing transaction: committed when fn returns
// nil, else as if it had never been.
func (db *DB) write(ctx context.Context, fn func(*tx) error) error {
	return db.within(ctx, db.writer.BeginTx, fn)
}

// read runs fn on a snapshot of the database. It always ends in a rollback, so
// that temporary tables made by fn are gone when the connection is used again.
func (db *DB) read(ctx context.Context, fn func(*tx) error) error {
	var found error
	err := db.within(ctx, db.readers.BeginTx, func(t *tx) error {
		found = fn(t)
		return errRead
	})
	if err != errRead {
		return err
	}
	return found
}

var errRead = errors.New("read")

func (db *DB) within(ctx context.Context, begin func(context.Context, *sql.TxOptions) (*sql.Tx, error), fn func(*tx) error) error {
	t, err := begin(ctx, nil)
	if err != nil {
		return db.told(err)
	}
	defer t.Rollback()
	if err := fn(db.newTx(ctx, t)); err != nil {
		return db.told(err)
	}
	return db.told(t.Commit())
}

func (db *DB) newTx(ctx context.Context, t *sql.Tx) *tx {
	return &tx{Tx: t, ctx: ctx, stmts: map[string]*sql.Stmt{}, postgres: db.postgres}
}

func (t *tx) prepared(query string) (*sql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = s
	return s, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.result(query, args...)
	return err
}

func (t *tx) result(query string, args ...any) (sql.Result, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(t.ctx, args...)
}

// insert returns the id of the new row, which stands in a column of that name.
func (t *tx) insert(column, query string, args ...any) (id int64, err error) {
	if t.postgres {
		return id, t.row(query+" RETURNING "+column, args...).Scan(&id)
	}
	r, err := t.result(query, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// analyse lets PostgreSQL count tables that were filled in this transaction:
// its plans rest on that, and nobody else sees them.
func (t *tx) analyse(tables ...string) error {
	if !t.postgres {
		return nil
	}
	_, err := t.ExecContext(t.ctx, "ANALYZE "+strings.Join(tables, ", "))
	return err
}

// change is exec for a statement that must touch exactly one row; otherwise
// it returns missing.
func (t *tx) change(missing error, query string, args ...any) error {
	r, err := t.result(query, args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(missing, err)
	}
	return nil
}

func (t *tx) row(query string, args ...any) scanner {
	s, err := t.prepared(query)
	if err != nil {
		return broken{err}
	}
	return s.QueryRowContext(t.ctx, args...)
}

type broken struct{ err error }

func (b broken) Scan(...any) error { return b.err }

// each scans every row of a query.
func (t *tx) each(query string, args []any, scan func(scanner) error) error {
	s, err := t.prepared(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row reads the one row of a query that is a transaction of its own, and that
// need not wait for others who write.
func (db *DB) row(ctx context.Context, query string, args named, to ...any) error {
	return db.rows(ctx, query, args, func(row scanner) error { return row.Scan(to...) }, sql.ErrNoRows)
}

func (db *DB) rows(ctx context.Context, query string, args named, scan func(scanner) error, none error) error {
	conn, err := db.conn(ctx, db.writer)
	if err != nil {
		return err
	}
	defer conn.Close()
	rows, err := conn.QueryContext(ctx, query, args.args()...)
	if err != nil {
		return db.told(err)
	}
	defer rows.Close()
	for rows.Next() {
		if none = scan(rows); none != nil {
			return none
		}
	}
	return cmp.Or(db.told(rows.Err()), none)
}

// change is a statement that is a transaction of its own, and that need not wait
// for others who write.
func (db *DB) change(ctx context.Context, query string, args named) error {
	return db.rows(ctx, query, args, nil, nil)
}

// stream turns a function that emits values into a sequence; an error of the
// function ends it.
func stream[T any](what string, run func(emit func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := run(func(v T) error {
			if !yield(v, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			var none T
			yield(none, fmt.Errorf("%s: %w", what, err))
		}
	}
}

// named holds the values of :parameters.
type named map[string]any

// args stands in some forty places, and would be copied to each.
//
//go:noinline
func (n named) args() []any {
	args := make([]any, 0, len(n))
	for name, value := range n {
		args = append(args, sql.Named(name, value))
	}
	return args
}

// list is the parameter of json_each that yields the values.
func list[T ~int | ~int64 | ~string](values []T) string {
	if len(values) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(values) // numbers and strings always can
	return string(b)
}
