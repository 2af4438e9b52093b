package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// tieLines ties a line to an order of the bill with its reference, else with
// its merchant order number; a refund looks at the refunds first.
var tieLines = tieStated("statement_lines", "settle_day >= :since")

// tieBadLines does the same for those that were not understood, as far as they
// name anything.
var tieBadLines = tieStated("bad_rows", "(reference <> '' OR mer_order_id <> '')")

func tieStated(table, named string) string {
	by := func(column, of string) string { return stated(table, column, of) }
	both := statedBoth(table)
	return `
UPDATE ` + table + ` SET order_id = CASE kind
  WHEN 'refund' THEN coalesce(` + by("flow_seq_id", "reference") + `, ` + both + `, ` + by("pay_seq_id", "reference") + `,
    ` + by("flow_mer_order_id", "mer_order_id") + `, ` + by("pay_mer_order_id", "mer_order_id") + `, ` + statedOrder(table) + `)
  ELSE coalesce(` + both + `, ` + by("pay_seq_id", "reference") + `, ` + by("flow_seq_id", "reference") + `,
    ` + by("pay_mer_order_id", "mer_order_id") + `, ` + by("flow_mer_order_id", "mer_order_id") + `, ` + statedOrder(table) + `)
  END
WHERE order_id IS NULL AND ` + named
}

// ofMerchant: a mid that could not be read may be any. Of several orders it is
// the first by its key, on either database.
func ofMerchant(table string) string {
	return ` AND ` + table + `.mid IN (o.mid, '') AND o.ledger_day >= :since ORDER BY ` + keyOrder + ` LIMIT 1)`
}

func stated(table, column, of string) string {
	return `(SELECT a.order_id FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id
      WHERE a.` + column + ` = ` + table + `.` + of + ` AND a.` + column + ` <> ''` + ofMerchant(table)
}

// statedBoth tells bills that share a reference apart.
func statedBoth(table string) string {
	return `(SELECT a.order_id FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id
      WHERE a.pay_seq_id = ` + table + `.reference AND a.pay_mer_order_id = ` + table + `.mer_order_id AND a.pay_seq_id <> '' AND a.pay_mer_order_id <> ''` + ofMerchant(table)
}

func statedOrder(table string) string {
	return `(SELECT o.order_id FROM orders AS o
      WHERE o.mid = ` + table + `.mid AND o.mer_order_id = ` + table + `.mer_order_id AND o.mer_order_id <> '' AND o.ledger_day >= :since ORDER BY ` + keyOrder + ` LIMIT 1)`
}

// TieStatements finds an order of the bill that each line is about, of those
// that belong to none yet. Orders beyond the lookback do not count.
func (db *DB) TieStatements(ctx context.Context, s reconcile.Scope) error {
	since := named{"since": date(s.Since)}.args()
	err := db.write(ctx, func(t *tx) error {
		return errors.Join(t.exec(tieLines, since...), t.exec(tieBadLines, since...))
	})
	if err != nil {
		return fmt.Errorf("tie statements: %w", err)
	}
	return nil
}
