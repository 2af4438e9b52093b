package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/umsrecon/umsrecon/reconcile"
)

var errPostgresDSN = errors.New("the dsn cannot be understood; write postgres://user:password@host:5432/database")

// postgresAnswer takes every value in its text form, as psql shows it: a
// NUMERIC keeps its digits.
type postgresAnswer struct {
	conn    *pgx.Conn
	tx      pgx.Tx
	rows    pgx.Rows
	names   []string
	types   []uint32
	inexact []bool
}

func (b *Books) askPostgres(ctx context.Context, day reconcile.Day) (_ answer, err error) {
	config, err := pgx.ParseConfig(b.source.DSN())
	if err != nil {
		return nil, errPostgresDSN // the driver's error may quote it
	}
	config.ConnectTimeout = min(connectTimeout, b.source.Timeout)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	a := &postgresAnswer{conn: conn}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	a.tx, err = conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	// Settings of the transaction, and not of the connection: a pooler
	// between here and the database would refuse those.
	for _, set := range []string{
		fmt.Sprintf("SET LOCAL statement_timeout = %d", b.source.Timeout.Milliseconds()),
		"SET LOCAL DateStyle = 'ISO, YMD'",
		fmt.Sprintf("SET LOCAL TIME ZONE INTERVAL '%s' HOUR TO MINUTE", b.offset(day)),
	} {
		if _, err := a.tx.Exec(ctx, set, pgx.QueryExecModeSimpleProtocol); err != nil {
			return nil, err
		}
	}
	q := b.bind(day, true)
	how := []any{pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.TextFormatCode}}
	if a.rows, err = a.tx.Query(ctx, q.text, append(how, q.args...)...); err != nil {
		return nil, err
	}
	for _, f := range a.rows.FieldDescriptions() {
		a.names, a.types = append(a.names, f.Name), append(a.types, f.DataTypeOID)
		a.inexact = append(a.inexact, f.DataTypeOID == pgtype.Float4OID || f.DataTypeOID == pgtype.Float8OID)
	}
	return a, a.rows.Err()
}

func (a *postgresAnswer) columns() ([]string, []bool) { return a.names, a.inexact }

func (a *postgresAnswer) next(cells []string) error {
	if !a.rows.Next() {
		if err := a.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	for i, raw := range a.rows.RawValues() {
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
	if a.rows != nil {
		a.rows.Close()
	}
	return a.conn.Close(ctx) // which rolls back
}
