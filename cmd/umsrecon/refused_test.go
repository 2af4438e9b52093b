package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
)

// logText is a log that many may write.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was written since it was called last.
func (l *logText) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func TestRefusalsAreCounted(t *testing.T) {
	clock, out := &demoClock{now: time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)}, &logText{}
	r := newRefusals(clock, slog.New(slog.NewTextHandler(out, nil)))
	bad := errors.New("bad\nthing")
	for range 1000 {
		r.tell(chinaums.RefusedUnverified, "notice", bad)
	}
	r.tell(chinaums.RefusedPath, "", bad)
	text := out.take()
	require.Equal(t, 2, strings.Count(text, "\n"), "one line of each kind")
	require.Regexp(t, `^.*level=WARN msg="notice not taken" reason=unverified path=notice .*left_out=0\n.*reason=path path="" .*left_out=0\n$`, text)

	clock.set(clock.Now().Add(refusedEvery - 1))
	r.tell(chinaums.RefusedUnverified, "notice", bad)
	require.Empty(t, out.take())
	clock.set(clock.Now().Add(1))
	r.tell(chinaums.RefusedUnverified, "notice", bad)
	require.Contains(t, out.take(), "left_out=1000")

	r.tell(chinaums.RefusedUnverified, "notice", bad)
	clock.set(clock.Now().Add(-time.Hour))
	r.tell(chinaums.RefusedUnverified, "notice", bad)
	require.Contains(t, out.take(), "left_out=1", "a clock that was set back")

	r.tell(chinaums.RefusedUnverified, "notice", bad)
	r.close()
	require.Regexp(t, `^.*msg="notices not taken" reason=unverified left_out=1\n$`, out.take(), "what nobody was told of is told at the end")
	r.close()
	require.Empty(t, out.take())
}

// receiving runs the receiver of a small shop.
func receiving(t *testing.T, address string) (base string, clock *demoClock, out *logText, end func()) {
	t.Helper()
	clock, out = &demoClock{now: time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)}, &logText{}
	a, _, _ := newApp(clock)
	cfg := defaults()
	cfg.Merchant.MID, cfg.Database = "898340149000005", Location(filepath.Join(t.TempDir(), "umsrecon.db"))
	cfg.Notices.Key, cfg.Notices.ContractPath = newSecret(playNoticeKey), SecretPath{newSecret("/ums/contract/marked-path-secret")}
	end, err := a.receive(t.Context(), &cfg, address, slog.New(slog.NewTextHandler(out, nil)), func(error) {}, func(at string) { base = "http://" + at })
	require.NoError(t, err)
	return base, clock, out, end
}

// TestRefusedNoticesAreLogged, each kind with its reason and without any value
// of what was sent.
func TestRefusedNoticesAreLogged(t *testing.T) {
	base, clock, out, end := receiving(t, "127.0.0.1:0")
	require.NotContains(t, out.take(), "level=WARN")
	good := signedNotice("bill", "marked-id", "B1", "2026-11-19", playNoticeKey)
	for _, c := range []struct{ path, body, reason string }{
		{"/marked", good, "reason=path path=\"\""},
		{"/ums/notice", signedNotice("bill", "marked-id", "B1", "2026-11-19", "another"), "reason=unverified path=notice error=\"the signature does not hold"},
		{"/ums/notice", "buyerId=marked%zz", "reason=unreadable path=notice"},
		{"/ums/notice", "memo=" + strings.Repeat("marked", 20_000), `reason="too large" path=notice`},
	} {
		for range 20 {
			word, err := post(base+c.path, c.body)
			require.NoError(t, err)
			require.Equal(t, "FAILED", word)
		}
		text := out.take()
		require.Equal(t, 1, strings.Count(text, "\n"), text)
		require.Contains(t, text, c.reason)
		require.NotContains(t, text, "marked")
	}
	resp, err := http.Get(base + "/ums/notice")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, out.take(), "reason=method path=notice")
	word, err := post(base+"/ums/notice", good)
	require.NoError(t, err)
	require.Equal(t, "SUCCESS", word)
	require.Empty(t, out.take(), "what is taken is no refusal")
	clock.set(clock.Now().Add(refusedEvery))
	_, err = post(base+"/"+url.PathEscape("marked\n"), good)
	require.NoError(t, err)
	require.Contains(t, out.take(), "left_out=19")
	end()
	require.Contains(t, out.take(), `msg="notices not taken" reason=unreadable left_out=19`)
}

// TestReceiverBeyondThisMachine is warned of; on loopback nothing is said.
func TestReceiverBeyondThisMachine(t *testing.T) {
	for address, warned := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true, ":0": true} {
		t.Run(address, func(t *testing.T) {
			_, _, out, end := receiving(t, address)
			defer end()
			require.Equal(t, warned, strings.Contains(out.take(), "put a TLS proxy before it"))
		})
	}
}

// TestServerErrorsAreLogged, a handler that panics, for one. Nobody keeps an idle
// connection for long.
func TestServerErrorsAreLogged(t *testing.T) {
	out, base := &logText{}, ""
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("something broke") })
	server, err := serveHTTP("127.0.0.1:0", handler, slog.New(slog.NewTextHandler(out, nil)), func(error) {}, func(at string) { base = "http://" + at })
	require.NoError(t, err)
	require.Equal(t, 5*time.Second, server.IdleTimeout)
	_, err = post(base+"/", "x")
	require.Error(t, err)
	require.NoError(t, server.Shutdown(context.WithoutCancel(t.Context())))
	require.Regexp(t, `level=WARN msg="http: panic serving .*something broke`, out.take())
}
