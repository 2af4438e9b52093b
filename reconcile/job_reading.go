package reconcile

// Reading is what a load has to know of what it reads and of other books.
type Reading struct {
	Scope string // names the source and, where it is per day, the day
	// Newer are the scopes whose rows are newer: what they hold, too, is as they
	// have it.
	Newer []string
	// Peers are those of other books of the same day, none newer than the other.
	Peers []string
	// Rivals are those that the run has read for the same day: an amount there and
	// another here contradict each other, and so do statuses of peers.
	Rivals []string
	Since  Day // the oldest ledger day that is judged
}

// readings are the scopes that a run has read; true: they held rows.
type readings map[string]bool

// reading tells a load of all other books. Books are of a day as it was when they
// were written, or as all days are now: those of a query, and of all days at once.
func (n *night) reading(l Ledger, day Day, read readings) Reading {
	r := Reading{Scope: l.Scope(day), Since: n.judgedSince(l, day)}
	written := n.written(l)
	for _, other := range n.Ledgers {
		scope := other.Scope(day)
		if scope == r.Scope {
			continue
		}
		if read[scope] {
			r.Rivals = append(r.Rivals, scope)
		}
		if written && n.written(other) {
			r.Peers = append(r.Peers, scope)
		} else if written {
			r.Newer = append(r.Newer, scope)
		}
	}
	if written {
		r.Newer = append(r.Newer, n.later(day)...)
	}
	return r
}

// written says whether books stay as they were written for a day.
func (n *night) written(l Ledger) bool { return !l.Live() && l.Scope(n.Day+1) != l.Scope(n.Day) }

// later are the books written for later days.
func (n *night) later(day Day) (scopes []string) {
	for later := day + 1; later <= n.scope.newest(); later++ {
		for _, l := range n.Ledgers {
			if n.written(l) {
				scopes = append(scopes, l.Scope(later))
			}
		}
	}
	return scopes
}

// newest is the last day of which there can be books.
func (s Scope) newest() Day { return max(s.Day, DayOf(s.Now)) }

// judgedSince is the oldest ledger day that is judged of the books of a day: those
// of an earlier day were judged when it was that day's turn.
func (n *night) judgedSince(l Ledger, day Day) Day {
	if l.Scope(day) == l.Scope(n.Day) {
		return n.scope.Since
	}
	return n.scope.Since - (n.Day - day)
}

// astray are the orders of a load that are of a day to come, behind until: one of
// tomorrow may be of a business day that has begun.
type astray struct {
	until Day
	count int64
	first Order
}

func (a *astray) see(o Order) {
	if o.LedgerDay <= a.until {
		return
	}
	if a.count++; a.count == 1 {
		a.first = o
	}
}

// unjudged says which orders of a load nobody judges, by their day alone.
func unjudged(l Load, since Day, a astray) (told []Words) {
	if l.TooOld > 0 {
		told = append(told, words("%[1]s 有 %[2]d 笔订单的日期早于 %[3]s，从未核对，也不会查询（首笔：%[4]s 第 %[5]d 行，%[6]s）：请检查日期；确为旧单则调大 rules.lookback",
			"%[1]s holds %[2]d orders of days before %[3]s that were never judged and are not asked about (the first: %[4]s line %[5]d, of %[6]s): check the dates, or raise rules.lookback",
			l.Scope, l.TooOld, since, l.Oldest.Source.File, l.Oldest.Source.Line, l.Oldest.LedgerDay))
	}
	if a.count > 0 {
		told = append(told, words("%[1]s 有 %[2]d 笔订单的日期在将来，届时才会核对（首笔：%[3]s 第 %[4]d 行，%[5]s）：请检查日期",
			"%[1]s holds %[2]d orders of days to come, which are not judged before (the first: %[3]s line %[4]d, of %[5]s): check the dates",
			l.Scope, a.count, a.first.Source.File, a.first.Source.Line, a.first.LedgerDay))
	}
	return told
}
