package chinaumstest

import (
	"slices"
	"time"
)

// The interfaces.
const (
	OpQuery     = "bills/query"
	OpToken     = "token"
	OpPreauthed = "bills/preauthed"
	OpSync      = "order/sync"
)

var ops = []string{OpQuery, OpToken, OpPreauthed, OpSync}

// Question is what one request asks for: of a query the bill, and a refund or
// completion of it; of a completion the bill and its own id.
type Question struct {
	Key
	RefundOrderID string
	AuthedOrderID string
	Op            string // the interface; empty: bills/query
	FenOrderID    string // of order/sync, whose mid is in Key
}

func (q Question) op() string {
	if q.Op == "" {
		return OpQuery
	}
	return q.Op
}

// Request is what the gateway saw of one request.
type Request struct {
	At            time.Time
	Question             // as far as the request could be read
	Refusal       string // errCode of the refusal; empty: the request was accepted
	Misbehaviours []string
}

// maxLog is how many requests the log keeps.
const maxLog = 100_000

// requestLog keeps the last requests, and counts them all.
type requestLog struct {
	kept  []Request
	total int
	seen  func(Request)
}

func (l *requestLog) add(r Request) {
	if len(l.kept) == 2*maxLog {
		l.kept = slices.Clone(l.last())
	}
	l.kept = append(l.kept, r)
	l.total++
	if l.seen != nil {
		l.seen(r)
	}
}

func (l *requestLog) last() []Request { return l.kept[max(0, len(l.kept)-maxLog):] }

// Requests lists what was seen, in the order of arrival: the last 100,000.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests.last())
}

// Total is the number of requests seen, refused ones included.
func (g *Gateway) Total() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests.total
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
	g.requests.add(r)
}

// nonces are those used, each for as long as its request could be repeated:
// twice the skew, because a Timestamp may be that much ahead.
type nonces struct {
	seen   map[string]time.Time
	purged time.Time
}

// use says whether a nonce is new.
func (n *nonces) use(nonce string, now time.Time) bool {
	if now.Sub(n.purged).Abs() > maxSkew {
		n.purge(now)
	}
	if at, used := n.seen[nonce]; used && now.Sub(at) <= 2*maxSkew {
		return false
	}
	n.seen[nonce] = now
	return true
}

func (n *nonces) purge(now time.Time) {
	for nonce, at := range n.seen {
		if now.Sub(at) > 2*maxSkew {
			delete(n.seen, nonce)
		}
	}
	n.purged = now
}
