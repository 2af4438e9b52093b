package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// serverStage is the place of a stage on a server of PostgreSQL: temporary
// tables of one connection.
type serverStage struct {
	of   *DB
	conn *sql.Conn
}

func (db *DB) serverStage(ctx context.Context) (*serverStage, error) {
	conn, err := db.conn(ctx, db.writer)
	if err != nil {
		return nil, err
	}
	return &serverStage{of: db, conn: conn}, nil
}

// begin holds up no writer: the rows are nobody else's yet.
func (s *serverStage) begin(ctx context.Context) (*tx, error) {
	t, err := s.conn.BeginTx(ctx, &sql.TxOptions{Isolation: postgres.Alone})
	if err != nil {
		return nil, err
	}
	if _, err := t.ExecContext(ctx, strings.ReplaceAll(makeStage, "CREATE TABLE", "CREATE TEMP TABLE")); err != nil {
		_ = t.Rollback()
		return nil, err
	}
	return s.of.newTx(ctx, t), nil
}

// keep copies what is handed over, the good rows and the bad.
func (s *serverStage) keep(t *tx, scope string) func([]stagedRow) error {
	var row stagedRow
	good := append(orderColumns(&row.order), column{"row_hash", &row.print})
	goods, goodValues := postgres.NewRows("rows", good.list("")), good.pointers()
	bads := postgres.NewRows("bad", badRowList+", case_id")
	return func(batch []stagedRow) (err error) {
		for _, row = range batch {
			if row.bad == nil {
				err = goods.Add(goodValues...)
			} else {
				err = bads.Add(append(badRowColumns(row.bad).pointers(), reconcile.RowCaseID(scope, *row.bad))...)
			}
			if err != nil {
				return err
			}
		}
		return errors.Join(goods.Copy(t.ctx, s.conn), bads.Copy(t.ctx, s.conn))
	}
}

// end commits the stage; its tables stay as long as the connection.
func (s *serverStage) end(t *tx) error { return t.Commit() }

func (s *serverStage) write(ctx context.Context, fn func(*tx) error) error {
	return s.of.within(ctx, s.conn.BeginTx, fn)
}

func (s *serverStage) remove() {
	_, _ = s.conn.ExecContext(context.Background(), "DISCARD TEMP") // or they go with the connection
	_ = s.conn.Close()
}
