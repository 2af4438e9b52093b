package main

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// slow is all that a night works with, each step of it after a pause; a pause
// without an end hangs, but for the context.
type slow struct{ pause time.Duration }

func (s slow) wait(ctx context.Context) {
	if s.pause < 0 {
		<-ctx.Done()
		return
	}
	time.Sleep(s.pause)
}

type slowLedger struct {
	slow
	reconcile.Ledger
}

func (s slowLedger) Read(ctx context.Context, _ reconcile.Day, order func(reconcile.Order, string) error, bad func(reconcile.BadRow) error) (reconcile.Load, error) {
	for i := range 20 {
		s.wait(ctx)
		if i%2 == 0 {
			_ = order(reconcile.Order{}, "")
		} else {
			_ = bad(reconcile.BadRow{})
		}
	}
	return reconcile.Load{}, ctx.Err()
}

func (s slow) Ask(ctx context.Context, _ reconcile.Key) reconcile.Answer {
	s.wait(ctx)
	return reconcile.Answer{}
}

type slowStore struct {
	slow
	reconcile.Store
}

func (s slowStore) Evidence(ctx context.Context, _ reconcile.Scope, fn func(reconcile.Evidence) error) error {
	return fn(func([]int) iter.Seq2[reconcile.Family, error] {
		return func(yield func(reconcile.Family, error) bool) {
			for range 20 {
				s.wait(ctx)
				if !yield(reconcile.Family{}, ctx.Err()) {
					return
				}
			}
		}
	})
}

func (s slowStore) Publish(ctx context.Context, _ string, fn func(reconcile.Publication) error) error {
	return fn(slowPublication{slow: s.slow, ctx: ctx})
}

type slowPublication struct {
	slow
	reconcile.Publication
	ctx context.Context
}

func (s slowPublication) Verdict(reconcile.Verdict) error {
	s.wait(s.ctx)
	return nil
}

// Matched takes its time over every so many.
func (s slowPublication) Matched(orders []int64, _ bool) error {
	for range len(orders) / 10_000 {
		s.wait(s.ctx)
	}
	return s.ctx.Err()
}

// steps are what a night does for a long time.
var steps = map[string]func(context.Context, *reconcile.Job){
	"loading": func(ctx context.Context, j *reconcile.Job) {
		_, _ = j.Ledgers[0].Read(ctx, 1, func(reconcile.Order, string) error { return nil }, func(reconcile.BadRow) error { return nil })
	},
	"asking": func(ctx context.Context, j *reconcile.Job) {
		for range 20 {
			j.Gateway.Ask(ctx, reconcile.Key{})
		}
	},
	"judging": func(ctx context.Context, j *reconcile.Job) {
		_ = j.Store.Evidence(ctx, reconcile.Scope{}, func(e reconcile.Evidence) error {
			for range e(nil) {
			}
			return nil
		})
	},
	"writing what agrees": func(ctx context.Context, j *reconcile.Job) {
		_ = j.Store.Publish(ctx, "", func(p reconcile.Publication) error { return p.Matched(make([]int64, 200_000), true) })
	},
	"writing": func(ctx context.Context, j *reconcile.Job) {
		_ = j.Store.Publish(ctx, "", func(p reconcile.Publication) error {
			for range 20 {
				if err := p.Verdict(reconcile.Verdict{}); err != nil || ctx.Err() != nil {
					return err
				}
			}
			return nil
		})
	},
}

// nightOf is the daemon with a night under way whose steps take so long.
func nightOf(pause time.Duration) (*daemon, *reconcile.Job) {
	a, _, _ := newApp(wallClock{})
	cfg := defaults()
	a.pulse = newPulse(a.clock)
	a.pulse.expect(cfg.stillness())
	d := &daemon{app: a, cfg: &cfg, log: a.logger(slog.LevelError)}
	s := slow{pause: pause}
	j := &reconcile.Job{Ledgers: []reconcile.Ledger{slowLedger{slow: s}}, Gateway: s, Store: slowStore{slow: s}, Clock: a.pulse.waits(a.clock)}
	a.pulse.feel(j)
	return d, j
}

// TestNightThatMoves: however long a night takes, it is alive as long as it
// gets on, and while it waits for what it has to wait for.
func TestNightThatMoves(t *testing.T) {
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, j := nightOf(19 * time.Minute)
				done := make(chan struct{})
				go func() { defer close(done); step(t.Context(), j) }()
				looks := 0
				for began := time.Now(); ; looks++ {
					select {
					case <-done:
						require.Greater(t, looks, 300, "it took six hours")
						return
					case <-time.After(time.Minute):
						require.True(t, d.pulse.alive(), time.Since(began))
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d, j := nightOf(0)
		go func() { _ = j.Clock.Sleep(t.Context(), 8*time.Hour) }()
		time.Sleep(8*time.Hour + nightStep)
		require.True(t, d.pulse.alive(), "a pause that it takes")
		time.Sleep(time.Hour)
		require.False(t, d.pulse.alive(), "and nothing after it")
	})
}

// TestNightThatHangs: systemd is told nothing more of a night that has stood
// still for too long, whatever it was at, and the log says so once.
func TestNightThatHangs(t *testing.T) {
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			service, socket := listenAsSystemd(t)
			out := &lockedBuffer{}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				d, j := nightOf(-1)
				d.lookupEnv = environment(map[string]string{"NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "60000000"})
				d.stderr = out
				d.log = d.logger(slog.LevelInfo)
				go step(ctx, j)
				go d.watch(ctx)
				time.Sleep(d.cfg.stillness() - time.Second)
				require.True(t, d.pulse.alive())
				time.Sleep(2 * time.Hour)
				require.False(t, d.pulse.alive())
				cancel()
				synctest.Wait()
			})
			told := int(20 * time.Minute / (30 * time.Second)) // stillness, by default
			require.Eventually(t, func() bool { return service.times(sdWatchdog) == told }, patience, time.Millisecond)
			require.Equal(t, 1, strings.Count(out.String(), "nothing moves any more"))
		})
	}
}

// TestStillness: what the configuration allows to take long is waited for.
func TestStillness(t *testing.T) {
	cfg := defaults()
	require.Equal(t, nightStep+10*time.Minute, cfg.stillness(), "the ledger's database")
	cfg.Ledger.Timeout = 3 * time.Hour
	require.Equal(t, nightStep+3*time.Hour, cfg.stillness())
	cfg = defaults()
	cfg.Gateway.RequestsPerSecond = 0.01
	require.Equal(t, nightStep+longestQuestion+15*time.Second+800*time.Second, cfg.stillness())
	cfg.Gateway.RequestsPerSecond = 1e-300
	require.Equal(t, nightStep+longestQuestion+15*time.Second+longestQueue, cfg.stillness())
}
