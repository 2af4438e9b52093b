//go:build unix

package main

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// perOrder measures a benchmark whose loop does many orders: time, processor
// time of the whole process, bytes and allocations.
type perOrder struct {
	began        time.Time
	before       spent
	elapsed, cpu time.Duration
	bytes, count uint64
}

type spent struct {
	cpu          time.Duration
	bytes, count uint64
}

func used() spent {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // never fails for the process itself
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return spent{time.Duration(r.Utime.Nano() + r.Stime.Nano()), m.TotalAlloc, m.Mallocs}
}

func (p *perOrder) start(b *testing.B) {
	runtime.GC()
	p.before, p.began = used(), time.Now()
	b.StartTimer()
}

func (p *perOrder) stop(b *testing.B) {
	b.StopTimer()
	p.elapsed += time.Since(p.began)
	u := used()
	p.cpu += u.cpu - p.before.cpu
	p.bytes += u.bytes - p.before.bytes
	p.count += u.count - p.before.count
}

// report gives each figure for one of the orders of a loop.
func (p *perOrder) report(b *testing.B, orders int) {
	n := float64(b.N * orders)
	b.ReportMetric(float64(p.elapsed.Nanoseconds())/n, "ns/order")
	b.ReportMetric(float64(p.cpu.Nanoseconds())/n, "cpu-ns/order")
	b.ReportMetric(float64(p.bytes)/n, "B/order")
	b.ReportMetric(float64(p.count)/n, "allocs/order")
	b.ReportMetric(n/p.elapsed.Seconds(), "orders/s")
}
