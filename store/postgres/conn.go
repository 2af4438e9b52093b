package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// mostStatements bounds the prepared statements that a connection keeps. The
// program has a few hundred.
const mostStatements = 500

// conn is one connection, with the statements prepared on it: they outlive the
// transactions that asked for them.
type conn struct {
	pg    *pgconn.PgConn
	begin string
	known map[string]*stmt
	made  int
}

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
)

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if s := c.known[query]; s != nil {
		return s, nil
	}
	text, slots := translate(query)
	c.made++
	d, err := c.pg.Prepare(ctx, "s"+strconv.Itoa(c.made), text, nil)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	s := &stmt{conn: c, name: d.Name, slots: slots, params: d.ParamOIDs}
	for _, f := range d.Fields {
		s.names, s.types, s.formats = append(s.names, f.Name), append(s.types, f.DataTypeOID), append(s.formats, format(f.DataTypeOID))
	}
	c.known[query] = s
	return s, nil
}

// ExecContext runs several statements, where they have no parameters.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		return nil, driver.ErrSkip
	}
	text, _ := translate(query)
	results, err := c.pg.Exec(ctx, text).ReadAll()
	if err != nil {
		return nil, c.told(err)
	}
	var rows int64
	for _, r := range results {
		rows += r.CommandTag.RowsAffected()
	}
	return driver.RowsAffected(rows), nil
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Alone is the isolation of a transaction that begins plainly, whatever the
// connector was told: it is about tables that are the connection's own.
const Alone = sql.LevelReadCommitted

// BeginTx begins as the connector was told.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	begin := c.begin
	if sql.IsolationLevel(o.Isolation) == Alone {
		begin = "BEGIN"
	}
	if err := c.run(ctx, begin); err != nil {
		if !c.pg.IsClosed() && c.pg.TxStatus() != 'I' {
			err = errors.Join(err, c.Rollback())
		}
		return nil, c.lost(ctx, err)
	}
	return c, nil
}

// Commit is an error where PostgreSQL takes the transaction back.
func (c *conn) Commit() error {
	results, err := c.pg.Exec(context.Background(), "COMMIT").ReadAll()
	if err != nil {
		return c.told(err)
	}
	if tag := results[0].CommandTag.String(); tag != "COMMIT" {
		return fmt.Errorf("the transaction was taken back: %s", tag)
	}
	return nil
}

func (c *conn) Rollback() error { return c.run(context.Background(), "ROLLBACK") }

func (c *conn) run(ctx context.Context, text string) error {
	_, err := c.pg.Exec(ctx, text).ReadAll()
	return c.told(err)
}

// told makes a connection that is gone one that database/sql replaces, where
// nothing has been sent on it.
func (c *conn) told(err error) error {
	if err != nil && pgconn.SafeToRetry(err) && c.pg.IsClosed() {
		return errors.Join(driver.ErrBadConn, err)
	}
	return err
}

// lost is told for what changes nothing: it may be done again on another
// connection whatever was sent on this one.
func (c *conn) lost(ctx context.Context, err error) error {
	if err != nil && c.pg.IsClosed() && ctx.Err() == nil && c.pg.TxStatus() != 'T' {
		return errors.Join(driver.ErrBadConn, err)
	}
	return c.told(err)
}

// ResetSession is called before a connection is used again.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.pg.IsClosed() {
		return driver.ErrBadConn
	}
	if len(c.known) <= mostStatements {
		return nil
	}
	c.known = map[string]*stmt{}
	return c.run(ctx, "DEALLOCATE ALL")
}

func (c *conn) IsValid() bool { return !c.pg.IsClosed() }

func (c *conn) Ping(ctx context.Context) error {
	_, err := c.pg.Exec(ctx, "SELECT 1").ReadAll()
	return c.lost(ctx, err)
}

func (c *conn) Close() error { return c.pg.Close(context.Background()) }
