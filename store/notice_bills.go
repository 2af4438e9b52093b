package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TieNotices finds an order of the bill that each verified notice is about, of
// those that came in since the oldest day still asked and before the run began:
// later ones wait for the next run. A bill notice names its bill. A deduction
// belongs to the bill whose stored answers have its merOrderId, else its seqId
// as reference, else its targetOrderId, else to the ledger row with its
// mer_order_id. A bill of which the ledger has refunds alone is not booked, and
// orders beyond the lookback do not count. With reopen, before the asking, an
// order that was final is open again; what only a ledger row speaks for waits
// until the answers are there.
func (db *DB) TieNotices(ctx context.Context, s reconcile.Scope, reopen bool) error {
	args := named{"since": instant(s.Since.Start()), "oldest": date(s.Since), "now": instant(s.Now), "final": flag(reopen)}
	if !reopen { // after the asking
		if err := db.analyse(ctx, "orders", "answers"); err != nil {
			return fmt.Errorf("tie notices: %w", err)
		}
	}
	queries := []string{makeTies, dropTies, fillTies, tie}
	if reopen {
		queries = append(queries, reopenTied)
	}
	err := db.write(ctx, func(t *tx) error {
		for _, query := range append(queries, dropTies) {
			if _, err := t.ExecContext(t.ctx, query, args.args()...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("tie notices: %w", err)
	}
	return nil
}

const (
	makeTies   = "CREATE TEMP TABLE IF NOT EXISTS ties (notice_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL)"
	dropTies   = "DELETE FROM ties"
	tie        = "UPDATE notices SET order_id = (SELECT order_id FROM ties AS t WHERE t.notice_id = notices.notice_id) WHERE notice_id IN (SELECT notice_id FROM ties)"
	reopenTied = `
UPDATE orders SET final = 0 WHERE final = 1 AND order_id IN (
  SELECT p.order_id FROM ties AS t CROSS JOIN orders AS o ON o.order_id = t.order_id CROSS JOIN orders AS p
    ON p.mid = o.mid AND p.tid = o.tid AND p.inst_mid = o.inst_mid AND p.bill_day = o.bill_day AND p.bill_no = o.bill_no)`
)

var fillTies = `
INSERT INTO ties (notice_id, order_id)
SELECT notice_id, order_id FROM (
  SELECT n.notice_id, CASE n.kind
    WHEN 'bill' THEN (SELECT o.order_id FROM orders AS o
      WHERE o.mid = n.mid AND o.tid = n.tid AND o.inst_mid = n.inst_mid AND o.bill_day = n.bill_day AND o.bill_no = n.bill_no
        AND o.refund_id = '' AND o.ledger_day >= :oldest ORDER BY o.completion_id LIMIT 1)
    WHEN 'deduction' THEN coalesce(` + strings.Join([]string{
	answered("pay_mer_order_id", "mer_order_id"), answered("flow_mer_order_id", "mer_order_id"),
	answered("pay_seq_id", "pay_seq_id"), answered("flow_seq_id", "pay_seq_id"),
	answered("pay_target_order_id", "target_order_id"), answered("flow_target_order_id", "target_order_id"),
	booked("orders AS x", "x.mer_order_id = n.mer_order_id AND x.mer_order_id <> '' AND x.final = :final"),
}, ",\n      ") + `)
    END AS order_id
  FROM notices AS n
  WHERE n.order_id IS NULL AND n.verified = 1 AND n.kind <> 'contract' AND n.received_at >= :since AND n.received_at <= :now
) AS found WHERE order_id IS NOT NULL`

// booked is the payment of the bill of an order x of the merchant; without one, a
// completion; NULL where the ledger has refunds of it alone. Of several bills it
// is the first by its key, on either database.
func booked(from, where string) string {
	return `(SELECT o.order_id FROM ` + from + ` CROSS JOIN orders AS o
          ON o.mid = x.mid AND o.tid = x.tid AND o.inst_mid = x.inst_mid AND o.bill_day = x.bill_day AND o.bill_no = x.bill_no AND o.refund_id = ''
        WHERE ` + where + ` AND x.mid = n.mid AND x.ledger_day >= :oldest ORDER BY ` + keyOrder + ` LIMIT 1)`
}

// answered is booked for an order with an answer whose column equals one of the
// notice's.
func answered(column, of string) string {
	return booked("answers AS a CROSS JOIN orders AS x ON x.order_id = a.order_id", "a."+column+" = n."+of+" AND a."+column+" <> ''")
}
