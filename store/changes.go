package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// changedQuery yields what a run did to cases, by its first event about each,
// and the open cases of its day that it left open, as lines of cases with the
// event's kind and reason.
var changedQuery = `
SELECT c.case_id, coalesce(e.kind, :still), coalesce(nullif(e.reason_zh, ''), c.reason_zh), coalesce(nullif(e.reason_en, ''), c.reason_en)
FROM cases AS c LEFT JOIN events AS e ON e.event_id = (SELECT min(event_id) FROM events WHERE case_id = c.case_id AND run_id = :run)
WHERE c.case_id IN (SELECT case_id FROM events INDEXED BY events_run_idx WHERE run_id = :run
                    UNION SELECT case_id FROM cases WHERE ledger_day = :day AND state IN ('open', 'proposed'))
  AND c.code NOT IN (SELECT value FROM json_each(:passing))`

// Changes lists what a published run did to cases other than waiting and
// unverified ones, and which of its day it left open, gravest first, then by
// ledger day and key. Answers come without their bodies.
func (db *DB) Changes(ctx context.Context, run reconcile.Summary) ([]reconcile.Change, error) {
	args := named{"run": run.RunID, "day": date(run.Day), "passing": list(passingCodes()), "still": string(reconcile.EventStill)}
	said := map[string]reconcile.Change{}
	err := db.read(ctx, func(t *tx) error {
		return t.each(changedQuery, args.args(), func(row scanner) error {
			var id string
			var c reconcile.Change
			err := row.Scan(&id, (*word)(&c.Kind), (*word)(&c.Why.ZH), (*word)(&c.Why.EN))
			said[id] = c
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("changes of run %q: %w", run.RunID, err)
	}
	ids := make([]string, 0, len(said))
	for id := range said {
		ids = append(ids, id)
	}
	var changes []reconcile.Change
	for line, err := range db.lines(ctx, "changes", 0, bySeverity, named{"ids": list(ids)}, casesNamed) {
		if err != nil {
			return nil, err
		}
		c := said[line.Case.ID]
		c.Line = line
		changes = append(changes, c)
	}
	return changes, nil
}
