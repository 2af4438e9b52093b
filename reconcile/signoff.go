package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SignOff is one entry in the book of a day's sign-offs: it was closed, or
// opened again. The last entry says how the day stands.
type SignOff struct {
	Day    Day
	Closed bool // closed, not opened again
	At     time.Time
	By     string
	User   string // of the system
	Note   string // why it was opened again; with a closing, what was accepted
	RunID  string // the run whose figures were signed
	// Accepted are the pending cases that the signer took note of.
	Accepted []string
}

// Standing is how a day stands before somebody signs it off.
type Standing struct {
	Day        Day
	Last       *SignOff  // nil: it was never closed
	Run        *Summary  // the last published run; nil: none
	Latest     RunStatus // of the newest run, which may have published nothing; empty: none
	Signed     *Summary  // the run of Last
	Unverified int64     // orders of the day that are not judged, or without a trustworthy answer
	Unproven   []string  // the first of their bill numbers
	Grave      []Case    // open and proposed cases S1 and S2 of the day, without their keys
}

// Errors of sign-offs.
var (
	ErrNoRunOfDay = errors.New("the day has no finished run")
	ErrDayOpen    = errors.New("the day is not closed")
	ErrDayClosed  = errors.New("the day is closed")
	ErrNotReady   = errors.New("the day cannot be closed yet")
	// Both are an ErrNotReady: another run is wanted.
	ErrDayUnfinished = fmt.Errorf("%w: a run of it", ErrNotReady)
	ErrDayUnproven   = fmt.Errorf("%w: it", ErrNotReady)
)

// CloseDay locks the figures of a day's last run. It is refused while an order
// of the day is unverified, or a case of S1 or S2 is neither resolved nor
// accepted with a note.
func CloseDay(s Standing, d Decision, accepted []string) (SignOff, error) {
	switch {
	case d.person() == "":
		return SignOff{}, ErrNobody
	case s.Run == nil:
		return SignOff{}, ErrNoRunOfDay
	case s.Last != nil && s.Last.Closed && s.Last.RunID == s.Run.RunID:
		return SignOff{}, fmt.Errorf("%w by %s", ErrDayClosed, s.Last.By)
	}
	if err := s.proven(); err != nil {
		return SignOff{}, err
	}
	if len(accepted) > 0 && strings.TrimSpace(d.Note) == "" {
		return SignOff{}, ErrNoNote
	}
	accepted, err := s.named(accepted)
	if err == nil {
		err = s.unaccepted(accepted)
	}
	if err != nil {
		return SignOff{}, err
	}
	return SignOff{
		Day: s.Day, Closed: true, At: d.At, By: d.person(), User: d.User, Note: strings.TrimSpace(d.Note), RunID: s.Run.RunID, Accepted: accepted,
	}, nil
}

// proven says why the day's own figures do not stand yet. What was carried over
// from other days is no matter of this one.
func (s Standing) proven() error {
	switch {
	case s.Latest == RunRunning:
		return fmt.Errorf("%w is under way, or was killed", ErrDayUnfinished)
	case s.Latest == RunInterrupted:
		return fmt.Errorf("%w was interrupted", ErrDayUnfinished)
	case s.Run.NoQuery:
		return fmt.Errorf("%w was last judged by the answers at hand (--no-query)", ErrDayUnproven)
	case s.Run.LedgerEmpty:
		return fmt.Errorf("%w holds no order though the days beside it do, or did before", ErrDayUnproven)
	case s.Unverified > 0:
		return fmt.Errorf("%w holds %d orders that are unverified or not judged: %s", ErrDayUnproven, s.Unverified, strings.Join(s.Unproven, ", "))
	}
	return nil
}

// AcceptedEvents tell the cases that a signer accepted what was said of them.
func (s SignOff) AcceptedEvents() (events []Event) {
	by := s.By
	if s.User != "" {
		by += " (" + s.User + ")"
	}
	for _, id := range s.Accepted {
		events = append(events, Event{CaseID: id, At: s.At, Kind: EventAccepted, By: by, Reason: words("%[1]s 日结接受：%[2]s", "accepted when %s was closed: %s", s.Day, s.Note)})
	}
	return events
}

