package chinaums

import (
	"context"
	"sync/atomic"
)

// Budget is how many requests a run may send, over all clients that share it.
// A nil Budget never ends.
type Budget struct {
	limit int64
	taken atomic.Int64
}

// NewBudget allows limit requests; 0 allows none.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Take uses one request of the budget; false when there is none left.
func (b *Budget) Take(context.Context) (bool, error) {
	if b == nil {
		return true, nil
	}
	if b.taken.Add(1) > b.limit {
		b.taken.Add(-1)
		return false, nil
	}
	return true, nil
}

// Taken is the number of requests used.
func (b *Budget) Taken() int64 {
	if b == nil {
		return 0
	}
	return min(b.taken.Load(), b.limit)
}

// GiveBack returns a request that was taken and not sent.
func (b *Budget) GiveBack() {
	if b != nil {
		b.taken.Add(-1)
	}
}
