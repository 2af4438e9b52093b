package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Latest is where things stand, for those who watch from outside.
type Latest struct {
	Last      *RunRecord // nil: there was none
	Published *RunRecord // the last one that published; nil: none
	Success   time.Time  // when the last complete run ended; zero: none
	Pending   []PendingSum
	Asked     []AskedSum // of Published
}

// PendingSum adds up the open and proposed cases of a code and severity.
type PendingSum struct {
	Code     reconcile.Code
	Severity reconcile.Severity
	reconcile.Sum
}

// AskedSum adds up the questions that ended in one way.
type AskedSum struct {
	Outcome          reconcile.Outcome
	Orders, Requests int64
}

const (
	runColumns  = "SELECT run_id, day, status, started_at, ended_at, reason, summary FROM runs "
	lastSuccess = "SELECT max(ended_at) FROM runs WHERE status = 'complete'"
	pendingSums = `SELECT code, severity, count(*), sum(stake_fen) FROM cases WHERE state IN ('open', 'proposed')
AND (:run = '' OR run_id = :run) GROUP BY code, severity ORDER BY severity, code`
	askedSums = "SELECT outcome, count(*), sum(attempts) FROM answers WHERE run_id = ? GROUP BY outcome ORDER BY outcome"
)

// Latest reads it all from one moment.
func (db *DB) Latest(ctx context.Context) (l Latest, err error) {
	err = db.read(ctx, func(t *tx) error {
		if l.Last, err = oneRun(t, runColumns+"ORDER BY run_id DESC LIMIT 1"); err != nil {
			return err
		}
		if l.Published, err = oneRun(t, runColumns+"WHERE summary IS NOT NULL ORDER BY publication DESC LIMIT 1"); err != nil {
			return err
		}
		if err := t.row(lastSuccess).Scan((*instant)(&l.Success)); err != nil {
			return err
		}
		if l.Pending, err = pending(t, ""); err != nil || l.Published == nil {
			return err
		}
		return t.each(askedSums, []any{l.Published.RunID}, func(row scanner) error {
			var a AskedSum
			err := row.Scan((*word)(&a.Outcome), &a.Orders, &a.Requests)
			l.Asked = append(l.Asked, a)
			return err
		})
	})
	if err != nil {
		return l, fmt.Errorf("latest: %w", err)
	}
	return l, nil
}

// PendingOf adds up the open and proposed cases that a run saw last.
func (db *DB) PendingOf(ctx context.Context, runID string) (sums []PendingSum, err error) {
	err = db.read(ctx, func(t *tx) error {
		sums, err = pending(t, runID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pending cases of run %q: %w", runID, err)
	}
	return sums, nil
}

// pending is about all cases when there is no run id.
func pending(t *tx, runID string) (sums []PendingSum, err error) {
	err = t.each(pendingSums, named{"run": runID}.args(), func(row scanner) error {
		var p PendingSum
		err := row.Scan((*word)(&p.Code), (*word)(&p.Severity), &p.Count, (*money)(&p.Fen))
		sums = append(sums, p)
		return err
	})
	return sums, err
}

func oneRun(t *tx, query string) (*RunRecord, error) {
	r, err := scanRun(t.row(query))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &r, err
}
