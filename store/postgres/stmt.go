package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
)

// stmt is a prepared statement. It stays on its connection when it is closed.
type stmt struct {
	conn    *conn
	name    string
	slots   []slot
	params  []uint32
	names   []string
	types   []uint32
	formats []int16
}

var (
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
)

func (s *stmt) Close() error { return nil }

// NumInput is not known: a set of named values may hold more than are used.
func (s *stmt) NumInput() int { return -1 }

func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, errWithoutContext }

func (s *stmt) Query([]driver.Value) (driver.Rows, error) { return nil, errWithoutContext }

var errWithoutContext = errors.New("use the method with a context")

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	reader, err := s.start(ctx, args)
	if err != nil {
		return nil, err
	}
	tag, err := reader.Close()
	if err != nil {
		return nil, s.conn.told(err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	reader, err := s.start(ctx, args)
	if err != nil {
		return nil, err
	}
	return &rows{stmt: s, reader: reader}, nil
}

func (s *stmt) start(ctx context.Context, args []driver.NamedValue) (*pgconn.ResultReader, error) {
	values, formats := make([][]byte, len(s.slots)), make([]int16, len(s.slots))
	for i, at := range s.slots {
		v, err := at.find(args)
		if err != nil {
			return nil, err
		}
		if values[i], err = encode(v, s.params[i]); err != nil {
			return nil, err
		}
		formats[i] = format(s.params[i])
	}
	return s.conn.pg.ExecPrepared(ctx, s.name, values, formats, s.formats), nil
}

func (at slot) find(args []driver.NamedValue) (driver.Value, error) {
	for _, a := range args {
		if at.name != "" && a.Name == at.name || at.name == "" && a.Ordinal == at.place {
			return a.Value, nil
		}
	}
	return nil, fmt.Errorf("no value for parameter %s%d", at.name, at.place)
}

// rows are read off the wire one by one.
type rows struct {
	*stmt
	reader *pgconn.ResultReader
	ended  bool
}

func (r *rows) Columns() []string { return r.names }

func (r *rows) Next(dest []driver.Value) (err error) {
	if r.ended {
		return io.EOF
	}
	if !r.reader.NextRow() {
		r.ended = true
		if _, err := r.reader.Close(); err != nil {
			return r.conn.told(err)
		}
		return io.EOF
	}
	for i, raw := range r.reader.Values() {
		if dest[i], err = decode(raw, r.types[i]); err != nil {
			return fmt.Errorf("column %s: %w", r.names[i], err)
		}
	}
	return nil
}

// Close reads what is left: the connection is used again.
func (r *rows) Close() error {
	if r.ended {
		return nil
	}
	r.ended = true
	_, err := r.reader.Close()
	return err
}
