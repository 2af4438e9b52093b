// Package alert tells people what a run did: by 企业微信, 钉钉, 飞书, a webhook of
// their own, or mail with the workbooks; and a watchdog that it ran at all.
//
// A Report is what one command did. Its Holds says which conditions a recipient
// may have asked for, its Message puts it into words: figures of the run as a
// whole, never an order, a bill or a buyer. The channels are Robot and Mail;
// both keep their secrets to themselves, in errors too.
package alert

import (
	"slices"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// When is a condition under which somebody wants to hear of a run.
type When string

// The conditions.
const (
	Always        When = "always"
	Discrepancies When = "discrepancies" // an open or proposed case, or an invalid row, belongs to a run
	Grave         When = "S1"            // an open or proposed case of S1 does
	Failure       When = "failure"       // something could not be done, or orders are unverified
	Silence       When = "silence"       // no run was complete for longer than the period
)

// Whens are the conditions in the order in which they are told.
var Whens = []When{Always, Discrepancies, Grave, Failure, Silence}

// Run is one night of a report.
type Run struct {
	reconcile.Summary
	Late    reconcile.Lateness                   // empty: it was in time
	Pending map[reconcile.Severity]reconcile.Sum // open and proposed cases that the run saw
}

// Report is what one command did.
type Report struct {
	Runs      []Run    // that published, oldest first
	Failures  []string // what went wrong, without secrets
	NeverRun  []reconcile.Day
	Workbooks []string // paths, with their pages and tables, to be attached

	Now         time.Time
	LastSuccess time.Time     // zero: there never was one
	Period      time.Duration // without a success, after which there is silence; 0: never
}

// Holds lists the conditions that the report fulfils.
func (r Report) Holds() []When {
	holds := []When{Always}
	add := func(w When, ok bool) {
		if ok {
			holds = append(holds, w)
		}
	}
	add(Discrepancies, slices.ContainsFunc(r.Runs, func(n Run) bool { return n.Summary.Pending > 0 || n.Invalid > 0 }))
	add(Grave, slices.ContainsFunc(r.Runs, func(n Run) bool { return n.Pending[reconcile.S1].Count > 0 }))
	add(Failure, len(r.Failures)+len(r.NeverRun) > 0 || slices.ContainsFunc(r.Runs, func(n Run) bool { return n.Status != reconcile.RunComplete }))
	add(Silence, r.silent())
	return holds
}

// silent looks at the last success, not at errors.
func (r Report) silent() bool {
	return r.Period > 0 && r.Now.Sub(r.LastSuccess) > r.Period
}

// Concerns says whether somebody who asked for these conditions wants to hear
// of the report.
func (r Report) Concerns(wanted []When) bool {
	return slices.ContainsFunc(r.Holds(), func(w When) bool { return slices.Contains(wanted, w) })
}
