package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/reports/alert"
	"github.com/umsrecon/umsrecon/store"
)

// daemon is `serve` under way: a loop that sleeps until the next thing is due.
type daemon struct {
	*app
	cfg  *Config
	db   *store.DB // for looking at; a night opens its own
	log  *slog.Logger
	hup  <-chan struct{} // the configuration is to be read again
	stop context.CancelCauseFunc

	closers []func() // of the receiver and of the health endpoint
	began   time.Time
	silent  time.Time // the last success whose silence has been told
	again   bool      // a hangup came during the night
}

// run serves until its context ends, whose cause is the error where it is one.
func (d *daemon) run(ctx context.Context) error {
	d.pulse = newPulse(d.clock)
	d.pulse.expect(loopStep)
	if err := d.open(ctx); err != nil {
		return err
	}
	defer func() { d.close() }()
	d.warnNotify(sdReady)
	stopping := sync.OnceFunc(func() { d.warnNotify(sdStopping) })
	context.AfterFunc(ctx, stopping)
	defer stopping()
	go d.watch(ctx)
	if err := d.loop(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	d.log.Info("stopped")
	return nil
}

// open starts what listens. After an error nothing does.
func (d *daemon) open(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.db, err = store.Open(ctx, d.cfg.database()); err != nil {
		return err
	}
	d.closers = []func(){func() { _ = d.db.Close() }}
	if d.cfg.Notices.Listen != "" {
		closeReceiver, err := d.receive(ctx, d.cfg, d.cfg.Notices.Listen, d.log, d.stop, func(string) {})
		if err != nil {
			return err
		}
		d.closers = append(d.closers, closeReceiver)
	}
	if d.cfg.Monitor.Listen != "" {
		closeHealth, err := d.serveHealth(d.cfg.Monitor.Listen)
		if err != nil {
			return fmt.Errorf("monitor.listen: %w", err)
		}
		d.closers = append(d.closers, closeHealth)
	}
	return nil
}

func (d *daemon) close() {
	for i := len(d.closers) - 1; i >= 0; i-- {
		d.closers[i]()
	}
	d.closers = nil
}

// loop does what is due, sleeps, and begins again, until its context ends. What
// was missed while nothing ran is done at once.
func (d *daemon) loop(ctx context.Context) error {
	d.heedful(func() { d.night(ctx, false) })
	for ctx.Err() == nil {
		now := d.clock.Now()
		night, err := d.cfg.nextNight(now)
		if err != nil {
			return err
		}
		next, tonight := night, true
		if retry := d.cfg.nextRetry(now); !retry.IsZero() && retry.Before(night) {
			next, tonight = retry, false
		}
		silence := d.nextSilence(ctx)
		if !silence.IsZero() && silence.Before(next) {
			next = silence
		}
		d.log.Info("waiting for the night", "at", next.In(d.cfg.Timezone).Format(time.RFC3339))
		reload, err := d.wait(ctx, next)
		d.pulse.expect(nightStep)
		switch {
		case err != nil:
		case reload:
			d.reload(ctx)
		case next.Equal(silence):
			d.tellSilence(ctx)
		default:
			d.heedful(func() { d.night(ctx, tonight) })
		}
	}
	return nil
}

// heedful does what takes long; a hangup meanwhile is answered at once, and
// heeded afterwards.
func (d *daemon) heedful(do func()) {
	over, heard := make(chan struct{}), make(chan bool)
	go func() {
		select {
		case <-d.hup:
			d.log.Info("the configuration is read again when the night is over")
			heard <- true
		case <-over:
			heard <- false
		}
	}()
	do()
	close(over)
	d.again = <-heard
}

// night does tonight's day and what is late, or only what is late. Whatever
// comes of it, the loop goes on.
func (d *daemon) night(ctx context.Context, tonight bool) {
	d.pulse.expect(d.cfg.stillness())
	plan := d.cfg.dueNights(d.clock.Now(), 0)
	if tonight {
		plan = d.cfg.dueNights(d.clock.Now(), d.today()-1)
	} else if due, err := plan.plan(ctx, d.db); err == nil && len(due.nights)+len(due.tooOld) == 0 {
		return // the database need not be held to find that out
	}
	_, _, err := d.watchedNights(ctx, d.cfg, plan, nightOptions{}, true, d.log)
	if err != nil && ctx.Err() == nil {
		d.log.Error("night", "error", d.explain(err), "exit", exitCode(err))
	}
}

// wait sleeps by the clock on the wall until an instant, or until the
// configuration is to be read again.
func (d *daemon) wait(ctx context.Context, until time.Time) (reload bool, err error) {
	if d.again {
		d.again = false
		return true, ctx.Err()
	}
	for {
		now := d.clock.Now()
		d.pulse.expect(loopStep)
		left := until.Sub(now)
		if left <= 0 {
			return false, ctx.Err()
		}
		step, cancel := context.WithCancel(ctx)
		slept := make(chan error, 1)
		go func() { slept <- d.clock.Sleep(step, min(left, sleepStep)) }()
		select {
		case err = <-slept:
		case <-d.hup:
			cancel()
			<-slept
			return true, ctx.Err()
		}
		cancel()
		if err != nil {
			return false, err
		}
	}
}

// loopStep is how soon the loop moves again, which sleeps in short steps.
const loopStep = 3 * sleepStep

// reload goes over to the configuration on the disk, if it is a valid one, and
// what listens anew where it is another.
func (d *daemon) reload(ctx context.Context) {
	cfg, err := d.load(EverySection...)
	if err == nil {
		_, err = cfg.nextNight(d.clock.Now())
	}
	if err != nil {
		d.log.Error("the configuration is not valid; the one before stays", "error", d.explain(err))
		return
	}
	before := d.cfg
	d.cfg = cfg
	if !reflect.DeepEqual(listeners(before), listeners(cfg)) {
		d.close()
		if err := d.open(ctx); err != nil {
			d.log.Error("the new configuration cannot be served; the one before stays", "error", d.explain(err))
			d.cfg = before
			if err := d.open(ctx); err != nil {
				d.stop(err)
				return
			}
		}
	}
	d.log.Info("configuration reloaded")
}

// listeners is what the receiver and the health endpoint depend on.
func listeners(c *Config) []any {
	return []any{c.database(), c.Notices, c.Merchant, c.Listed, c.Monitor.Listen}
}

// nextSilence is when it will have been silent for too long; zero: it is not
// watched, or has been told.
func (d *daemon) nextSilence(ctx context.Context) time.Time {
	period := d.cfg.Alerts.Silence
	l, err := d.db.Latest(ctx)
	if period == 0 || err != nil {
		return time.Time{}
	}
	since := l.Success
	if since.IsZero() {
		since = d.began
	}
	if since.Equal(d.silent) {
		return time.Time{}
	}
	return since.Add(period + time.Second)
}

func (d *daemon) tellSilence(ctx context.Context) {
	l, err := d.db.Latest(ctx)
	if err != nil {
		d.log.Warn("the database could not be read", "error", err)
	}
	d.silent = l.Success
	if d.silent.IsZero() {
		d.silent = d.began
	}
	d.log.Warn("no run has been complete for too long", "period", d.cfg.Alerts.Silence.String())
	t := &teller{app: d.app, cfg: d.cfg, log: d.log}
	t.send(ctx, alert.Report{Now: d.clock.Now(), LastSuccess: l.Success, Period: d.cfg.Alerts.Silence})
}

// watch tells systemd that the loop moves, as often as it wants to hear it.
func (d *daemon) watch(ctx context.Context) {
	every := d.watchdogEvery()
	if every == 0 {
		return
	}
	for moves := true; (wallClock{}).Sleep(ctx, every) == nil; {
		moved := moves
		if moves = d.pulse.alive(); moves {
			d.warnNotify(sdWatchdog)
		} else if moved {
			d.log.Error("nothing moves any more: systemd is not told that this service is well, and will start it anew")
		}
	}
}

func (d *daemon) warnNotify(state string) {
	if err := d.sdNotify(state); err != nil {
		d.log.Warn("systemd was not told", "state", state, "error", err)
	}
}
