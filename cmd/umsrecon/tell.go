package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports/alert"
	"github.com/umsrecon/umsrecon/store"
)

// channel sends messages to people.
type channel interface {
	Send(ctx context.Context, m alert.Message, now time.Time) error
}

func (r Recipient) channel() channel {
	if r.Channel == "mail" {
		return alert.NewMail(alert.MailOptions{
			Host: r.Host, Port: r.Port, TLS: alert.TLS(r.TLS), User: r.User, Password: r.Password.Reveal(),
			From: r.From, To: r.Addresses, Attach: r.Attach,
		})
	}
	return alert.NewRobot(alert.Kind(r.Channel), r.URL.Reveal(), r.Secret.Reveal())
}

// watchedNights runs the nights of a plan, and lets people and programs know
// what came of them. Nothing that fails in the telling changes what the nights
// return. ping: the watchdog waits for this run.
func (a *app) watchedNights(ctx context.Context, cfg *Config, make planner, o nightOptions, ping bool, log *slog.Logger) ([]result, plan, error) {
	if o.dryRun {
		return a.nights(ctx, cfg, make, o)
	}
	t := &teller{app: a, cfg: cfg, log: log, pings: ping && !cfg.Monitor.Ping.IsZero()}
	planned := make.plan
	make.plan = func(ctx context.Context, db *store.DB) (plan, error) {
		p, err := planned(ctx, db)
		if len(p.nights) > 0 {
			t.ping(ctx, alert.Started)
		}
		return p, err
	}
	results, p, err := a.nights(ctx, cfg, make, o)
	for _, r := range results {
		if r.published() {
			logNight(log, r)
		}
	}
	if n := len(results); n > 0 {
		t.log = log.With("run", results[n-1].summary.RunID, "day", results[n-1].summary.Day.String())
	}
	t.tell(ctx, results, p, err)
	return results, p, err
}

func (r result) published() bool {
	return r.summary.Status == reconcile.RunComplete || r.summary.Status == reconcile.RunIncomplete
}

// teller tells of one command's nights.
type teller struct {
	*app
	cfg   *Config
	log   *slog.Logger
	pings bool
}

// failPing is how long an interrupted run takes to say so.
const failPing = 5 * time.Second

func (t *teller) tell(ctx context.Context, results []result, p plan, err error) {
	t.app.pulse.beat()
	switch {
	case errors.Is(err, errBusy): // whoever holds the database tells
		return
	case ctx.Err() != nil: // somebody ended it and knows
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), failPing)
		defer cancel()
		t.ping(soon, alert.Failed)
		return
	}
	report, latest := t.report(ctx, results, p, err)
	if latest != nil && t.cfg.Monitor.MetricsFile != "" {
		t.warn("metrics file not written", writeMetricsFile(t.cfg.Path(t.cfg.Monitor.MetricsFile), *latest))
	}
	if err == nil && len(p.nights) == 0 && len(p.tooOld) == 0 {
		return
	}
	t.send(ctx, report)
	stage := alert.Succeeded
	if slices.Contains(report.Holds(), alert.Failure) {
		stage = alert.Failed
	}
	t.ping(ctx, stage)
}

func (t *teller) ping(ctx context.Context, stage alert.Stage) {
	if t.pings {
		t.warn("ping failed", alert.Ping(ctx, t.cfg.Monitor.Ping.Reveal(), stage))
	}
}

func (t *teller) warn(what string, err error) {
	if err != nil {
		t.log.Warn(what, "error", err)
	}
}

// report collects what there is to tell. Without a database nothing is known
// of the last success, and latest is nil.
func (t *teller) report(ctx context.Context, results []result, p plan, err error) (r alert.Report, latest *store.Latest) {
	r = alert.Report{Now: t.clock.Now(), NeverRun: p.tooOld}
	if err != nil {
		r.Failures = []string{t.mask.text(err.Error())}
	}
	db, openErr := openExisting(ctx, t.cfg.database())
	if openErr == nil {
		defer db.Close()
		l, latestErr := db.Latest(ctx)
		if openErr = latestErr; openErr == nil {
			latest = &l
			r.LastSuccess, r.Period = l.Success, t.cfg.Alerts.Silence
		}
	}
	if openErr != nil && (err == nil || !strings.Contains(err.Error(), openErr.Error())) { // else it is what ended the nights
		t.warn("the database could not be read", openErr)
	}
	for _, n := range results {
		if !n.published() {
			continue
		}
		run := alert.Run{Summary: n.summary, Late: n.late, Pending: map[reconcile.Severity]reconcile.Sum{}}
		if latest != nil {
			t.warn("cases could not be read", pendingOf(ctx, db, &run))
		}
		r.Runs, r.Workbooks = append(r.Runs, run), append(r.Workbooks, n.reports...)
	}
	return r, latest
}

func pendingOf(ctx context.Context, db *store.DB, run *alert.Run) error {
	sums, err := db.PendingOf(ctx, run.RunID)
	for _, s := range sums {
		all := run.Pending[s.Severity]
		all.Count += s.Count
		if all.Fen, err = all.Fen.Add(s.Fen); err != nil {
			return err
		}
		run.Pending[s.Severity] = all
	}
	return err
}

// send tells everybody whom the report concerns, all at once.
func (t *teller) send(ctx context.Context, r alert.Report) {
	message := r.Message(alert.Language(t.cfg.Reports.Language))
	var all sync.WaitGroup
	for i, to := range t.cfg.Alerts.Recipients {
		if !r.Concerns(to.When) {
			continue
		}
		all.Go(func() {
			if err := t.sendTo(ctx, to, message); err != nil {
				t.log.Warn("message not sent", "recipient", recipientName(i, to), "error", err)
				return
			}
			t.log.Info("message sent", "recipient", recipientName(i, to))
		})
	}
	all.Wait()
}

func recipientName(i int, r Recipient) string {
	return fmt.Sprintf("alerts.recipients[%d], %s", i, r.Channel)
}

// pauses before a message is sent again. What was refused would be again.
var pauses = []time.Duration{time.Second, 3 * time.Second}

func (a *app) sendTo(ctx context.Context, to Recipient, m alert.Message) error {
	c := to.channel()
	for _, pause := range pauses {
		err := c.Send(ctx, m, a.clock.Now())
		if err == nil || errors.Is(err, alert.ErrRefused) {
			return err
		}
		if err := a.clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return c.Send(ctx, m, a.clock.Now())
}
