package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Bounds are what a run and all who help it may send together.
type Bounds struct {
	RunID     string  `json:"run_id"`
	PerSecond float64 `json:"requests_per_second"`
	Requests  int64   `json:"max_requests_per_run"` // 0: no limit
}

// As the number of the schema stands in the comment on the table runs, the bounds
// of the run that asks stand in that on paces.
const boundsOfRun = "SELECT coalesce(obj_description(CAST('paces' AS regclass), 'pg_class'), '')"

// state tells those who join what the run may send. A comment takes no parameters;
// a run's id and numbers need no quoting.
func (t *tx) state(b Bounds) error {
	if b.PerSecond == 0 {
		return nil
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(t.ctx, "COMMENT ON TABLE paces IS '"+string(text)+"'")
	return err
}

// BoundsOf are those that a run has stated with its questions; found: it has.
func (db *DB) BoundsOf(ctx context.Context, runID string) (b Bounds, found bool, err error) {
	var text string
	if err := db.row(ctx, boundsOfRun, nil, &text); err != nil {
		return b, false, fmt.Errorf("limits of run %s: %w", runID, err)
	}
	found = json.Unmarshal([]byte(text), &b) == nil && b.RunID == runID
	return b, found, nil
}

// counted are the answers since the asking began. Ids are not given in the order
// in which answers are committed: those that came between the last two looks are
// looked at again.
type counted struct {
	settled reconcile.Progress // of all answers up to above
	above   int64
	last    int64 // of the last look
}

// No other run's answers come meanwhile. One that is put off has a question left.
const askedSince = `
SELECT coalesce(max(answer_id), :last), coalesce(sum(done), 0), coalesce(sum(attempts), 0), coalesce(sum(failed), 0),
  coalesce(sum(done) FILTER (WHERE answer_id <= :last), 0), coalesce(sum(attempts) FILTER (WHERE answer_id <= :last), 0), coalesce(sum(failed) FILTER (WHERE answer_id <= :last), 0)
FROM (SELECT answer_id, attempts,
        CASE WHEN put_off THEN 0 ELSE 1 END AS done,
        CASE WHEN put_off OR outcome IN ('found', 'no_order') THEN 0 ELSE 1 END AS failed
      FROM (SELECT a.*, outcome = 'processing' AND EXISTS (SELECT 1 FROM questions AS q WHERE q.order_id = a.order_id) AS put_off
            FROM answers AS a WHERE answer_id > :above) AS since) AS counted`

// AskedByAll reads only what has come since the last look but one.
func (d *dealt) AskedByAll(ctx context.Context) (p reconcile.Progress, err error) {
	c := &d.asked
	c.above = max(c.above, d.mark)
	upto, settled := max(c.last, c.above), reconcile.Progress{}
	err = d.db.row(ctx, askedSince, named{"above": c.above, "last": upto},
		&c.last, &p.Done, &p.Attempts, &p.Failed, &settled.Done, &settled.Attempts, &settled.Failed)
	if err != nil {
		return p, fmt.Errorf("count what all have asked: %w", err)
	}
	p = p.Plus(c.settled)
	c.settled, c.above = c.settled.Plus(settled), upto
	return p, nil
}
