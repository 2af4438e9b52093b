package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// TestWorkersTorture lets a run and four workers ask together, kills them at
// seeded random points, the run too, cuts workers off for longer than their
// lease, and lets the server of the database fall. The end is that of a night
// which nobody disturbed: every order has one answer, whoever asked, and the
// gateway never saw more in a second than one app id may send.
func TestWorkersTorture(t *testing.T) {
	full, seed := tortured(t)
	draw := rand.New(rand.NewPCG(seed, 10))
	address, restart := ledgertest.PostgresThatRestarts(t, os.Getenv("REQUIRE_DATABASES") != "")
	orders, perSecond := longOr(full, 3_000, 500), longOr(full, 200, 125)
	calm := newCrew(t, address, "calm", orders, 10_000)
	calm.night(t, draw, 0, nil)
	require.Equal(t, orders/10*6, count(calm.classes(t), "matched"), "of an undisturbed night")
	calm.judge(t, 10_000)

	for n := range longOr(full, 8, 1) {
		w := newCrew(t, address, fmt.Sprintf("night%d", n), orders, perSecond)
		ended := make(chan struct{})
		var workers sync.WaitGroup
		for i := range 4 {
			manner := rand.New(rand.NewPCG(seed, uint64(100+n*4+i)))
			workers.Go(func() { w.worker(t, manner, ended) })
		}
		over := sync.OnceFunc(func() { close(ended); workers.Wait() })
		defer over()
		w.night(t, draw, 3, restart)
		over()
		require.Equal(t, calm.classes(t), w.classes(t))
		require.Equal(t, calm.summary.Orders, w.summary.Orders)
		w.judge(t, perSecond)
		t.Logf("night %d of seed %d: %d requests for %d orders, at most %d in a second; %d kills, %d cut off",
			n, seed, len(w.tap.requests()), orders, w.tap.mostInASecond(), w.kills.Load(), w.stops.Load())
	}
}

// TestWorkersShare: each of those who ask takes its share, and ends with the run.
func TestWorkersShare(t *testing.T) {
	address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
	w := newCrew(t, address, "share", 300, 150)
	var workers [2]*exec.Cmd
	var said [2]*bytes.Buffer
	for i := range workers {
		workers[i], said[i] = w.member("work", "--once")
		require.NoError(t, workers[i].Start())
	}
	w.night(t, rand.New(rand.NewPCG(1, 1)), 0, nil)
	total := 0
	for i, c := range workers {
		require.NoError(t, c.Wait(), "%s", said[i])
		found := sharePattern.FindSubmatch(said[i].Bytes())
		require.NotNil(t, found, "%s", said[i])
		n, err := strconv.Atoi(string(found[1]))
		require.NoError(t, err)
		require.Positive(t, n, "%s", said[i])
		total += n
	}
	require.Less(t, total, w.orders, "the run asks, too")
	require.Equal(t, w.orders, w.summary.Queries.Sent, "by all of them")
	require.Equal(t, w.orders, w.summary.Queries.Attempts)
	w.judge(t, 150)
}

var sharePattern = regexp.MustCompile(`msg=asked run=\S+ orders=(\d+)`)

// TestWorkerThatIsRefused: what is wrong where a worker stands costs the run no
// more than its help.
func TestWorkerThatIsRefused(t *testing.T) {
	address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
	w := newCrew(t, address, "refused", 200, 100)
	c, said := w.member("work", "--once")
	c.Env = append(c.Env, "UMS_APP_KEY=another")
	require.NoError(t, c.Start())
	w.night(t, rand.New(rand.NewPCG(1, 1)), 0, nil)
	_ = c.Wait()
	require.Equal(t, exitFailed, c.ProcessState.ExitCode(), "%s", said)
	require.Contains(t, said.String(), "was stopped after 3 refusals in a row")
	require.Zero(t, w.summary.Orders.Unverified)
	require.Equal(t, w.orders, w.summary.Queries.Sent)
	require.Equal(t, w.orders/10*6, count(w.classes(t), "matched"))
}

// crew is a merchant whose database several processes share.
type crew struct {
	*storm
	address      string
	kills, stops atomic.Int64
}

func newCrew(t testing.TB, address, schema string, orders, perSecond int) *crew {
	require.NoError(t, makeSchema(address, schema))
	w := &crew{storm: newStorm(t, orders, ""), address: address + "&search_path=" + schema}
	config := fmt.Sprintf("merchant: {mid: \"898340149000005\", tid: \"00000001\"}\ndatabase: env:DATABASE\ngateway: {base_url: %q, concurrency: 16, requests_per_second: %d, lease: 1s}\n",
		w.config.Gateway.BaseURL, perSecond)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "config.yaml"), []byte(config), 0o600))
	return w
}

