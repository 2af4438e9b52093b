package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	if errors.Is(err, sql.ErrNoRows) && s.Kind == reconcile.SendCompletion && !s.Another {
		stored, err = completionOf(t, s.Key.BillKey)
	}
	switch {
	case err == nil && stored.Key == s.Key && nothingAtUMS(stored):
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

// nothingAtUMS says whether no request of a sending can have arrived.
func nothingAtUMS(s reconcile.Sending) bool {
	return s.State == reconcile.SendingRefused || s.State == reconcile.SendingIntended && s.Attempts == 0
}

// renew gives a sending the figures that are wanted now, and keeps what they
// were as a step.
func renew(t *tx, stored, wanted reconcile.Sending) (reconcile.Sending, error) {
	was := fmt.Sprintf("was: authorisation %s, %s yuan, service %s, paid at %s", stored.AuthCode, stored.Amount.Yuan(), stored.ServiceID, stored.PaidAt.Format(time.RFC3339))
	now := stored
	now.AuthCode, now.Amount, now.ServiceID, now.PaidAt, now.By = wanted.AuthCode, wanted.Amount, wanted.ServiceID, wanted.PaidAt, wanted.By
	if now.AuthCode == stored.AuthCode && now.Amount == stored.Amount && now.ServiceID == stored.ServiceID && now.PaidAt.Equal(stored.PaidAt) {
		return stored, nil
	}
	err := t.exec("UPDATE sendings SET auth_code = ?, amount_fen = ?, service_id = ?, paid_at = ?, by_whom = ? WHERE sending_id = ?",
		now.AuthCode, money(now.Amount), now.ServiceID, instant(now.PaidAt), now.By, now.ID)
	if err != nil {
		return now, err
	}
	return now, step(t, now.ID, reconcile.Told{State: now.State, Message: was}, wanted.MadeAt)
}

// completionOf is the first completion of a bill that was not refused.
func completionOf(t *tx, k reconcile.BillKey) (reconcile.Sending, error) {
	return scanSending(t.row("SELECT sending_id, "+sendingColumns(&reconcile.Sending{}).list("")+` FROM sendings
		WHERE kind = 'preauth_complete' AND state <> 'refused' AND mid = ? AND tid = ? AND inst_mid = ? AND bill_day = ? AND bill_no = ?
		ORDER BY sending_id LIMIT 1`, billKeyColumns(&k).pointers()...))
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

// Begin marks a sending as under way. It is false when somebody else has moved
// it since it was read.
func (db *DB) Begin(ctx context.Context, s reconcile.Sending, now time.Time) (mine bool, err error) {
	err = db.write(ctx, func(t *tx) error {
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
	if err != nil {
		return false, fmt.Errorf("begin sending: %w", err)
	}
	return mine, nil
}

// tellTries bounds how often Tell waits for a database that another process
// holds, fifteen seconds each: what UMS said must not be lost to a long load.
const tellTries = 80

// Tell records what came of the last attempt of a sending; see
// reconcile.SendingStore.
func (db *DB) Tell(ctx context.Context, s reconcile.Sending, told reconcile.Told, now time.Time) (err error) {
	for range tellTries {
		err = db.write(ctx, func(t *tx) error {
			err := t.exec("UPDATE sendings SET state = ?, err_code = ?, message = ? WHERE sending_id = ? AND state <> 'done' AND attempts = ?",
				string(told.State), told.Code, told.Message, s.ID, s.Attempts)
			if err != nil {
				return err
			}
			return step(t, s.ID, told, now)
		})
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
	var found []reconcile.Sending
	err := db.read(ctx, func(t *tx) error {
		return t.each("SELECT sending_id, "+sendingColumns(&reconcile.Sending{}).list("")+` FROM sendings
			WHERE kind = 'preauth_complete' AND mid = ? AND tid = ? AND inst_mid = ? AND bill_day = ? AND bill_no = ? ORDER BY sending_id`,
			billKeyColumns(&k).pointers(), func(row scanner) error {
				s, err := scanSending(row)
				found = append(found, s)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("completions of bill %q: %w", k.BillNo, err)
	}
	return found, nil
}

// DueCompletions lists the completion rows of a ledger day that wait to be
// sent: processing, one row each, still in the books.
func (db *DB) DueCompletions(ctx context.Context, day reconcile.Day) ([]reconcile.Order, error) {
	return db.orders(ctx, "due completions", `o.ledger_day = ? AND o.completion_id <> '' AND o.status = 'processing'
		AND o.conflicting = 0 AND NOT `+vanished, date(day))
}

// ProcessingCompletion is the id of the one completion row of a bill that waits
// to be sent; empty: there is none, or more than one.
func (db *DB) ProcessingCompletion(ctx context.Context, k reconcile.BillKey) (string, error) {
	orders, err := db.orders(ctx, "completions of a bill", `o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ?
		AND o.completion_id <> '' AND o.status = 'processing'`, billKeyColumns(&k).pointers()...)
	if err != nil || len(orders) != 1 {
		return "", err
	}
	return orders[0].CompletionID, nil
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
