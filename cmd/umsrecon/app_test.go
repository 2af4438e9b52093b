package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// newApp is the program in this process, with what it prints.
func newApp(clock reconcile.Clock) (a *app, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{stdout: stdout, stderr: stderr, clock: clock, lookupEnv: func(string) (string, bool) { return "", false }}, stdout, stderr
}

// cancelClock is the clock of the machine that ends a context when it is read
// for the nth time.
type cancelClock struct {
	wallClock
	left   atomic.Int64
	cancel context.CancelFunc
}

func (c *cancelClock) Now() time.Time {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.wallClock.Now()
}

// smallShop writes a configuration with a ledger of three orders, one of which
// is a discrepancy, and returns the path of the configuration.
func smallShop(t *testing.T, url string) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "ledger"), 0o750))
	for name, text := range map[string]string{
		"config.yaml": "merchant: {mid: \"898340149000005\", tid: \"00000001\"}\n" +
			"gateway: {base_url: \"" + url + "\", app_id: " + playAppID + ", app_key: file:app.key, requests_per_second: 10000}\n",
		"app.key":                      playAppKey,
		"ledger/orders-2026-01-05.csv": "bill_no,bill_date,total_amount,status\nA1,2026-01-05,1908,PAID\nA2,2026-01-05,1909,PAID\nA3,2026-01-05,1908,PAID\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return filepath.Join(dir, "config.yaml")
}

// TestInterruptedAnywhere ends a run at every place where it reads the clock:
// it says 130, and the run after it ends as an undisturbed one does.
func TestInterruptedAnywhere(t *testing.T) {
	g := chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: time.Now})
	g.Put(paidBill("A1", "2026-01-05"), paidBill("A2", "2026-01-05"), paidBill("A3", "2026-01-05"))
	server, err := g.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })

	undisturbed := false
	for n := int64(1); !undisturbed; n++ {
		require.Less(t, n, int64(200), "the run never ended by itself")
		config := smallShop(t, server.URL)
		ctx, cancel := context.WithCancel(t.Context())
		clock := &cancelClock{cancel: cancel}
		clock.left.Store(n)
		a, _, stderr := newApp(clock)
		code := a.run(ctx, []string{"-c", config, "run", "--date", "2026-01-05"})
		undisturbed = clock.left.Load() > 0
		if undisturbed {
			require.Equal(t, exitDiscrepant, code)
		} else {
			require.Contains(t, []int{exitInterrupted, exitDiscrepant}, code, "at reading %d: %s", n, stderr)
		}
		cancel()

		again, stdout, stderr := newApp(wallClock{})
		code = again.run(t.Context(), []string{"-c", config, "run", "--date", "2026-01-05", "--format", "json"})
		require.Equal(t, exitDiscrepant, code, "at reading %d: %s", n, stderr)
		require.Contains(t, stdout.String(), `"matched": 2`, "at reading %d", n)
		require.Contains(t, stdout.String(), `"closing": 1`, "at reading %d", n)
		books, err := filepath.Glob(filepath.Join(filepath.Dir(config), "reports", "*.xlsx"))
		require.NoError(t, err)
		require.Len(t, books, 2, "at reading %d", n)
	}
}

func TestDayFlag(t *testing.T) {
	fallback := reconcile.MakeDay(2026, time.January, 4)
	for _, c := range []struct {
		text string
		want reconcile.Day
	}{
		{text: "", want: fallback},
		{text: "2026-01-05", want: reconcile.MakeDay(2026, time.January, 5)},
		{text: "20260105", want: reconcile.MakeDay(2026, time.January, 5)},
	} {
		got, err := dayFlag("date", c.text, fallback)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	for _, bad := range []string{"yesterday", "2026-02-30", "05.01.2026", " 2026-01-05", "2026-1-5"} {
		_, err := dayFlag("date", bad, fallback)
		require.Equal(t, exitUsage, exitCode(err), bad)
		require.ErrorContains(t, err, "--date: ")
	}
}

func TestToday(t *testing.T) {
	for _, c := range []struct{ now, want string }{
		{now: "2026-01-05T15:59:59Z", want: "2026-01-05"}, // 23:59:59 in Beijing
		{now: "2026-01-05T16:00:00Z", want: "2026-01-06"},
		{now: "2026-01-05T23:30:00-08:00", want: "2026-01-06"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		require.NoError(t, err)
		a, _, _ := newApp(&demoClock{now: now})
		require.Equal(t, c.want, a.today().String(), c.now)
	}
}
