package store

import (
	"context"
	"math"
	"sync"
	"time"
)

// Pace lets the requests of one app id go at a rate over all processes that use
// the database of a server. The times at which one may go lie in a row there, evenly;
// each process takes some at a time, and those of one that dies pass. It is safe
// for concurrent use.
//
// A request goes at its time or a little later, never so late that a second sees
// more than the rate and one.
type Pace struct {
	db        *DB
	app       string
	perSecond float64
	now       func() time.Time

	mu     sync.Mutex
	taken  times
	most   int           // to take next, by what was used
	took   time.Duration // the last taking
	server clock         // of the server
}

// times are those that are left of a taking, by the clock of this process.
type times struct {
	next    time.Time
	left    int
	every   time.Duration
	usable  time.Duration // after each
	at      time.Time     // of the taking
	expired bool          // some were not used
}

// clock ties an instant of the server's clock to the time in which it was asked
// for: the less that is, the better it is known.
type clock struct {
	server      int64 // microseconds
	asked, told time.Time
}

func (c clock) unsure() time.Duration { return c.told.Sub(c.asked) }

// NewPace is the pace of perSecond requests, more than 0, of an app id. now must be
// a clock that only goes forward.
func (db *DB) NewPace(app string, perSecond float64, now func() time.Time) *Pace {
	return &Pace{db: db, app: app, perSecond: perSecond, now: now, most: 1}
}

// Wait returns when one request may go, or the error of a context that ends
// first. While the server cannot be reached nothing goes.
func (p *Pace) Wait(ctx context.Context) error {
	for {
		begins, ends, err := p.take(ctx)
		if err != nil {
			if !away(err) || ctx.Err() != nil {
				return err
			}
			begins, ends = p.now().Add(pauseWithoutServer), time.Time{}
		}
		if err := wait(ctx, begins.Sub(p.now())); err != nil {
			return err
		}
		if p.now().Before(ends) {
			return nil
		}
	}
}

// pauseWithoutServer is how long a server that cannot be reached is left alone.
const pauseWithoutServer = time.Second

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// take is the next time that has not passed, and until when it may be used.
func (p *Pace) take(ctx context.Context) (begins, ends time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		now, t := p.now(), &p.taken
		for t.left > 0 {
			begins, ends = t.next, t.next.Add(t.usable)
			t.next, t.left = begins.Add(t.every), t.left-1
			if now.Before(ends) {
				return begins, ends, nil
			}
			t.expired = true
		}
		switch {
		case t.expired:
			p.most = max(1, p.most/2)
		case now.Sub(t.at) < takenFor/2:
			p.most *= 2
		}
		if p.taken, err = p.takeSome(ctx); err != nil {
			return begins, ends, err
		}
	}
}

const (
	// slack is how late a request may go at least: a machine is not always awake.
	slack = 20 * time.Millisecond
	// takenFor is how long the times of one taking last together, where one alone
	// does not last longer: what a process that dies costs the others.
	takenFor = 250 * time.Millisecond

	// The times begin when the answer of the server should be here. A clock that
	// was put back does not make everybody wait until it is as late again.
	takeTimes = `
INSERT INTO paces AS p (app_id, next_us, taken_us) VALUES (:app, ` + nowUS + ` + :ahead + :long, ` + nowUS + `)
ON CONFLICT (app_id) DO UPDATE SET taken_us = excluded.taken_us,
  next_us = greatest(CASE WHEN p.taken_us <= excluded.taken_us THEN p.next_us ELSE 0 END, excluded.next_us - :long) + :long
RETURNING next_us - :long, ` + nowUS

	nowUS = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
)

// spacing is how far apart requests go, and how late one may go. A second in which
// they may come late sees as many as lie in it and in the time that they may be
// late; what is left of the rate and one is mostly enough for that. Where it is
// not, they go a little farther apart. It is the same in every process.
func (p *Pace) spacing() (every, late time.Duration) {
	spare := (math.Floor(p.perSecond)+1)/p.perSecond - 1
	every, late = time.Duration(float64(time.Second)/p.perSecond), time.Duration(0.9*spare*float64(time.Second))
	if late < slack {
		every, late = time.Duration(float64(time.Second+slack)/p.perSecond), slack
	}
	return every, late
}

func (p *Pace) takeSome(ctx context.Context) (times, error) {
	every, late := p.spacing()
	p.most = max(1, min(p.most, int(takenFor/every)))
	asked := p.now()
	var first, server int64
	if err := p.db.row(ctx, takeTimes, named{
		"app": p.app, "long": (time.Duration(p.most) * every).Microseconds(), "ahead": min(p.took, takenFor).Microseconds(),
	}, &first, &server); err != nil {
		return times{}, err
	}
	p.learn(clock{server, asked, p.now()})
	p.took = p.now().Sub(asked)
	begins := p.server.told.Add(time.Duration(first-p.server.server) * time.Microsecond)
	// Where the way to the server is long, its clock is known badly, but hardly as
	// badly as it could be.
	return times{next: begins, left: p.most, every: every, usable: max(late-p.server.unsure(), late/4), at: asked}, nil
}

// learn keeps what tells the server's clock best, for a minute, for clocks drift,
// or until it cannot be true any more.
func (p *Pace) learn(c clock) {
	if c.unsure() <= p.server.unsure() || c.asked.Sub(p.server.asked) > time.Minute || p.server.denies(c) {
		p.server = c
	}
}

// denies says whether one of two must be wrong by more than clocks drift.
func (c clock) denies(later clock) bool {
	went := time.Duration(later.server-c.server) * time.Microsecond
	return went < later.asked.Sub(c.told)-drift || went > later.told.Sub(c.asked)+drift
}

// drift is how much two clocks may differ after a minute.
const drift = 10 * time.Millisecond
