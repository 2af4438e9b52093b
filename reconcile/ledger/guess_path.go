package ledger

import (
	"regexp"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// PatternFor is the pattern that finds a path: its day, where it names one, as
// {date} or {yyyymmdd}, and a time that stands right behind the day as *;
// everything else as it stands. A path that names several days stays as it is.
func PatternFor(path string) string {
	pattern, days := patternOf(path)
	if len(days) > 1 {
		return literally(path)
	}
	return pattern
}

var dashedOrDigits = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]+`)

// patternOf also tells the days that stand in a path.
func patternOf(path string) (pattern string, days []reconcile.Day) {
	pattern = dashedOrDigits.ReplaceAllStringFunc(literally(path), func(s string) string {
		day, put := dayIn(s)
		if day == 0 {
			return s
		}
		if !slices.Contains(days, day) {
			days = append(days, day)
		}
		return put
	})
	return pattern, days
}

// dayIn is the day in a run of digits, and what is put for it: it stands
// alone, or before a time, or behind some other number.
func dayIn(s string) (reconcile.Day, string) {
	parsed := func(s string) reconcile.Day {
		d, why := date(s)
		if why.EN != "" || !strings.HasPrefix(s, "20") {
			return 0
		}
		return d
	}
	switch n := len(s); {
	case strings.Contains(s, "-"):
		return parsed(s), "{date}"
	case n == 8:
		return parsed(s), "{yyyymmdd}"
	case n == 12 || n == 14 || n == 17:
		return parsed(s[:8]), "{yyyymmdd}*"
	case n > 8:
		return parsed(s[n-8:]), s[:n-8] + "{yyyymmdd}"
	}
	return 0, ""
}

// place looks for the day in the name of the file.
func (g *Guess) place(path string) {
	_, days := patternOf(path)
	switch {
	case len(days) == 1:
		g.day = days[0]
	case g.Format == SQLite:
	case len(days) == 0:
		g.doubt("the name of the file has no day, and every night reads the same file: name it by the day, and write {date} or {yyyymmdd} in the path")
	default:
		g.doubt("the name of the file has several days; it is taken as it stands, and every night reads the same file")
	}
}

// named looks whether the file is named for the day of its orders.
func (g *Guess) named(l look, found [columnCount]int) {
	at := found[colBillDate]
	if at < 0 || g.day == 0 {
		return
	}
	other := reconcile.Day(0)
	for _, r := range l.rows {
		d, why := dateOf(strings.TrimSpace(r.cells[at]), r.nature(at))
		switch {
		case why.EN != "":
		case d == g.day:
			return
		default:
			other = d
		}
	}
	if other != 0 {
		g.doubt("the file is named for %s and holds orders of %s alone: the day in the path is the ledger day", g.day, other)
	}
}
