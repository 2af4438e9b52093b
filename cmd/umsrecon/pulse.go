package main

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// pulse tells whether something still moves. Whoever works says by when it will
// have moved again; what is late hangs. A nil pulse is that of a command which
// nobody watches.
type pulse struct {
	clock reconcile.Clock
	began time.Time
	each  atomic.Int64 // nanoseconds between two beats at most
	due   atomic.Int64 // nanoseconds after began
}

func newPulse(c reconcile.Clock) *pulse { return &pulse{clock: c, began: c.Now()} }

// expect is a beat, and says how soon the others will follow.
func (p *pulse) expect(each time.Duration) {
	if p != nil {
		p.each.Store(int64(each))
		p.beat()
	}
}

func (p *pulse) beat() { p.rest(0) }

// rest is a beat before a wait of d, which is no standstill.
func (p *pulse) rest(d time.Duration) {
	if p != nil {
		p.due.Store(int64(p.clock.Now().Sub(p.began)+d) + p.each.Load())
	}
}

func (p *pulse) alive() bool { return int64(p.clock.Now().Sub(p.began)) <= p.due.Load() }

// nightStep is how long one step of a night may take that nothing else bounds:
// a query of the database, the zipping of a workbook.
const nightStep = 10 * time.Minute

// stillness is how long a night may stand still: the wait for the longest
// answer that the configuration allows, be it that of a ledger's database or
// that of the gateway with all its attempts, pauses, and the queue for the rate limit.
func (c *Config) stillness() time.Duration {
	queue := min(float64(c.Gateway.Concurrency)/c.Gateway.RequestsPerSecond, longestQueue.Seconds())
	longest := longestQuestion + c.Gateway.Timeout + time.Duration(queue*float64(time.Second))
	for _, m := range c.Merchants() {
		for _, l := range m.Ledger.Each() {
			longest = max(longest, l.Timeout)
		}
	}
	return nightStep + longest
}

// longestQuestion is the attempts and pauses of one question together, as the
// client bounds them, but for the last attempt.
const longestQuestion = 5 * time.Minute

// longestQueue bounds what a rate of next to nothing would come to.
const longestQueue = 24 * time.Hour

// feel makes a job's work felt: each row that is read, each answer, each family
// that is judged, each verdict that is written.
func (p *pulse) feel(j *reconcile.Job) {
	if p == nil {
		return
	}
	for i, l := range j.Ledgers {
		j.Ledgers[i] = feltLedger{l, p}
	}
	for i, s := range j.Statements {
		j.Statements[i] = feltStatement{s, p}
	}
	if j.Gateway != nil {
		j.Gateway = feltGateway{j.Gateway, p}
	}
	j.Store = feltStore{j.Store, p}
}

// waits is a clock whose waits are no standstill.
func (p *pulse) waits(c reconcile.Clock) reconcile.Clock {
	if p == nil {
		return c
	}
	return feltClock{c, p}
}

type feltClock struct {
	reconcile.Clock
	*pulse
}

func (c feltClock) Sleep(ctx context.Context, d time.Duration) error {
	c.rest(d)
	return c.Clock.Sleep(ctx, d)
}

type feltLedger struct {
	reconcile.Ledger
	*pulse
}

func (l feltLedger) Read(ctx context.Context, day reconcile.Day, order func(reconcile.Order, string) error, bad func(reconcile.BadRow) error) (reconcile.Load, error) {
	return l.Ledger.Read(ctx, day,
		func(o reconcile.Order, row string) error { l.beat(); return order(o, row) },
		func(r reconcile.BadRow) error { l.beat(); return bad(r) })
}

type feltStatement struct {
	reconcile.Statement
	*pulse
}

func (s feltStatement) Read(ctx context.Context, day reconcile.Day, line func(reconcile.StatementLine) error, bad func(reconcile.BadRow) error) (reconcile.Load, error) {
	return s.Statement.Read(ctx, day,
		func(l reconcile.StatementLine) error { s.beat(); return line(l) },
		func(r reconcile.BadRow) error { s.beat(); return bad(r) })
}

type feltGateway struct {
	reconcile.Gateway
	*pulse
}

func (g feltGateway) Ask(ctx context.Context, k reconcile.Key) reconcile.Answer {
	defer g.beat()
	return g.Gateway.Ask(ctx, k)
}

type feltStore struct {
	reconcile.Store
	*pulse
}

func (s feltStore) SaveAnswers(ctx context.Context, runID string, answers []reconcile.Answered) error {
	defer s.beat()
	return s.Store.SaveAnswers(ctx, runID, answers)
}

func (s feltStore) Evidence(ctx context.Context, scope reconcile.Scope, fn func(reconcile.Evidence) error) error {
	s.beat()
	return s.Store.Evidence(ctx, scope, func(e reconcile.Evidence) error {
		s.beat()
		return fn(func(only []int) iter.Seq2[reconcile.Family, error] { return felt(s.pulse, e(only)) })
	})
}

func (s feltStore) Publish(ctx context.Context, runID string, fn func(reconcile.Publication) error) error {
	defer s.beat()
	return s.Store.Publish(ctx, runID, func(out reconcile.Publication) error { return fn(feltPublication{out, s.pulse}) })
}

type feltPublication struct {
	reconcile.Publication
	*pulse
}

// Matched hands on so many at a time that each takes no longer than a step may.
func (b feltPublication) Matched(orders []int64, final bool) error {
	for some := range slices.Chunk(orders, 10_000) {
		b.beat()
		if err := b.Publication.Matched(some, final); err != nil {
			return err
		}
	}
	return nil
}

func (b feltPublication) Verdict(v reconcile.Verdict) error {
	b.beat()
	return b.Publication.Verdict(v)
}

// felt beats with each value of a sequence.
func felt[T any](p *pulse, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	if p == nil {
		return seq
	}
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			p.beat()
			if !yield(v, err) {
				return
			}
		}
	}
}