// named are the whole ids of the grave cases that were accepted, by their ids or
// the beginnings that no other of them has.
func (s Standing) named(prefixes []string) (ids []string, err error) {
	for _, prefix := range prefixes {
		var found []string
		for _, c := range s.Grave {
			if c.ID == prefix || len(prefix) >= MinIDPrefix && strings.HasPrefix(c.ID, prefix) {
				found = append(found, c.ID)
			}
		}
		switch {
		case slices.Contains(found, prefix):
			found = []string{prefix}
		case len(found) == 0:
			return nil, fmt.Errorf("%w: %s is no pending case of S1 or S2 of the day", ErrNotReady, prefix)
		case len(found) > 1:
			return nil, fmt.Errorf("%w: %s is the beginning of %s", ErrNotReady, prefix, strings.Join(found, " and "))
		}
		if !slices.Contains(ids, found[0]) {
			ids = append(ids, found[0])
		}
	}
	return ids, nil
}

// unaccepted names the grave cases that nobody took note of.
func (s Standing) unaccepted(accepted []string) error {
	var left []string
	for _, c := range s.Grave {
		if !slices.Contains(accepted, c.ID) {
			left = append(left, fmt.Sprintf("%s %s %s", c.ID, c.Severity, c.Code))
		}
	}
	const shown = 10
	switch n := len(left); {
	case n == 0:
		return nil
	case n == 1:
		return fmt.Errorf("%w: a case is neither resolved nor accepted: %s", ErrNotReady, left[0])
	case n > shown:
		left = append(left[:shown], fmt.Sprintf("and %d more", n-shown))
		return fmt.Errorf("%w: %d cases are neither resolved nor accepted: %s", ErrNotReady, n, strings.Join(left, ", "))
	default:
		return fmt.Errorf("%w: %d cases are neither resolved nor accepted: %s", ErrNotReady, n, strings.Join(left, ", "))
	}
}

// ReopenDay opens a closed day again. Another person than the signer does it,
// and says why.
func ReopenDay(s Standing, d Decision) (SignOff, error) {
	switch {
	case d.person() == "":
		return SignOff{}, ErrNobody
	case s.Last == nil || !s.Last.Closed:
		return SignOff{}, ErrDayOpen
	case samePerson(d.By, s.Last.By):
		return SignOff{}, fmt.Errorf("%w: %s has signed it", ErrSamePerson, s.Last.By)
	case strings.TrimSpace(d.Note) == "":
		return SignOff{}, ErrNoNote
	}
	return SignOff{Day: s.Day, At: d.At, By: d.person(), User: d.User, Note: strings.TrimSpace(d.Note), RunID: s.Last.RunID}, nil
}

// Moved is one figure that a restated run has changed.
type Moved struct {
	What string `json:"what"` // such as "payment discrepant"
	Was  Sum    `json:"was"`
	Is   Sum    `json:"is"`
}

// WhatMoved compares the day's own figures in two runs of it: classes, money and
// codes, in a fixed order. Figures that are the same are left out, and so is
// what was carried over from other days.
func WhatMoved(was, is Summary) []Moved {
	var moved []Moved
	was, is = was.withOwn(), is.withOwn()
	add := func(what string, a, b Sum) {
		if a != b {
			moved = append(moved, Moved{what, a, b})
		}
	}
	for _, kind := range Kinds {
		a, b := was.Kinds[kind], is.Kinds[kind]
		if a == nil {
			a = newKindTotals()
		}
		if b == nil {
			b = newKindTotals()
		}
		for _, class := range Classes {
			add(string(kind)+" "+string(class), a.own(class), b.own(class))
		}
		add(string(kind)+" ledger", a.OwnLedger, b.OwnLedger)
		add(string(kind)+" UMS", a.OwnUMS, b.OwnUMS)
	}
	for _, rule := range Rules {
		add(string(rule.Code), was.OwnCodes[rule.Code], is.OwnCodes[rule.Code])
	}
	return moved
}

// own is what the day itself has in a class.
func (k *KindTotals) own(c Class) Sum {
	all, carried := k.Classes[c], k.Carried[c]
	return Sum{Count: all.Count - carried.Count, Fen: all.Fen - carried.Fen}
}

// withOwn takes, of a run of an earlier umsrecon, all figures for the day's own.
func (s Summary) withOwn() Summary {
	if s.OwnCodes != nil {
		return s
	}
	kinds := map[Kind]*KindTotals{}
	for kind, k := range s.Kinds {
		own := *k
		own.OwnLedger, own.OwnUMS = k.Ledger, k.UMS
		kinds[kind] = &own
	}
	s.Kinds, s.OwnCodes = kinds, s.Codes
	return s
}
