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
}

// betweenRuns is how often a worker looks for a run that asks.
const betweenRuns = time.Second

func (w *work) work(ctx context.Context) (err error) {
	if w.db, err = store.Open(ctx, w.cfg.database()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	w.log.Info("waiting for a run that asks", "database", w.cfg.Database.String())
	began := w.clock.Now()
	for ctx.Err() == nil {
		run, err := w.db.Asks(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			w.log.Warn("the database is away", "error", err)
		case run != "":
			if err := w.help(ctx, run); err != nil || w.once {
				return err
			}
		case w.once && w.clock.Now().Sub(began) >= w.patience:
			w.log.Info("no run asks", "waited", w.patience)
			return nil
		}
		_ = w.clock.Sleep(ctx, betweenRuns)
	}
	return nil
}

// help asks for one run until it has asked everything. A database that is away
// for a while only delays it.
func (w *work) help(ctx context.Context, run string) error {
	limits, err := w.cfg.runLimits(ctx)
	if err != nil {
		return w.delayed(ctx, err)
	}
	defer limits.close()
	limits.begin(run)
	clients, hangUp, err := w.cfg.clients(w.clock.Now, w.tokens, limits)
	if err != nil {
		return err
	}
	defer hangUp()
	worker := &reconcile.Worker{
		Gateway: gateway.New(clients, w.clock.Now), Store: w.db, Clock: w.clock, Asking: w.cfg.asking(),
	}
	w.log.Info("asking", "run", run)
	for {
		done, err := worker.Work(ctx, run)
		w.log.Info("asked", "run", run, "orders", done.Asked, "requests", done.Attempts)
		if err == nil {
			return w.stopped(run, done.Stopped)
		}
		if err := w.delayed(ctx, err); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// delayed waits a moment where the database is away; any other error ends.
func (w *work) delayed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil // told to stop; what it held has been given back or will be free
	}
	if !errors.Is(err, reconcile.ErrInterrupted) {
		return err
	}
	w.log.Warn("the database is away", "error", err)
	_ = w.clock.Sleep(ctx, betweenRuns)
	return nil
}

func (w *work) stopped(run string, reasons []string) error {
	if len(reasons) == 0 {
		return nil
	}
	why := strings.Join(reasons, "; ")
	if w.once {
		return fmt.Errorf("run %s: %s", run, why)
	}
	w.log.Warn("stopped before the end", "run", run, "reason", why)
	return nil
}
