package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

const (
	// refusalsInARow stop a merchant: one bad key must not make ten thousand
	// bills look odd.
	refusalsInARow = 3
	// failuresInARow stop the asking: a gateway that is down is not asked
	// about ten thousand bills, each with all its attempts.
	failuresInARow = 20
)

// halt decides when to stop asking, and remembers why. Safe for concurrent use.
type halt struct {
	mu        sync.Mutex
	heardOne  sync.Cond
	all       string // why nobody is asked any more; empty: asking goes on
	failures  int    // in a row, whoever was asked
	merchants map[string]*standing
}

// standing is how the asking goes for one merchant.
type standing struct {
	stopped  string // why it is not asked any more
	refused  int    // in a row
	accepted bool   // UMS has dealt with a question of it
	inFlight int
}

func newHalt() *halt {
	h := &halt{merchants: map[string]*standing{}}
	h.heardOne.L = &h.mu
	return h
}

func (h *halt) of(mid string) *standing {
	m := h.merchants[mid]
	if m == nil {
		m = &standing{}
		h.merchants[mid] = m
	}
	return m
}

// admit says whether a merchant may be asked. Until UMS has accepted one of
// its questions, no more are in flight than may be refused.
func (h *halt) admit(mid string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.of(mid)
	for h.all == "" && m.stopped == "" && !m.accepted && m.inFlight+m.refused >= refusalsInARow {
		h.heardOne.Wait()
	}
	if h.all != "" || m.stopped != "" {
		return false
	}
	m.inFlight++
	return true
}

// heard takes note of the answer to a question that was admitted.
func (h *halt) heard(mid string, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.heardOne.Broadcast()
	m := h.of(mid)
	m.inFlight--
	switch a.Outcome {
	case NotQueried:
		return
	case Rejected:
		m.refused++
		h.failures = 0
	case QueryFailed:
		m.refused, m.accepted = 0, true
		h.failures++
	default:
		m.refused, m.accepted = 0, true
		h.failures = 0
	}
	if m.refused == refusalsInARow && m.stopped == "" {
		m.stopped = fmt.Sprintf("merchant %s was stopped after %d refusals in a row: %s", mid, refusalsInARow, a.Message)
	}
	if h.failures == failuresInARow && h.all == "" {
		h.all = fmt.Sprintf("the asking was stopped after %d orders in a row without an answer: %s", failuresInARow, a.Message)
	}
}

// everybody stops the asking for a reason of its own.
func (h *halt) everybody(why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.heardOne.Broadcast()
	if h.all == "" {
		h.all = why
	}
}

// reason is why a merchant was not asked; empty: there is none.
func (h *halt) reason(mid string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m := h.merchants[mid]; m != nil && m.stopped != "" {
		return m.stopped
	}
	return h.all
}

// reasons are all that stopped the asking, in a fixed order.
func (h *halt) reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	if h.all != "" {
		all = append(all, h.all)
	}
	for _, mid := range slices.Sorted(maps.Keys(h.merchants)) {
		if why := h.merchants[mid].stopped; why != "" {
			all = append(all, why)
		}
	}
	return all
}

// refrain is whom the process asks about no more.
func (h *halt) refrain() Refrain {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := Refrain{All: h.all != ""}
	for _, mid := range slices.Sorted(maps.Keys(h.merchants)) {
		if h.merchants[mid].stopped != "" {
			r.Merchants = append(r.Merchants, mid)
		}
	}
	return r
}
