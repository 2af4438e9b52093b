package reconcile

// Reading is what a load has to know of what it reads and of other books.
type Reading struct {
	Scope string // names the source and, where it is per day, the day
	// Newer are the scopes of later days of the same books: what they hold, too,
	// is as they have it.
	Newer []string
	// Rivals are the scopes of other books that the run has read before: rows of
	// one key there and here are as two rows of one load.
	Rivals []string
	Since  Day // the oldest ledger day that is judged
}

// readings are the scopes that a run has read, with the books that each is of:
// these by their scope of the run's day; empty: they held no row.
type readings map[string]string

func (n *night) reading(l Ledger, day Day, read readings) Reading {
	r := Reading{Scope: l.Scope(day), Since: n.scope.Since}
	own := l.Scope(n.Day)
	for scope, books := range read {
		if books != "" && books != own {
			r.Rivals = append(r.Rivals, scope)
		}
	}
	if l.Live() || l.Scope(day+1) == r.Scope {
		return r
	}
	for later := day + 1; later <= n.scope.newest(); later++ {
		r.Newer = append(r.Newer, l.Scope(later))
	}
	return r
}

// newest is the last day of which there can be books.
func (s Scope) newest() Day { return max(s.Day, DayOf(s.Now)) }

// strays are the orders of a load that are of a day that nobody judges.
type strays struct {
	since, until Day
	early, late  stray
}

type stray struct {
	count int64
	first Order
}

func (s *stray) see(o Order) {
	if s.count == 0 {
		s.first = o
	}
	s.count++
}

// strays of the books of a day. Those of an earlier day were judged when it was
// that day's turn. An order of tomorrow may be of a business day that has begun.
func (n *night) strays(day Day) *strays {
	return &strays{since: n.scope.Since - (n.Day - day), until: n.scope.newest() + 1}
}

func (s *strays) see(o Order) {
	switch {
	case o.LedgerDay < s.since:
		s.early.see(o)
	case o.LedgerDay > s.until:
		s.late.see(o)
	}
}

// told says what of a load is judged by nobody. Books of all days may hold
// those of years: of them only what has come, or changed, since they were read
// before is told.
func (s *strays) told(l Load) (told []Words) {
	switch {
	case l.Day != 0 && s.early.count > 0:
		at := s.early.first
		told = append(told, words("%[1]s 有 %[2]d 笔订单的日期早于 %[3]s，不查询也不核对（首笔：%[4]s 第 %[5]d 行，%[6]s）：请检查日期；确为旧单则调大 rules.lookback",
			"%[1]s holds %[2]d orders of days before %[3]s, which are neither asked about nor judged (the first: %[4]s line %[5]d, of %[6]s): check the dates, or raise rules.lookback",
			l.Scope, s.early.count, s.since, at.Source.File, at.Source.Line, at.LedgerDay))
	case l.Day == 0 && l.Known && l.TooOld > 0:
		told = append(told, words("%s 新增或改动了 %d 笔早于 %s 的订单，不查询也不核对：请检查日期；确为旧单则调大 rules.lookback",
			"%s has %d new or changed orders of days before %s, which are neither asked about nor judged: check the dates, or raise rules.lookback", l.Scope, l.TooOld, s.since))
	}
	if s.late.count > 0 {
		at := s.late.first
		told = append(told, words("%[1]s 有 %[2]d 笔订单的日期在将来，届时才会核对（首笔：%[3]s 第 %[4]d 行，%[5]s）：请检查日期",
			"%[1]s holds %[2]d orders of days to come, which are not judged before (the first: %[3]s line %[4]d, of %[5]s): check the dates",
			l.Scope, s.late.count, at.Source.File, at.Source.Line, at.LedgerDay))
	}
	return told
}
