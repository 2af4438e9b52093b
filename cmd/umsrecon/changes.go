package main

import (
	"context"
	"fmt"
	"io"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// changes is what a rerun of a day did against the day's last run.
type changes struct {
	against reconcile.Summary
	all     []reconcile.Change
}

// changesOf is nil for the first run of a day: everything is new then.
func changesOf(ctx context.Context, db *store.DB, before *reconcile.Summary, now reconcile.Summary) (*changes, error) {
	if before == nil {
		return nil, nil
	}
	all, err := db.Changes(ctx, now)
	if err != nil {
		return nil, err
	}
	return &changes{against: *before, all: all}, nil
}

// ran is the day's last published run; nil: there is none.
func ran(ctx context.Context, db *store.DB, day reconcile.Day) (*reconcile.Summary, error) {
	last, found, err := db.LastRun(ctx, day)
	if err != nil || !found {
		return nil, err
	}
	return &last, nil
}

func (c *changes) of(kind reconcile.EventKind) (some []reconcile.Change) {
	for _, change := range c.all {
		if change.Kind == kind {
			some = append(some, change)
		}
	}
	return some
}

// changeWords are the kinds as a person reads them.
var changeWords = map[reconcile.EventKind]string{
	reconcile.EventCleared: "cleared", reconcile.EventOpened: "new", reconcile.EventReopened: "reopened",
	reconcile.EventRevalued: "revalued", reconcile.EventGone: "gone", reconcile.EventStill: "still open",
	reconcile.EventWithdrawn: "withdrawn", reconcile.EventInherited: "taken over",
}

// maxChanges bounds the lines of one kind on a screen.
const maxChanges = 10

// text prints what changed, and why, the most telling first.
func (c *changes) text(w io.Writer) {
	fmt.Fprintf(w, "  changed     against run %s of %s\n", c.against.RunID, timeText(c.against.StartedAt))
	if len(c.all) == 0 {
		fmt.Fprintln(w, "    nothing, and nothing is open")
	}
	for _, kind := range reconcile.ChangeKinds {
		some := c.of(kind)
		for _, change := range some[:min(len(some), maxChanges)] {
			l := change.Line
			fmt.Fprintf(w, "    %-10s  %s  %-2s  %-24s %-24s %s\n", changeWords[kind], l.Case.ID, l.Case.Severity, l.Case.Code, plain(subject(l)), plain(change.Why.EN))
		}
		if more := len(some) - maxChanges; more > 0 {
			fmt.Fprintf(w, "    %-10s  and %d more; see: umsrecon discrepancies list\n", changeWords[kind], more)
		}
	}
}

// changesJSON is what a rerun changed, as `run --format json` prints it.
type changesJSON struct {
	Against string       `json:"against"` // the run before
	Cases   []changeJSON `json:"cases"`
}

type changeJSON struct {
	Change string         `json:"change"` // cleared, new, reopened, revalued, withdrawn, taken over, gone, still open
	ID     string         `json:"id"`
	Code   reconcile.Code `json:"code"`
	Why    string         `json:"why"`
}

func (c *changes) json() *changesJSON {
	if c == nil {
		return nil
	}
	out := &changesJSON{Against: c.against.RunID, Cases: []changeJSON{}}
	for _, kind := range reconcile.ChangeKinds {
		for _, change := range c.of(kind) {
			out.Cases = append(out.Cases, changeJSON{changeWords[kind], change.Line.Case.ID, change.Line.Case.Code, change.Why.EN})
		}
	}
	return out
}
