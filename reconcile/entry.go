package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Review is what a second person says of a resolution (复核结果).
type Review string

// Reviews; none is empty.
const (
	ReviewApproved Review = "approved"
	ReviewRejected Review = "rejected"
)

// Entry is what stands beside a case in a workbook that people have filled
// in: what one did about it and what another says of that. Both may be empty.
type Entry struct {
	CaseID   string
	Version  string   // of the case when the workbook was made
	Decision Decision // its At and User are those of the review, too
	Reviewer string
	Review   Review
}

// Errors of entries, beside those of decisions.
var (
	ErrStale     = errors.New("the case has changed since the workbook was made")
	ErrNoOutcome = errors.New("an outcome must be chosen")
	ErrNoReview  = errors.New("the reviewer must say approved or rejected")
	ErrFuture    = errors.New("the date is in the future")
)

// Version changes with everything that a person who decides about the case
// relies on: its facts, what it is worth, and what others have decided.
func (c Case) Version() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		c.ID, string(c.State), string(c.Severity), c.Facts, c.Stake.Yuan(), fmt.Sprint(c.Gone), c.Outcome, c.Note, c.By, c.Reviewer,
	}, "\x1f")))
	return "V" + hex.EncodeToString(sum[:6])
}

// Enter applies what people have filled in by the rules of Resolve, Approve
// and Reject. events are all of the case, oldest first. An entry that has been
// applied before, and one that says nothing new, yields no event. A resolution
// that stands already may be reviewed in the workbook it was entered from,
// although the case has changed by it.
func Enter(c Case, events []Event, e Entry) (Case, []Event, error) {
	if e.applied(c, events) {
		return c, nil, nil
	}
	if err := e.complete(); err != nil {
		return c, nil, err
	}
	var steps []Event
	now := c
	if !e.stands(c) {
		var err error
		if now, steps, err = e.resolve(c); err != nil {
			return c, nil, err
		}
	}
	if e.Review == "" {
		return now, steps, nil
	}
	now, step, err := e.review(now)
	if err != nil {
		return c, nil, err
	}
	return now, append(steps, step), nil
}

func (e Entry) resolve(c Case) (Case, []Event, error) {
	switch {
	case c.Version() != e.Version:
		return c, nil, fmt.Errorf("%w: it is %s", ErrStale, c.State)
	case e.Review == ReviewRejected: // refused before it was proposed: there is nothing to keep
		return c, nil, fmt.Errorf("%w: it is %s", ErrNotProposed, c.State)
	}
	d := e.Decision
	d.Reviewed = e.Review != ""
	now, step, err := Resolve(c, d)
	return now, []Event{step}, err
}

func (e Entry) review(c Case) (Case, Event, error) {
	d := Decision{By: e.Reviewer, User: e.Decision.User, At: e.Decision.At}
	if e.Review == ReviewApproved {
		return Approve(c, d)
	}
	return Reject(c, d)
}

// complete says what is missing of the entry, whatever the case.
func (e Entry) complete() error {
	d := e.Decision
	switch {
	case d.Remedy.ZH == "":
		return ErrNoOutcome
	case d.person() == "":
		return ErrNobody
	case strings.TrimSpace(d.Note) == "":
		return ErrNoNote
	case d.On > DayOf(d.At):
		return fmt.Errorf("%w: %s", ErrFuture, d.On)
	case strings.TrimSpace(e.Reviewer) != "" && samePerson(e.Reviewer, d.By):
		return fmt.Errorf("%w: %s cannot review what %[2]s did", ErrSamePerson, d.person())
	case e.Review == "" && strings.TrimSpace(e.Reviewer) != "":
		return ErrNoReview
	case e.Review != "" && strings.TrimSpace(e.Reviewer) == "":
		return ErrNobody
	}
	return nil
}

// stands says whether the case holds this resolution.
func (e Entry) stands(c Case) bool {
	return e.Decision.Remedy.ZH == c.Outcome && samePerson(e.Decision.By, c.By) && strings.TrimSpace(e.Decision.Note) == c.Note
}

// applied says whether the case is as the entry wants it.
func (e Entry) applied(c Case, events []Event) bool {
	if e.Review == ReviewRejected {
		return c.State == StateOpen && e.wasRejected(events)
	}
	reviewed := e.Review == "" && strings.TrimSpace(e.Reviewer) == "" || c.State == StateResolved && samePerson(e.Reviewer, c.Reviewer)
	return e.stands(c) && reviewed
}

// wasRejected says whether the last that happened is that the reviewer
// rejected this very proposal.
func (e Entry) wasRejected(events []Event) bool {
	n := len(events)
	if n < 2 || events[n-1].Kind != EventRejected || events[n-2].Kind != EventProposed {
		return false
	}
	return events[n-1].isBy(e.Reviewer) && events[n-2].isBy(e.Decision.By) && events[n-2].Reason == e.Decision.says()
}

// isBy says whether a person did it; the system user may stand behind the name.
func (e Event) isBy(person string) bool {
	name, _, _ := strings.Cut(e.By, " (")
	return samePerson(name, person)
}
