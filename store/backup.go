package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Backup is Snapshot to a file that only its owner and group can read, looked
// over and on the disk when it returns.
func (db *DB) Backup(ctx context.Context, dest string) error {
	dest, err := filepath.Abs(dest)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(dest, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	if err := db.Snapshot(ctx, dest); err != nil {
		return err
	}
	copied, err := connect(dest)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(copied.Check(ctx), copied.writer.Close(), copied.readers.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(f.Sync(), syncFolder(filepath.Dir(dest))); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// Pruned counts what Prune took away.
type Pruned struct{ Answers, Notes, Runs int64 }

// superseded are the runs begun before :before that are neither the last of
// their day nor the last of it that published nor signed off.
const superseded = `SELECT run_id FROM runs AS r WHERE started_at < :before
AND run_id <> (SELECT max(run_id) FROM runs WHERE day = r.day)
AND run_id <> coalesce((SELECT max(run_id) FROM runs WHERE day = r.day AND summary IS NOT NULL), '')
AND run_id NOT IN (SELECT run_id FROM sign_offs)`

const (
	pruneAnswers = "UPDATE answers SET body = NULL WHERE asked_at < :before AND body IS NOT NULL"
	pruneNotes   = "DELETE FROM notes WHERE run_id IN (" + superseded + ")"
	pruneRuns    = "DELETE FROM runs WHERE run_id IN (" + superseded + `)
AND run_id NOT IN (SELECT run_id FROM loads)
AND run_id NOT IN (SELECT judged_run_id FROM loads WHERE judged_run_id IS NOT NULL) AND run_id NOT IN (SELECT run_id FROM answers)
AND run_id NOT IN (SELECT run_id FROM cases) AND run_id NOT IN (SELECT run_id FROM notes)
AND run_id NOT IN (SELECT run_id FROM events WHERE run_id IS NOT NULL)
AND run_id NOT IN (SELECT judged_run_id FROM orders WHERE judged_run_id IS NOT NULL)
AND run_id NOT IN (SELECT run_id FROM workbooks WHERE run_id IS NOT NULL)`
)

// Prune takes away what is older than a person wants to keep: the words of
// answers, not what was read in them, and the notes of runs that a later run of
// their day has replaced; such a run is forgotten when nothing else is known by
// it. Cases, events and figures stay. A zero time prunes nothing.
func (db *DB) Prune(ctx context.Context, answersBefore, runsBefore time.Time) (p Pruned, err error) {
	err = db.write(ctx, func(t *tx) error {
		for _, step := range []struct {
			query  string
			before time.Time
			count  *int64
		}{{pruneAnswers, answersBefore, &p.Answers}, {pruneNotes, runsBefore, &p.Notes}, {pruneRuns, runsBefore, &p.Runs}} {
			if step.before.IsZero() {
				continue
			}
			done, err := t.result(step.query, named{"before": instant(step.before)}.args()...)
			if err != nil {
				return err
			}
			if *step.count, err = done.RowsAffected(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	return p, nil
}
