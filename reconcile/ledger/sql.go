package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/umsrecon/umsrecon/reconcile"
)

// answer is the rows that a database gives to the query, one after the other.
type answer interface {
	// columns are the names, and whether a binary fraction stands in them.
	columns() (names []string, inexact []bool)
	// next reads a row into cells; nothing of a NULL. io.EOF: there is none.
	next(cells []string) error
	close() error
}

// queryTable is an answer as a table; its lines are counted from 1.
type queryTable struct {
	answer answer
	names  []string
	cells  []string
	stored []storage
	line   int
	sum    hash.Hash // of all rows so far
}

func (t *queryTable) header(b *Books, file string) (header, error) {
	names, inexact := t.answer.columns()
	t.names, t.cells = names, make([]string, len(names))
	h, err := b.headerOf(names, file, 0)
	if err != nil {
		return header{}, err
	}
	return h, b.inexact(h, inexact, file)
}

// inexact refuses columns that do not hold what was put into them.
func (b *Books) inexact(h header, inexact []bool, file string) error {
	var faults []HeaderFault
	for c := range columnCount {
		if at := h.at[c]; at >= 0 && inexact[at] {
			faults = append(faults, HeaderFault{
				Column: c.String(), Heading: h.cells[at],
				Problem: fmt.Sprintf("column %q is a binary fraction (FLOAT, DOUBLE, REAL), which does not hold amounts or ids exactly; CAST it to DECIMAL or CHAR in the query", h.cells[at]),
			})
		}
	}
	if faults == nil {
		return nil
	}
	return &HeaderError{File: file, Faults: faults}
}

func (t *queryTable) under(header) {}
func (t *queryTable) close() error { return t.answer.close() }

func (t *queryTable) next() (record, error) {
	if err := t.answer.next(t.cells); err != nil {
		return record{}, err
	}
	t.line++
	text := strings.Join(t.cells, "\t")
	fmt.Fprintf(t.sum, "%d\x1f%s\x1e", len(text), text)
	rec := record{line: t.line, text: text, cells: t.cells}
	if a, ok := t.answer.(typed); ok {
		t.stored = t.stored[:0]
		for i := range t.cells {
			t.stored = append(t.stored, a.storage(i))
		}
		rec.stored = t.stored
	}
	return rec, nil
}

// typed is an answer in which every value has a type of its own.
type typed interface{ storage(cell int) storage }

// readQuery passes on the rows that the database answers for a day.
func (b *Books) readQuery(ctx context.Context, day reconcile.Day, p pass) (reconcile.Load, error) {
	if b.dated() && day <= 0 {
		return reconcile.Load{}, errors.New("the query of the ledger is about a day, and no day was named")
	}
	name := b.answerName(day)
	load := reconcile.Load{Scope: b.Scope(day), Files: []string{name}, SnapshotAt: b.source.Now().In(reconcile.Beijing), MayBeEmpty: b.source.MayBeEmpty}
	if b.dated() {
		load.Day = day
	}
	limited, stop := context.WithTimeout(ctx, b.source.Timeout)
	defer stop()
	ours := &callersError{}
	p.load, p.order, p.bad = &load, ours.order(p.order), ours.bad(p.bad)
	err := b.readAnswer(limited, day, name, &p)
	switch {
	case err == nil:
		return load, nil
	case ours.err != nil:
		return reconcile.Load{}, ours.err
	case ctx.Err() != nil:
		return reconcile.Load{}, ctx.Err()
	case limited.Err() != nil:
		return reconcile.Load{}, fmt.Errorf("ledger %s: no full answer in %s: %w", name, b.source.Timeout, reconcile.ErrUnreadable)
	}
	var header *HeaderError
	if errors.As(err, &header) || errors.Is(err, reconcile.ErrNoLedger) {
		return reconcile.Load{}, err
	}
	return reconcile.Load{}, fmt.Errorf("ledger %s: %w: %s", name, reconcile.ErrUnreadable, b.said(err))
}

