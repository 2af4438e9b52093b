package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/umsrecon/umsrecon/reconcile"
)

// fillSettling lists the orders whose family can have a line in [from, to]:
// settled then, paid then give or take a business day, or not verified. It
// reads all orders: a settle date may lie any time after the ledger day.
const fillSettling = `
INSERT INTO scope (order_id, partner)
SELECT o.order_id, 0
FROM orders AS o CROSS JOIN answers AS a ON a.answer_id = o.answer_id
WHERE a.pay_settle_day BETWEEN :from AND :to OR a.flow_settle_day BETWEEN :from AND :to
   OR substr(a.pay_at, 1, 10) BETWEEN :early AND :late OR substr(a.flow_at, 1, 10) BETWEEN :early AND :late
UNION ALL
SELECT o.order_id, 0 FROM orders AS o
WHERE o.ledger_day BETWEEN :from AND :to AND (o.class = 'unverified' OR o.answer_id IS NULL)
ON CONFLICT DO NOTHING`

// answerOfSettlement is what UMS said last, unless the order is unverified.
const answerOfSettlement = "CASE WHEN o.class IS DISTINCT FROM 'unverified' THEN o.answer_id END"

// SettleLines yields what UMS says of every bill, in its last trustworthy
// answers, that settled in [from, to]; or, where it names no settle date, was
// paid on a business day in it; and the unverified orders of the ledger days
// in it. By key; c is the calendar of business days.
func (db *DB) SettleLines(ctx context.Context, from, to reconcile.Day, c reconcile.Calendar) iter.Seq2[reconcile.SettleLine, error] {
	return stream(fmt.Sprintf("settlement %s to %s", from, to), func(emit func(reconcile.SettleLine) error) error {
		return db.read(ctx, func(t *tx) error {
			return settling(t, from, to, func(f reconcile.Family) error {
				for _, l := range reconcile.SettleLines(f, c) {
					if d := cmp.Or(l.SettleDay, l.PayDay, l.LedgerDay); d < from || d > to {
						continue
					}
					if err := emit(l); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

func settling(t *tx, from, to reconcile.Day, emit func(reconcile.Family) error) error {
	args := named{"from": date(from), "to": date(to), "early": date(from - 1), "late": date(to + 1)}
	if err := listFamilies(t, args, fillSettling); err != nil {
		return err
	}
	return settlingBatches(t, emit)
}

// settlingBatches emits the listed families with what UMS and statements say of
// them.
func settlingBatches(t *tx, emit func(reconcile.Family) error) error {
	covers, err := covers(t)
	if err != nil {
		return err
	}
	return inBatches(func(from, to int) ([]reconcile.Family, error) {
		b := batch{tx: t, window: named{"from": from, "to": to}.args(), at: map[int64]position{}, covers: covers}
		err := b.readSubjects(subjectsQuery(answerOfSettlement), b.window)
		if err == nil {
			err = b.readStatement()
		}
		return b.families, err
	}, emit)
}
