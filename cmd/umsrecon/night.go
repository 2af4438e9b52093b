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
	restate                  bool // run a day that is closed
}

// result is one night as it is printed.
type result struct {
	summary reconcile.Summary
	reports []string           // paths of the workbooks
	signed  *reconcile.Summary // the figures that were signed, of a closed day that is restated
	changes *changes           // against the day's last run; nil: it is the first
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

// nightsOn runs the days; one that is closed or has no books does not cost the
// others.
func (a *app) nightsOn(ctx context.Context, cfg *Config, db *store.DB, days []reconcile.Day, o nightOptions) ([]result, error) {
	var results []result
	var missing error
	for _, day := range days {
		r, err := a.night(ctx, cfg, db, day, o)
		if r.summary.RunID != "" {
			results = append(results, r)
		}
		switch {
		case err == nil:
		case len(days) > 1 && errors.Is(err, reconcile.ErrDayClosed):
			missing = errors.Join(missing, err)
		case len(days) > 1 && errors.Is(err, reconcile.ErrNoLedger):
			missing = errors.Join(missing, fmt.Errorf("%s: %w", day, err))
		default:
			return results, err
		}
	}
	return results, missing
}

// night runs one day. The result has no run id when the run did not begin.
func (a *app) night(ctx context.Context, cfg *Config, db *store.DB, day reconcile.Day, o nightOptions) (r result, err error) {
	if r.signed, err = refuseClosed(ctx, db, day, o.restate); err != nil {
		return r, err
	}
	before, err := ran(ctx, db, day)
	if err != nil {
		return r, err
	}
	job, err := cfg.job(a.clock, db, a.tokens, !o.noQuery) // a new one: the budget is of one run
	if err != nil {
		return r, err
	}
	bar := a.progress()
	job.Progress = bar.show
	r.summary, err = job.Run(ctx, reconcile.Request{Day: day, NoQuery: o.noQuery, Requery: o.requery})
	bar.end()
	if err == nil {
		err = a.tell(ctx, cfg, db, before, o, &r)
	}
	if err != nil && ctx.Err() != nil { // whatever the interruption cut short
		err = reconcile.ErrInterrupted
	}
	return r, err
}

// tell looks up what a published run has changed, and writes the workbooks.
func (a *app) tell(ctx context.Context, cfg *Config, db *store.DB, before *reconcile.Summary, o nightOptions, r *result) (err error) {
	if r.changes, err = changesOf(ctx, db, before, r.summary); err != nil || o.dryRun {
		return err
	}
	r.reports, err = a.publish(ctx, cfg, db, r.summary, r.signed != nil)
	return err
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