func (b *Books) readAnswer(ctx context.Context, day reconcile.Day, name string, p *pass) (err error) {
	a, err := b.ask(ctx, day)
	if err != nil {
		return err
	}
	t := &queryTable{answer: a, sum: sha256.New()}
	defer func() {
		if closing := t.close(); err == nil {
			err = closing
		}
	}()
	h, err := t.header(b, name)
	if err != nil {
		return err
	}
	if err := p.rows(ctx, file{name: name, census: census{encoding: UTF8}}, t, h); err != nil {
		return err
	}
	p.load.SHA256 = hex.EncodeToString(t.sum.Sum(nil))
	return nil
}

func (b *Books) ask(ctx context.Context, day reconcile.Day) (answer, error) {
	switch b.source.Format {
	case Postgres:
		return b.askPostgres(ctx, day)
	case MySQL:
		return b.askMySQL(ctx, day)
	}
	return b.askSQLite(ctx, day)
}

// queryName is how a query is called where a file would be named.
func (b *Books) queryName() string {
	if b.source.Part != "" {
		return b.source.Part
	}
	return string(b.source.Format)
}

// answerName is how the answer about a day is called where a file would be named.
func (b *Books) answerName(day reconcile.Day) string {
	if b.dated() {
		return b.queryName() + " " + day.String()
	}
	return b.queryName()
}

// callersError keeps what the caller's functions say apart from what the
// database says.
type callersError struct{ err error }

func (e *callersError) order(f func(reconcile.Order, string) error) func(reconcile.Order, string) error {
	return func(o reconcile.Order, row string) error {
		e.err = f(o, row)
		return e.err
	}
}

func (e *callersError) bad(f func(reconcile.BadRow) error) func(reconcile.BadRow) error {
	return func(r reconcile.BadRow) error {
		e.err = f(r)
		return e.err
	}
}

// said is what a database says. Drivers put the way to it into their errors;
// what is left is free of the DSN and its password.
func (b *Books) said(err error) string {
	text := err.Error()
	var dial *net.OpError
	var server *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case errors.As(err, &server):
		text = fmt.Sprintf("%s (SQLSTATE %s)", server.Message, server.Code)
	case errors.As(err, &dial):
		text = "the database cannot be reached: " + dial.Err.Error()
	case errors.As(err, &connecting):
		text = "the database cannot be reached: " + connecting.Unwrap().Error()
	}
	for _, secret := range []string{b.source.DSN(), b.password()} {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// password is that of the DSN; empty when it has none or cannot be understood.
func (b *Books) password() string {
	switch b.source.Format {
	case MySQL:
		if c, err := mysql.ParseDSN(b.source.DSN()); err == nil {
			return c.Passwd
		}
	case Postgres:
		if c, err := pgconn.ParseConfig(b.source.DSN()); err == nil {
			return c.Password
		}
	}
	return ""
}

// readOnly begins a transaction that cannot write.
func readOnly(ctx context.Context, db *sql.DB, level sql.IsolationLevel) (*sql.Tx, error) {
	return db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: level})
}

// sqlAnswer is an answer of database/sql.
type sqlAnswer struct {
	db      *sql.DB
	tx      *sql.Tx
	rows    *sql.Rows
	names   []string
	inexact []bool
	values  []sql.RawBytes
	into    []any
}

func newSQLAnswer(db *sql.DB, tx *sql.Tx, rows *sql.Rows, names []string, inexact []bool) *sqlAnswer {
	there, err := rows.Columns()
	if err != nil {
		there = names // Scan will say it
	}
	a := &sqlAnswer{db: db, tx: tx, rows: rows, names: names, inexact: inexact, values: make([]sql.RawBytes, len(there))}
	for i := range a.values {
		a.into = append(a.into, &a.values[i])
	}
	return a
}

func (a *sqlAnswer) columns() ([]string, []bool) { return a.names, a.inexact }

func (a *sqlAnswer) next(cells []string) error {
	if !a.rows.Next() {
		if err := a.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	if err := a.rows.Scan(a.into...); err != nil {
		return err
	}
	for i := range cells {
		cells[i] = string(a.values[i])
	}
	return nil
}

func (a *sqlAnswer) close() error {
	return errors.Join(a.rows.Close(), a.tx.Rollback(), a.db.Close())
}
