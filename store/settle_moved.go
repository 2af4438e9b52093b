package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/umsrecon/umsrecon/reconcile"
)

// fillMoved lists the orders whose lines of a settlement a run may have changed
// outside [from, to]: those that it asked about, and those that became verified
// or unverified in it. What it did within that time nobody has to look up.
var fillMoved = `
INSERT INTO scope (order_id, partner)
SELECT DISTINCT o.order_id, 0
FROM (SELECT order_id FROM answers WHERE run_id = :run
      UNION ALL
      SELECT c.order_id FROM events AS e CROSS JOIN cases AS c ON c.case_id = e.case_id
      WHERE e.run_id = :run AND c.order_id IS NOT NULL AND (e.was = 'unverified' OR e.state = 'unverified')
      UNION ALL
      SELECT order_id FROM cases WHERE ledger_day >= :since AND state = 'unverified' AND order_id IS NOT NULL) AS told
CROSS JOIN orders AS o ON o.order_id = told.order_id
LEFT JOIN answers AS a ON a.answer_id = o.answer_id
LEFT JOIN answers AS p ON p.answer_id = ` + toldBefore + `
WHERE o.ledger_day NOT BETWEEN :from AND :to OR ` + elsewhere("a.pay") + " OR " + elsewhere("a.flow") + " OR " + elsewhere("p.pay") + " OR " + elsewhere("p.flow")

// elsewhere: a block may have its line outside [from, to], by a business day or so.
func elsewhere(block string) string {
	return block + "_settle_day NOT BETWEEN :from AND :to OR " + block + "_at < :early OR " + block + "_at >= :late"
}

const (
	// toldBefore is what UMS had said last when a run began, as far as a
	// workbook can have shown it.
	toldBefore = `(SELECT max(b.answer_id) FROM answers AS b CROSS JOIN runs AS r ON r.run_id = b.run_id
  WHERE b.order_id = o.order_id AND b.run_id <> :run AND b.outcome IN ('found', 'no_order') AND r.summary IS NOT NULL)`

	// answerBefore is the answerOfSettlement before a run. An order was
	// unverified if such a case of it ended, or stands and did not begin; one of
	// a run that does not ask stands though the order is not unverified now.
	answerBefore = `CASE WHEN EXISTS (SELECT 1 FROM cases AS c CROSS JOIN events AS e ON e.case_id = c.case_id
    WHERE c.order_id = o.order_id AND e.run_id = :run AND e.was = 'unverified')
  OR EXISTS (SELECT 1 FROM cases AS c WHERE c.order_id = o.order_id AND c.state = 'unverified'
    AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.case_id = c.case_id AND e.run_id = :run))
  THEN NULL ELSE ` + toldBefore + ` END`

	// statedMonths are those of lines that a run was the first to judge by.
	statedMonths = `
SELECT DISTINCT s.settle_day, CASE WHEN s.kind = 'payment' THEN a.pay_settle_day END
FROM loads AS l CROSS JOIN statement_lines AS s ON s.load_id = l.load_id
LEFT JOIN orders AS o ON o.order_id = s.order_id LEFT JOIN answers AS a ON a.answer_id = o.answer_id
WHERE l.kind = 'statement' AND l.judged_run_id = :run`
)

var subjectsBefore = settlingQuery(answerBefore)

// MovedMonths are the months outside [from, to], by their first days, whose
// settlement lines a published run has changed: by what it was answered, by what
// it could verify or no longer could, and by statements. Cases from since on are
// looked at.
func (db *DB) MovedMonths(ctx context.Context, runID string, since, from, to reconcile.Day, c reconcile.Calendar) ([]reconcile.Day, error) {
	m := moved{run: named{"run": runID}, from: from, to: to, calendar: c}
	err := db.read(ctx, func(t *tx) error {
		args := named{"run": runID, "since": date(since), "from": date(from), "to": date(to), "early": date(from + 1), "late": date(to)}
		most, err := listFamilies(t, args, fillMoved)
		if err != nil {
			return err
		}
		for numbers := range upTo(most) {
			if err := m.families(t, numbers); err != nil {
				return err
			}
		}
		return t.each(statedMonths, m.run.args(), func(row scanner) error {
			var stated, said reconcile.Day
			err := row.Scan((*date)(&stated), (*date)(&said))
			m.day(stated)
			m.day(said)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("months that run %q changed: %w", runID, err)
	}
	sort.Slice(m.months, func(i, j int) bool { return m.months[i] < m.months[j] })
	return slices.Compact(m.months), nil
}

// moved collects months.
type moved struct {
	run      named
	from, to reconcile.Day
	calendar reconcile.Calendar
	months   []reconcile.Day
}

func (m *moved) day(d reconcile.Day) {
	if d == 0 || d >= m.from && d <= m.to {
		return
	}
	m.months = append(m.months, d.FirstOfMonth())
}

// families compares the lines of some families with those of before.
func (m *moved) families(t *tx, numbers []int) error {
	now, err := m.lines(t, subjectsOfSettlement, named{"numbers": list(numbers)})
	if err != nil {
		return err
	}
	before, err := m.lines(t, subjectsBefore, named{"numbers": list(numbers), "run": m.run["run"]})
	if err != nil {
		return err
	}
	for n := range now {
		m.apart(now[n], before[n])
		m.apart(before[n], now[n])
	}
	return nil
}

// apart takes the months of lines that are not among others.
func (m *moved) apart(lines, others []reconcile.SettleLine) {
	for i := range lines {
		found := false
		for j := range others {
			found = found || lines[i] == others[j]
		}
		if l := &lines[i]; !found {
			m.day(cmp.Or(l.SettleDay, l.PayDay, l.LedgerDay))
		}
	}
}

func (m *moved) lines(t *tx, query string, args named) (all [][]reconcile.SettleLine, err error) {
	b := batch{tx: t, at: map[int64]position{}}
	var scan subjectScan
	err = b.readSubjects(query, args.args(), &scan, scan.settling())
	for _, f := range b.families {
		all = append(all, reconcile.SettleLines(f, m.calendar))
	}
	return all, err
}
