package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// BenchmarkWorkers is a night that 1, 2, 4 and 8 processes ask together, the run
// and workers, each with 32 questions in flight to a gateway that takes 50 ms and
// sets no limit. It reports the requests a second from the first to the last, and
// how much of the processors was idle meanwhile.
func BenchmarkWorkers(b *testing.B) {
	address := ledgertest.Postgres(b, true)
	for _, processes := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("processes=%d", processes), func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				w := newCrew(b, address, fmt.Sprintf("bench%d_%d_%d", processes, n, time.Now().UnixNano()), 2000*processes, 100_000)
				w.tap.delay = 50 * time.Millisecond
				config, err := os.ReadFile(w.dir + "/config.yaml")
				require.NoError(b, err)
				require.NoError(b, os.WriteFile(w.dir+"/config.yaml", []byte(strings.Replace(string(config), "concurrency: 16", "concurrency: 32", 1)), 0o600))
				idle := watchIdle(w)
				w.together(b, processes)
				requests := w.tap.requests()
				b.ReportMetric(float64(len(requests))/requests[len(requests)-1].Sub(requests[0]).Seconds(), "requests/s")
				b.ReportMetric(idle(), "idle")
			}
		})
	}
}

// together runs the night with so many processes.
func (w *crew) together(b *testing.B, processes int) {
	var workers []*exec.Cmd
	for range processes - 1 {
		c, said := w.member("work", "--once")
		require.NoError(b, c.Start())
		defer func() { require.NoError(b, c.Wait(), "%s", said) }()
		workers = append(workers, c)
	}
	time.Sleep(time.Second) // they are there when the run begins
	c, said := w.member("run", "--date", tortureDay)
	_ = c.Run()
	require.Equal(b, exitDiscrepant, c.ProcessState.ExitCode(), "%s", said)
	require.Len(b, w.tap.requests(), w.orders, "%d workers", len(workers))
}

// watchIdle tells, from the first request to the last, the share of all
// processors' time in which they had nothing to do.
func watchIdle(w *crew) func() float64 {
	type ticks struct{ idle, all float64 }
	var first, last ticks
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for seen := 0; ; {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			if now := len(w.tap.requests()); now > seen {
				if seen == 0 {
					first.idle, first.all = processorTicks()
				}
				seen = now
				last.idle, last.all = processorTicks()
			}
		}
	}()
	return func() float64 {
		close(done)
		<-ended
		return (last.idle - first.idle) / (last.all - first.all)
	}
}

// processorTicks are those of the machine since it started, where it tells.
func processorTicks() (idle, all float64) {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line)[1:] {
		var n float64
		_, _ = fmt.Sscan(field, &n)
		all += n
		if i == 3 || i == 4 { // idle, and waiting for a disk
			idle += n
		}
	}
	return idle, all
}
