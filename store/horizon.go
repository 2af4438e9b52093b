package store

import (
	"context"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

const (
	horizonQuery = "SELECT max(before_day) FROM horizons"
	addHorizon   = "INSERT INTO horizons (before_day, at) VALUES (?, ?)"

	// newestQuery is the newest of the days that the clock, the runs and the books
	// agree on; NULL: there are no runs, or no books. A clock that has run ahead, or
	// one row of a day to come, makes nothing old.
	newestQuery = `
SELECT CASE WHEN count(day) = 3 THEN min(day) END FROM (
  SELECT CAST(:today AS TEXT) AS day
  UNION ALL SELECT max(day) FROM runs WHERE publication IS NOT NULL
  UNION ALL SELECT max(ledger_day) FROM orders) AS known`
)

// Horizon is the first day of which all orders are kept: what lies before it is
// history. Zero: none were ever taken away.
func (db *DB) Horizon(ctx context.Context) (h reconcile.Day, err error) {
	err = db.read(ctx, func(t *tx) error { return t.row(horizonQuery).Scan((*date)(&h)) })
	if err != nil {
		return 0, fmt.Errorf("horizon: %w", err)
	}
	return h, nil
}

// lateNotices counts from a time on, up to another.
const lateNotices = `
SELECT count(*) FROM notices INDEXED BY notices_homeless_idx
WHERE order_id IS NULL AND verified = 1 AND kind <> 'contract' AND received_at >= ? AND received_at <= ? AND pay_at < ? AND NOT ` + refunding

// LateNotices counts the verified notices of payments of history that have come
// since the day of a run began and belong to no order, but for those of refunds.
func (db *DB) LateNotices(ctx context.Context, s reconcile.Scope) (late int64, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row(lateNotices, instant(s.Day.Start()), instant(s.Now), instant(s.History.Start())).Scan(&late)
	})
	if err != nil {
		return 0, fmt.Errorf("notices of history: %w", err)
	}
	return late, nil
}

// MoveHorizon makes history of the whole months that are older than so many
// days. It is written down before an order goes, and never moves back.
func (db *DB) MoveHorizon(ctx context.Context, now time.Time, keep int) error {
	err := db.write(ctx, func(t *tx) error {
		var newest, was reconcile.Day
		if err := t.row(newestQuery, named{"today": date(reconcile.DayOf(now))}.args()...).Scan((*date)(&newest)); err != nil {
			return err
		}
		if err := t.row(horizonQuery).Scan((*date)(&was)); err != nil {
			return err
		}
		h := (newest - reconcile.Day(keep)).FirstOfMonth()
		if newest == 0 || h <= was {
			return nil
		}
		return t.exec(addHorizon, date(h), instant(now))
	})
	if err != nil {
		return fmt.Errorf("horizon: %w", err)
	}
	return nil
}
