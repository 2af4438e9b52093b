package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

const nightsQuery = `
WITH ends AS (
    SELECT day, max(run_id) AS last, max(run_id) FILTER (WHERE summary IS NOT NULL) AS published,
           max(run_id) FILTER (WHERE status = 'complete') AS complete
    FROM runs GROUP BY day)
SELECT e.day, r.status, (SELECT min(started_at) FROM runs WHERE day = e.day AND summary IS NOT NULL), coalesce(CAST(r.summary ->> 'ledger_empty' AS TEXT) IN ('1', 'true'), FALSE),
       coalesce((SELECT kind = 'closed' FROM sign_offs WHERE day = e.day ORDER BY sign_off_id DESC LIMIT 1), FALSE),
       (SELECT min(started_at) FROM runs WHERE day = e.day AND run_id > coalesce(e.complete, '')),
       EXISTS (SELECT 1 FROM runs AS r WHERE r.run_id = e.last AND ` + unwritten + `)
FROM ends AS e JOIN runs AS r ON r.run_id = coalesce(e.published, e.last)
ORDER BY e.day`

// Nights lists every ledger day that a run was ever begun of, oldest first.
func (db *DB) Nights(ctx context.Context) ([]reconcile.Night, error) {
	var nights []reconcile.Night
	err := db.read(ctx, func(t *tx) error {
		return t.each(nightsQuery, nil, func(row scanner) error {
			var n reconcile.Night
			err := row.Scan((*date)(&n.Day), (*word)(&n.Status), (*instant)(&n.Published), (*flag)(&n.LedgerEmpty), (*flag)(&n.Closed), (*instant)(&n.Began), (*flag)(&n.Unwritten))
			nights = append(nights, n)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("nights: %w", err)
	}
	return nights, nil
}
