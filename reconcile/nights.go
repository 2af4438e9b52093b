package reconcile

import "time"

// Night is what is known of the runs of one ledger day.
type Night struct {
	Day         Day
	Status      RunStatus // of the last run that published, else of the last one
	Published   time.Time // when the first run began that published figures; zero: none did
	LedgerEmpty bool      // of the last run that published
	Closed      bool      // signed off
	// Began is when its first run began since the night was last complete;
	// zero when its last run was.
	Began time.Time
	// Unwritten: its last run published, and was cut off before its workbooks
	// were written.
	Unwritten bool
}

// Lateness is why a night is done after its time.
type Lateness string

// The kinds of late nights. A missed night has no figures, or those of an empty
// ledger; an unfinished one has orders that are unverified; one cut off has
// figures but not all its workbooks.
const (
	Missed     Lateness = "missed"
	Unfinished Lateness = "incomplete"
	CutOff     Lateness = "cut off"
)

// LateNight is a night to be done now.
type LateNight struct {
	Day Day
	Why Lateness
}

// CatchUp bounds which late nights are done.
type CatchUp struct {
	Back     int           // missed nights, in days before yesterday; 0: none before yesterday
	RetryFor time.Duration // how long after its first run an unfinished night is tried again
}

// Due lists the late nights among those that the schedule expected, which are
// in order: oldest first, as they are to be done. Nothing is late before the
// first night that was run in its time, or when it could still be caught up: a
// day of long ago that somebody runs by hand begins nothing. tooOld are the nights just before those
// looked at that nobody has run: they are only told of.
func (c CatchUp) Due(known []Night, expected []Day, now time.Time) (due []LateNight, tooOld []Day) {
	nights := map[Day]Night{}
	var first Day
	for _, n := range known {
		nights[n.Day] = n
		if !n.Published.IsZero() && DayOf(n.Published)-n.Day <= Day(c.Back)+1 && (first == 0 || n.Day < first) {
			first = n.Day
		}
	}
	oldest := DayOf(now) - 1 - Day(c.Back)
	for _, day := range expected {
		if first == 0 || day < first {
			continue
		}
		why := c.late(nights[day], now)
		switch {
		case day < oldest && why == Missed:
			tooOld = append(tooOld, day)
		case day < oldest:
			tooOld = nil
		case why != "":
			due = append(due, LateNight{Day: day, Why: why})
		}
	}
	return due, tooOld
}

// late is why a night is to be done; empty: it is not. The night of a day that
// nobody ran is the zero Night.
func (c CatchUp) late(n Night, now time.Time) Lateness {
	switch {
	case n.Closed:
	case n.Published.IsZero() || n.LedgerEmpty:
		return Missed
	case n.Status == RunIncomplete && now.Before(n.Began.Add(c.RetryFor)):
		return Unfinished
	case n.Unwritten:
		return CutOff
	}
	return ""
}
