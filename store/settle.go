package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// fillSettling lists the orders whose family can have a line in [from, to]:
// settled then; paid then give or take a business day, where a line may have no
// settle date; or not verified. Each arm has an index: a settle date may lie any
// time after the ledger day, and the books of years are not read for a month.
const fillSettling = `
INSERT INTO scope (order_id, partner)
SELECT o.order_id, 0 FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
WHERE a.pay_settle_day BETWEEN :from AND :to
UNION ALL
SELECT o.order_id, 0 FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
WHERE a.flow_settle_day BETWEEN :from AND :to
UNION ALL
SELECT o.order_id, 0 FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
WHERE a.pay_at >= :early AND a.pay_at < :late
  AND (a.pay_settle_day IS NULL OR a.flow_status IS NOT NULL OR a.bill_status IS DISTINCT FROM 'PAID' OR a.pay_status IS DISTINCT FROM 'TRADE_SUCCESS')
UNION ALL
SELECT o.order_id, 0 FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
WHERE a.flow_at >= :early AND a.flow_at < :late AND a.flow_settle_day IS NULL
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
		return db.settlePeriod(ctx, from, to, c, func(p settlePeriod) error { return p.lines(upTo(p.most), emit) })
	})
}

// settlePeriod are the families that can have a line in a period, listed by key.
type settlePeriod struct {
	*tx
	from, to reconcile.Day
	calendar reconcile.Calendar
	covers   map[string][]reconcile.StatementCover
	most     int // families
}

// settlePeriod lists the families of a period and lets fn read them, all from
// one snapshot.
func (db *DB) settlePeriod(ctx context.Context, from, to reconcile.Day, c reconcile.Calendar, fn func(settlePeriod) error) error {
	return db.read(ctx, func(t *tx) (err error) {
		p := settlePeriod{tx: t, from: from, to: to, calendar: c}
		args := named{"from": date(from), "to": date(to), "early": date(from - 1), "late": date(to + 2)}
		if p.most, err = listFamilies(t, args, fillSettling); err != nil {
			return err
		}
		if p.covers, err = covers(t); err != nil {
			return err
		}
		return fn(p)
	})
}

// lines emits the lines of these families that lie in the period.
func (p settlePeriod) lines(numbers iter.Seq[[]int], emit func(reconcile.SettleLine) error) error {
	return settlingBatches(p.tx, numbers, p.covers, func(f reconcile.Family) error {
		for _, l := range reconcile.SettleLines(f, p.calendar) {
			if d := cmp.Or(l.SettleDay, l.PayDay, l.LedgerDay); d < p.from || d > p.to {
				continue
			}
			if err := emit(l); err != nil {
				return err
			}
		}
		return nil
	})
}

// settlingBatches emits the listed families of these numbers with what UMS and
// statements say of them.
func settlingBatches(t *tx, numbers iter.Seq[[]int], covers map[string][]reconcile.StatementCover, emit func(reconcile.Family) error) error {
	read := func(only []int) ([]reconcile.Family, error) {
		b := batch{tx: t, at: map[int64]position{}, covers: covers}
		var scan subjectScan
		err := b.readSubjects(subjectsOfSettlement, named{"numbers": list(only)}.args(), &scan, scan.settling())
		if err == nil {
			err = b.readStatement()
		}
		return b.families, err
	}
	return inBatches(numbers, []readBatch{read}, emit)
}

// What settlement lines are made of, which is less than what is judged.
var (
	settleOrder  = append(strings.Split(keyList, ", "), "ledger_day", "amount_fen", "mer_order_id")
	settleAnswer = append(slices.Concat(settleFlow("pay_"), settleFlow("flow_")),
		"outcome", "bill_status", "total_fen", "secure_status", "complete_fen", "card_attr", "pay_coupon_fen")

	subjectsOfSettlement = settlingQuery(answerOfSettlement)
)

func settlingQuery(answerID string) string {
	return subjectsQuery(
		orderColumns(&reconcile.Order{}).only(settleOrder).list("o")+", "+
			answerColumns(&reconcile.Answer{}, &reconcile.Flow{}).only(settleAnswer).list("a"), answerID)
}

func settleFlow(prefix string) (names []string) {
	for _, name := range []string{"status", "mer_order_id", "seq_id", "target_sys", "total_fen", "buyer_fen", "at", "settle_day"} {
		names = append(names, prefix+name)
	}
	return names
}

func (r *subjectScan) settling() []any {
	order, answer := orderColumns(&r.s.Order).only(settleOrder), answerColumns(&r.answer.answer, &r.answer.flow).only(settleAnswer)
	return slices.Concat([]any{&r.nth, &r.s.ID}, order.pointers(), answer.pointers())
}
