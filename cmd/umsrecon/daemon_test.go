package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// storyClock moves when somebody sleeps, and lets things happen on its way.
type storyClock struct {
	demoClock
	events []event // by time
}

type event struct {
	at     time.Time
	happen func()
}

func (c *storyClock) Sleep(ctx context.Context, d time.Duration) error {
	to := c.Now().Add(d)
	for len(c.events) > 0 && !c.events[0].at.After(to) {
		c.set(c.events[0].at)
		c.events[0].happen()
		c.events = c.events[1:]
	}
	c.set(to)
	return ctx.Err()
}

// TestNights lives through a month's end, a night that nobody ran, a gateway
// that is down at night, and books that do not come.
func TestNights(t *testing.T) {
	at := func(month time.Month, d, h, m int) time.Time {
		return time.Date(2026, month, d, h, m, 0, 0, reconcile.Beijing)
	}
	clock := &storyClock{demoClock: demoClock{now: at(2, 27, 12, 0)}}
	config, g := shopOfDays(t, clock, "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
	ear := &ears{}
	people := httptest.NewServer(ear)
	t.Cleanup(people.Close)
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, []byte(string(text)+
		"alerts: {silence: 26h, recipients: [{channel: webhook, url: \""+people.URL+"/failure\", when: [failure]}, {channel: webhook, url: \""+people.URL+"/silence\", when: [silence]}]}\n"), 0o600))

	serve := func(stopAt time.Time, events ...event) string {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		clock.events = append(events, event{stopAt, cancel})
		a, _, stderr := newApp(clock)
		require.Zero(t, a.run(ctx, []string{"-c", config, "serve"}), stderr)
		require.False(t, clock.Now().Before(stopAt))
		return stderr.String()
	}
	hear := func() string {
		ear.mu.Lock()
		defer ear.mu.Unlock()
		heard := ear.heard.String()
		ear.heard.Reset()
		return heard
	}

	log := serve(at(3, 1, 12, 0))
	requireNights(t, log, "2026-02-27 complete", "2026-02-28 complete")
	require.FileExists(t, filepath.Join(filepath.Dir(config), "reports", "settlement-2026-03.xlsx"), "the end of a month belongs to the next, too")
	require.Empty(t, hear())

	// Off from the 1st to the 3rd: the night of the 1st is done at the start,
	// that of the 2nd, which is the start's own day before, as well.
	clock.set(at(3, 3, 9, 0))
	log = serve(at(3, 3, 9, 30))
	requireNights(t, log, "2026-03-01 complete missed", "2026-03-02 complete missed")
	require.Empty(t, hear())

	// The gateway is down from before the night until after the first retry.
	log = serve(at(3, 4, 12, 0),
		event{at(3, 4, 2, 0), func() { require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "http-503"})) }},
		event{at(3, 4, 7, 0), g.Behave})
	requireNights(t, log, "2026-03-03 incomplete", "2026-03-03 incomplete incomplete", "2026-03-03 complete incomplete")
	heard := hear()
	require.Equal(t, 2, strings.Count(heard, "POST /failure"))
	require.Equal(t, 0, strings.Count(heard, "POST /silence"), "the last success was at 9:00")

	// The books stop coming: each try is told, the silence once.
	log = serve(at(3, 7, 1, 0))
	requireNights(t, log, "2026-03-04 complete")
	heard = hear()
	require.Contains(t, heard, "2026-03-05: the ledger is not there")
	require.Contains(t, heard, "POST /silence")
	require.Contains(t, log, "no run has been complete for too long")
	require.Equal(t, 1, strings.Count(log, "no run has been complete for too long"))
}

// requireNights holds the nights that a log tells of against DAY STATUS [LATE].
func requireNights(t *testing.T, log string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "msg=night ") || !strings.Contains(line, "status=") {
			continue
		}
		night := field(line, "day") + " " + field(line, "status")
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

// TestWait: it sleeps in steps and hears a hangup at once; it ends with its
// context.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := newApp(wallClock{})
		hup := make(chan struct{}, 1)
		d := &daemon{app: a, hup: hup}
		start := time.Now()
		reload, err := d.wait(t.Context(), start.Add(8*time.Hour))
		require.NoError(t, err)
		require.False(t, reload)
		require.Equal(t, 8*time.Hour, time.Since(start))
		require.LessOrEqual(t, time.Now().Unix()-d.seen.Load(), int64(30), "it has been seen moving")
		require.True(t, d.alive())

		time.AfterFunc(time.Hour+time.Second, func() { hup <- struct{}{} })
		start = time.Now()
		reload, err = d.wait(t.Context(), start.Add(8*time.Hour))
		require.NoError(t, err)
		require.True(t, reload)
		require.Equal(t, time.Hour+time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Second)
		defer cancel()
		_, err = d.wait(ctx, start.Add(8*time.Hour))
		require.ErrorIs(t, err, context.DeadlineExceeded)

		time.Sleep(91 * time.Second)
		require.False(t, d.alive(), "a loop that does not move")
		d.atWork.Store(true)
		require.True(t, d.alive(), "but for a night")
		synctest.Wait()
	})
}

// systemd is where a service tells how it stands.
type systemd struct {
	mu    sync.Mutex
	heard []string
}

