package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

var causeCasesQuery = "SELECT " + caseList("c") + ` FROM cases AS c INDEXED BY cases_causes_idx
WHERE c.covers > 0 AND (c.scope <> '' OR c.ledger_day >= ?) ORDER BY c.case_id`

// CauseCases lists the cases that causes have had: of orders on ledger days
// from since on, of the rows of sources on any day.
func (db *DB) CauseCases(ctx context.Context, since reconcile.Day) (cases []reconcile.Case, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.each(causeCasesQuery, []any{date(since)}, func(row scanner) error {
			var c reconcile.Case
			err := row.Scan(caseColumns(&c).pointers()...)
			cases = append(cases, c)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("cases of causes: %w", err)
	}
	return cases, nil
}

const dayOrdersQuery = "SELECT count(*) FROM orders WHERE ledger_day = ? AND mid = ?"

// DayOrders is how many orders of every kind a merchant's ledger day holds.
func (db *DB) DayOrders(ctx context.Context, mid string, day reconcile.Day) (n int64, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row(dayOrdersQuery, date(day), mid).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("orders of %s: %w", day, err)
	}
	return n, nil
}
