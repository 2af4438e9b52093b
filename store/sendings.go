package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/umsrecon/umsrecon/reconcile"
)

var _ reconcile.SendingStore = (*DB)(nil)

// Intend stores a sending before anything is sent, or returns the one that is
// stored; see reconcile.SendingStore.
func (db *DB) Intend(ctx context.Context, s reconcile.Sending) (reconcile.Sending, error) {
	var kept reconcile.Sending
	err := db.write(ctx, func(t *tx) (err error) {
		kept, err = intend(t, s)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("store what is to be sent: %w", err)
	}
	return kept, nil
}

func intend(t *tx, s reconcile.Sending) (reconcile.Sending, error) {
	stored, err := findSending(t, s)
	if errors.Is(err, sql.ErrNoRows) && s.IDMade {
		stored, err = completionOf(t, s)
	}
	switch {
	case err == nil && stored.Absent():
		return renew(t, stored, s)
	case err == nil || !errors.Is(err, sql.ErrNoRows):
		return stored, err
	}
	s.State = reconcile.SendingIntended
	cols := sendingColumns(&s)
	if s.ID, err = t.insert(cols.insertInto("sendings"), cols.pointers()...); err != nil {
		return s, err
	}
	return s, step(t, s.ID, reconcile.Told{State: s.State}, s.MadeAt)
}

// renew gives a sending the figures that are wanted now, and keeps what they
// were as a step.
func renew(t *tx, stored, wanted reconcile.Sending) (reconcile.Sending, error) {
	now := stored
	now.Key.BillKey = wanted.Key.BillKey
	now.AuthCode, now.Amount, now.ServiceID, now.PaidAt, now.By = wanted.AuthCode, wanted.Amount, wanted.ServiceID, wanted.PaidAt, wanted.By
	was := figures(stored)
	if figures(now) == was {
		return stored, nil
	}
	err := t.exec(`UPDATE sendings SET tid = ?, inst_mid = ?, bill_day = ?, bill_no = ?, auth_code = ?, amount_fen = ?, service_id = ?, paid_at = ?, by_whom = ?
		WHERE sending_id = ?`, now.Key.TID, now.Key.InstMID, date(now.Key.BillDay), now.Key.BillNo,
		now.AuthCode, money(now.Amount), now.ServiceID, instant(now.PaidAt), now.By, now.ID)
	if err != nil {
		return now, err
	}
	return now, step(t, now.ID, reconcile.Told{State: now.State, Message: "was: " + was}, wanted.MadeAt)
}

// figures are what may change of a sending before it is sent.
func figures(s reconcile.Sending) string {
	k := s.Key
	return fmt.Sprintf("bill %s of %s, tid %s, inst_mid %s, authorisation %s, %s yuan, service %s, paid at %s",
		k.BillNo, k.BillDay, k.TID, k.InstMID, s.AuthCode, s.Amount.Yuan(), s.ServiceID, s.PaidAt.Format(time.RFC3339))
}

// completionOf is the completion of a bill that a made-up one would repeat, of
// those that were not refused: the same figures first, then what may be at UMS,
// then what was never sent.
func completionOf(t *tx, s reconcile.Sending) (reconcile.Sending, error) {
	k := s.Key.BillKey
	return scanSending(t.row("SELECT sending_id, "+sendingColumns(&s).list("")+` FROM sendings
		WHERE kind = 'preauth_complete' AND state <> 'refused' AND mid = ? AND tid = ? AND inst_mid = ? AND bill_day = ? AND bill_no = ?
		ORDER BY amount_fen = ? AND auth_code = ? DESC, state <> 'intended' DESC, sending_id LIMIT 1`,
		append(billKeyColumns(&k).pointers(), money(s.Amount), s.AuthCode)...))
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
SELECT o.completion_id, o.amount_fen, 0, 1
FROM orders AS o
WHERE o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ? AND o.completion_id NOT IN ('', ?) AND o.status = 'success'
  AND NOT EXISTS (SELECT 1 FROM sendings AS s WHERE s.kind = 'preauth_complete' AND s.mid = o.mid AND s.completion_id = o.completion_id
                  AND s.state IN ('done', 'under_way', 'unsure'))
ORDER BY 1`

// Stored is the sending of the same completion or pay-score order.
func (db *DB) Stored(ctx context.Context, s reconcile.Sending) (stored reconcile.Sending, found bool, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		stored, err = findSending(t, s)
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return stored, false, nil
	case err != nil:
		return stored, false, fmt.Errorf("look up what was sent: %w", err)
	}
	return stored, true, nil
}

func findSending(t *tx, s reconcile.Sending) (reconcile.Sending, error) {
	where, args := "completion_id = ?", []any{string(s.Kind), s.Key.MID, s.Key.CompletionID}
	if s.Kind == reconcile.SendSync {
		where, args[2] = "fen_order_id = ?", s.FenOrderID
	}
	return scanSending(t.row("SELECT sending_id, "+sendingColumns(&s).list("")+" FROM sendings WHERE kind = ? AND mid = ? AND "+where, args...))
}

func scanSending(row scanner) (s reconcile.Sending, err error) {
	err = row.Scan(append([]any{&s.ID}, sendingColumns(&s).pointers()...)...)
	return s, err
}

// Begin marks a sending as under way, if may allows it; see
// reconcile.SendingStore.
func (db *DB) Begin(ctx context.Context, s reconcile.Sending, may func([]reconcile.Sibling) error, now time.Time) (mine bool, err error) {
	err = db.write(ctx, func(t *tx) error {
		others, err := siblings(t, s)
		if err == nil {
			err = may(others)
		}
		if err != nil {
			return err
		}
		r, err := t.result("UPDATE sendings SET state = 'under_way', sent_at = ?, attempts = attempts + 1 WHERE sending_id = ? AND state = ? AND attempts = ?",
			instant(now), s.ID, string(s.State), s.Attempts)
		if err != nil {
			return err
		}
		rows, err := r.RowsAffected()
		if err != nil || rows == 0 {
			return err
		}
		mine = true
		return step(t, s.ID, reconcile.Told{State: reconcile.SendingUnderWay}, now)
	})
	switch {
	case errors.Is(err, reconcile.ErrBlocked):
		return false, err
	case err != nil:
		return false, fmt.Errorf("begin sending: %w", err)
	}
	return mine, nil
}

// TakeBack undoes a Begin of which nothing left this machine; see
// reconcile.SendingStore.
func (db *DB) TakeBack(ctx context.Context, before reconcile.Sending, told reconcile.Told, now time.Time) error {
	if told.State = before.State; told.State == reconcile.SendingRefused {
		told.State = reconcile.SendingIntended
	}
	return db.patiently(ctx, func(t *tx) error {
		err := t.exec(`UPDATE sendings SET state = ?, sent_at = ?, attempts = ?, err_code = ?, message = ?
			WHERE sending_id = ? AND state = 'under_way' AND attempts = ?`,
			string(told.State), instant(before.SentAt), before.Attempts, told.Code, told.Message, before.ID, before.Attempts+1)
		if err != nil {
			return err
		}
		return step(t, before.ID, told, now)
	})
}

// tellTries bounds how often patiently waits for a database that another process
// holds, fifteen seconds each: what UMS said must not be lost to a long load.
const tellTries = 80

// Tell records what came of the last attempt of a sending; see
// reconcile.SendingStore.
func (db *DB) Tell(ctx context.Context, s reconcile.Sending, told reconcile.Told, now time.Time) error {
	amount := s.Amount
	if told.State == reconcile.SendingDone && told.Amount.Known {
		amount = told.Amount.Fen
	}
	return db.patiently(ctx, func(t *tx) error {
		err := t.exec("UPDATE sendings SET state = ?, err_code = ?, message = ?, amount_fen = ? WHERE sending_id = ? AND state <> 'done' AND attempts = ?",
			string(told.State), told.Code, told.Message, money(amount), s.ID, s.Attempts)
		if err != nil {
			return err
		}
		return step(t, s.ID, told, now)
	})
}

// patiently writes, and waits while another process holds the database.
func (db *DB) patiently(ctx context.Context, fn func(*tx) error) (err error) {
	for range tellTries {
		err = db.write(ctx, fn)
		if !busyElsewhere(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("record what was sent: %w", err)
	}
	return nil
}

// busyElsewhere says whether another process held the database for too long.
func busyElsewhere(err error) bool {
	var e *sqlite.Error
	const primary = 0xff // the code without its extension
	return errors.As(err, &e) && e.Code()&primary == sqlite3.SQLITE_BUSY
}

func step(t *tx, id int64, told reconcile.Told, now time.Time) error {
	return t.exec("INSERT INTO sending_steps (sending_id, at, state, err_code, message, body) VALUES (?, ?, ?, ?, ?, ?)",
		id, instant(now), string(told.State), told.Code, told.Message, told.Raw)
}

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
		AND coalesce((SELECT o.ledger_day FROM orders AS o WHERE o.mid = sendings.mid AND o.completion_id = sendings.completion_id LIMIT 1), bill_day) = ?`, date(day))
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

func sendingColumns(s *reconcile.Sending) columns {
	return append(keyColumns(&s.Key), columns{
		{"kind", (*word)(&s.Kind)},
		{"state", (*word)(&s.State)},
		{"auth_code", (*word)(&s.AuthCode)},
		{"amount_fen", (*money)(&s.Amount)},
		{"fen_order_id", (*word)(&s.FenOrderID)},
		{"service_id", (*word)(&s.ServiceID)},
		{"paid_at", (*instant)(&s.PaidAt)},
		{"by_whom", (*word)(&s.By)},
		{"made_at", (*instant)(&s.MadeAt)},
		{"sent_at", (*instant)(&s.SentAt)},
		{"attempts", (*number)(&s.Attempts)},
		{"err_code", (*word)(&s.Code)},
		{"message", (*word)(&s.Message)},
	}...)
}
