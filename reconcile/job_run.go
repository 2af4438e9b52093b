package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FreshFor is how long what an interrupted run has come to counts when it is
// taken up again: its answers, or its figures where only workbooks are missing.
const FreshFor = 12 * time.Hour

// Request is what a run is asked to do.
type Request struct {
	Day     Day
	NoQuery bool // judge again with the answers at hand
	Requery bool // ask the final orders of the day, too
	Restate bool // the day may be closed
}

// Run reconciles one day. The summary is what was published; with an error it
// holds what is known so far and nothing was published.
//
// It returns ErrInterrupted when ctx ended first (what was answered is kept,
// and the next Run of the day goes on), ErrBooksOpen when the figures do not
// add up, ErrDayClosed when somebody has closed the day, whether before or while
// it ran, and it is not to be restated, ErrHistory when orders of the day may have
// been taken away, ErrNoLedger when the day has no source, or what the ledger or the
// store returned.
func (j *Job) Run(ctx context.Context, r Request) (Summary, error) {
	started := j.Clock.Now()
	horizon, err := j.Store.Horizon(ctx)
	if err == nil && r.Day < horizon {
		err = History(r.Day.String(), horizon)
	}
	if err != nil {
		return Summary{}, err
	}
	runID, err := j.Store.BeginRun(ctx, r.Day, started)
	if err != nil {
		return Summary{}, err
	}
	n := &night{Job: j, Request: r, halt: newHalt(), ofDay: map[string]int{}, matched: map[bool][]int64{}, owners: map[string]string{}, emptied: map[string]bool{}, sharing: map[string]bool{}, scope: j.scope(runID, r, started, horizon), sum: Summary{
		RunID: runID, Day: r.Day, Status: RunRunning, StartedAt: started, NoQuery: r.NoQuery,
	}}
	if j.PerMerchant {
		n.parts = map[string]*Summary{}
	}
	err = n.run(ctx)
	if err != nil {
		err = n.giveUp(ctx, err)
	}
	return n.sum, err
}

// scope: what lies before the horizon is not looked at, however far a run of an
// old day looks back.
func (j *Job) scope(runID string, r Request, now time.Time, horizon Day) Scope {
	return Scope{
		RunID: runID, Day: r.Day, Since: max(r.Day-Day(j.Settings.Lookback), horizon), History: horizon, Now: now, FreshFor: FreshFor,
		NoQuery: r.NoQuery, Requery: r.Requery, Recheck: j.Settings.Recheck, Calendar: j.Settings.Calendar,
	}
}

// night is one run under way.
type night struct {
	*Job
	Request
	scope    Scope
	sum      Summary
	halt     *halt
	ofDay    map[string]int // orders of the run's day, by scope of the ledger
	headless error          // a source had not even a heading; nil: all had
	causes   *causes        // what the orders have in common
	rowsHad  []Case         // that causes of bad rows have had
	together []*Cause       // those of the orders that are likely or have a case
	evidence Evidence
	matched  map[bool][]int64    // orders of families that agree, by whether they are final
	again    []int               // the other families, which are judged once more when the causes are known
	owners   map[string]string   // of the sources that one merchant has for itself, by scope
	emptied  map[string]bool     // whose ledger is empty: owners, or "" for everybody's
	parts    map[string]*Summary // the figures by merchant; nil: nobody wants them
	unread   bool                // a statement is there that could not be read
	sharing  map[string]bool     // merchants that have an order in books that several share
	// sharedFiles says of each file of the books whether several share it; nil:
	// not found out yet.
	sharedFiles map[string]bool
}

func (n *night) run(ctx context.Context) error {
	if err := n.load(ctx); err != nil {
		return err
	}
	if err := n.Store.TieNotices(ctx, n.scope, true); err != nil {
		return err
	}
	if err := n.ask(ctx); err != nil {
		return err
	}
	// An answer names what a deduction's notice is about.
	if err := n.Store.TieNotices(ctx, n.scope, false); err != nil {
		return err
	}
	if err := n.lateNotices(ctx); err != nil {
		return err
	}
	if err := n.statements(ctx); err != nil {
		return err
	}
	return n.publish(ctx)
}

// giveUp records a run that published nothing.
func (n *night) giveUp(ctx context.Context, cause error) error {
	n.sum.Status = RunFailed
	if ctx.Err() != nil && !errors.Is(cause, ErrInterrupted) {
		cause = ErrInterrupted
	}
	if errors.Is(cause, ErrInterrupted) {
		n.sum.Status = RunInterrupted
	}
	n.sum.EndedAt = n.Clock.Now()
	ended := context.WithoutCancel(ctx)
	if err := n.Store.EndRun(ended, n.sum.RunID, n.sum.Status, cause.Error(), n.sum.EndedAt); err != nil {
		return errors.Join(cause, fmt.Errorf("ending run: %w", err))
	}
	return cause
}
