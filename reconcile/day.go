package reconcile

import (
	"fmt"
	"time"
)

// Beijing is the time zone of the platform: a fixed +08:00, whatever the
// host's zone database says.
var Beijing = time.FixedZone("+08:00", 8*60*60)

// Day is a date of the calendar, not an instant: the number of days since
// 0001-01-01, that day being 1. The zero Day is no day.
type Day int32

const unixEpoch Day = 719163 // 1970-01-01

// MakeDay is the day of a year, month and day of month.
func MakeDay(year int, month time.Month, day int) Day {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return Day(t.Unix()/86400) + unixEpoch
}

// DayOf is the Beijing date of an instant; no day for the zero instant.
func DayOf(t time.Time) Day {
	if t.IsZero() {
		return 0
	}
	t = t.In(Beijing)
	return MakeDay(t.Year(), t.Month(), t.Day())
}

// ParseDay reads "2006-01-02" or "20060102"; an impossible date is an error.
func ParseDay(s string) (Day, error) {
	layout := time.DateOnly
	if len(s) == len("20060102") {
		layout = "20060102"
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		return 0, fmt.Errorf("date %q is not a date such as 2006-01-02", s)
	}
	return DayOf(t.Add(-8 * time.Hour)), nil
}

// Start is the first instant of the day, in Beijing.
func (d Day) Start() time.Time {
	return time.Unix(int64(d-unixEpoch)*86400, 0).Add(-8 * time.Hour).In(Beijing)
}

// End is the first instant of the following day.
func (d Day) End() time.Time { return (d + 1).Start() }

// String is "2006-01-02"; empty for no day.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Start().Format(time.DateOnly)
}

// Compact is "20060102"; empty for no day.
func (d Day) Compact() string {
	if d == 0 {
		return ""
	}
	return d.Start().Format("20060102")
}

// Month is "2006-01"; empty for no day.
func (d Day) Month() string {
	if d == 0 {
		return ""
	}
	return d.Start().Format("2006-01")
}

// FirstOfMonth is the first day of the day's month.
func (d Day) FirstOfMonth() Day {
	t := d.Start()
	return MakeDay(t.Year(), t.Month(), 1)
}

// MarshalText writes String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads ParseDay's forms; empty is no day.
func (d *Day) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDay(string(b))
	return err
}

// Calendar knows business days and working days.
type Calendar struct {
	// Cutoff is the time of day at which the business day turns, since
	// midnight in Beijing. One after noon (22:58) sends later instants to the
	// next day; one before noon (04:00) sends earlier ones to the previous
	// day; zero turns at midnight.
	Cutoff time.Duration
	// Holidays are weekdays on which nobody works; ExtraWorkdays are weekend
	// days on which everybody does (调休).
	Holidays, ExtraWorkdays map[Day]bool
}

// BusinessDay is the business day of an instant; the cut-off's own instant is
// the first of a new business day. No day for the zero instant.
func (c Calendar) BusinessDay(t time.Time) Day {
	if t.IsZero() {
		return 0
	}
	day := DayOf(t)
	into := t.Sub(day.Start())
	switch {
	case c.Cutoff == 0:
	case c.Cutoff >= 12*time.Hour && into >= c.Cutoff:
		day++
	case c.Cutoff < 12*time.Hour && into < c.Cutoff:
		day--
	}
	return day
}

// Begins is the first instant of a business day.
func (c Calendar) Begins(d Day) time.Time {
	if c.Cutoff >= 12*time.Hour {
		d--
	}
	return d.Start().Add(c.Cutoff)
}

// Working says whether d is a working day.
func (c Calendar) Working(d Day) bool {
	if c.ExtraWorkdays[d] {
		return true
	}
	if c.Holidays[d] {
		return false
	}
	weekday := d.Start().Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// WorkingDaysAfter is the nth working day after d; d itself when n is 0.
func (c Calendar) WorkingDaysAfter(d Day, n int) Day {
	for limit := d + 366*2; n > 0 && d < limit; {
		if d++; c.Working(d) {
			n--
		}
	}
	return d
}
