package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// plan is the nights to do, oldest first.
type plan struct {
	nights []reconcile.LateNight // Why is empty for those that are in time
	tooOld []reconcile.Day       // nights that nobody ran, and that are not done now
}

// planner makes a plan; what names it for whoever is kept waiting.
type planner struct {
	what string
	plan func(context.Context, *store.DB) (plan, error)
}

// fixedDays is the plan of days that somebody named.
func fixedDays(days ...reconcile.Day) planner {
	return planner{"run of " + days[0].String(), func(ctx context.Context, db *store.DB) (p plan, err error) {
		if err := refuseHistory(ctx, db, days...); err != nil {
			return p, err
		}
		for _, d := range days {
			p.nights = append(p.nights, reconcile.LateNight{Day: d})
		}
		return p, nil
	}}
}

// dueNights is the plan of the late nights, and then of tonight's day; 0: only
// of the late ones. What is history is not late.
func (c *Config) dueNights(now time.Time, tonight reconcile.Day) planner {
	what := "late nights"
	if tonight != 0 {
		what = "run of " + tonight.String()
	}
	return planner{what, func(ctx context.Context, db *store.DB) (p plan, err error) {
		known, err := db.Nights(ctx)
		if err != nil {
			return p, err
		}
		expected, err := c.expectedNights(now)
		if err != nil {
			return p, err
		}
		horizon, err := db.Horizon(ctx)
		if err != nil {
			return p, err
		}
		for len(expected) > 0 && expected[0] < horizon {
			expected = expected[1:]
		}
		p.nights, p.tooOld = c.catchUp().Due(known, expected, now)
		if tonight != 0 {
			p.nights = slices.DeleteFunc(p.nights, func(n reconcile.LateNight) bool { return n.Day >= tonight })
			p.nights = append(p.nights, reconcile.LateNight{Day: tonight})
		}
		return p, nil
	}}
}

func (c *Config) catchUp() reconcile.CatchUp {
	return reconcile.CatchUp{Back: int(c.Schedule.CatchUp), RetryFor: c.Schedule.RetryFor}
}

// lookedAt is how far back nights are expected: nobody cares for a gap of last
// year.
const lookedAt = 400 * 24 * time.Hour

// expectedNights are the ledger days that the cron line has come for by now, in
// order.
func (c *Config) expectedNights(now time.Time) ([]reconcile.Day, error) {
	var days []reconcile.Day
	for at := now.Add(-lookedAt); ; {
		next, err := c.nextNight(at)
		if err != nil || next.After(now) {
			return slices.Compact(days), err
		}
		at = next
		days = append(days, reconcile.DayOf(at)-1)
	}
}

// nextRetry is the first instant after now at which unfinished nights are tried
// again; zero: they are not.
func (c *Config) nextRetry(now time.Time) time.Time {
	var first time.Time
	now = now.In(c.Timezone)
	for _, t := range c.Schedule.RetryAt {
		hour, minute := t.clock()
		at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, c.Timezone)
		if !at.After(now) {
			at = at.AddDate(0, 0, 1)
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// text tells of the nights that are not done.
func (p plan) text(w io.Writer) {
	if len(p.tooOld) == 0 {
		return
	}
	fmt.Fprintf(w, "ATTENTION  %s\n", p.tooOldText())
}

func (p plan) tooOldText() string {
	first, last := p.tooOld[0], p.tooOld[len(p.tooOld)-1]
	if first == last {
		return fmt.Sprintf("the night of %s was never run and is further back than schedule.catch_up; try: umsrecon run --date %[1]s", first)
	}
	return fmt.Sprintf("%d nights from %s to %s were never run and are further back than schedule.catch_up; try: umsrecon run --from %s --to %s",
		len(p.tooOld), first, last, first, last)
}

// lateText is said of a night that is done after its time.
var lateText = map[reconcile.Lateness]string{
	reconcile.Missed:     "this night was missed: no run of it had published figures; it is done now",
	reconcile.Unfinished: "this night had ended incomplete; it is tried again",
	reconcile.CutOff:     "this night was cut off before its workbooks were written; they are written now",
}

// lateText names the first of the nights that are late.
func (p plan) lateText() string {
	text := fmt.Sprintf("the night of %s is %s", p.nights[0].Day, p.nights[0].Why)
	if more := len(p.nights) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more are late", more)
	}
	return text
}