// member starts the program as one of the crew.
func (w *crew) member(args ...string) (c *exec.Cmd, said *bytes.Buffer) {
	c, said = exec.Command("umsrecon", args...), &bytes.Buffer{}
	c.Dir, c.Env = w.dir, append(os.Environ(), "UMS_APP_ID="+playAppID, "UMS_APP_KEY="+playAppKey, "DATABASE="+w.address)
	c.Stderr = said
	return c, said
}

// night starts the run until it comes to its end: it is killed some times, and
// the server falls once on the way, where there is a restart.
func (w *crew) night(t *testing.T, draw *rand.Rand, kills int, restart func()) {
	falls := w.orders/2 + draw.IntN(w.orders/4)
	for deadline := time.Now().Add(3 * time.Minute); ; {
		require.True(t, time.Now().Before(deadline), "the run does not come to its end")
		var out bytes.Buffer
		c, said := w.member("run", "--date", tortureDay, "--format", "json")
		c.Stdout = &out
		require.NoError(t, c.Start())
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		until := len(w.tap.requests()) + 1 + draw.IntN(w.orders/5)
		for running := true; running; {
			select {
			case <-ended:
				running = false
			case <-time.After(2 * time.Millisecond):
				if asked := len(w.tap.requests()); restart != nil && asked >= falls {
					restart()
					restart = nil
				} else if kills > 0 && asked >= until {
					_ = c.Process.Kill() // it may have ended this moment
					w.kills.Add(1)
					kills--
					until = math.MaxInt
				}
			}
		}
		switch code := c.ProcessState.ExitCode(); code {
		case exitDiscrepant:
			require.NoError(t, json.Unmarshal(out.Bytes(), &w.summary))
			return
		case -1, exitFailed, exitBusy, exitInterrupted: // killed; the server starts; it has not noticed that the last one is gone
		default:
			require.Fail(t, "the run ends otherwise", "%d: %s", code, said)
		}
	}
}

// worker comes and goes until the night has ended: it is killed, or stands still
// for longer than its lease.
func (w *crew) worker(t *testing.T, draw *rand.Rand, ended <-chan struct{}) {
	for {
		c, said := w.member("work")
		if !assertNoError(t, c.Start()) {
			return
		}
		select {
		case <-ended:
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Wait()
			if code := c.ProcessState.ExitCode(); code != exitDone && said.Len() > 0 { // else it had just been born
				t.Errorf("a worker that is told to stop ends with %d: %s", code, said)
			}
			return
		case <-time.After(time.Duration(500+draw.IntN(1500)) * time.Millisecond):
		}
		if draw.IntN(2) == 0 {
			_ = c.Process.Signal(syscall.SIGSTOP)
			time.Sleep(1500 * time.Millisecond)
			_ = c.Process.Signal(syscall.SIGCONT)
			w.stops.Add(1)
			select {
			case <-ended:
			case <-time.After(time.Duration(draw.IntN(1000)) * time.Millisecond):
			}
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		w.kills.Add(1)
	}
}

func assertNoError(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// judge holds what is in the database against the gateway's record.
func (w *crew) judge(t *testing.T, perSecond int) {
	answers := w.byBill(t, "SELECT bill_no, cast(count(*) AS text) FROM orders JOIN answers USING (order_id) GROUP BY bill_no")
	require.Len(t, answers, w.orders, "orders were not asked")
	for i := range w.orders {
		no := stormBill(i)
		require.Equal(t, "1", answers[no], "answers about %s, which was asked %d times", no, w.tap.askedAbout(question{billNo: no, billDate: tortureDay}))
	}
	left := w.byBill(t, "SELECT bill_no, worker FROM questions JOIN orders USING (order_id)")
	require.Empty(t, left)
	require.LessOrEqual(t, w.tap.mostInASecond(), perSecond+1)
}

func (w *crew) classes(t *testing.T) map[string]string {
	return w.byBill(t, "SELECT bill_no, coalesce(class, '') FROM orders")
}

func (w *crew) byBill(t *testing.T, query string) map[string]string {
	db, err := sql.Open("pgx", w.address)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var no, value string
		require.NoError(t, rows.Scan(&no, &value))
		values[no] = value
	}
	require.NoError(t, rows.Err())
	return values
}
