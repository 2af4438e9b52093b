package store

import (
	"github.com/umsrecon/umsrecon/reconcile"
)

// Balance is the closing balance of the last published run of any day, and
// what people have resolved and reopened since.
func (p *publication) Balance() (opening, resolved, reopened reconcile.Sum, err error) {
	last, found, err := summaryOf(p.tx, "SELECT summary FROM runs WHERE publication IS NOT NULL ORDER BY publication DESC LIMIT 1")
	if err != nil {
		return opening, resolved, reopened, p.named(err)
	}
	if found {
		opening = last.Cases.Closing
	}
	err = p.row(byPeople, last.RunID).Scan(&resolved.Count, (*money)(&resolved.Fen), &reopened.Count, (*money)(&reopened.Fen))
	return opening, resolved, reopened, p.named(err)
}

const byPeople = `
SELECT count(*) FILTER (WHERE was IN ('open', 'proposed') AND state = 'resolved' AND kind = 'resolved'),
       sum(stake_fen) FILTER (WHERE was IN ('open', 'proposed') AND state = 'resolved' AND kind = 'resolved'),
       count(*) FILTER (WHERE was NOT IN ('open', 'proposed') AND state IN ('open', 'proposed')),
       sum(stake_fen) FILTER (WHERE was NOT IN ('open', 'proposed') AND state IN ('open', 'proposed'))
FROM events
WHERE run_id IS NULL AND event_id > coalesce((SELECT closing_event_id FROM runs WHERE run_id = ?), 0)`

// PendingCases counts the open and proposed cases of the whole database, by
// the day they were first seen.
func (p *publication) PendingCases() (map[reconcile.Day]reconcile.Sum, error) {
	pending := map[reconcile.Day]reconcile.Sum{}
	err := p.each("SELECT first_seen_day, count(*), sum(stake_fen) FROM cases WHERE state IN ('open', 'proposed') GROUP BY first_seen_day",
		nil, func(row scanner) error {
			var day reconcile.Day
			var s reconcile.Sum
			err := row.Scan((*date)(&day), &s.Count, (*money)(&s.Fen))
			pending[day] = s
			return err
		})
	if err != nil {
		return nil, p.named(err)
	}
	return pending, nil
}

// lastLoads are the loads that are the last of their scope, of the scopes
// that a run has loaded, and of others.
const lastLoads = `
WITH last AS (
  SELECT l.load_id, l.scope, l.day FROM loads AS l
  WHERE l.scope IN (SELECT scope FROM loads WHERE run_id = ?1 UNION ALL SELECT value FROM json_each(?2))
    AND l.load_id = (SELECT max(load_id) FROM loads WHERE scope = l.scope))
`

var badRowsQuery = lastLoads + `
SELECT b.case_id, l.scope, l.day, ` + badRowColumns(&reconcile.BadRow{}).list("b") + `, ` + caseList("c") + `
FROM last AS l CROSS JOIN bad_rows AS b ON b.load_id = l.load_id LEFT JOIN cases AS c ON c.case_id = b.case_id
ORDER BY l.scope, b.bad_row_id`

var goneRowsQuery = lastLoads + `
SELECT c.case_id, l.scope, l.day, ` + caseList("c") + `
FROM last AS l CROSS JOIN cases AS c ON c.scope = l.scope
WHERE c.order_id IS NULL AND c.covers = 0 AND c.state IN ('open', 'proposed')
  AND NOT EXISTS (SELECT 1 FROM bad_rows AS b WHERE b.case_id = c.case_id)
ORDER BY l.scope, c.case_id`

// BadRows lists the bad rows that the sources loaded by this run, and those that
// it found unchanged, hold now,
// each with its case, and the pending cases of rows that they no longer hold.
// Identical rows of one source share a case and are listed once.
func (p *publication) BadRows(unchanged []string) ([]reconcile.RowSighting, error) {
	var sightings []reconcile.RowSighting
	known := map[string]bool{}
	add := func(s reconcile.RowSighting, c reconcile.Case) {
		if known[s.CaseID] {
			return
		}
		known[s.CaseID] = true
		if s.Day == 0 {
			s.Day = p.day
		}
		if c.ID != "" {
			s.Case, s.Day = &c, c.LedgerDay
		}
		sightings = append(sightings, s)
	}
	err := p.each(badRowsQuery, []any{p.runID, list(unchanged)}, func(row scanner) error {
		s := reconcile.RowSighting{Row: &reconcile.BadRow{}}
		c, err := scanSighting(row, &s)
		add(s, c)
		return err
	})
	if err != nil {
		return nil, p.named(err)
	}
	err = p.each(goneRowsQuery, []any{p.runID, list(unchanged)}, func(row scanner) error {
		var s reconcile.RowSighting
		c, err := scanSighting(row, &s)
		add(s, c)
		return err
	})
	return sightings, p.named(err)
}

func scanSighting(row scanner, s *reconcile.RowSighting) (c reconcile.Case, err error) {
	dest := []any{&s.CaseID, &s.Scope, (*date)(&s.Day)}
	if s.Row != nil {
		dest = append(dest, badRowColumns(s.Row).pointers()...)
	}
	return c, row.Scan(append(dest, caseColumns(&c).pointers()...)...)
}
