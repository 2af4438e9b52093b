package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Orders go by bills: all orders of a bill, with their answers and notes, and the
// notices and statement lines about it, or none of it. A bill goes when nobody
// will look at it again: each of its orders agreed and is final, what was settled
// of it lies in months that are history, no run of a day that is none has asked
// or judged it, and its books are not read any more. Whatever a person has seen or
// may have to decide stays with all that belongs to it.

// staying are the reasons for which a bill stays, as conditions on its order q.
// Each begins at the order and finds the rest by an index.
var staying = []string{
	"q.ledger_day >= :horizon",
	"q.final = 0",
	"q.class IS NULL OR q.class NOT IN ('matched', 'tolerance')",
	"q.answer_id IS NULL",
	"q.settle_day >= :horizon OR q.first_settle_day >= :horizon",

	// Its verdict stands in no workbook that can be written again.
	"NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.run_id = q.judged_run_id AND r.day < :horizon)",

	// Its books may be read again: they are not those of one day of history, and
	// have the row still. It would come back, as new.
	"q.gone_load_id IS NULL AND NOT EXISTS (SELECT 1 FROM loads AS l WHERE l.load_id = q.load_id AND l.day < :horizon)",

	// A settlement that can be written again may show it: by its settle date or,
	// where UMS names none, by when it was paid. The business day of an instant
	// before noon is its date or the one before, whatever the cut-off.
	`EXISTS (SELECT 1 FROM answers AS a JOIN runs AS r ON r.run_id = a.run_id WHERE a.order_id = q.order_id
    AND (r.day >= :horizon OR a.pay_settle_day >= :horizon OR a.flow_settle_day >= :horizon OR a.pay_at >= :noon OR a.flow_at >= :noon))`,

	// A run of a day that is none of history has said something of it.
	"EXISTS (SELECT 1 FROM notes AS x JOIN runs AS r ON r.run_id = x.run_id WHERE x.order_id = q.order_id AND r.day >= :horizon)",

	"EXISTS (SELECT 1 FROM cases AS c WHERE c.order_id = q.order_id)",

	// A notice with a case, or one that contradicts another. The first notice of a
	// merchant stays: since then a payment without one is missed.
	`EXISTS (SELECT 1 FROM notices AS n WHERE n.order_id = q.order_id
    AND (n.changes IS NOT NULL OR n.settle_day >= :horizon OR n.pay_at >= :noon
      OR EXISTS (SELECT 1 FROM notices AS x WHERE x.changes = n.notice_id)
      OR EXISTS (SELECT 1 FROM cases AS c WHERE c.notice_id = n.notice_id)
      OR (SELECT first.notice_id FROM notices AS first WHERE first.mid = n.mid AND first.verified = 1 AND first.kind <> 'contract'
            AND coalesce(first.pay_at, first.received_at) <= coalesce(n.pay_at, n.received_at) AND ` + noticeFrom("first") + " <= " + noticeFrom("n") + `
            AND (coalesce(first.pay_at, first.received_at) < coalesce(n.pay_at, n.received_at) OR first.notice_id < n.notice_id)
          ORDER BY coalesce(first.pay_at, first.received_at) LIMIT 1) IS NULL))`,

	// A line of a settle date that has not been found to add up is evidence.
	`EXISTS (SELECT 1 FROM statement_lines AS l WHERE l.order_id = q.order_id
    AND (l.settle_day >= :horizon OR EXISTS (SELECT 1 FROM cases AS c WHERE c.case_id = l.case_id)
      OR NOT EXISTS (SELECT 1 FROM statement_days AS x WHERE x.settle_day = l.settle_day AND x.mid = l.mid AND x.load_id = l.load_id AND x.agreed = 1)))`,
	"EXISTS (SELECT 1 FROM bad_rows AS b WHERE b.order_id = q.order_id)",

	// What was sent for it, or is to be asked.
	"EXISTS (SELECT 1 FROM sendings AS x WHERE x.mid = q.mid AND x.bill_day = q.bill_day AND x.bill_no = q.bill_no)",
	"q.fen_order_id <> '' AND EXISTS (SELECT 1 FROM sendings AS x WHERE x.kind = 'pay_score_sync' AND x.mid = q.mid AND x.fen_order_id = q.fen_order_id)",
	"EXISTS (SELECT 1 FROM questions AS x WHERE x.order_id = q.order_id)",
}

