package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// bubbleClock is the time of a synctest bubble; the simulator, which stands
// outside of it, goes by when it was last looked at.
type bubbleClock struct {
	wallClock
	seen atomic.Int64
}

func (c *bubbleClock) Now() time.Time {
	now := time.Now()
	c.seen.Store(now.UnixNano())
	return now
}

func (c *bubbleClock) last() time.Time { return time.Unix(0, c.seen.Load()) }

// listenOnce serves on a real socket and ends each connection with its answer:
// one that is kept would be read from for ever, and time in a bubble stands
// still for whoever waits for a socket.
func listenOnce(t *testing.T, h http.Handler) (url string) {
	server := httptest.NewUnstartedServer(h)
	server.Config.SetKeepAlivesEnabled(false)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// town is a shop, its gateway and the people who hear of its nights.
type town struct {
	clock   *bubbleClock
	config  string
	gateway *chinaumstest.Gateway
	people  *ears
}

func newTown(t *testing.T, more string, days ...string) town {
	w := town{clock: &bubbleClock{}, people: &ears{}}
	w.gateway = chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: w.clock.last})
	w.config = smallShop(t, listenOnce(t, w.gateway))
	for _, day := range days {
		sellOn(t, w.config, w.gateway, day)
	}
	text, err := os.ReadFile(w.config)
	require.NoError(t, err)
	more = strings.ReplaceAll(more, "$EARS", listenOnce(t, w.people))
	require.NoError(t, os.WriteFile(w.config, append(text, more...), 0o600))
	return w
}

// serve is the daemon until an instant; what it logs.
func (w town) serve(t *testing.T, until time.Time, hup <-chan struct{}) string {
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	time.AfterFunc(time.Until(until), func() { stop(context.Canceled) })
	a, _, _ := newApp(w.clock)
	log := &lockedBuffer{}
	a.stderr, a.configFlag, a.tokens = log, w.config, chinaums.NewTokens()
	cfg, err := a.load(EverySection...)
	require.NoError(t, err)
	d := &daemon{app: a, cfg: cfg, log: a.logger(slog.LevelInfo), hup: hup, stop: stop, began: w.clock.Now()}
	require.NoError(t, d.run(ctx))
	require.False(t, time.Now().Before(until), "it stopped early")
	return log.String()
}

// TestNights is the daemon through a month's end, two nights that nobody ran, a
// gateway that is down at night until it is tried again, one that is down until
// that is given up, and books that do not come.
func TestNights(t *testing.T) {
	w := newTown(t, `
schedule: {cron: "30 2 * * *", retry_at: ["05:00", "08:00"], retry_for: 30h}
alerts: {silence: 26h, recipients: [{channel: webhook, url: "$EARS/all", when: [always]}, {channel: webhook, url: "$EARS/silence", when: [silence]}]}
`, "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06")
	synctest.Test(t, func(t *testing.T) {
		at := func(month time.Month, d, h int) time.Time {
			return time.Date(2026, month, d, h, 0, 0, 0, reconcile.Beijing)
		}
		sleep := func(until time.Time) { time.Sleep(time.Until(until)) }
		down := func(from, to time.Time) {
			time.AfterFunc(time.Until(from), func() { _ = w.gateway.Misbehave(chinaumstest.Fault{Name: "http-503"}) })
			time.AfterFunc(time.Until(to), w.gateway.Behave)
		}

		sleep(at(2, 27, 12))
		requireNights(t, w.serve(t, at(3, 1, 12), nil),
			"02-28 02:30 2026-02-27 complete",
			"03-01 02:30 2026-02-28 complete")
		require.FileExists(t, filepath.Join(filepath.Dir(w.config), "reports", "settlement-2026-03.xlsx"), "the end of a month belongs to the next, too")
		require.NotContains(t, w.people.take(), "补跑")

		// Off for two nights: they are done at the start, oldest first.
		sleep(at(3, 3, 9))
		requireNights(t, w.serve(t, at(3, 3, 10), nil),
			"03-03 09:00 2026-03-01 complete missed",
			"03-03 09:00 2026-03-02 complete missed")
		heard := w.people.take()
		require.Equal(t, 1, strings.Count(heard, "POST /all"), "one message a recipient")
		require.Regexp(t, `2026-03-01 完成（漏跑，现已补跑）.*2026-03-02 完成（漏跑，现已补跑）`, heard)

		// Down at night and at the first try, and back before the second; a
		// hangup in the night is answered at once.
		down(at(3, 4, 2), at(3, 4, 7))
		hup := make(chan struct{}, 1)
		time.AfterFunc(time.Until(at(3, 4, 2))+30*time.Minute+time.Second, func() { hup <- struct{}{} })
		log := w.serve(t, at(3, 4, 12), hup)
		requireNights(t, log,
			"03-04 02:30 2026-03-03 incomplete",
			"03-04 05:00 2026-03-03 incomplete incomplete",
			"03-04 08:00 2026-03-03 complete incomplete")
		require.Regexp(t, `(?s)msg="the configuration is read again when the night is over".* msg=night .*msg="configuration reloaded".* msg=night `, log)
		heard = w.people.take()
		require.Contains(t, heard, "2026-03-03 未完成（上次未完成，已再试）")
		require.Contains(t, heard, "2026-03-03 完成（上次未完成，已再试）")
		require.NotContains(t, heard, "POST /silence", "the last success was at 9:00")

		// Down for longer than a night is tried again: it is given up after 30
		// hours, and the next is not.
		down(at(3, 5, 2), at(3, 6, 9))
		requireNights(t, w.serve(t, at(3, 7, 3), nil),
			"03-05 02:30 2026-03-04 incomplete",
			"03-05 05:00 2026-03-04 incomplete incomplete",
			"03-05 08:00 2026-03-04 incomplete incomplete",
			"03-06 02:30 2026-03-04 incomplete incomplete", "03-06 02:30 2026-03-05 incomplete",
			"03-06 05:00 2026-03-04 incomplete incomplete", "03-06 05:00 2026-03-05 incomplete incomplete",
			"03-06 08:00 2026-03-04 incomplete incomplete", "03-06 08:00 2026-03-05 incomplete incomplete",
			"03-07 02:30 2026-03-05 complete incomplete", "03-07 02:30 2026-03-06 complete")
		require.Equal(t, 1+3, strings.Count(w.people.take(), "POST /silence"), "when 26 hours are over, and by each run that leaves it so")

		// The books stop coming: each try is told, the silence once.
		log = w.serve(t, at(3, 9, 12), nil)
		requireNights(t, log)
		heard = w.people.take()
		require.Contains(t, heard, "2026-03-07: the ledger is not there")
		require.Contains(t, heard, "POST /silence")
		require.Equal(t, 1, strings.Count(log, "no run has been complete for too long"))
	})
}

// requireNights holds the nights that a log tells of against WHEN DAY STATUS
// [LATE], when in Beijing.
func requireNights(t *testing.T, log string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "msg=night ") || !strings.Contains(line, "status=") {
			continue
		}
		at, err := time.Parse(time.RFC3339, field(" "+line, "time"))
		require.NoError(t, err, line)
		night := at.In(reconcile.Beijing).Format("01-02 15:04 ") + field(line, "day") + " " + field(line, "status")
		if late := field(line, "late"); late != `""` {
			night += " " + late
		}
		got = append(got, night)
	}
	require.Equal(t, want, got, log)
}

func field(line, name string) string {
	_, rest, _ := strings.Cut(line, " "+name+"=")
	value, _, _ := strings.Cut(rest, " ")
	return value
}
