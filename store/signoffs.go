package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// SignOff lets a person close or reopen a day: decide sees how it stands, and
// what it returns is kept, in one transaction. Closing pins the orders of the
// day as they are signed: if their money or status changes later, that is a
// finding. Reopening lets go of those that were not final by agreement: the day
// is opened again to correct them. The cases that were accepted are told so.
func (db *DB) SignOff(ctx context.Context, day reconcile.Day, decide func(reconcile.Standing) (reconcile.SignOff, error)) (reconcile.SignOff, error) {
	var kept reconcile.SignOff
	err := db.write(ctx, func(t *tx) error {
		standing, err := standingOf(t, day)
		if err != nil {
			return err
		}
		if kept, err = decide(standing); err != nil {
			return err
		}
		if err := saveSignOff(t, kept); err != nil {
			return err
		}
		if kept.Closed {
			return errors.Join(accept(t, kept), t.exec(pinSigned, date(day)))
		}
		return t.exec(unpinReopened, date(day))
	})
	if err != nil {
		return kept, fmt.Errorf("day %s: %w", day, err)
	}
	return kept, nil
}

const (
	pinSigned     = "UPDATE orders SET pinned_fen = amount_fen, pinned_status = status WHERE ledger_day = ?"
	unpinReopened = `UPDATE orders SET pinned_fen = NULL, pinned_status = NULL
WHERE ledger_day = ? AND NOT (final = 1 AND class IN ('matched', 'tolerance'))`
)

// eventAccepted notes on a case that the signer of a day took it as it is.
const eventAccepted = `INSERT INTO events (case_id, at, kind, was, state, stake_fen, by_whom, reason_zh, reason_en, facts)
SELECT case_id, ?, ?, state, state, stake_fen, ?, ?, ?, facts FROM cases WHERE case_id = ?`

func accept(t *tx, s reconcile.SignOff) error {
	for _, e := range s.AcceptedEvents() {
		if err := t.change(ErrNoCase, eventAccepted, instant(e.At), string(e.Kind), e.By, e.Reason.ZH, e.Reason.EN, e.CaseID); err != nil {
			return err
		}
	}
	return nil
}

func saveSignOff(t *tx, s reconcile.SignOff) error {
	kind := "reopened"
	if s.Closed {
		kind = "closed"
	}
	return t.exec("INSERT INTO sign_offs (day, kind, at, by_whom, system_user, note, accepted, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		date(s.Day), kind, instant(s.At), s.By, s.User, s.Note, list(s.Accepted), s.RunID)
}

const lastSignOff = "SELECT day, kind = 'closed', at, by_whom, system_user, note, accepted, run_id FROM sign_offs WHERE day = ? ORDER BY sign_off_id DESC LIMIT 1"

const latestRun = "SELECT status FROM runs WHERE day = ? ORDER BY run_id DESC LIMIT 1"

// What changed in the ledger since it was judged has no class.
const unprovenOrders = "SELECT bill_no FROM orders WHERE ledger_day = ? AND coalesce(class, 'unverified') = 'unverified' ORDER BY bill_no, order_id"

var graveOfDay = "SELECT " + caseList("c") + ` FROM cases AS c
WHERE c.ledger_day = ? AND c.state IN ('open', 'proposed') AND c.severity IN ('S1', 'S2') ORDER BY c.severity, c.case_id`

func standingOf(t *tx, day reconcile.Day) (s reconcile.Standing, err error) {
	s.Day = day
	err = t.each(lastSignOff, []any{date(day)}, func(row scanner) error {
		s.Last = &reconcile.SignOff{}
		return scanSignOff(row, s.Last)
	})
	if err != nil {
		return s, err
	}
	run, found, err := summaryOf(t, lastSummaryOfDay, date(day))
	if err != nil {
		return s, err
	}
	if found {
		s.Run = &run
	}
	if s.Last != nil {
		signed, _, err := summaryOf(t, "SELECT summary FROM runs WHERE run_id = ? AND summary IS NOT NULL", s.Last.RunID)
		if err != nil {
			return s, err
		}
		s.Signed = &signed
	}
	err = t.each(latestRun, []any{date(day)}, func(row scanner) error { return row.Scan((*word)(&s.Latest)) })
	if err != nil {
		return s, err
	}
	err = t.each(unprovenOrders, []any{date(day)}, func(row scanner) error {
		var billNo string
		err := row.Scan(&billNo)
		if s.Unverified++; len(s.Unproven) < 5 && !slices.Contains(s.Unproven, billNo) {
			s.Unproven = append(s.Unproven, billNo)
		}
		return err
	})
	if err != nil {
		return s, err
	}
	return s, t.each(graveOfDay, []any{date(day)}, func(row scanner) error {
		var c reconcile.Case
		err := row.Scan(caseColumns(&c).pointers()...)
		s.Grave = append(s.Grave, c)
		return err
	})
}

func scanSignOff(row scanner, s *reconcile.SignOff) error {
	var accepted string
	if err := row.Scan((*date)(&s.Day), (*flag)(&s.Closed), (*instant)(&s.At), &s.By, &s.User, &s.Note, &accepted, &s.RunID); err != nil {
		return err
	}
	return json.Unmarshal([]byte(accepted), &s.Accepted)
}

// Standing is how a day stands.
func (db *DB) Standing(ctx context.Context, day reconcile.Day) (s reconcile.Standing, err error) {
	err = db.read(ctx, func(t *tx) error {
		s, err = standingOf(t, day)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("day %s: %w", day, err)
	}
	return s, nil
}

// Days lists every ledger day that was run, the newest first, as it stands.
func (db *DB) Days(ctx context.Context) ([]reconcile.Standing, error) {
	var all []reconcile.Standing
	err := db.read(ctx, func(t *tx) error {
		var days []reconcile.Day
		err := t.each("SELECT DISTINCT day FROM runs WHERE summary IS NOT NULL ORDER BY day DESC", nil, func(row scanner) error {
			var d reconcile.Day
			err := row.Scan((*date)(&d))
			days = append(days, d)
			return err
		})
		for _, d := range days {
			var s reconcile.Standing
			if err == nil {
				s, err = standingOf(t, d)
			}
			all = append(all, s)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("days: %w", err)
	}
	return all, nil
}
