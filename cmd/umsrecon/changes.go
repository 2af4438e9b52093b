package main

import (
	"context"
	"fmt"
	"io"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// changes is what became of the cases since the day's last run.
type changes struct {
	against reconcile.Summary
	now     reconcile.Summary
	all     []reconcile.Change
}

// changesOf is nil for the first run of a day: everything is new then.
func changesOf(ctx context.Context, db *store.DB, before *reconcile.Summary, now reconcile.Summary) (*changes, error) {
	if before == nil {
		return nil, nil
	}
	all, err := db.Changes(ctx, before.RunID, now)
	if err != nil {
		return nil, err
	}
	return &changes{against: *before, now: now, all: all}, nil
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
	reconcile.EventProposed: "proposed", reconcile.EventResolved: "resolved", reconcile.EventRejected: "rejected", reconcile.EventAccepted: "accepted",
}

// maxChanges bounds the lines of one kind on a screen.
const maxChanges = 10

// text prints what changed, and why, the most telling first.
func (c *changes) text(w io.Writer) {
	fmt.Fprintf(w, "  changed     against run %s of %s\n", c.against.RunID, timeText(c.against.StartedAt))
	for _, m := range c.moved() {
		fmt.Fprintf(w, "    %-10s  %d → %d\n", m.Class, m.Was, m.Is)
	}
	if len(c.all) == 0 && len(c.moved()) == 0 {
		fmt.Fprintln(w, "    nothing, and nothing is open")
	}
	for _, kind := range reconcile.ChangeKinds {
		some := c.of(kind)
		for _, change := range some[:min(len(some), maxChanges)] {
			l := change.Line
			fmt.Fprintf(w, "    %-10s  %s  %-2s  %-24s %-24s %s\n", changeWords[kind], l.Case.ID, l.Case.Severity, l.Case.Code, plain(subject(l)), plain(because(change)))
		}
		if more := len(some) - maxChanges; more > 0 {
			fmt.Fprintf(w, "    %-10s  and %d more; see: umsrecon discrepancies list\n", changeWords[kind], more)
		}
	}
}

// because is why a case changed, and through whom if it was not the run itself.
func because(c reconcile.Change) string {
	if c.Who == "" {
		return c.Why.EN
	}
	return c.Who + ": " + c.Why.EN
}

// changesJSON is what a rerun changed, as `run --format json` prints it.
type changesJSON struct {
	Against string       `json:"against"` // the run before
	Cases   []changeJSON `json:"cases"`
	Moved   []movedJSON  `json:"moved"` // unverified and waiting orders
}

type movedJSON struct {
	Class reconcile.Class `json:"class"`
	Was   int64           `json:"was"`
	Is    int64           `json:"is"`
}

type changeJSON struct {
	Change string         `json:"change"` // cleared, new, reopened, revalued, withdrawn, taken over, gone, still open
	ID     string         `json:"id"`
	Code   reconcile.Code `json:"code"`
	Why    string         `json:"why"`
	Who    string         `json:"who,omitempty"` // a person, or another day's run
}

// moved are the classes that come and go without a case to tell of them.
func (c *changes) moved() (all []movedJSON) {
	was, is := c.against.ClassCounts(), c.now.ClassCounts()
	for _, class := range []reconcile.Class{reconcile.Unverified, reconcile.Waiting} {
		if was[class] != is[class] {
			all = append(all, movedJSON{class, was[class], is[class]})
		}
	}
	return all
}

func (c *changes) json() *changesJSON {
	if c == nil {
		return nil
	}
	out := &changesJSON{Against: c.against.RunID, Cases: []changeJSON{}, Moved: append([]movedJSON{}, c.moved()...)}
	for _, kind := range reconcile.ChangeKinds {
		for _, change := range c.of(kind) {
			out.Cases = append(out.Cases, changeJSON{changeWords[kind], change.Line.Case.ID, change.Line.Case.Code, change.Why.EN, change.Who})
		}
	}
	return out
}
