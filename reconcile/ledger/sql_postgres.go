package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/umsrecon/umsrecon/reconcile"
)

var errPostgresDSN = errors.New("the dsn cannot be understood; write postgres://user:password@host:5432/database")

// postgresAnswer takes every value in its text form, as psql shows it: a
// NUMERIC keeps its digits.
type postgresAnswer struct {
	conn    *pgconn.PgConn // not a pgx.Conn, whose types for every value are 2 MB of program
	rows    *pgconn.ResultReader
	names   []string
	types   []uint32
	inexact []bool
}

func (b *Books) askPostgres(ctx context.Context, day reconcile.Day) (answer, error) {
	config, err := pgconn.ParseConfig(b.source.DSN())
	if err != nil {
		return nil, errPostgresDSN // the driver's error may quote it
	}
	config.ConnectTimeout = min(connectTimeout, b.source.Timeout)
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	a := &postgresAnswer{conn: conn}
	if err := conn.Exec(ctx, b.begin(day)).Close(); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if err := a.ask(ctx, b.bind(day, true)); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// begin starts a transaction that cannot write. Its settings are its own, and
// not of the connection: a pooler between here and the database would refuse those.
func (b *Books) begin(day reconcile.Day) string {
	return fmt.Sprintf("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = %d; "+
		"SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL TIME ZONE INTERVAL '%s' HOUR TO MINUTE",
		b.source.Timeout.Milliseconds(), b.offset(day))
}

func (a *postgresAnswer) ask(ctx context.Context, q bound) error {
	values := make([][]byte, len(q.args))
	for i, v := range q.args {
		values[i] = fmt.Append(nil, v)
	}
	a.rows = a.conn.ExecParams(ctx, q.text, values, nil, nil, nil)
	for _, f := range a.rows.FieldDescriptions() {
		a.names, a.types = append(a.names, f.Name), append(a.types, f.DataTypeOID)
		a.inexact = append(a.inexact, f.DataTypeOID == pgtype.Float4OID || f.DataTypeOID == pgtype.Float8OID)
	}
	if a.names == nil { // it was refused
		_, err := a.rows.Close()
		return err
	}
	return nil
}

func (a *postgresAnswer) columns() ([]string, []bool) { return a.names, a.inexact }

func (a *postgresAnswer) next(cells []string) error {
	if !a.rows.NextRow() {
		if _, err := a.rows.Close(); err != nil {
			return err
		}
		return io.EOF
	}
	for i, raw := range a.rows.Values() {
		cells[i] = string(raw)
		if a.types[i] == pgtype.TimestamptzOID {
			cells[i] = zoned(cells[i])
		}
	}
	return nil
}

// zoned turns 2026-11-19 14:30:00+08, as PostgreSQL writes a time with its
// zone, into RFC 3339.
func zoned(text string) string {
	for _, layout := range []string{"2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.RFC3339Nano)
		}
	}
	return text
}

// close ends the transaction whatever became of the context it was begun in.
func (a *postgresAnswer) close() error {
	ctx, stop := context.WithTimeout(context.Background(), connectTimeout)
	defer stop()
	return a.conn.Close(ctx) // which rolls back
}
