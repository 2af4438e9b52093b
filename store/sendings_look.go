package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// SendingsOf lists the completions sent for a bill, the first first.
func (db *DB) SendingsOf(ctx context.Context, k reconcile.BillKey) ([]reconcile.Sending, error) {
	return db.sendings(ctx, "completions of a bill",
		"kind = 'preauth_complete' AND mid = ? AND tid = ? AND inst_mid = ? AND bill_day = ? AND bill_no = ?", billKeyColumns(&k).pointers()...)
}

func (db *DB) sendings(ctx context.Context, what, where string, args ...any) (found []reconcile.Sending, err error) {
	err = db.read(ctx, func(t *tx) error {
		query := "SELECT sending_id, " + sendingColumns(&reconcile.Sending{}).list("") + " FROM sendings WHERE " + where + " ORDER BY sending_id"
		return t.each(query, args, func(row scanner) error {
			s, err := scanSending(row)
			found = append(found, s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

// HasMerchant says whether the ledger has named a merchant.
func (db *DB) HasMerchant(ctx context.Context, mid string) (has bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row("SELECT EXISTS (SELECT 1 FROM orders WHERE mid = ?)", mid).Scan((*flag)(&has))
	})
	if err != nil {
		return false, fmt.Errorf("merchant %q: %w", mid, err)
	}
	return has, nil
}

// FenOrder finds a pay-score order: its payment rows in the ledger, and the
// mids under which it stands there or was sent.
func (db *DB) FenOrder(ctx context.Context, fenOrderID string) (rows []reconcile.Order, mids []string, err error) {
	rows, err = db.orders(ctx, "pay-score order", "o.fen_order_id = ? AND o.refund_id = '' AND o.completion_id = ''", fenOrderID)
	if err != nil {
		return nil, nil, err
	}
	sent, err := db.sendings(ctx, "pay-score order", "kind = 'pay_score_sync' AND fen_order_id = ?", fenOrderID)
	for _, o := range rows {
		mids = append(mids, o.MID)
	}
	for _, s := range sent {
		mids = append(mids, s.Key.MID)
	}
	slices.Sort(mids)
	return rows, slices.Compact(mids), err
}

// DueCompletions lists the completion rows of a ledger day that wait to be
// sent: processing, one row each, still in the books.
func (db *DB) DueCompletions(ctx context.Context, day reconcile.Day) ([]reconcile.Order, error) {
	return db.orders(ctx, "due completions", `o.ledger_day = ? AND o.completion_id <> ''
		AND o.status = 'processing' AND o.conflicting = 0 AND NOT `+vanished, date(day))
}

// DoubtfulCompletions lists the completions of which an earlier request may
// have arrived: those of a ledger day's rows, and those without a row whose bill
// is of that day.
func (db *DB) DoubtfulCompletions(ctx context.Context, day reconcile.Day) ([]reconcile.Sending, error) {
	return db.sendings(ctx, "completions in doubt", `kind = 'preauth_complete' AND state IN ('under_way', 'unsure')
		AND coalesce((SELECT o.ledger_day FROM orders AS o
		              WHERE o.mid = sendings.mid AND o.tid = sendings.tid AND o.inst_mid = sendings.inst_mid AND o.bill_day = sendings.bill_day
		                AND o.bill_no = sendings.bill_no AND o.refund_id = '' AND o.completion_id = sendings.completion_id), bill_day) = ?`, date(day))
}

// ProcessingCompletions are the ids of the completion rows of a bill that the
// ledger calls processing.
func (db *DB) ProcessingCompletions(ctx context.Context, k reconcile.BillKey) (ids []string, err error) {
	orders, err := db.orders(ctx, "completions of a bill", `o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ?
		AND o.completion_id <> '' AND o.status = 'processing'`, billKeyColumns(&k).pointers()...)
	for _, o := range orders {
		ids = append(ids, o.CompletionID)
	}
	return ids, err
}

// DueSyncs lists the pay-score orders of a ledger day that both sides call paid
// and UMS was not told of, each with its last trustworthy answer.
func (db *DB) DueSyncs(ctx context.Context, day reconcile.Day) ([]reconcile.Line, error) {
	var due []reconcile.Line
	err := db.read(ctx, func(t *tx) error {
		return t.each("SELECT "+orderList("o")+", "+answerList("a")+` FROM orders AS o CROSS JOIN answers AS a ON a.answer_id = o.answer_id
			WHERE o.ledger_day = ? AND o.fen_order_id <> '' AND o.refund_id = '' AND o.completion_id = '' AND o.conflicting = 0
			  AND o.status IN ('paid', 'part_refunded', 'refunded')
			  AND NOT EXISTS (SELECT 1 FROM sendings AS s WHERE s.kind = 'pay_score_sync' AND s.mid = o.mid AND s.fen_order_id = o.fen_order_id AND s.state = 'done')
			ORDER BY `+keyOrder, []any{date(day)}, func(row scanner) error {
			var l reconcile.Line
			var a answerScan
			err := row.Scan(append(orderColumns(&l.Order).pointers(), a.pointers()...)...)
			l.Answer = a.about(reconcile.Payment)
			if err == nil && l.Answer != nil && l.Answer.Bill.Paid() {
				due = append(due, l)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("pay-score orders to be told: %w", err)
	}
	return due, nil
}

func (db *DB) orders(ctx context.Context, what, where string, args ...any) ([]reconcile.Order, error) {
	var found []reconcile.Order
	err := db.read(ctx, func(t *tx) error {
		return t.each("SELECT "+orderList("o")+" FROM orders AS o WHERE "+where+" ORDER BY "+keyOrder, args, func(row scanner) error {
			var o reconcile.Order
			err := row.Scan(orderColumns(&o).pointers()...)
			found = append(found, o)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

// siblings are the other completions of a bill that count against it: those
// that are or may be at UMS, and those that the ledger calls a success.
func siblings(t *tx, s reconcile.Sending) (all []reconcile.Sibling, err error) {
	if s.Kind != reconcile.SendCompletion {
		return nil, nil
	}
	k := s.Key
	args := append(billKeyColumns(&k.BillKey).pointers(), k.CompletionID)
	err = t.each(siblingsQuery, append(args, args...), func(row scanner) error {
		var o reconcile.Sibling
		err := row.Scan(&o.ID, (*money)(&o.Amount), (*flag)(&o.Doubt), (*flag)(&o.Booked))
		all = append(all, o)
		return err
	})
	return all, err
}

const siblingsQuery = `
SELECT s.completion_id, s.amount_fen, s.state <> 'done',
       EXISTS (SELECT 1 FROM orders AS o WHERE o.mid = s.mid AND o.tid = s.tid AND o.inst_mid = s.inst_mid AND o.bill_day = s.bill_day
               AND o.bill_no = s.bill_no AND o.completion_id = s.completion_id)
FROM sendings AS s
WHERE s.kind = 'preauth_complete' AND s.state IN ('done', 'under_way', 'unsure')
  AND s.mid = ? AND s.tid = ? AND s.inst_mid = ? AND s.bill_day = ? AND s.bill_no = ? AND s.completion_id <> ?
UNION ALL
SELECT o.completion_id, o.amount_fen, FALSE, TRUE
FROM orders AS o
WHERE o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ? AND o.completion_id NOT IN ('', ?) AND o.status = 'success'
  AND NOT EXISTS (SELECT 1 FROM sendings AS s WHERE s.kind = 'preauth_complete' AND s.mid = o.mid AND s.completion_id = o.completion_id
                  AND s.state IN ('done', 'under_way', 'unsure'))
ORDER BY 1`
