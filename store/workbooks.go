package store

import (
	"context"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// OurWorkbook says whether a workbook with this hash is as this program wrote
// it, or was about to, so that nobody has edited it. One that shows a run whose
// figures somebody has signed is not: it stays.
func (db *DB) OurWorkbook(ctx context.Context, path, sha256 string) (ours bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row(`SELECT EXISTS (SELECT 1 FROM workbooks AS w WHERE path = ?1 AND ?2 IN (sha256, intended_sha256)
  AND NOT EXISTS (SELECT 1 FROM sign_offs AS s WHERE s.run_id = w.run_id AND s.kind = 'closed'))`, path, sha256).Scan((*flag)(&ours))
	})
	if err != nil {
		return false, fmt.Errorf("workbook %q: %w", path, err)
	}
	return ours, nil
}

// KnowsWorkbook says whether a workbook was written to this path.
func (db *DB) KnowsWorkbook(ctx context.Context, path string) (known bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row("SELECT EXISTS (SELECT 1 FROM workbooks WHERE path = ? AND sha256 <> '')", path).Scan((*flag)(&known))
	})
	if err != nil {
		return false, fmt.Errorf("workbook %q: %w", path, err)
	}
	return known, nil
}

// IntendWorkbook records a workbook that is about to get its name.
func (db *DB) IntendWorkbook(ctx context.Context, path, sha256 string, now time.Time) error {
	return db.workbook(ctx, path, `INSERT INTO workbooks (path, sha256, intended_sha256, written_at) VALUES (?, '', ?, ?)
ON CONFLICT (path) DO UPDATE SET intended_sha256 = excluded.intended_sha256`, path, sha256, instant(now))
}

// Workbook is one as it was written.
type Workbook struct {
	Path, SHA256 string
	RunID        string // whose figures it shows; empty: it is about no single run
	MID          string // whose it is; empty: of all merchants
	// Awaited: others of its run are not there, so that the run is not through
	// though this one, the last, is.
	Awaited bool
}

// SaveWorkbook records a workbook. Of those of a run the one of all merchants
// that names it is saved last.
func (db *DB) SaveWorkbook(ctx context.Context, w Workbook, now time.Time) error {
	again := "" // it is about to be written again
	if w.Awaited {
		again = w.SHA256
	}
	return db.workbook(ctx, w.Path, `INSERT INTO workbooks (path, sha256, run_id, mid, written_at, intended_sha256) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, run_id = excluded.run_id, mid = excluded.mid, written_at = excluded.written_at,
  intended_sha256 = excluded.intended_sha256`, w.Path, w.SHA256, text(w.RunID), w.MID, instant(now), again)
}

func (db *DB) workbook(ctx context.Context, path, query string, args ...any) error {
	err := db.write(ctx, func(t *tx) error { return t.exec(query, args...) })
	if err != nil {
		return fmt.Errorf("workbook %q: %w", path, err)
	}
	return nil
}

// unwritten is true of a run r that has published and of which not all workbooks
// were written: it was cut off, or some could not be.
const unwritten = "r.summary IS NOT NULL AND NOT EXISTS (SELECT 1 FROM workbooks AS w WHERE w.run_id = r.run_id AND w.mid = '' AND w.intended_sha256 = '')"

// Unwritten is the last run of a day, published after since, where not all its
// workbooks were written. before is what the day's
// figures were until then; nil: there were none.
func (db *DB) Unwritten(ctx context.Context, day reconcile.Day, since time.Time) (s reconcile.Summary, before *reconcile.Summary, found bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		s, found, err = summaryOf(t, `SELECT summary FROM runs AS r WHERE run_id = (SELECT max(run_id) FROM runs WHERE day = ?)
  AND ended_at > ? AND `+unwritten, date(day), instant(since))
		if err != nil || !found {
			return err
		}
		earlier, had, err := summaryOf(t, `SELECT summary FROM runs WHERE day = ?1 AND publication < (SELECT publication FROM runs WHERE run_id = ?2)
  ORDER BY publication DESC LIMIT 1`, date(day), s.RunID)
		if had {
			before = &earlier
		}
		return err
	})
	if err != nil {
		return s, nil, false, fmt.Errorf("unwritten workbooks of %s: %w", day, err)
	}
	return s, before, found, nil
}
