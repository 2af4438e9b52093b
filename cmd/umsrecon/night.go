package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
	"github.com/umsrecon/umsrecon/store/outfile"
)

// nightOptions are what `run` may be told.
type nightOptions struct {
	noQuery, requery, dryRun bool
	restate                  bool // run a day that is closed
}

// result is one night as it is printed.
type result struct {
	summary reconcile.Summary
	reports []string           // paths of the workbooks of all merchants
	folders int                // merchants that have got workbooks of their own
	signed  *reconcile.Summary // the figures that were signed, of a closed day that is restated
	changes *changes           // against the day's last run; nil: it is the first
	late    reconcile.Lateness // why it was done after its time; empty: it was not
}

// nights runs the days of a plan one after the other under one lock; the plan
// is made when the database is held. The results are those of the days that
// began; the error is the one that ended it, and those of days that did not
// cost the others.
func (a *app) nights(ctx context.Context, cfg *Config, make planner, o nightOptions) (results []result, p plan, err error) {
	database := cfg.database()
	if o.dryRun {
		copied, remove, err := snapshot(ctx, database)
		if err != nil {
			return nil, p, err
		}
		defer remove()
		database = copied
	} else if err := reports.Writable(cfg.Path(cfg.Reports.Dir)); err != nil {
		return nil, p, err
	}
	ctx, release, err := lock(ctx, database, make.what, a.clock.Now())
	if err != nil {
		return nil, p, err
	}
	defer release()
	db, err := store.Open(ctx, database)
	if err != nil {
		return nil, p, err
	}
	defer db.Close()
	if p, err = make.plan(ctx, db); err != nil {
		return nil, p, err
	}
	results, err = a.nightsOn(ctx, cfg, db, p, o)
	if errors.Is(context.Cause(ctx), errLost) {
		err = errors.Join(err, errLost)
	}
	a.prune(ctx, cfg, db, o)
	return results, p, err
}

// prune takes away what is kept no longer; that it could not costs the nights
// nothing.
func (a *app) prune(ctx context.Context, cfg *Config, db *store.DB, o nightOptions) {
	if o.dryRun || ctx.Err() != nil || cfg.Keep == (Keep{}) {
		return
	}
	log := a.logger(slog.LevelWarn)
	since := func(d Days) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return (a.today() - reconcile.Day(d)).Start()
	}
	var gone store.Pruned
	for more := true; more && ctx.Err() == nil; more = gone.More {
		a.pulse.beat()
		step, err := db.Prune(ctx, a.clock.Now(), since(cfg.Keep.Answers), since(cfg.Keep.Runs))
		if gone.Add(step); err != nil {
			log.Warn("what is old was not taken away", "error", err)
			return
		}
	}
	orders, err := a.pruneOrders(ctx, db, cfg.Keep.Orders)
	if err != nil {
		log.Warn("old orders were not taken away", "error", err)
	}
	log.Info("kept no longer", "answers", gone.Answers, "notes", gone.Notes, "loads", gone.Loads, "runs", gone.Runs, "orders", orders)
}

// nightsOn runs the days of a plan; one that is closed or has no books does not
// cost the others, and a late one costs them nothing whatever is wrong with it.
func (a *app) nightsOn(ctx context.Context, cfg *Config, db *store.DB, p plan, o nightOptions) ([]result, error) {
	var results []result
	var missing error
	for _, n := range p.nights {
		r, err := a.night(ctx, cfg, db, n, o)
		if r.summary.RunID != "" {
			results = append(results, r)
		}
		switch {
		case err == nil:
		case len(p.nights) > 1 && errors.Is(err, reconcile.ErrDayClosed):
			missing = errors.Join(missing, err)
		case len(p.nights) > 1 && errors.Is(err, reconcile.ErrNoLedger), n.Why != "" && !errors.Is(err, reconcile.ErrInterrupted):
			missing = errors.Join(missing, fmt.Errorf("%s: %w", n.Day, err))
		default:
			return results, errors.Join(missing, err)
		}
	}
	return results, missing
}

