package chinaums

import (
	"fmt"
	"time"
)

// paidAhead is how far beyond now the page allows a paid time to be.
const paidAhead = 60 * time.Second

// ParsePaidTime reads a paidTime: yyyyMMddHHmmss, or yyyyMMdd, both in
// Beijing. A bare date is read as 23:59:59 of that day: the page says so in
// one sentence and 0:00:00 in another, and the later one never claims a
// payment before it was made. The error matches ErrBadQuery.
func ParsePaidTime(s string) (time.Time, error) {
	layout, rest := headerTime, time.Duration(0)
	if len(s) == len("20091225") {
		layout, rest = "20060102", 24*time.Hour-time.Second
	}
	t, err := time.ParseInLocation(layout, s, beijing)
	if err != nil || t.Format(layout) != s || t.Year() < 1 {
		return time.Time{}, fmt.Errorf("%w: paidTime %.40q is not such as 20091225091010 or 20091225", ErrBadQuery, s)
	}
	return t.Add(rest), nil
}

// CheckPaidTime checks the page's rule 服务开始时间 < 完结时间 < paid ≤ now + 60 s.
// serviceStart and completed may be zero; what compares with a zero time is
// left out, and the start then compares with paid. completed is when the service ended by the merchant's books, which
// stands for the time at which it completed the order. The errors match
// ErrBadQuery.
func CheckPaidTime(paid, now, serviceStart, completed time.Time) error {
	said := func(t time.Time) string { return t.In(beijing).Format(bodyTime) }
	switch year := paid.In(beijing).Year(); {
	case paid.IsZero() || year < 1 || year > 9999:
		return fmt.Errorf("%w: paidTime is empty or out of range", ErrBadQuery)
	case paid.After(now.Add(paidAhead)):
		return fmt.Errorf("%w: paidTime %s is more than 60 s after now, %s", ErrBadQuery, said(paid), said(now))
	case !serviceStart.IsZero() && !completed.IsZero() && !serviceStart.Before(completed):
		return fmt.Errorf("%w: the service start %s is not before the order was completed, %s", ErrBadQuery, said(serviceStart), said(completed))
	case !completed.IsZero() && !completed.Before(paid):
		return fmt.Errorf("%w: paidTime %s is not after the order was completed, %s", ErrBadQuery, said(paid), said(completed))
	case !serviceStart.IsZero() && !serviceStart.Before(paid):
		return fmt.Errorf("%w: paidTime %s is not after the service start, %s", ErrBadQuery, said(paid), said(serviceStart))
	}
	return nil
}
