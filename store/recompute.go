package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Readers read what the database holds as its owner once did.
type Readers struct {
	// Answer reads what was kept of an answer of status 200.
	Answer func(reconcile.Key, []byte) reconcile.Answer
	// Row says whether a payment may come from the row with a fingerprint.
	Row func(o reconcile.Order, row string) bool
}

// Recompute works out again what stands in the database twice, or follows from
// other values, and holds it against what is stored: a bit that has flipped in
// one of them breaks no page and no constraint. The error matches
// ErrContradictory, or ErrReadOtherwise where nothing is worse than that, and says
// of every rule how many do not keep it, and which is the first. Each rule has a
// snapshot of its own: one for all of them would keep the log of SQLite from
// starting anew for minutes.
func (db *DB) Recompute(ctx context.Context, r Readers) error {
	var all findings
	var failed error
	var steps []func(*tx, *findings) error
	for _, f := range follows {
		steps = append(steps, f.broken)
	}
	for _, step := range append(steps, unjudged, filesOfLoads, summaries, badRowIDs, lineIDs, caseIDs, r.rows, r.answers) {
		err := db.read(ctx, func(t *tx) error { return step(t, &all) })
		if failed = errors.Join(failed, err); ctx.Err() != nil {
			break
		}
	}
	found := all.err()
	if failed == nil {
		return found
	}
	if failed = fmt.Errorf("recompute: %w", failed); errors.Is(found, ErrContradictory) {
		return errors.Join(found, failed)
	}
	return failed
}

// follow is a query that yields what does not follow from the other values.
type follow struct {
	says  string
	name  func(scanner) (string, error)
	query string
}

func (f follow) broken(t *tx, all *findings) error {
	of := all.rule(f.says)
	return t.each(f.query, nil, func(row scanner) error {
		which, err := f.name(row)
		if err == nil {
			of.see(which)
		}
		return err
	})
}

// itsBill names an order that a query yields by its key.
func itsBill(row scanner) (string, error) {
	var k reconcile.Key
	err := row.Scan(keyColumns(&k).pointers()...)
	return billName(k), err
}

func billName(k reconcile.Key) string {
	name := fmt.Sprintf("bill %q of %s, mid %s", k.BillNo, k.BillDay, k.MID)
	switch k.Kind() {
	case reconcile.Refund:
		return fmt.Sprintf("refund %q of %s", k.RefundID, name)
	case reconcile.Completion:
		return fmt.Sprintf("completion %q of %s", k.CompletionID, name)
	}
	return name
}

// itself names what a query names itself.
func itself(row scanner) (name string, err error) {
	err = row.Scan((*word)(&name))
	return name, err
}

var (
	orderKey = "SELECT " + keyColumns(&reconcile.Key{}).list("o") + " FROM orders AS o"

	follows = []follow{
		{"orders from another source than their load", itsBill,
			orderKey + " JOIN loads AS l USING (load_id) WHERE o.scope <> l.scope ORDER BY o.order_id"},
		{"loads whose orders do not add up to what was loaded", itself, `
SELECT 'that of ' || l.scope || ' at ' || l.loaded_at FROM loads AS l JOIN orders AS o USING (load_id) WHERE l.kind = 'ledger'
GROUP BY l.load_id, l.scope, l.loaded_at, l.orders, l.total_fen HAVING count(*) = l.orders AND sum(o.amount_fen) <> l.total_fen ORDER BY l.load_id`},
		{"orders first seen, or given their status, when nothing was loaded", itsBill, orderKey + `
WHERE (SELECT count(*) = max(load_id) FROM loads) -- none is kept no longer
  AND (o.first_seen_at NOT IN (SELECT loaded_at FROM loads) OR o.status_at NOT IN (SELECT loaded_at FROM loads)) ORDER BY o.order_id`},
		{"orders first paid when no answer says so", itsBill, orderKey + `
WHERE o.first_paid_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM answers AS a WHERE a.order_id = o.order_id AND a.pay_at = o.first_paid_at) ORDER BY o.order_id`},
		{"orders first settled on a day that no answer names", itsBill, orderKey + `
WHERE o.first_settle_day IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM answers AS a WHERE a.order_id = o.order_id AND o.first_settle_day IN (a.pay_settle_day, a.flow_settle_day)) ORDER BY o.order_id`},
		{"orders that go by another answer than their last ones", itsBill, orderKey + `
WHERE o.last_answer_id IS DISTINCT FROM (SELECT max(answer_id) FROM answers WHERE order_id = o.order_id)
   OR o.answer_id IS DISTINCT FROM (SELECT max(answer_id) FROM answers WHERE order_id = o.order_id AND outcome IN ('found', 'no_order')) ORDER BY o.order_id`},
		{"orders judged by a run that was not published", itsBill, orderKey + `
WHERE o.judged_run_id IS NOT NULL AND o.judged_run_id NOT IN (SELECT run_id FROM runs WHERE summary IS NOT NULL) ORDER BY o.order_id`},
		{"cases that are not as their last event left them", itself, `
SELECT c.case_id FROM cases AS c LEFT JOIN events AS e ON e.event_id = (SELECT max(event_id) FROM events WHERE case_id = c.case_id)
WHERE e.state IS DISTINCT FROM c.state OR c.state IN ('open', 'proposed') AND c.stake_fen <> e.stake_fen
   OR e.kind = 'opened' AND c.times = 1 AND (c.facts <> e.facts OR c.reason_zh <> e.reason_zh OR c.reason_en <> e.reason_en) ORDER BY c.case_id`},
		{"events that do not begin where the one before them ended", itself, `
SELECT 'that of case ' || e.case_id || ' at ' || e.at FROM events AS e
WHERE e.was <> coalesce((SELECT p.state FROM events AS p WHERE p.case_id = e.case_id AND p.event_id < e.event_id ORDER BY p.event_id DESC LIMIT 1), '') ORDER BY e.event_id`},
		{"sendings in a state to which no step of theirs has led", itself, `
SELECT s.kind || ' ' || s.completion_id || s.fen_order_id || ', mid ' || s.mid FROM sendings AS s
WHERE s.state NOT IN (SELECT state FROM sending_steps WHERE sending_id = s.sending_id) ORDER BY s.sending_id`},
	}
)

