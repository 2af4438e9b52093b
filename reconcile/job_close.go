package reconcile

import (
	"fmt"
	"time"
)

// close balances the books and writes the summary.
func (b *book) close(now time.Time) error {
	s := &b.sum
	var err error
	if s.Cases.Opening, s.Cases.Resolved, s.Cases.Reopened, err = b.balance(); err != nil {
		return err
	}
	pending, err := b.out.PendingCases()
	if err != nil {
		return err
	}
	if s.Cases.Closing, s.Ageing, err = age(pending, b.today); err != nil {
		return err
	}
	s.Status = RunComplete
	if unverified := s.ClassCounts()[Unverified]; unverified > 0 {
		b.alarm(words("本次对账不完整：%d 笔未核实", "the run is incomplete: %d orders are unverified", unverified))
		for _, why := range b.halt.reasons() {
			b.alarm(words("查询提前停止：%s", "asking ended early: %s", why))
		}
		b.sayWhy()
		s.Status = RunIncomplete
	}
	if s.LedgerEmpty || s.ControlMissed() || s.Suspected() || b.unread {
		s.Status = RunIncomplete
	}
	s.EndedAt = now
	if err := s.Check(); err != nil {
		return err
	}
	if err := b.shares(); err != nil {
		return err
	}
	return b.out.Finish(*s)
}

// sayWhy tells the most frequent reason why orders are unverified.
func (b *book) sayWhy() {
	var most Words
	for why, n := range b.mute {
		if n > b.mute[most] || n == b.mute[most] && why.EN < most.EN {
			most = why
		}
	}
	b.alarm(Words{
		ZH: fmt.Sprintf("未核实最多的原因（%d 笔）：%s；再次运行只查未核实的订单；查询失败的，可用 umsrecon check 逐项检查", b.mute[most], most.ZH),
		EN: fmt.Sprintf("most frequent reason (%d orders): %s; the next run asks only what is open; where it was asked in vain, umsrecon check looks at access and network", b.mute[most], most.EN),
	})
}

// balance adds what people reopened since the last run to what this run did.
func (b *book) balance() (opening, resolved, reopened Sum, err error) {
	opening, resolved, reopened, err = b.out.Balance()
	if err != nil {
		return
	}
	reopened.Count += b.sum.Cases.Reopened.Count
	reopened.Fen, err = reopened.Fen.Add(b.sum.Cases.Reopened.Fen)
	return
}

// age sums up the pending cases, and by the days since they were first seen.
func age(pending map[Day]Sum, today Day) (Sum, []AgeBand, error) {
	var t tally
	var all Sum
	bands := AgeBands()
	for day, sum := range pending {
		t.merge(&all, sum)
		for i := range bands {
			age := int(today - day)
			if age >= bands[i].From && (bands[i].To < 0 || age <= bands[i].To) {
				t.merge(&bands[i].Sum, sum)
			}
		}
	}
	return all, bands, t.err
}
