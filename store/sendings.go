package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

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
	if s.ID, err = t.insert("sending_id", cols.insertInto("sendings"), cols.pointers()...); err != nil {
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
		ORDER BY (amount_fen = ? AND auth_code = ?) DESC, (state <> 'intended') DESC, sending_id LIMIT 1`,
		append(billKeyColumns(&k).pointers(), money(s.Amount), s.AuthCode)...))
}

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
		r, err := t.result("UPDATE sendings SET state = 'under_way', sent_at = ?, attempts = attempts + 1 WHERE sending_id = ? AND state = ? AND attempts = ? AND sent_at IS NOT DISTINCT FROM ?",
			instant(now), s.ID, string(s.State), s.Attempts, instant(s.SentAt)) // an attempt that was taken back leaves its number to another
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
	return db.once(ctx, before.ID, told, now, func(t *tx) error {
		return t.exec(`UPDATE sendings SET state = ?, sent_at = ?, attempts = ?, err_code = ?, message = ?
			WHERE sending_id = ? AND state = 'under_way' AND attempts = ?`,
			string(told.State), instant(before.SentAt), before.Attempts, told.Code, told.Message, before.ID, before.Attempts+1)
	})
}

// tellTries bounds how often patiently waits for a database that another process
// holds, or whose server is away, fifteen seconds each: what UMS said must not be
// lost to a long load, or to a server that is started again.
const (
	tellTries = 80
	awayPause = 15 * time.Second
)

// Tell records what came of the last attempt of a sending; see
// reconcile.SendingStore.
func (db *DB) Tell(ctx context.Context, s reconcile.Sending, told reconcile.Told, now time.Time) error {
	amount := s.Amount
	if told.State == reconcile.SendingDone && told.Amount.Known {
		amount = told.Amount.Fen
	}
	return db.once(ctx, s.ID, told, now, func(t *tx) error {
		return t.exec("UPDATE sendings SET state = ?, err_code = ?, message = ?, amount_fen = ? WHERE sending_id = ? AND state <> 'done' AND attempts = ?",
			string(told.State), told.Code, told.Message, money(amount), s.ID, s.Attempts)
	})
}

// once changes a sending and appends the step, patiently. Where that step is
// there the reply to its COMMIT was lost, and nothing is done again: others may
// have gone on from it.
func (db *DB) once(ctx context.Context, id int64, told reconcile.Told, now time.Time, change func(*tx) error) error {
	return db.patiently(ctx, func(t *tx) error {
		var there bool
		err := t.row("SELECT EXISTS (SELECT 1 FROM sending_steps WHERE sending_id = ? AND at = ? AND state = ? AND err_code = ? AND message = ? AND body IS NOT DISTINCT FROM ?)",
			stepValues(id, told, now)...).Scan((*flag)(&there))
		if err != nil || there {
			return err
		}
		if err := change(t); err != nil {
			return err
		}
		return step(t, id, told, now)
	})
}

// patiently writes, and waits while another process holds the database, or its
// server is away.
func (db *DB) patiently(ctx context.Context, fn func(*tx) error) (err error) {
	for range tellTries {
		err = db.write(ctx, fn)
		if ctx.Err() != nil || !busyElsewhere(err) && !away(err) {
			break
		}
		if away(err) {
			pause(ctx, awayPause)
		}
	}
	if err != nil {
		return fmt.Errorf("record what was sent: %w", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// busyElsewhere says whether another process held the database for too long.
func busyElsewhere(err error) bool { return isSQLite(err, sqlite3.SQLITE_BUSY) }

func step(t *tx, id int64, told reconcile.Told, now time.Time) error {
	return t.exec("INSERT INTO sending_steps (sending_id, at, state, err_code, message, body) VALUES (?, ?, ?, ?, ?, ?)", stepValues(id, told, now)...)
}

func stepValues(id int64, told reconcile.Told, now time.Time) []any {
	return []any{id, instant(now), string(told.State), told.Code, told.Message, told.Raw}
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