// unjudged: an answer that is fresh when its run is published brings its order
// into the run, wherever the ledger has put it by then; one that is not, may have
// been asked for an order that has left the days of the run since.
func unjudged(t *tx, all *findings) error {
	of := all.rule("orders that were asked about in a run that was published, and have no verdict")
	order := int64(0)
	return t.each("SELECT o.order_id, "+keyColumns(&reconcile.Key{}).list("o")+`, a.asked_at, r.ended_at
FROM orders AS o CROSS JOIN answers AS a ON a.order_id = o.order_id CROSS JOIN runs AS r ON r.run_id = a.run_id
WHERE o.judged_run_id IS NULL AND r.publication IS NOT NULL ORDER BY o.order_id`, nil, func(row scanner) error {
		var id int64
		var k reconcile.Key
		var asked, ended instant
		if err := row.Scan(append(append([]any{&id}, keyColumns(&k).pointers()...), &asked, &ended)...); err != nil {
			return err
		}
		if id != order && time.Time(asked).After(time.Time(ended).Add(-reconcile.FreshFor)) {
			order = id
			of.see(billName(k))
		}
		return nil
	})
}

// filesOfLoads: rows stand in files that their load has read.
func filesOfLoads(t *tx, all *findings) error {
	of := all.rule("files that rows stand in, and that their load has not read")
	var query []string
	for _, table := range []string{"orders", "bad_rows", "statement_lines"} {
		query = append(query, "SELECT DISTINCT '"+strings.ReplaceAll(table, "_", " ")+"' AS what, r.file, CAST(l.files AS TEXT) FROM "+table+" AS r JOIN loads AS l USING (load_id)")
	}
	return t.each(strings.Join(query, " UNION ALL ")+" ORDER BY 1, 2", nil, func(row scanner) error {
		var what, file, text string
		if err := row.Scan(&what, &file, &text); err != nil {
			return err
		}
		var files []string
		if err := json.Unmarshal([]byte(text), &files); err != nil || !slices.Contains(files, file) {
			of.see(fmt.Sprintf("%q, of %s", file, what))
		}
		return nil
	})
}

// summaries: published figures add up.
func summaries(t *tx, all *findings) error {
	of := all.rule("runs whose figures are not those that were published")
	return t.each("SELECT run_id, day, status, judged, discrepant, summary FROM runs WHERE summary IS NOT NULL ORDER BY run_id", nil, func(row scanner) error {
		var run, text string
		var is, says reconcile.Summary
		if err := row.Scan(&run, (*date)(&is.Day), (*word)(&is.Status), &is.Judged, &is.Discrepant, &text); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &says)
		if err == nil {
			err = says.Check()
		}
		if err != nil || says.RunID != run || says.Day != is.Day || says.Status != is.Status || says.Judged != is.Judged || says.Discrepant != is.Discrepant {
			of.see(fmt.Sprintf("that of %s, %s", is.Day, run))
		}
		return nil
	})
}
