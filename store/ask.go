package store

import (
	"context"
	"database/sql"

	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// scopeArgs are the parameters of the queries about a scope.
func scopeArgs(s reconcile.Scope) named {
	return named{
		"run": s.RunID, "day": date(s.Day), "since": date(s.Since), "fresh": instant(s.Now.Add(-s.FreshFor)),
		"noquery": flag(s.NoQuery), "requery": flag(s.Requery), "recheck": list(s.Recheck),
	}
}

// toAskQuery yields the orders to ask with their turn: those passed over last
// time first, the more often the earlier, so that a small budget comes round to
// everybody; then 1, and 2 for rechecks. An order that has a fresh trustworthy answer of
// this run is not asked again. A recheck falls due when the order reaches an
// age at which its last trustworthy answer had not been given yet.
const toAskQuery = `
SELECT o.order_id, coalesce((
         SELECT -times FROM cases WHERE order_id = o.order_id AND code = 'NOT_QUERIED' AND state = 'unverified'), 1) AS turn
FROM (SELECT order_id FROM orders WHERE ledger_day = :day AND (final = 0 OR :requery)
      UNION ALL
      SELECT order_id FROM orders WHERE final = 0 AND ledger_day >= :since AND ledger_day < :day) AS o
WHERE NOT :noquery AND ` + notAnswered + `
UNION ALL
SELECT o.order_id, 2
FROM orders AS o CROSS JOIN answers AS a ON a.answer_id = o.answer_id
WHERE NOT :noquery AND :recheck <> '[]'
  AND o.final = 1 AND o.first_paid_at IS NOT NULL AND o.ledger_day >= :since AND o.ledger_day < :day
  AND EXISTS (SELECT 1 FROM json_each(:recheck) AS age
              WHERE date(o.ledger_day, '+' || age.value || ' days') <= :day
                AND a.asked_at < date(o.ledger_day, '+' || age.value || ' days'))
  AND ` + notAnswered

const notAnswered = `NOT EXISTS (SELECT 1 FROM answers AS mine
  WHERE mine.run_id = :run AND mine.order_id = o.order_id AND mine.asked_at > :fresh AND mine.outcome IN ('found', 'no_order'))`

const countToAsk = "SELECT count(*) FROM (" + toAskQuery + ") AS due"

const countReused = `SELECT count(DISTINCT order_id) FROM answers
WHERE NOT :noquery AND run_id = :run AND asked_at > :fresh AND outcome IN ('found', 'no_order')`

// CountToAsk is the number of orders that ToAsk will yield, and of those it
// leaves out because this run has a fresh trustworthy answer of theirs.
func (db *DB) CountToAsk(ctx context.Context, s reconcile.Scope) (toAsk, reused int64, err error) {
	args := scopeArgs(s)
	err = db.read(ctx, func(t *tx) error {
		if err := t.row(countToAsk, args.args()...).Scan(&toAsk); err != nil {
			return err
		}
		return t.row(countReused, args.args()...).Scan(&reused)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count orders to ask: %w", err)
	}
	return toAsk, reused, nil
}

const (
	makeAsking = "CREATE TEMP TABLE asking (nth INTEGER PRIMARY KEY, mid TEXT, tid TEXT, inst_mid TEXT, bill_day TEXT, bill_no TEXT, refund_id TEXT, completion_id TEXT)"
	dropAsking = "DROP TABLE IF EXISTS temp.asking"
	fillAsking = `
INSERT INTO asking (mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id)
SELECT mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id
FROM (` + toAskQuery + `) AS due CROSS JOIN orders USING (order_id)
ORDER BY turn, ledger_day, mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id`
	readAsking = "SELECT mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id FROM asking WHERE nth > ? ORDER BY nth LIMIT ?"
)

// ToAsk opens the questions of a run, as they stand now: those that were passed
// over last time first, then by ledger day and key, rechecks last. On a server
// every process that joins asks some of them.
func (db *DB) ToAsk(ctx context.Context, s reconcile.Scope, a reconcile.Asking) (reconcile.Questions, error) {
	open := db.askList
	if db.postgres {
		open = db.dealt
	}
	q, err := open(ctx, s, a)
	if err != nil {
		return nil, fmt.Errorf("orders to ask: %w", err)
	}
	return q, nil
}

// askBatch is how many keys of the list are in memory at a time. No query is
// open while they are asked.
const askBatch = 1000

func nextToAsk(ctx context.Context, conn *sql.Conn, after int) (keys []reconcile.Key, err error) {
	rows, err := conn.QueryContext(ctx, readAsking, after, askBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k reconcile.Key
		if err := rows.Scan(keyColumns(&k).pointers()...); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

func listToAsk(t *tx, s reconcile.Scope) error {
	for _, query := range []string{dropAsking, makeAsking} {
		if _, err := t.ExecContext(t.ctx, query); err != nil {
			return err
		}
	}
	_, err := t.ExecContext(t.ctx, fillAsking, scopeArgs(s).args()...)
	return err
}
