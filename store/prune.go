package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Pruned counts what Prune took away. More: it is to be called again.
type Pruned struct {
	Answers, Notes, Loads, Runs int64
	More                        bool
}

// Add adds what another step took away; whether there is more is that step's.
func (p *Pruned) Add(step Pruned) {
	p.Answers, p.Notes, p.Loads, p.Runs = p.Answers+step.Answers, p.Notes+step.Notes, p.Loads+step.Loads, p.Runs+step.Runs
	p.More = step.More
}

// pruneBatch bounds the answers of one step.
const pruneBatch = 5000

const (
	// Answers are numbered as they come in: when none of the first that have a
	// body is old enough, no other is looked at. Those that come from the future,
	// by a clock that was wrong, are passed over.
	pruneAnswers = `UPDATE answers SET body = NULL WHERE answer_id IN (
SELECT answer_id FROM (SELECT answer_id, asked_at FROM answers WHERE body IS NOT NULL AND asked_at <= :now ORDER BY answer_id LIMIT :most) AS oldest
WHERE asked_at < :before)`

	// superseded is the oldest run begun before :before, of those not looked at
	// yet, that is neither the last of its day nor the last of it that published
	// nor signed off.
	superseded = `SELECT run_id FROM runs AS r WHERE started_at < :before AND pruned = 0
AND run_id <> (SELECT max(run_id) FROM runs WHERE day = r.day)
AND run_id <> coalesce((SELECT run_id FROM runs WHERE day = r.day AND summary IS NOT NULL ORDER BY publication DESC LIMIT 1), '')
AND run_id NOT IN (SELECT run_id FROM sign_offs)
ORDER BY run_id LIMIT 1`

	pruneNotes  = "DELETE FROM notes WHERE run_id = :run"
	pruneShares = "DELETE FROM shares WHERE run_id = :run"
	markPruned  = "UPDATE runs SET pruned = 1 WHERE run_id = :run"

	// A load stays while rows name it; so do the last one of a source and the
	// last that has rows.
	pruneLoads = `DELETE FROM loads AS l WHERE run_id = :run AND kind = 'ledger'
AND load_id < (SELECT max(load_id) FROM loads WHERE scope = l.scope AND rows > 0)
AND NOT EXISTS (SELECT 1 FROM orders WHERE load_id = l.load_id)
AND NOT EXISTS (SELECT 1 FROM orders WHERE gone_load_id = l.load_id)
AND NOT EXISTS (SELECT 1 FROM bad_rows WHERE load_id = l.load_id)`

	pruneRun = `DELETE FROM runs WHERE run_id = :run
AND NOT EXISTS (SELECT 1 FROM answers WHERE run_id = :run)
AND NOT EXISTS (SELECT 1 FROM events WHERE run_id = :run)
AND NOT EXISTS (SELECT 1 FROM loads WHERE :run IN (run_id, judged_run_id))
AND NOT EXISTS (SELECT 1 FROM cases WHERE run_id = :run)
AND (summary IS NULL OR NOT EXISTS (SELECT 1 FROM orders WHERE judged_run_id = :run)) -- which all are looked through for
AND NOT EXISTS (SELECT 1 FROM workbooks WHERE run_id = :run)`
)

// Prune takes away some of what is older than a person wants to keep: the words
// of answers, not what was read in them, and of a run that a later run of its day has
// replaced the notes and the loads; such a run is forgotten when nothing else is
// known by it. Cases, events and figures stay. A step is short, so that the
// receiver of notices need not wait; it is called until there is no more. A
// zero time prunes nothing.
func (db *DB) Prune(ctx context.Context, now, answersBefore, runsBefore time.Time) (p Pruned, err error) {
	err = db.write(ctx, func(t *tx) error {
		if !answersBefore.IsZero() {
			if p.Answers, err = t.affected(pruneAnswers, named{"now": instant(now), "before": instant(answersBefore), "most": pruneBatch}); err != nil {
				return err
			}
			p.More = p.Answers > 0
		}
		if runsBefore.IsZero() {
			return nil
		}
		return pruneOneRun(t, runsBefore, &p)
	})
	if err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	return p, nil
}

func pruneOneRun(t *tx, before time.Time, p *Pruned) error {
	var run string
	err := t.row(superseded, named{"before": instant(before)}.args()...).Scan(&run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	p.More = true
	var marked, shares int64
	for _, step := range []struct {
		query string
		count *int64
	}{{markPruned, &marked}, {pruneNotes, &p.Notes}, {pruneShares, &shares}, {pruneLoads, &p.Loads}, {pruneRun, &p.Runs}} {
		if *step.count, err = t.affected(step.query, named{"run": run}); err != nil {
			return err
		}
	}
	return nil
}

// affected is how many rows a query changed.
func (t *tx) affected(query string, args named) (int64, error) {
	done, err := t.result(query, args.args()...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
