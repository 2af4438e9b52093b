package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// besideOthers is taken with others who save answers; whoever else writes waits
// for them, and they for him.
const besideOthers = "SELECT pg_advisory_xact_lock_shared" + writersKey

// One that stands still in the middle of saving holds everybody up: the server
// gives up on it after stillFor, and it on the server after savedWithin.
const (
	stillFor    = 20 * time.Second
	savedWithin = 2 * time.Minute
)

// beside is write for what may be written while others write the like: on a
// server several processes save answers at the same time.
func (db *DB) beside(ctx context.Context, fn func(*tx) error) error {
	if !db.postgres {
		return db.write(ctx, fn)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, savedWithin, errSlow)
	defer cancel()
	if err := db.besideOthers(ctx, stillFor, fn); err == nil || context.Cause(ctx) != errSlow {
		return err
	}
	return errSlow
}

// errSlow interrupts a run: what was not saved is asked again when it goes on.
var errSlow = fmt.Errorf("%w: the database server did not save within %s", reconcile.ErrInterrupted, savedWithin)

func (db *DB) besideOthers(ctx context.Context, still time.Duration, fn func(*tx) error) error {
	conn, err := db.conn(ctx, db.writer)
	if err != nil {
		return err
	}
	defer conn.Close()
	begin := func(ctx context.Context, _ *sql.TxOptions) (*sql.Tx, error) {
		return conn.BeginTx(ctx, &sql.TxOptions{Isolation: postgres.Alone})
	}
	return db.within(ctx, begin, func(t *tx) error {
		limit := fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d; ", still.Milliseconds())
		if _, err := t.ExecContext(ctx, limit+besideOthers); err != nil {
			return err
		}
		return fn(t)
	})
}

// One statement writes an answer: a server is a way off. The order is that of the
// key, of a question that is held; an answer to what is put off leaves the question.
var (
	saveAny = saveAs("SELECT order_id FROM orders" + byKey + " AND ? = ''")

	saveHeld = saveAs("DELETE FROM questions WHERE order_id = (SELECT order_id FROM orders" + byKey + ") AND worker = ? RETURNING order_id")

	savePutOff = saveAs("UPDATE questions SET again = 1 WHERE order_id = (SELECT order_id FROM orders" + byKey + ") AND worker = ? RETURNING order_id")
)

func saveAs(order string) string {
	columns := new(saving).answerOnly("")
	return `
WITH mine AS (` + order + `),
made AS (INSERT INTO answers (` + columns.list("") + `, order_id) SELECT ` + columns.marks() + `, order_id FROM mine RETURNING answer_id, order_id)
UPDATE orders AS o SET last_answer_id = made.answer_id,
  answer_id = CASE WHEN now.trustworthy = 1 THEN made.answer_id ELSE o.answer_id END,
  first_settle_day = CASE WHEN now.trustworthy = 1 THEN coalesce(o.first_settle_day, now.settle_day) ELSE o.first_settle_day END,
  first_paid_at = CASE WHEN now.trustworthy = 1 THEN coalesce(o.first_paid_at, now.paid_at) ELSE o.first_paid_at END
FROM made, (SELECT CAST(? AS BIGINT) AS trustworthy, CAST(? AS TEXT) AS settle_day, CAST(? AS TEXT) AS paid_at) AS now
WHERE o.order_id = made.order_id`
}

func (s *saving) saveOnServer(a reconcile.Answered) error {
	s.take(a)
	query := saveAny
	switch {
	case a.Lease != "" && a.PutOff():
		query = savePutOff
	case a.Lease != "":
		query = saveHeld
	}
	r, err := s.result(query, s.atOnce...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 || a.Lease != "" {
		return err
	}
	return noOrder(s.key)
}

func noOrder(k reconcile.Key) error {
	return fmt.Errorf("%w: bill %q of %s", ErrNoOrder, k.BillNo, k.BillDay)
}

// orderID finds an order in a transaction of its own.
func (db *DB) orderID(ctx context.Context, k reconcile.Key) (id int64, err error) {
	err = db.read(ctx, func(t *tx) error {
		id, err = findOrderID(t, k)
		return err
	})
	return id, err
}
