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
	// TokenLife is how long an access token lives; 0: 1 h.
	TokenLife time.Duration
	// DetailAsText takes detail of order/sync as a JSON string alone, instead
	// of an object alone.
	DetailAsText bool
	// Seen is told of each request before it is answered, one at a time; nil:
	// nobody is.
	Seen func(Request)
	// Sleep waits for "slow", until the context ends at the latest; nil: by
	// the clock of the machine.
	Sleep func(context.Context, time.Duration)
}

// Gateway is the simulated platform, an http.Handler. It is safe for
// concurrent use, also while it serves.
type Gateway struct {
	config Config

	mu        sync.Mutex
	bills     map[Key]Bill
	nonces    nonces
	asked     map[Question]int
	requests  requestLog
	faults    []fault
	tokens    []issuedToken  // in the order of issue
	issued    map[string]int // tokens ever issued, by AppId
	completed map[string]int // by authedOrderId
	synced    map[string]int // by fenOrderId
}

// New makes a gateway without bills.
func New(c Config) *Gateway {
	if c.SlowBy == 0 {
		c.SlowBy = 30 * time.Second
	}
	if c.TokenLife == 0 {
		c.TokenLife = time.Hour
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return &Gateway{
		config: c, bills: map[Key]Bill{}, nonces: nonces{seen: map[string]time.Time{}}, asked: map[Question]int{},
		requests: requestLog{seen: c.Seen}, issued: map[string]int{}, completed: map[string]int{}, synced: map[string]int{},
	}
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

// ServeHTTP answers one request. What a misbehaviour spoils is the answer to
// what was done, unless it refuses to do it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := g.config.Now()
	asked, refused := g.check(w, r, now)
	if refused != nil {
		g.log(Request{At: now, Question: asked.Question, Refusal: refused.code})
		g.write(w, r, refused.reply(asked.Question, now))
		return
	}
	faults := g.strike(asked.Question, now)
	answer := business("SUCCESS", "", asked.Question, now)
	if !slices.ContainsFunc(faults, func(m misbehaviour) bool { return m.refuses }) {
		answer = asked.service.answer(g, asked, now)
	}
	for _, m := range faults {
		answer.op = asked.Op
		m.bend(&answer)
	}
	g.write(w, r, answer)
}

// bill answers a query.
func (g *Gateway) bill(asked request, now time.Time) reply {
	q := asked.Question
	g.mu.Lock()
	bill, known := g.bills[q.Key]
	g.mu.Unlock()
	switch {
	case !g.serves(q.MID):
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

func (g *Gateway) serves(mid string) bool {
	return len(g.config.Merchants) == 0 || slices.Contains(g.config.Merchants, mid)
}
