package chinaums

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace lets requests go at a rate, evenly, and in no second more than that:
// a rate.Limiter alone would let those that a busy machine woke late go together.
// It may be shared between clients.
type Pace struct {
	*rate.Limiter
	now func() time.Time

	mu   sync.Mutex
	gone []time.Time // when the last requests went, a second's worth: a ring
	next int
}

// NewPace is a Pace of perSecond requests, more than 0, by a clock that moves.
func NewPace(perSecond float64, now func() time.Time) *Pace {
	return &Pace{Limiter: rate.NewLimiter(rate.Limit(perSecond), 1), now: now, gone: make([]time.Time, int(math.Ceil(perSecond)))}
}

// Wait returns when one request may go, or the error of a context that ends first.
func (p *Pace) Wait(ctx context.Context) error {
	if err := p.Limiter.Wait(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if early := time.Second - p.now().Sub(p.gone[p.next]); early > 0 {
		timer := time.NewTimer(early)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	p.gone[p.next] = p.now()
	p.next = (p.next + 1) % len(p.gone)
	return nil
}
