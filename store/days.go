package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

const openDaysQuery = `
SELECT ledger_day FROM orders WHERE final = 0 AND ledger_day >= :since AND ledger_day < :before
UNION
SELECT ledger_day FROM cases WHERE state IN ('open', 'proposed') AND ledger_day >= :since AND ledger_day < :before
ORDER BY 1`

// OpenDays lists the ledger days in [since, before) that have an open order
// or a pending case, oldest first.
func (db *DB) OpenDays(ctx context.Context, since, before reconcile.Day) ([]reconcile.Day, error) {
	var days []reconcile.Day
	err := db.read(ctx, func(t *tx) error {
		return t.each(openDaysQuery, named{"since": date(since), "before": date(before)}.args(), func(row scanner) error {
			var d reconcile.Day
			err := row.Scan((*date)(&d))
			days = append(days, d)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("open days: %w", err)
	}
	return days, nil
}

// A day that was loaded and is empty has a load but no order.
const neighboursQuery = `
SELECT EXISTS (SELECT 1 FROM orders WHERE ledger_day IN (
  :day,
  (SELECT max(d) FROM (SELECT max(ledger_day) AS d FROM orders WHERE ledger_day < :day UNION ALL SELECT max(day) FROM loads WHERE day < :day AND kind = 'ledger') AS before),
  (SELECT min(d) FROM (SELECT min(ledger_day) AS d FROM orders WHERE ledger_day > :day UNION ALL SELECT min(day) FROM loads WHERE day > :day AND kind = 'ledger') AS after)))`

// NeighboursFilled says whether the nearest loaded ledger day before day, or
// the nearest one after it, holds orders, or day itself did in an earlier load.
func (db *DB) NeighboursFilled(ctx context.Context, day reconcile.Day) (filled bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row(neighboursQuery, named{"day": date(day)}.args()...).Scan((*flag)(&filled))
	})
	if err != nil {
		return false, fmt.Errorf("neighbours of %s: %w", day, err)
	}
	return filled, nil
}
