package chinaumstest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
)

// Config sets up a Gateway. Keys and Now are required.
type Config struct {
	Keys map[string]chinaums.Secret // AppKey by AppId
	Now  func() time.Time
	// Merchants are the mids it serves; empty: every one.
	Merchants []string
	// Seed decides which requests a Fault with a Probability strikes.
	Seed uint64
	// SlowBy is how long the misbehaviour "slow" takes; 0: 30 s.
	SlowBy time.Duration
	// Sleep waits for "slow", until the context ends at the latest; nil: by
	// the clock of the machine.
	Sleep func(context.Context, time.Duration)
}

// Gateway is the simulated platform, an http.Handler. It is safe for
// concurrent use, also while it serves.
type Gateway struct {
	config Config

	mu       sync.Mutex
	bills    map[Key]Bill
	nonces   map[string]bool // all that were ever used
	asked    map[Question]int
	requests []Request
	faults   []fault
}

// New makes a gateway without bills.
func New(c Config) *Gateway {
	if c.SlowBy == 0 {
		c.SlowBy = 30 * time.Second
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return &Gateway{config: c, bills: map[Key]Bill{}, nonces: map[string]bool{}, asked: map[Question]int{}}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Put adds bills, or replaces those of the same key.
func (g *Gateway) Put(bills ...Bill) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range bills {
		g.bills[b.Key] = b
	}
}

// Delete forgets a bill; the answer to its queries is then NO_ORDER.
func (g *Gateway) Delete(k Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.bills, k)
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := g.config.Now()
	q, refused := g.check(w, r, now)
	if refused != nil {
		g.log(Request{At: now, Question: q, Refusal: refused.code})
		g.write(w, r, refused.reply(q, now))
		return
	}
	faults := g.strike(q, now)
	answer := g.answer(q, now)
	for _, m := range faults {
		m.bend(&answer)
	}
	g.write(w, r, answer)
}

// answer is the honest one.
func (g *Gateway) answer(q Question, now time.Time) reply {
	g.mu.Lock()
	bill, known := g.bills[q.Key]
	g.mu.Unlock()
	switch {
	case len(g.config.Merchants) > 0 && !slices.Contains(g.config.Merchants, q.MID):
		return business("NO_MERCHANT", "商户不存在", q, now)
	case !known:
		return business("NO_ORDER", "账单不存在", q, now)
	}
	a := business("SUCCESS", "", q, now)
	for name, value := range bill.fields(q) {
		a.fields[name] = value
	}
	return a
}

// Question is what one query asks: a bill, and a refund or completion of it.
type Question struct {
	Key
	RefundOrderID string
	AuthedOrderID string
}

// Request is what the gateway saw of one request.
type Request struct {
	At            time.Time
	Question             // as far as the request could be read
	Refusal       string // errCode of the refusal; empty: the request was accepted
	Misbehaviours []string
}

// Requests lists what was seen, in the order of arrival.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// Total is the number of requests seen, refused ones included.
func (g *Gateway) Total() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)
}

// Count is the number of accepted requests that asked a question.
func (g *Gateway) Count(q Question) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked[q]
}

func (g *Gateway) log(r Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r)
}