func listenAsSystemd(t *testing.T) (s *systemd, socket string) {
	socket = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	s = &systemd{}
	go func() {
		buffer := make([]byte, 256)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.heard = append(s.heard, string(buffer[:n]))
			s.mu.Unlock()
		}
	}()
	return s, socket
}

func (s *systemd) has(state string) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, h := range s.heard {
			if h == state {
				return true
			}
		}
		return false
	}
}

// TestDaemonUnderSystemd: it says that it is ready, that it lives and that it
// stops; its health is there to be asked; a hangup takes a valid configuration
// and refuses another.
func TestDaemonUnderSystemd(t *testing.T) {
	service, socket := listenAsSystemd(t)
	address := freeAddress(t)
	config := writeConfig(t, "gateway: {app_id: a, app_key: marked-first-key}\nmonitor: {listen: \""+address+"\"}\n")
	out := &lockedBuffer{}
	a := &app{
		stdout: io.Discard, stderr: out, clock: wallClock{}, configFlag: config,
		lookupEnv: environment(map[string]string{"NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "20000"}),
	}
	cfg, err := a.load(EverySection...)
	require.NoError(t, err)
	hup := make(chan struct{})
	ctx, stop := context.WithCancelCause(t.Context())
	d := &daemon{app: a, cfg: cfg, log: a.logger(slog.LevelInfo), hup: hup, stop: stop, began: time.Now()}
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	soon := func(happens func() bool) { require.Eventually(t, happens, patience, time.Millisecond) }
	soon(service.has(sdReady))
	soon(service.has(sdWatchdog))
	require.Equal(t, "200 ok\n", get(t, "http://"+address+"/healthz"))
	require.Equal(t, "200 ok\n", get(t, "http://"+address+"/readyz"))
	require.Contains(t, get(t, "http://"+address+"/metrics"), "\numsrecon_last_success_timestamp_seconds 0\n")
	require.Contains(t, get(t, "http://"+address+"/elsewhere"), "404")

	said := func(text string) func() bool {
		return func() bool {
			out.mu.Lock()
			defer out.mu.Unlock()
			return bytes.Contains(out.Bytes(), []byte(text))
		}
	}
	require.NoError(t, os.WriteFile(config, []byte("gateway: {app_id: a, app_key: b, concurrency: 0}\n"), 0o600))
	hup <- struct{}{}
	soon(said("the one before stays"))
	require.Equal(t, "200 ok\n", get(t, "http://"+address+"/healthz"))

	other := freeAddress(t)
	require.NoError(t, os.WriteFile(config, []byte("gateway: {app_id: a, app_key: marked-other-key}\nmonitor: {listen: \""+other+"\"}\n"), 0o600))
	hup <- struct{}{}
	soon(said("configuration reloaded"))
	require.Equal(t, "200 ok\n", get(t, "http://"+other+"/healthz"))
	_, err = http.Get("http://" + address + "/healthz")
	require.Error(t, err, "the old address is given up")
	a.logger(slog.LevelInfo).Info("marked-first-key marked-other-key")
	require.False(t, said("marked-other-key")(), "the new secret is known to the log")

	taken := freeAddress(t)
	l, err := net.Listen("tcp", taken)
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, os.WriteFile(config, []byte("gateway: {app_id: a, app_key: b}\nmonitor: {listen: \""+taken+"\"}\n"), 0o600))
	hup <- struct{}{}
	soon(said("cannot be served"))
	soon(func() bool { // the one before goes on
		r, err := http.Get("http://" + other + "/healthz")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil && r.StatusCode == http.StatusOK
	})

	stop(context.Canceled)
	require.NoError(t, <-ended)
	soon(service.has(sdStopping))
	_, err = http.Get("http://" + other + "/healthz")
	require.Error(t, err)
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func get(t *testing.T, url string) string {
	r, err := http.Get(url)
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r.Status[:4] + string(body)
}

func TestHealthThatIsNot(t *testing.T) {
	config := writeConfig(t, "gateway: {app_id: a, app_key: b}\n")
	a, _, _ := newApp(wallClock{})
	a.configFlag = config
	cfg, err := a.load(EverySection...)
	require.NoError(t, err)
	d := &daemon{app: a, cfg: cfg, log: a.logger(slog.LevelInfo)}
	require.NoError(t, d.open(t.Context()))
	ask := func(path string) int {
		w := httptest.NewRecorder()
		d.health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	require.Equal(t, []int{503, 503, 200}, []int{ask("/healthz"), ask("/readyz"), ask("/metrics")}, "the loop has never moved")
	d.seen.Store(time.Now().Unix())
	require.Equal(t, []int{200, 200, 200}, []int{ask("/healthz"), ask("/readyz"), ask("/metrics")})
	d.close()
	require.Equal(t, []int{200, 503, 503}, []int{ask("/healthz"), ask("/readyz"), ask("/metrics")}, "the database is gone")
}

// TestHangups hears the signal itself.
func TestHangups(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := hangups(ctx)
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(syscall.SIGHUP))
	select {
	case <-heard:
	case <-time.After(patience):
		t.Fatal("it was not heard")
	}
}
