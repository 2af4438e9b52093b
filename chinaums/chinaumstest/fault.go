package chinaumstest

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"
)

// Fault switches a misbehaviour on. Its conditions are joined by and.
type Fault struct {
	Name string // one of Misbehaviours
	// BillNo is the only bill it strikes; empty: all.
	BillNo string
	// Op is the only interface it strikes: OpQuery, OpPreauthed, OpSync or
	// OpToken; empty: all.
	Op string
	// First is how many requests of each question it strikes, from the
	// first on; 0: all.
	First int
	// Probability is the share of requests it strikes, above 0 and up to 1;
	// 0: all. Which ones is decided by the seed, the question and the count of
	// its requests.
	Probability float64
}

type fault struct {
	Fault
	misbehaviour
}

// Misbehave adds a fault; several act one after the other, in the order in
// which they were added. The error is about a name that does not exist or a
// figure out of range.
func (g *Gateway) Misbehave(f Fault) error {
	i := slices.IndexFunc(misbehaviours, func(m misbehaviour) bool { return m.Name == f.Name })
	switch {
	case i < 0:
		return fmt.Errorf("there is no misbehaviour %q", f.Name)
	case f.Op != "" && !slices.Contains(ops, f.Op):
		return fmt.Errorf("misbehaviour %q: there is no interface %q", f.Name, f.Op)
	case f.First < 0:
		return fmt.Errorf("misbehaviour %q: first %d is negative", f.Name, f.First)
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("misbehaviour %q: probability %v is not between 0 and 1", f.Name, f.Probability)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, fault{f, misbehaviours[i]})
	return nil
}

// Behave takes all faults away.
func (g *Gateway) Behave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// strike logs an accepted request and gives the misbehaviours that it meets.
func (g *Gateway) strike(q Question, now time.Time) []misbehaviour {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[q]++
	var met []misbehaviour
	var names []string
	for _, f := range g.faults {
		if f.strikes(q, g.asked[q], g.config.Seed) {
			met = append(met, f.misbehaviour)
			names = append(names, f.misbehaviour.Name)
		}
	}
	g.requests.add(Request{At: now, Question: q, Misbehaviours: names})
	return met
}

// strikes decides about the nth request of a question, n from 1.
func (f fault) strikes(q Question, n int, seed uint64) bool {
	switch {
	case f.BillNo != "" && f.BillNo != q.BillNo, f.Op != "" && f.Op != q.op(),
		f.First > 0 && n > f.First, f.callsOnly && q.Op == OpToken:
		return false
	case f.Probability == 0:
		return true
	}
	h := fnv.New64a()
	_ = binary.Write(h, binary.BigEndian, []uint64{seed, uint64(n)})
	fmt.Fprintf(h, "%q%q", f.Fault.Name, q.seeded())
	// FNV mixes its last bytes badly; the multiplication spreads them.
	return float64(h.Sum64()*0x9e3779b97f4a7c15)/math.MaxUint64 < f.Probability
}

// seeded is what decides about a question beside the seed. That of a query is
// the same as before there was any other interface.
func (q Question) seeded() any {
	if q.op() != OpQuery {
		return q
	}
	return struct {
		Key
		RefundOrderID, AuthedOrderID string
	}{q.Key, q.RefundOrderID, q.AuthedOrderID}
}