// leaving yields the orders of the bills that go, of those with an order of a day
// among some ids.
var leaving = `
SELECT p.order_id
FROM (SELECT DISTINCT mid, tid, inst_mid, bill_day, bill_no FROM orders
      WHERE order_id >= :first AND order_id < :behind AND ledger_day = :day AND final = 1) AS f
CROSS JOIN orders AS p ON ` + sameBill("p", "f") + `
WHERE NOT EXISTS (SELECT 1 FROM orders AS q WHERE ` + sameBill("q", "f") + `
  AND (` + strings.Join(staying, "\n  OR ") + "))"

const (
	listedOrders = " WHERE order_id IN (SELECT CAST(value AS BIGINT) FROM json_each(:orders))"

	walkQuery     = "SELECT before_day, walked_day FROM horizons ORDER BY before_day DESC LIMIT 1"
	nextDayQuery  = "SELECT min(ledger_day) FROM orders WHERE ledger_day >= coalesce(:from, '') AND ledger_day < :horizon"
	blocksQuery   = "SELECT DISTINCT order_id / :size FROM orders WHERE ledger_day = :day ORDER BY 1"
	walkedQuery   = "UPDATE horizons SET walked_day = :walked WHERE before_day = :horizon"
	countedOrders = "UPDATE horizons SET orders = orders + :count WHERE before_day = :horizon"
)

// goneWith are the tables whose rows go with an order, those that name others
// first.
var goneWith = []string{"notes", "notices", "statement_lines", "answers", "orders"}

// orderBlock bounds the orders of one step by their ids: orders of a day were
// loaded together.
const orderBlock = 500

// PruneOrders takes away the orders of history that nobody will look at again.
// It goes through the days before the latest horizon once, day by day, in steps
// of a transaction each, so that the receiver of notices need not wait; goOn is
// asked before each. Stopped or killed, it begins again at the day where it was.
// A bill goes as a whole or not at all.
func (db *DB) PruneOrders(ctx context.Context, goOn func() bool) (gone int64, err error) {
	w := walk{DB: db, ctx: ctx, goOn: goOn, args: named{"size": orderBlock}}
	err = db.read(ctx, func(t *tx) error { return t.row(walkQuery).Scan((*date)(&w.horizon), (*date)(&w.next)) })
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	w.args["horizon"], w.args["noon"] = date(w.horizon), instant((w.horizon - 1).Start().Add(12*time.Hour))
	for more := true; more && err == nil && w.next < w.horizon; {
		more, err = w.day()
	}
	if err != nil {
		err = fmt.Errorf("old orders: %w", err)
	}
	return w.gone, err
}

// walk goes through the days before a horizon.
type walk struct {
	*DB
	ctx           context.Context
	goOn          func() bool
	horizon, next reconcile.Day // the next day is not before this
	args          named
	gone          int64
}

// day goes through the next day that has orders; more: it was not stopped.
func (w *walk) day() (more bool, err error) {
	day, blocks, err := w.blocks()
	for _, n := range blocks {
		if err != nil || !w.goOn() || w.ctx.Err() != nil {
			return false, err
		}
		w.args["first"], w.args["behind"] = n*orderBlock, (n+1)*orderBlock
		err = w.write(w.ctx, w.block)
	}
	if err != nil {
		return false, err
	}
	if w.next = day + 1; day == 0 {
		w.next = w.horizon
	}
	w.args["walked"] = date(w.next)
	return true, w.write(w.ctx, func(t *tx) error { return t.exec(walkedQuery, w.args.args()...) })
}

// blocks are the next day that has orders, and where among the ids these are.
func (w *walk) blocks() (day reconcile.Day, blocks []int64, err error) {
	err = w.read(w.ctx, func(t *tx) error {
		w.args["from"] = date(w.next)
		if err := t.row(nextDayQuery, w.args.args()...).Scan((*date)(&day)); err != nil || day == 0 {
			return err
		}
		w.args["day"] = date(day)
		blocks, err = t.ids(blocksQuery, w.args)
		return err
	})
	return day, blocks, err
}

// block takes away what goes of the bills with an order of the day in a block.
func (w *walk) block(t *tx) error {
	orders, err := t.ids(leaving, w.args)
	if err != nil || len(orders) == 0 {
		return err
	}
	w.args["orders"], w.args["count"] = list(orders), len(orders)
	for _, table := range goneWith {
		if err := t.exec("DELETE FROM "+table+listedOrders, w.args.args()...); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	w.gone += int64(len(orders))
	return t.exec(countedOrders, w.args.args()...)
}

// ids reads the one column of a query.
func (t *tx) ids(query string, args named) (ids []int64, err error) {
	err = t.each(query, args.args(), func(row scanner) error {
		var id int64
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
