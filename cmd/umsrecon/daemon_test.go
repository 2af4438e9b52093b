package main

import (
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
)

// TestWait: it sleeps in steps and hears a hangup at once; it ends with its
// context.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := newApp(wallClock{})
		hup := make(chan struct{}, 1)
		d := &daemon{app: a, hup: hup}
		d.pulse = newPulse(a.clock)
		d.pulse.expect(loopStep)
		start := time.Now()
		reload, err := d.wait(t.Context(), start.Add(8*time.Hour))
		require.NoError(t, err)
		require.False(t, reload)
		require.Equal(t, 8*time.Hour, time.Since(start))
		require.True(t, d.pulse.alive(), "it has been seen moving")

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
		require.False(t, d.pulse.alive(), "a loop that does not move")
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
	return func() bool { return s.times(state) > 0 }
}

func (s *systemd) times(state string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.heard {
		if h == state {
			n++
		}
	}
	return n
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
		return func() bool { return strings.Contains(out.String(), text) }
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

	require.NoError(t, os.WriteFile(config, []byte("gateway: {app_id: a, app_key: b}\nschedule: {cron: \"17 3 * * *\", retry_at: []}\nmonitor: {listen: \""+other+"\"}\n"), 0o600))
	hup <- struct{}{}
	soon(said("T03:17:00+08:00")) // the night is waited for at its new hour
	require.Equal(t, "200 ok\n", get(t, "http://"+other+"/healthz"), "what listens goes on")

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
	d.pulse = newPulse(a.clock)
	require.NoError(t, d.open(t.Context()))
	ask := func(path string) int {
		w := httptest.NewRecorder()
		d.health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	require.Equal(t, []int{503, 503, 200}, []int{ask("/healthz"), ask("/readyz"), ask("/metrics")}, "it has never moved")
	d.pulse.expect(loopStep)
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
