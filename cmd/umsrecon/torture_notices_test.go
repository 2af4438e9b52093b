package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNoticeTorture floods `umsrecon serve` with notices, repeats, forgeries
// and bodies that are too large, while others hold connections open and send
// nothing or hardly anything, and kills it in the end. Every notice that was
// answered SUCCESS is then in the database once, no forgery is evidence, the
// health endpoint has answered throughout, and memory has not grown.
func TestNoticeTorture(t *testing.T) {
	full, seed := tortured(t)
	f := newFlood(t, seed)
	began := time.Now()
	f.hold(t, longOr(full, 3000, 1200))
	f.watch(t)
	held := time.Since(began)
	began = time.Now()
	f.pour(longOr(full, time.Minute, 2*time.Second), longOr(full, 1000, 300))
	took := time.Since(began)
	f.stop()
	require.NoError(t, f.serve.Process.Kill())
	<-f.serve.ended
	f.judge(t)
	t.Logf("%d connections opened by others that bring nothing (the first %d in %v); %d posts in %v, %.0f a second; %d SUCCESS for %d notices (half of them within %v, 99 %% within %v), every one in the database once; %d forgeries and %d oversized refused; %d posts got no answer and were repeated",
		f.held.Load(), longOr(full, 3000, 1200), held.Round(time.Millisecond), f.posts.Load(), took.Round(time.Millisecond), float64(f.posts.Load())/took.Seconds(),
		f.successes.Load(), len(f.kept), f.quantile(0.5), f.quantile(0.99), f.forged.Load(), f.oversized.Load(), f.unanswered.Load())
	t.Logf("health: %d answers, none failed, the slowest %v; memory: %d MB at the start, at most %d MB, the last %d MB",
		f.healthy, f.slowest.Round(time.Millisecond), f.memory[0]>>10, slices.Max(f.memory)>>10, f.memory[len(f.memory)-1]>>10)
	require.Zero(t, f.sick, "health did not answer")
	if runtime.GOOS == "linux" {
		quarter := len(f.memory) / 4
		require.Less(t, slices.Max(f.memory[len(f.memory)-quarter:]), slices.Max(f.memory[:len(f.memory)-quarter])*5/4+16<<10, "kB: memory grows")
	}
}

// flood is the world around one `umsrecon serve`.
type flood struct {
	dir              string
	notices, monitor string // addresses
	serve            *process
	draw             *rand.Rand
	ctx              context.Context
	end              context.CancelFunc
	all              sync.WaitGroup

	held, posts, successes, forged, oversized, unanswered atomic.Int64

	mu     sync.Mutex
	kept   map[string]bool // ids that were answered SUCCESS
	waited []time.Duration // for each SUCCESS

	healthy, sick int
	slowest       time.Duration
	memory        []int // kB
}

func newFlood(t *testing.T, seed uint64) *flood {
	f := &flood{dir: t.TempDir(), kept: map[string]bool{}, draw: rand.New(rand.NewPCG(seed, 1))}
	f.ctx, f.end = context.WithCancel(t.Context())
	t.Cleanup(f.stop)
	f.notices, f.monitor = freeAddress(t), freeAddress(t)
	config := "merchant: {mid: \"898340149000005\", tid: \"00000001\"}\ngateway: {base_url: \"http://127.0.0.1:9\"}\n" +
		fmt.Sprintf("notices: {listen: %q}\nmonitor: {listen: %q}\n", f.notices, f.monitor)
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, "config.yaml"), []byte(config), 0o600))
	path, err := exec.LookPath("umsrecon")
	require.NoError(t, err)
	f.serve = &process{Cmd: exec.Command(path, "serve"), ended: make(chan struct{})}
	f.serve.Dir, f.serve.Stderr = f.dir, &f.serve.stderr
	f.serve.Env = append(os.Environ(), "UMS_APP_ID="+playAppID, "UMS_APP_KEY="+playAppKey, "UMS_NOTICE_KEY="+playNoticeKey)
	require.NoError(t, f.serve.Start())
	t.Cleanup(func() { _ = f.serve.Process.Kill(); <-f.serve.ended })
	go func() { _ = f.serve.Wait(); close(f.serve.ended) }()
	for deadline := time.Now().Add(patience); !strings.Contains(f.serve.complained(), "msg=health"); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "serve does not listen: %s", f.serve.complained())
	}
	return f
}

func (f *flood) stop() {
	f.end()
	f.all.Wait()
}

// hold opens connections that bring nothing: a third say nothing, a third send
// a byte of a header now and then, a third half a body. Whoever is cut off comes
// again.
func (f *flood) hold(t *testing.T, n int) {
	var open sync.WaitGroup
	for i := range n {
		open.Add(1)
		opened := sync.OnceFunc(open.Done)
		f.all.Go(func() {
			defer opened()
			for f.ctx.Err() == nil {
				f.loiter(i%3, opened)
			}
		})
	}
	open.Wait()
	require.NoError(t, t.Context().Err())
}