// night runs one day. The result has no run id when the run did not begin.
func (a *app) night(ctx context.Context, cfg *Config, db *store.DB, n reconcile.LateNight, o nightOptions) (r result, err error) {
	day := n.Day
	r.late = n.Why
	if r.signed, err = refuseClosed(ctx, db, day, o.restate); err != nil {
		return r, err
	}
	if found, err := a.takeUp(ctx, cfg, db, day, o, &r); err != nil || found {
		return r, err
	}
	before, err := ran(ctx, db, day)
	if err != nil {
		return r, err
	}
	job, end, err := a.job(ctx, cfg, db, o) // a new one: the budget is of one run
	if err != nil {
		return r, err
	}
	defer end()
	bar, looked := a.progress(), func() {}
	if job.Progress = bar.show; a.terminal {
		var watched *soFar
		watched, looked = watchSoFar(ctx, job.Store, db, job.Settings)
		job.Store, bar.discrepant = watched, watched.count
	}
	a.pulse.feel(job)
	r.summary, err = job.Run(ctx, reconcile.Request{Day: day, NoQuery: o.noQuery, Requery: o.requery && n.Why == "", Restate: o.restate})
	looked()
	bar.end()
	if errors.Is(err, reconcile.ErrDayClosed) {
		err = fmt.Errorf("%w while it was run, and nothing was published; try: umsrecon run --date %s --restate", err, day)
	}
	if err == nil {
		err = a.tell(ctx, cfg, db, before, o, &r)
	}
	if err != nil && ctx.Err() != nil { // whatever the interruption cut short
		err = reconcile.ErrInterrupted
	}
	return r, err
}

// job puts a night together; end is for its end.
func (a *app) job(ctx context.Context, cfg *Config, db *store.DB, o nightOptions) (j *reconcile.Job, end func(), err error) {
	clock, logged := a.pulse.waits(a.clock), logged(db, a.logger(slog.LevelError))
	if o.noQuery {
		return cfg.job(clock, logged, a.tokens, nil)
	}
	of := cfg.runLimits
	if o.dryRun {
		of = cfg.limits // nobody else knows of its run
	}
	l, err := of(ctx)
	if err != nil {
		return nil, nil, err
	}
	j, hangUp, err := cfg.job(clock, logged, a.tokens, &l)
	if err != nil {
		return nil, nil, errors.Join(err, l.close())
	}
	return j, func() { hangUp(); _ = l.close() }, nil
}

// takeUp writes the workbooks of a run that was cut off behind its publication,
// while its figures are as fresh as the answers of one that is taken up.
func (a *app) takeUp(ctx context.Context, cfg *Config, db *store.DB, day reconcile.Day, o nightOptions, r *result) (found bool, err error) {
	if o.dryRun || o.requery || r.late == reconcile.Unfinished {
		return false, nil
	}
	s, before, found, err := db.Unwritten(ctx, day, a.clock.Now().Add(-reconcile.FreshFor))
	if err != nil || !found || s.NoQuery != o.noQuery {
		return false, err
	}
	a.logger(slog.LevelError).Info("the run is published; its workbooks are written", "run", s.RunID, "day", day.String())
	r.summary = s
	return true, a.tell(ctx, cfg, db, before, o, r)
}

// tell looks up what a published run has changed, and writes the workbooks.
func (a *app) tell(ctx context.Context, cfg *Config, db *store.DB, before *reconcile.Summary, o nightOptions, r *result) (err error) {
	if r.changes, err = changesOf(ctx, db, before, r.summary); err != nil || o.dryRun {
		return err
	}
	r.reports, r.folders, err = a.publish(ctx, cfg, db, r.summary, r.signed != nil)
	return err
}

// snapshot copies the database to a file, or on a server to a schema, that is
// removed, so that a dry run does everything and keeps nothing.
func snapshot(ctx context.Context, database string) (copied string, remove func(), err error) {
	if store.OnServer(database) {
		copied, remove, err = store.Trial(ctx, database)
		if err != nil {
			err = fmt.Errorf("dry run: %w", err)
		}
		return copied, remove, err
	}
	f, err := outfile.Temp(os.TempDir())
	if err != nil {
		return "", nil, fmt.Errorf("dry run: %w", err)
	}
	remove = func() { outfile.Drop(f) }
	if _, err := os.Stat(database); os.IsNotExist(err) {
		return f.Name(), remove, nil
	}
	if err := store.Copy(ctx, database, f.Name()); err != nil {
		remove()
		return "", nil, err
	}
	return f.Name(), remove, nil
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
