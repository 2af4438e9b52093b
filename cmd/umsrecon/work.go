package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

const workExits = `Exit codes:
  0    stopped by a signal; with --once the asking of a run is over, or none began in time
  1    error: the database cannot be opened; with --once the worker stopped before the end, and says why
  2    usage or configuration, a database that is a file`

func (a *app) workCommand() *cobra.Command {
	w := &work{app: a}
	c := &cobra.Command{
		Use:   "work",
		Short: "help the runs of other hosts to ask, on a PostgreSQL database that they share",
		Long: "work waits for a run that asks ChinaUMS on the same PostgreSQL database and asks its share of the orders,\n" +
			"with the configuration of the run. gateway.requests_per_second and max_requests_per_run hold for all of them together.\n" +
			"Any number of workers may come and go at any time: what one held when it died is asked by others after gateway.lease.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if w.cfg, err = a.load(workNeeds...); err != nil {
				return err
			}
			if !store.OnServer(w.cfg.database()) {
				return usage("database: %s is a file, which only the run on this machine uses; try: postgres://… for workers", w.cfg.Database)
			}
			w.log = a.logger(slog.LevelInfo)
			return w.work(c.Context())
		},
	}
	c.Flags().BoolVar(&w.once, "once", false, "end with the asking of one run")
	c.Flags().DurationVar(&w.patience, "wait", time.Hour, "with --once: how long to wait for a run that asks")
	return c
}

var workNeeds = []Section{NeedMerchant, NeedGateway, NeedDatabase}

// work is one worker.
type work struct {
	*app
	cfg      *Config
	db       *store.DB
	log      *slog.Logger
	once     bool
	patience time.Duration

	run    string // that it helped last
	worker *reconcile.Worker
}

// betweenRuns is how often a worker looks for a run that asks.
const betweenRuns = time.Second

func (w *work) work(ctx context.Context) (err error) {
	if w.db, err = store.Open(ctx, w.cfg.database()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	w.log.Info("waiting for a run that asks", "database", w.cfg.Database.String())
	for began := w.clock.Now(); ctx.Err() == nil; {
		run, err := w.db.Asks(ctx)
		if err = w.passing(ctx, err); err != nil {
			return err
		}
		if run != "" {
			done, err := w.help(ctx, run)
			if err = w.passing(ctx, err); err != nil || done && w.once {
				return errors.Join(err, w.stopped())
			}
		} else if w.once && w.clock.Now().Sub(began) >= w.patience {
			w.log.Info("no run asks", "waited", w.patience)
			return nil
		}
		_ = w.clock.Sleep(ctx, betweenRuns)
	}
	return nil
}

// help asks for a run until it has asked everything, then it is done. What
// stopped it in a run stops it there for good.
func (w *work) help(ctx context.Context, run string) (done bool, err error) {
	cfg, err := w.bounded(ctx, run)
	if err != nil {
		return false, err
	}
	limits := cfg.sharedLimits(w.db)
	limits.begin(run)
	defer limits.close()
	clients, hangUp, err := w.cfg.clients(w.clock.Now, w.tokens, limits)
	if err != nil {
		return false, err
	}
	defer hangUp()
	if w.run != run {
		w.run, w.worker = run, &reconcile.Worker{Store: w.db, Clock: w.clock, Asking: w.cfg.asking()}
		w.log.Info("asking", "run", run)
	}
	w.worker.Gateway = gateway.New(clients, w.clock.Now)
	before := len(w.worker.Stopped())
	asked, err := w.worker.Work(ctx, run)
	if asked != (reconcile.Worked{}) {
		w.log.Info("asked", "run", run, "orders", asked.Orders, "requests", asked.Attempts)
	}
	if why := w.worker.Stopped(); len(why) > before {
		w.log.Warn("stopped before the end", "run", run, "reason", strings.Join(why, "; "))
	}
	return err == nil, err
}

// bounded is the configuration with the smaller of each limit that must be the same
// for all who ask for a run: the worker's or that of the run, which has stated it.
func (w *work) bounded(ctx context.Context, run string) (*Config, error) {
	of, stated, err := w.db.BoundsOf(ctx, run)
	mine := w.cfg.Gateway
	if err != nil || !stated || of.PerSecond == mine.RequestsPerSecond && of.Requests == int64(mine.MaxRequestsPerRun) {
		return w.cfg, err
	}
	own := *w.cfg
	own.Gateway.RequestsPerSecond = min(mine.RequestsPerSecond, of.PerSecond)
	if most := int(of.Requests); mine.MaxRequestsPerRun == 0 || most > 0 && most < mine.MaxRequestsPerRun {
		own.Gateway.MaxRequestsPerRun = most
	}
	if w.run != run {
		w.log.Warn("this worker has other limits than the run; of each the smaller holds here; give all the same configuration", "run", run,
			"requests_per_second", mine.RequestsPerSecond, "of_the_run", of.PerSecond, "max_requests_per_run", mine.MaxRequestsPerRun, "max_of_the_run", of.Requests)
	}
	return &own, nil
}

// passing is an error that does not pass. A database that is away for a while
// only delays a worker.
func (w *work) passing(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() != nil: // told to stop; what it held has been given back or will be free
		return nil
	case errors.Is(err, reconcile.ErrInterrupted):
		w.log.Warn("the database is away", "error", err)
		return nil
	}
	return err
}

func (w *work) stopped() error {
	if why := w.worker.Stopped(); len(why) > 0 {
		return fmt.Errorf("run %s: %s", w.run, strings.Join(why, "; "))
	}
	return nil
}
