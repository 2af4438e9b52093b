package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/umsrecon/umsrecon/reconcile"
)

// RunRecord is one run as the database remembers it.
type RunRecord struct {
	RunID     string
	Day       reconcile.Day
	Status    reconcile.RunStatus
	StartedAt time.Time
	EndedAt   time.Time          // zero while it runs
	Reason    string             // why it was interrupted or failed
	Summary   *reconcile.Summary // nil: it published nothing
}

// BeginRun starts a run of a day. When the day's last run was interrupted, or
// was killed while it ran, that one is taken up again under its id.
func (db *DB) BeginRun(ctx context.Context, day reconcile.Day, now time.Time) (runID string, err error) {
	err = db.write(ctx, func(t *tx) error {
		runID, err = beginRun(t, day, now)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin run of %s: %w", day, err)
	}
	return runID, nil
}

func beginRun(t *tx, day reconcile.Day, now time.Time) (string, error) {
	var runID, status string
	err := t.row("SELECT run_id, status FROM runs WHERE day = ? ORDER BY run_id DESC LIMIT 1", date(day)).Scan(&runID, &status)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	switch reconcile.RunStatus(status) {
	case reconcile.RunRunning, reconcile.RunInterrupted:
		return runID, t.exec("UPDATE runs SET status = 'running', ended_at = NULL, reason = '' WHERE run_id = ?", runID)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	return id.String(), t.exec("INSERT INTO runs (run_id, day, status, started_at) VALUES (?, ?, 'running', ?)",
		id.String(), date(day), instant(now))
}

// EndRun records how a run ended that published nothing. One that is published
// or has ended stays as it is: a server's word of its publication may be lost.
func (db *DB) EndRun(ctx context.Context, runID string, status reconcile.RunStatus, reason string, now time.Time) error {
	err := db.write(ctx, func(t *tx) error {
		var found int
		if err := t.row("SELECT count(*) FROM runs WHERE run_id = ?", runID).Scan(&found); err != nil {
			return err
		}
		if found == 0 {
			return ErrNoRun
		}
		if err := t.exec("UPDATE runs SET status = ?, reason = ?, ended_at = ? WHERE run_id = ? AND status = 'running'",
			string(status), reason, instant(now), runID); err != nil || status == reconcile.RunInterrupted {
			return err
		}
		return t.exec(endQuestions, runID) // it is not taken up again
	})
	if err != nil {
		return fmt.Errorf("end run %q: %w", runID, err)
	}
	return nil
}

// Runs lists the last runs, the newest first.
func (db *DB) Runs(ctx context.Context, last int) ([]RunRecord, error) {
	var records []RunRecord
	err := db.read(ctx, func(t *tx) error {
		return t.each(runColumns+"ORDER BY run_id DESC LIMIT ?",
			[]any{last}, func(row scanner) error {
				r, err := scanRun(row)
				records = append(records, r)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	return records, nil
}

func scanRun(row scanner) (RunRecord, error) {
	var r RunRecord
	var summary string
	err := row.Scan(&r.RunID, (*date)(&r.Day), (*word)(&r.Status), (*instant)(&r.StartedAt), (*instant)(&r.EndedAt), &r.Reason, (*word)(&summary))
	if err != nil || summary == "" {
		return r, err
	}
	r.Summary = &reconcile.Summary{}
	return r, json.Unmarshal([]byte(summary), r.Summary)
}

// LastRun is the last published run of a day; false when there is none.
func (db *DB) LastRun(ctx context.Context, day reconcile.Day) (s reconcile.Summary, found bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		s, found, err = summaryOf(t, lastSummaryOfDay, date(day))
		return err
	})
	if err != nil {
		return s, false, fmt.Errorf("last run of %s: %w", day, err)
	}
	return s, found, nil
}

const lastSummaryOfDay = "SELECT summary FROM runs WHERE day = ? AND publication IS NOT NULL ORDER BY publication DESC LIMIT 1"

// summaryOf reads the one summary that a query yields, or none.
func summaryOf(t *tx, query string, args ...any) (s reconcile.Summary, found bool, err error) {
	var text string
	switch err := t.row(query, args...).Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		return s, false, nil
	case err != nil:
		return s, false, err
	}
	return s, true, json.Unmarshal([]byte(text), &s)
}

const historyQuery = `
SELECT day, judged, discrepant FROM runs AS r
WHERE day < ? AND publication = (SELECT max(publication) FROM runs WHERE day = r.day)
ORDER BY day`

// History lists the days before a day, oldest first, with what the last
// published run of each judged and found discrepant.
func (db *DB) History(ctx context.Context, before reconcile.Day) ([]reconcile.DayShare, error) {
	var days []reconcile.DayShare
	err := db.read(ctx, func(t *tx) error {
		return t.each(historyQuery, []any{date(before)}, func(row scanner) error {
			var d reconcile.DayShare
			err := row.Scan((*date)(&d.Day), &d.Judged, &d.Discrepant)
			days = append(days, d)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("history before %s: %w", before, err)
	}
	return days, nil
}
