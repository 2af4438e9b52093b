package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// TestSoak is one `serve` through many nights, by a clock that nobody waits
// for: each with a ledger, a gateway that is asked, workbooks, and a message to
// people. Descriptors, goroutines and memory do not grow from night to night.
func TestSoak(t *testing.T) {
	full, _ := tortured(t)
	nights := longOr(full, 1000, 8)
	w := newSoak(t, nights)
	ctx, stop := context.WithCancelCause(t.Context())
	w.clock.noon = func() {
		w.look()
		if len(w.seen) > nights {
			stop(context.Canceled)
			return
		}
		w.sell(t)
	}
	a, _, _ := newApp(w.clock)
	log := &lockedBuffer{}
	a.stderr, a.configFlag, a.tokens, a.verbose = log, w.config, chinaums.NewTokens(), false
	cfg, err := a.load(EverySection...)
	require.NoError(t, err)
	d := &daemon{app: a, cfg: cfg, log: a.logger(slog.LevelWarn), hup: make(chan struct{}), stop: stop, began: w.clock.Now()}
	w.sell(t)
	require.NoError(t, d.run(ctx))
	require.Empty(t, log.String(), "nothing was to be warned of")
	require.EqualValues(t, nights, w.told.Load(), "people heard of each night")

	early, late := w.seen[len(w.seen)/4], w.seen[len(w.seen)-1]
	t.Logf("%d nights in one process; after %d and at the end: %d and %d descriptors, %d and %d goroutines, %d and %d KiB of heap",
		nights, len(w.seen)/4, early.descriptors, late.descriptors, early.goroutines, late.goroutines, early.heap>>10, late.heap>>10)
	require.LessOrEqual(t, late.descriptors, early.descriptors+3, "descriptors grow")
	require.LessOrEqual(t, late.goroutines, early.goroutines+3, "goroutines grow")
	require.LessOrEqual(t, late.heap, early.heap+early.heap/4+1<<20, "memory grows")
}

// soakClock jumps where others wait. noon is called on each day.
type soakClock struct {
	ahead atomic.Int64 // of the clock on the wall
	noon  func()
	day   reconcile.Day // whose noon comes next
}

func (c *soakClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *soakClock) Sleep(ctx context.Context, d time.Duration) error {
	c.ahead.Add(int64(d))
	if c.Now().After(c.day.Start().Add(12 * time.Hour)) {
		c.day++
		c.noon()
	}
	return ctx.Err()
}

// soak is a shop whose gateway forgets the days that are over.
type soak struct {
	config  string
	clock   *soakClock
	gateway atomic.Pointer[chinaumstest.Gateway]
	told    atomic.Int64 // messages to people
	seen    []weight     // at each noon
}

// weight is what a process holds.
type weight struct {
	descriptors, goroutines int
	heap                    uint64 // bytes
}

func newSoak(t *testing.T, nights int) *soak {
	w := &soak{clock: &soakClock{}}
	w.clock.ahead.Store(int64(time.Until(reconcile.DayOf(time.Now()).Start().AddDate(0, 0, 1).Add(6 * time.Hour))))
	w.clock.day = reconcile.DayOf(w.clock.Now())
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.gateway.Load().ServeHTTP(rw, r) }))
	t.Cleanup(gateway.Close)
	people := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.told.Add(1) }))
	t.Cleanup(people.Close)
	w.config = smallShop(t, gateway.URL)
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(w.config), "ledger/orders-2026-01-05.csv")))
	text, err := os.ReadFile(w.config)
	require.NoError(t, err)
	more := fmt.Sprintf("schedule: {cron: \"30 2 * * *\"}\nkeep: {answers: 91d, runs: 91d}\nmonitor: {listen: %q}\n"+
		"notices: {listen: %q, key: %s}\nalerts: {recipients: [{channel: webhook, url: %q, when: [always]}]}\n", freeAddress(t), freeAddress(t), playNoticeKey, people.URL)
	require.NoError(t, os.WriteFile(w.config, append(text, more...), 0o600))
	return w
}

// sell fills the ledger of the day that the next night is about, and the gateway
// with it.
func (w *soak) sell(t *testing.T) {
	g := chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: w.clock.Now})
	sellOn(t, w.config, g, reconcile.DayOf(w.clock.Now()).String())
	w.gateway.Store(g)
}

func (w *soak) look() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := filepath.Glob("/proc/self/fd/*") // there are none where there is no /proc
	w.seen = append(w.seen, weight{len(open), runtime.NumGoroutine(), m.HeapAlloc})
}