func (f *flood) loiter(manner int, opened func()) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(f.ctx, "tcp", f.notices)
	if err != nil {
		f.pause(50 * time.Millisecond)
		return
	}
	defer conn.Close()
	closeAtEnd := context.AfterFunc(f.ctx, func() { _ = conn.Close() })
	defer closeAtEnd()
	f.held.Add(1)
	opened()
	if manner > 0 {
		_, _ = io.WriteString(conn, "POST /ums/notice HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n")
	}
	if manner == 2 {
		_, _ = io.WriteString(conn, "Content-Length: 4000\r\n\r\nnotifyId=1&")
	}
	if manner == 1 {
		f.all.Go(func() {
			for _, err := conn.Write([]byte("X")); err == nil && f.ctx.Err() == nil; _, err = conn.Write([]byte("X")) {
				f.pause(time.Second)
			}
		})
	}
	_, _ = io.Copy(io.Discard, conn) // until it is cut off
	f.pause(2 * time.Second)
}

func (f *flood) pause(d time.Duration) {
	select {
	case <-f.ctx.Done():
	case <-time.After(d):
	}
}

// watch looks at the health endpoint and at the memory of serve, ten times a
// second.
func (f *flood) watch(t *testing.T) {
	f.memory = append(f.memory, f.resident(t))
	client := &http.Client{Timeout: 5 * time.Second}
	f.all.Go(func() {
		for n := 0; f.ctx.Err() == nil; n++ {
			began := time.Now()
			resp, err := client.Get("http://" + f.monitor + []string{"/healthz", "/readyz", "/metrics"}[n%3])
			if err == nil {
				_ = resp.Body.Close()
			}
			if err != nil || resp.StatusCode != http.StatusOK {
				f.sick++
				continue
			}
			f.healthy++
			f.slowest = max(f.slowest, time.Since(began))
			f.memory = append(f.memory, f.resident(t))
			f.pause(100 * time.Millisecond)
		}
	})
}

// resident is the memory of serve in kB; 1 where that cannot be known.
func (f *flood) resident(t *testing.T) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.serve.Process.Pid))
	if err != nil {
		return 1
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+)`).FindSubmatch(text)
	if found == nil { // it has just ended
		return 1
	}
	kB, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kB
}

// parcel is one notice to post.
type parcel struct {
	id, body string
	kind     string // good, forged or oversized
}

// pour posts so many a second for a while, and returns when all were answered.
// Of ten, six are new, two repeat an earlier one, one and a half are forged.
func (f *flood) pour(during time.Duration, perSecond int) {
	work := make(chan parcel, 1000)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var posting sync.WaitGroup
	for range 64 {
		posting.Go(func() {
			for p := range work {
				f.deliver(client, p)
			}
		})
	}
	began := time.Now()
	for n := range int(during.Seconds() * float64(perSecond)) {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		work <- f.parcel(n)
	}
	close(work)
	posting.Wait()
}

func (f *flood) parcel(n int) parcel {
	p := parcel{id: fmt.Sprintf("N%07d", n), kind: "good"}
	key := playNoticeKey
	switch lot := f.draw.IntN(20); {
	case lot < 4 && n > 0:
		p.id = fmt.Sprintf("N%07d", f.draw.IntN(n))
	case lot < 7:
		p.id, p.kind, key = fmt.Sprintf("F%07d", n), "forged", "another key"
	case lot == 7:
		p.kind = "oversized"
	}
	p.body = signedNotice("bill", p.id, "B"+p.id, tortureDay, key)
	if p.kind == "oversized" {
		p.body += "&huge=" + strings.Repeat("x", 200<<10)
	}
	return p
}

// deliver posts a parcel until it is answered.
func (f *flood) deliver(client *http.Client, p parcel) {
	for f.ctx.Err() == nil {
		began := time.Now()
		f.posts.Add(1)
		resp, err := client.Post("http://"+f.notices+"/ums/notice", "application/x-www-form-urlencoded", strings.NewReader(p.body))
		if err != nil && p.kind == "oversized" {
			f.oversized.Add(1) // cut off while it was sent
			return
		}
		if err != nil {
			f.unanswered.Add(1)
			f.pause(20 * time.Millisecond)
			continue
		}
		answer, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		switch {
		case string(answer) == "SUCCESS":
			f.successes.Add(1)
			f.mu.Lock()
			f.kept[p.id] = true
			f.waited = append(f.waited, time.Since(began))
			f.mu.Unlock()
			return
		case p.kind == "forged":
			f.forged.Add(1)
			return
		case p.kind == "oversized":
			f.oversized.Add(1)
			return
		}
		f.unanswered.Add(1)
		f.pause(20 * time.Millisecond)
	}
}

func (f *flood) quantile(q float64) time.Duration {
	slices.Sort(f.waited)
	return f.waited[int(q*float64(len(f.waited)-1))].Round(time.Millisecond)
}

// judge looks into the database that the killed process left behind.
func (f *flood) judge(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(f.dir, "umsrecon.db"))
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT notify_id, count(*) FROM notices WHERE verified = 1 GROUP BY notify_id")
	require.NoError(t, err)
	defer rows.Close()
	stored := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		require.NoError(t, rows.Scan(&id, &n))
		stored[id] = n
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, f.kept)
	for id := range f.kept {
		require.Equal(t, 1, stored[id], "%s was answered SUCCESS", id)
		require.True(t, strings.HasPrefix(id, "N"), "forgery %s was answered SUCCESS", id)
	}
	for id := range stored {
		require.True(t, strings.HasPrefix(id, "N"), "forgery %s is evidence", id)
	}
	var forgeries int
	require.NoError(t, db.QueryRow("SELECT coalesce(sum(1 + repeats), 0) FROM notices WHERE verified = 0").Scan(&forgeries))
	require.GreaterOrEqual(t, forgeries, int(f.forged.Load()), "every forgery is counted")
}
