package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Recompute works out again what stands in the database twice, or follows from
// other values, and holds it against what is stored: a bit that has flipped in
// one of them breaks no page and no constraint. The error matches ErrDamaged and
// says where it is.
func (db *DB) Recompute(ctx context.Context, r Readers) error {
	err := db.read(ctx, func(t *tx) error {
		for _, step := range []func(*tx) error{followed, filesOfLoads, summaries, badRowIDs, lineIDs, caseIDs} {
			if err := step(t); err != nil {
				return err
			}
		}
		return errors.Join(r.rows(t), r.answers(t))
	})
	if err != nil {
		return fmt.Errorf("recompute: %w", err)
	}
	return nil
}

// Readers read what the database holds as its owner once did.
type Readers struct {
	// Answer reads what was kept of an answer of status 200.
	Answer func(reconcile.Key, []byte) reconcile.Answer
	// Row says whether a payment may come from the row with a fingerprint.
	Row func(o reconcile.Order, row string) bool
}

// follows are queries that yield what does not follow from the other values.
var follows = []struct{ says, query string }{
	{"the source of order %s is not that of its load",
		"SELECT o.order_id FROM orders AS o JOIN loads AS l USING (load_id) WHERE o.scope <> l.scope"},
	{"the orders of load %s do not add up to what was loaded", `
SELECT l.load_id FROM loads AS l JOIN orders AS o USING (load_id) WHERE l.kind = 'ledger'
GROUP BY l.load_id, l.orders, l.total_fen HAVING count(*) = l.orders AND sum(o.amount_fen) <> l.total_fen`},
	{"order %s was first seen, or got its status, when nothing was loaded", `
SELECT o.order_id FROM orders AS o
WHERE (SELECT count(*) = max(load_id) FROM loads) -- none is kept no longer
  AND (o.first_seen_at NOT IN (SELECT loaded_at FROM loads) OR o.status_at NOT IN (SELECT loaded_at FROM loads))`},
	{"order %s was first paid when no answer says so", `
SELECT o.order_id FROM orders AS o WHERE o.first_paid_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM answers AS a WHERE a.order_id = o.order_id AND a.pay_at = o.first_paid_at)`},
	{"order %s was first settled on a day that no answer names", `
SELECT o.order_id FROM orders AS o WHERE o.first_settle_day IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM answers AS a WHERE a.order_id = o.order_id AND o.first_settle_day IN (a.pay_settle_day, a.flow_settle_day))`},
	{"order %s goes by another answer than its last ones", `
SELECT o.order_id FROM orders AS o
WHERE o.last_answer_id IS DISTINCT FROM (SELECT max(answer_id) FROM answers WHERE order_id = o.order_id)
   OR o.answer_id IS DISTINCT FROM (SELECT max(answer_id) FROM answers WHERE order_id = o.order_id AND outcome IN ('found', 'no_order'))`},
	{"order %s was asked about in a run that was published, and has no verdict", `
SELECT o.order_id FROM orders AS o WHERE o.judged_run_id IS NULL
  AND EXISTS (SELECT 1 FROM answers AS a JOIN runs AS r USING (run_id) WHERE a.order_id = o.order_id AND r.publication IS NOT NULL)`},
	{"case %s is not as its last event left it", `
SELECT c.case_id FROM cases AS c LEFT JOIN events AS e ON e.event_id = (SELECT max(event_id) FROM events WHERE case_id = c.case_id)
WHERE e.state IS DISTINCT FROM c.state OR c.state IN ('open', 'proposed') AND c.stake_fen <> e.stake_fen
   OR e.kind = 'opened' AND c.times = 1 AND (c.facts <> e.facts OR c.reason_zh <> e.reason_zh OR c.reason_en <> e.reason_en)`},
	{"event %s does not begin where the one before it ended", `
SELECT e.event_id FROM events AS e
WHERE e.was <> coalesce((SELECT p.state FROM events AS p WHERE p.case_id = e.case_id AND p.event_id < e.event_id ORDER BY p.event_id DESC LIMIT 1), '')`},
	{"sending %s is in a state to which no step of it has led", `
SELECT s.sending_id FROM sendings AS s
WHERE s.state NOT IN (SELECT state FROM sending_steps WHERE sending_id = s.sending_id)`},
}

func followed(t *tx) error {
	for _, f := range follows {
		err := t.each("SELECT CAST(min(x.id) AS TEXT) FROM ("+strings.Replace(f.query, " FROM ", " AS id FROM ", 1)+") AS x", nil, func(row scanner) error {
			var which string
			if err := row.Scan((*word)(&which)); err != nil || which == "" {
				return err
			}
			return damaged(f.says, which)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func damaged(says string, values ...any) error {
	return fmt.Errorf("%w: "+says, append([]any{ErrDamaged}, values...)...)
}

// filesOfLoads: rows stand in files that their load has read.
func filesOfLoads(t *tx) error {
	var query []string
	for _, table := range []string{"orders", "bad_rows", "statement_lines"} {
		query = append(query, "SELECT DISTINCT '"+table+"', r.file, CAST(l.files AS TEXT) FROM "+table+" AS r JOIN loads AS l USING (load_id)")
	}
	return t.each(strings.Join(query, " UNION ALL "), nil, func(row scanner) error {
		var table, file, text string
		if err := row.Scan(&table, &file, &text); err != nil {
			return err
		}
		var files []string
		if err := json.Unmarshal([]byte(text), &files); err != nil || !slices.Contains(files, file) {
			return damaged("%s has a row of %q, which its load has not read", table, file)
		}
		return nil
	})
}

// summaries: published figures add up.
func summaries(t *tx) error {
	return t.each("SELECT run_id, day, status, judged, discrepant, summary FROM runs WHERE summary IS NOT NULL", nil, func(row scanner) error {
		var run, text string
		var is, says reconcile.Summary
		err := row.Scan(&run, (*date)(&is.Day), (*word)(&is.Status), &is.Judged, &is.Discrepant, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &says)
		}
		if err == nil {
			err = says.Check()
		}
		if err != nil || says.RunID != run || says.Day != is.Day || says.Status != is.Status || says.Judged != is.Judged || says.Discrepant != is.Discrepant {
			return errors.Join(damaged("the figures of run %s are not those that were published", run), err)
		}
		return nil
	})
}
