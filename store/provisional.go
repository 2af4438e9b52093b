package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/umsrecon/umsrecon/reconcile"
)

// fillAnswered puts the orders of some bills that the run has asked about in
// scope.
const fillAnswered = `
INSERT INTO scope (order_id, partner)
SELECT o.order_id, 0
FROM json_each(:bills) AS bill
CROSS JOIN orders AS o ON o.mid = bill.value ->> 0 AND o.tid = bill.value ->> 1 AND o.inst_mid = bill.value ->> 2
  AND o.bill_day = bill.value ->> 3 AND o.bill_no = bill.value ->> 4
WHERE EXISTS (SELECT 1 FROM answers AS mine WHERE mine.run_id = :run AND mine.order_id = o.order_id AND mine.asked_at > :fresh)
ON CONFLICT DO NOTHING`

// Answered yields the families of some bills as they stand while a run is
// still asking: in scope are the orders that it has asked about so far. What
// ties bills to each other is not looked for.
func (db *DB) Answered(ctx context.Context, s reconcile.Scope, bills []reconcile.BillKey) iter.Seq2[reconcile.Family, error] {
	return stream("answered families", func(emit func(reconcile.Family) error) error {
		args := scopeArgs(s)
		var err error
		if args["bills"], err = billList(bills); err != nil {
			return err
		}
		return db.read(ctx, func(t *tx) error {
			most, err := listFamilies(t, args, fillAnswered)
			if err != nil {
				return err
			}
			return readListed([]*tx{t}, s, args, upTo(most), emit)
		})
	})
}

func billList(bills []reconcile.BillKey) (string, error) {
	keys := make([][5]string, len(bills))
	for i, b := range bills {
		keys[i] = [5]string{b.MID, b.TID, b.InstMID, b.BillDay.String(), b.BillNo}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return "", fmt.Errorf("bills: %w", err)
	}
	return string(text), nil
}
