package main

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

// refusedEvery is how often a refusal of one kind is logged: whoever can send
// anything must not be able to fill the disk.
const refusedEvery = time.Minute

// refusals logs what the receiver did not take: of each kind the first one, then
// one each minute with how many were left out in between.
type refusals struct {
	clock reconcile.Clock
	log   *slog.Logger

	mu      sync.Mutex
	told    map[chinaums.Refusal]time.Time
	leftOut map[chinaums.Refusal]int
}

func newRefusals(clock reconcile.Clock, log *slog.Logger) *refusals {
	return &refusals{clock: clock, log: log, told: map[chinaums.Refusal]time.Time{}, leftOut: map[chinaums.Refusal]int{}}
}

func (r *refusals) tell(why chinaums.Refusal, path string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	// A clock that was set back does not silence anything.
	if last, ok := r.told[why]; ok && !now.Before(last) && now.Sub(last) < refusedEvery {
		r.leftOut[why]++
		return
	}
	r.log.Warn("notice not taken", "reason", string(why), "path", path, "error", plain(err.Error()), "left_out", r.leftOut[why])
	r.told[why] = now
	delete(r.leftOut, why)
}

// close logs how many were left out and not yet counted.
func (r *refusals) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, why := range slices.Sorted(maps.Keys(r.leftOut)) {
		r.log.Warn("notices not taken", "reason", string(why), "left_out", r.leftOut[why])
	}
	clear(r.leftOut)
}
