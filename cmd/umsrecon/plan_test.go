package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

func TestExpectedNights(t *testing.T) {
	c := defaults()
	at := func(d, h, m int) time.Time { return time.Date(2026, time.March, d, h, m, 0, 0, reconcile.Beijing) }
	last := func(now time.Time) string {
		days, err := c.expectedNights(now)
		require.NoError(t, err)
		return days[len(days)-1].String()
	}
	require.Equal(t, "2026-02-28", last(at(1, 2, 30)), "a month's end")
	require.Equal(t, "2026-02-27", last(at(1, 2, 29)), "before the hour it is not expected yet")
	days, err := c.expectedNights(at(1, 2, 30))
	require.NoError(t, err)
	require.Len(t, days, 400)
	require.IsIncreasing(t, days)

	c.Schedule.Cron = "0 4,16 * * 1" // Mondays, twice
	days, err = c.expectedNights(at(9, 20, 0))
	require.NoError(t, err)
	require.Equal(t, "2026-03-01 2026-03-08", days[len(days)-2].String()+" "+days[len(days)-1].String())
	c.Schedule.Cron = "30 2 31 2 *"
	_, err = c.expectedNights(at(1, 0, 0))
	require.ErrorContains(t, err, "never comes")
}

func TestNextRetry(t *testing.T) {
	c := defaults()
	at := func(d, h, m int) time.Time { return time.Date(2026, time.February, d, h, m, 0, 0, reconcile.Beijing) }
	for _, x := range []struct{ now, want time.Time }{
		{at(27, 2, 30), at(27, 5, 0)}, {at(27, 5, 0), at(27, 8, 0)}, {at(27, 8, 0), at(28, 5, 0)}, {at(28, 9, 0), at(29, 5, 0)},
	} {
		require.True(t, x.want.Equal(c.nextRetry(x.now)), x.now)
	}
	c.Schedule.RetryAt = nil
	require.Zero(t, c.nextRetry(at(27, 2, 30)))
}

// shopOfDays is a shop with one paid order a day, and its gateway.
func shopOfDays(t *testing.T, clock reconcile.Clock, days ...string) (config string, g *chinaumstest.Gateway) {
	g = chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: clock.Now})
	server, err := g.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	config = smallShop(t, server.URL)
	for _, day := range days {
		sellOn(t, config, g, day)
	}
	return config, g
}

func sellOn(t *testing.T, config string, g *chinaumstest.Gateway, day string) {
	no := "N" + strings.ReplaceAll(day, "-", "")
	text := "bill_no,bill_date,total_amount,status,settle_date\n" + no + "," + day + ",1908,PAID,\n"
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(config), "ledger", "orders-"+day+".csv"), []byte(text), 0o600))
	g.Put(paidBill(no, day))
}

// TestCatchUp: nights that were missed are done before tonight's, and told; one
// without books costs the others nothing, and is not forgotten.
func TestCatchUp(t *testing.T) {
	clock := &demoClock{now: time.Date(2026, time.February, 26, 2, 30, 0, 0, reconcile.Beijing)}
	config, g := shopOfDays(t, clock, "2026-02-25", "2026-02-26", "2026-02-28", "2026-03-01")
	run := func(args ...string) (int, string, string) {
		a, stdout, stderr := newApp(clock)
		code := a.run(t.Context(), append([]string{"-c", config, "run"}, args...))
		return code, stdout.String(), stderr.String()
	}
	code, out, _ := run()
	require.Equal(t, exitDone, code, out)
	require.NotContains(t, out, "missed")

	clock.set(time.Date(2026, time.March, 2, 2, 30, 0, 0, reconcile.Beijing))
	code, out, stderr := run()
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "2026-02-27: the ledger is not there")
	require.Regexp(t, `(?s)2026-02-26  complete .*ATTENTION   this night was missed.*2026-02-28  complete .*ATTENTION   this night was missed.*2026-03-01  complete`, out)
	require.Equal(t, 2, strings.Count(out, "was missed"), "tonight's was not")

	a, stdout, _ := newApp(clock)
	require.Equal(t, exitIncomplete, a.run(t.Context(), []string{"-c", config, "check", "--date", "2026-03-01"}))
	require.Regexp(t, `(?m)^nights +NOT OK .*; the night of 2026-02-27 is missed; try: umsrecon run --due`, stdout.String())

	sellOn(t, config, g, "2026-02-27")
	code, out, _ = run("--format", "json")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, `"date": "2026-03-01"`)
	require.Regexp(t, `(?s)"caught_up": \[.*"date": "2026-02-27".*"late": "missed"`, out)

	code, out, _ = run("--due")
	require.Equal(t, exitDone, code)
	require.Equal(t, "nothing is due\n", out)

	clock.set(time.Date(2026, time.March, 15, 2, 30, 0, 0, reconcile.Beijing))
	_, out, _ = run("--due")
	require.Contains(t, out, "ATTENTION  5 nights from 2026-03-02 to 2026-03-06 were never run")
}

// TestTryAgain: a night that ended incomplete is tried again until it is
// complete, or for as long as is configured.
func TestTryAgain(t *testing.T) {
	start := time.Date(2026, time.March, 1, 2, 30, 0, 0, reconcile.Beijing)
	clock := &demoClock{now: start}
	config, g := shopOfDays(t, clock, "2026-02-28")
	require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "http-503"}))
	due := func() (int, string) {
		a, stdout, _ := newApp(clock)
		return a.run(t.Context(), []string{"-c", config, "run", "--due"}), stdout.String()
	}
	a, _, _ := newApp(clock)
	require.Equal(t, exitIncomplete, a.run(t.Context(), []string{"-c", config, "run"}))
	clock.set(start.Add(2 * time.Hour))
	code, out := due()
	require.Equal(t, exitIncomplete, code)
	require.Contains(t, out, "had ended incomplete; it is tried again")
	clock.set(start.Add(20 * time.Hour))
	_, out = due()
	require.Equal(t, "nothing is due\n", out, "the deadline")
	clock.set(start.Add(19 * time.Hour))
	g.Behave()
	code, _ = due()
	require.Equal(t, exitDone, code)
	_, out = due()
	require.Equal(t, "nothing is due\n", out)
}
