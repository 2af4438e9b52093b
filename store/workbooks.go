package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Workbook is the hash of a workbook as this program last wrote it, to tell
// whether somebody has edited it since; false when it never wrote one there, or
// when it shows a run whose figures somebody has signed: that one stays.
func (db *DB) Workbook(ctx context.Context, path string) (sha256 string, found bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.row(`SELECT sha256 FROM workbooks AS w WHERE path = ?
  AND NOT EXISTS (SELECT 1 FROM sign_offs AS s WHERE s.run_id = w.run_id AND s.kind = 'closed')`, path).Scan(&sha256)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("workbook %q: %w", path, err)
	}
	return sha256, true, nil
}

// SaveWorkbook records a workbook as it was written; runID is empty for one
// that is about no single run.
func (db *DB) SaveWorkbook(ctx context.Context, path, sha256, runID string, now time.Time) error {
	err := db.write(ctx, func(t *tx) error {
		return t.exec("INSERT OR REPLACE INTO workbooks (path, sha256, run_id, written_at) VALUES (?, ?, ?, ?)",
			path, sha256, text(runID), instant(now))
	})
	if err != nil {
		return fmt.Errorf("workbook %q: %w", path, err)
	}
	return nil
}
