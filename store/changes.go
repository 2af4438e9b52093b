package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// changedQuery yields what became of cases since an earlier run of the day: by
// the last event about each, which is of this run, or about a case of the day
// whoever brought it about; and the open cases of the day about which there is
// none. Lines of cases with the event's kind, reason and author.
var changedQuery = `
WITH since AS (
  SELECT max(e.event_id) AS event_id, e.case_id FROM events AS e JOIN cases AS c USING (case_id)
  WHERE e.event_id > coalesce((SELECT closing_event_id FROM runs WHERE run_id = :before), 0)
    AND e.event_id <= coalesce((SELECT closing_event_id FROM runs WHERE run_id = :run), 0)
    AND (e.run_id = :run OR c.ledger_day = :day)
  GROUP BY e.case_id)
SELECT c.case_id, coalesce(e.kind, :still), coalesce(nullif(e.reason_zh, ''), c.reason_zh), coalesce(nullif(e.reason_en, ''), c.reason_en),
  CASE WHEN e.run_id <> :run THEN 'run of ' || r.day ELSE coalesce(e.by_whom, '') END
FROM cases AS c LEFT JOIN since AS s ON s.case_id = c.case_id LEFT JOIN events AS e ON e.event_id = s.event_id LEFT JOIN runs AS r ON r.run_id = e.run_id
WHERE c.case_id IN (SELECT case_id FROM since UNION SELECT case_id FROM cases WHERE ledger_day = :day AND state IN ('open', 'proposed'))
  AND c.code NOT IN (SELECT value FROM json_each(:passing))`

// Changes lists what became of cases, other than waiting and unverified ones,
// from the earlier run before (empty: from the beginning) to a published run of
// the same day, and which of the day are open as they were, gravest first, then
// by ledger day and key. Answers come without their bodies.
func (db *DB) Changes(ctx context.Context, before string, run reconcile.Summary) ([]reconcile.Change, error) {
	args := named{"before": before, "run": run.RunID, "day": date(run.Day), "passing": list(passingCodes()), "still": string(reconcile.EventStill)}
	said := map[string]reconcile.Change{}
	err := db.read(ctx, func(t *tx) error {
		return t.each(changedQuery, args.args(), func(row scanner) error {
			var id string
			var c reconcile.Change
			err := row.Scan(&id, (*word)(&c.Kind), (*word)(&c.Why.ZH), (*word)(&c.Why.EN), (*word)(&c.Who))
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
