package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Allowance is how many requests one run may send, over all processes that ask
// for it; each takes a few at a time from the database of a server. It is safe for
// concurrent use.
type Allowance struct {
	db   *DB
	most int64

	mu   sync.Mutex
	run  string
	left int64 // taken and not used
}

// NewAllowance allows most requests, more than 0, to the run that Begin names.
func (db *DB) NewAllowance(most int64) *Allowance { return &Allowance{db: db, most: most} }

// Begin names the run.
func (a *Allowance) Begin(run string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run, a.left = run, 0
}

// requestsAtATime are lost with a process that dies.
const requestsAtATime = 16

// Take uses one request; false: there is none left. While the server cannot be
// reached it waits.
func (a *Allowance) Take(ctx context.Context) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.left == 0 {
		taken, err := a.db.takeRequests(ctx, a.run, requestsAtATime, a.most)
		switch {
		case away(err) && wait(ctx, pauseWithoutServer) == nil:
			continue
		case err != nil || taken == 0:
			return false, err
		}
		a.left = taken
	}
	a.left--
	return true, nil
}

// GiveBack returns a request that was taken and not sent.
func (a *Allowance) GiveBack() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left++
}

// Close gives back what is left.
func (a *Allowance) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := a.db.change(ctx, giveRequests, named{"run": a.run, "n": a.left})
	if err != nil {
		return fmt.Errorf("give requests of a run back: %w", err)
	}
	a.left = 0
	return nil
}

const (
	takeRequests = `
UPDATE runs AS r SET requests = r.requests + allowed.n
FROM (SELECT least(CAST(:want AS BIGINT), :most - requests) AS n FROM runs WHERE run_id = :run FOR NO KEY UPDATE) AS allowed
WHERE r.run_id = :run AND allowed.n > 0
RETURNING allowed.n`

	giveRequests = "UPDATE runs SET requests = requests - :n WHERE run_id = :run"
)

func (db *DB) takeRequests(ctx context.Context, runID string, want, most int64) (taken int64, err error) {
	err = db.rows(ctx, takeRequests, named{"run": runID, "want": want, "most": most}, func(row scanner) error { return row.Scan(&taken) }, nil)
	return taken, err
}
