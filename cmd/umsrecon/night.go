package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// nightOptions are what `run` may be told.
type nightOptions struct {
	noQuery, requery, dryRun bool
}

// result is one night as it is printed.
type result struct {
	summary reconcile.Summary
	reports []string // paths of the workbooks
}

// nights runs the given days one after the other under one lock. The results
// are those of the days that began; the error is the one that ended it.
func (a *app) nights(ctx context.Context, cfg *Config, days []reconcile.Day, o nightOptions) ([]result, error) {
	database := cfg.Path(cfg.Database)
	if o.dryRun {
		copied, remove, err := snapshot(ctx, database)
		if err != nil {
			return nil, err
		}
		defer remove()
		database = copied
	} else if err := reports.Writable(cfg.Path(cfg.Reports.Dir)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(database), 0o750); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	release, err := lock(database, "run of "+days[0].String(), a.clock.Now())
	if err != nil {
		return nil, err
	}
	defer release()
	db, err := store.Open(ctx, database)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return a.nightsOn(ctx, cfg, db, days, o)
}

func (a *app) nightsOn(ctx context.Context, cfg *Config, db *store.DB, days []reconcile.Day, o nightOptions) ([]result, error) {
	var results []result
	var missing error
	for _, day := range days {
		job, err := cfg.job(a.clock, db, !o.noQuery) // a new one: the budget is of one run
		if err != nil {
			return results, err
		}
		bar := a.progress()
		job.Progress = bar.show
		summary, err := job.Run(ctx, reconcile.Request{Day: day, NoQuery: o.noQuery, Requery: o.requery})
		bar.end()
		r := result{summary: summary}
		if err == nil && !o.dryRun {
			r.reports, err = a.publish(ctx, cfg, db, summary)
		}
		if err != nil && ctx.Err() != nil { // whatever the interruption cut short
			err = reconcile.ErrInterrupted
		}
		if summary.RunID != "" {
			results = append(results, r)
		}
		if errors.Is(err, reconcile.ErrNoLedger) && len(days) > 1 { // a day without books does not cost the others
			missing = errors.Join(missing, fmt.Errorf("%s: %w", day, err))
			continue
		}
		if err != nil {
			return results, err
		}
	}
	return results, missing
}

// snapshot copies the database to a folder of its own, so that a dry run does
// everything and keeps nothing.
func snapshot(ctx context.Context, database string) (copied string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "umsrecon-dry-run-")
	if err != nil {
		return "", nil, fmt.Errorf("dry run: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	copied = filepath.Join(dir, filepath.Base(database))
	if _, err := os.Stat(database); os.IsNotExist(err) {
		return copied, remove, nil
	}
	db, err := store.Open(ctx, database)
	if err == nil {
		err = db.Snapshot(ctx, copied)
		_ = db.Close()
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return copied, remove, nil
}

// code is what a night means to the caller: 4 before 3 before 0.
func (r result) code() int {
	switch s := r.summary; {
	case s.Status == reconcile.RunIncomplete:
		return exitIncomplete
	case s.Pending > 0 || s.Invalid > 0:
		return exitDiscrepant
	}
	return exitDone
}
