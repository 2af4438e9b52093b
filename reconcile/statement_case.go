package reconcile

import (
	"fmt"
	"strings"
)

// StatementSighting is a line of a statement that belongs to no order, as its
// case sees it.
type StatementSighting struct {
	CaseID string
	// Lines are equal but for their fee; none: the statement has it no longer.
	Lines  []StatementLine
	Placed bool // it belongs to an order
	// Appeared: that order has a trustworthy answer, and no case about its lines.
	Appeared bool
	// Looked: the books of the days concerned were loaded, and all their orders
	// have a trustworthy answer.
	Looked bool
	Case   *Case // that it has had; nil: none
}

// finding is STATEMENT_ONLY where it holds.
func (s StatementSighting) finding() (Finding, bool) {
	if len(s.Lines) == 0 || s.Placed || !s.Looked {
		return Finding{}, false
	}
	l, kind, places := s.Lines[0], lineWords[s.Lines[0].Kind], make([]string, len(s.Lines))
	sum := Fen(0)
	for i, line := range s.Lines {
		places[i] = line.place()
		sum += line.Amount
	}
	return Finding{
		Code: StatementOnly, Severity: RuleOf(StatementOnly).Severity, UMS: Some(l.Amount), Worth: Some(sum), Basis: l.basis(),
		Reason: words("对账单 %[1]s 有一笔%[2]s %[4]s 元（参考号 %[5]s，商户订单号 %[6]s，清算日 %[7]s），回溯期内没有对应的账单与订单",
			"statement %[1]s has a %[3]s of %[4]s yuan (reference %[5]s, merchant order %[6]s, settled %[7]s) that belongs to no bill and no order of the lookback",
			strings.Join(places, ", "), kind.ZH, kind.EN, l.Amount.Yuan(), l.Reference, l.MerOrderID, l.SettleDay),
	}, true
}

// ledgerDay is the day whose books the line would belong to: the business day
// of its payment, else its settle date.
func (l StatementLine) ledgerDay(c Calendar) Day {
	if l.PaidAt.IsZero() {
		return l.SettleDay
	}
	return c.BusinessDay(l.PaidAt)
}

// DaysConcerned are the ledger days whose orders may be settled on a date: from
// the last working day before it, or the day of the payment where that is
// earlier, to the day before.
func DaysConcerned(settle, paid Day, c Calendar) (from, to Day) {
	from, to = settle-1, settle-1
	for limit := settle - 30; from > limit && !c.Working(from); {
		from--
	}
	if paid != 0 {
		from, to = min(from, paid), max(to, paid)
	}
	return from, to
}

// SettleTotal is a merchant's settle date by its statement and by the bills.
type SettleTotal struct {
	MID  string
	Day  Day
	File string // of the statement
	// Known: the books of the days concerned were loaded, and all their orders
	// have a trustworthy answer.
	Known    bool
	Payments Sum   // of the statement
	Refunds  Sum   // of the statement
	Alone    Sum   // its lines that belong to no order; refunds count below zero
	Invalid  int64 // lines of it that were not understood
	Case     *Case
	// Stands: its case stands for the lines that belong to no order, which are
	// too many to be as many faults.
	Stands bool

	// What the bills say, and what explains the difference (refunds below zero,
	// and what the bills settle on the day and the statement on another); the
	// job adds it up.
	Bills, BillRefunds                      Sum
	Missing, Surplus, Differing, Otherwhere Sum
	// Unread are the payments, UnreadRefunds the refunds (above zero), that lines
	// name which were not understood.
	Unread, UnreadRefunds Sum
	Doubt                 bool // a block's amount is not known
}

// foreign: so many lines belong to no order that a wrong column explains them
// better than as many faults.
func (t SettleTotal) foreign() bool {
	return t.Alone.Count >= alarmFrom && 2*t.Alone.Count > t.Payments.Count+t.Refunds.Count
}

// agrees: a sum of strangers proves nothing.
func (t SettleTotal) agrees() bool {
	return t.Payments == t.Bills && t.Refunds == t.BillRefunds && !t.Stands
}

// awaits: what lines name that were not understood is all of the difference, so
// that nothing is known until they are mended.
func (t SettleTotal) awaits() bool {
	return !t.Stands && t.Unread.Count+t.UnreadRefunds.Count > 0 &&
		t.Bills.less(t.Payments) == t.Unread && t.BillRefunds.less(t.Refunds) == t.UnreadRefunds
}

func (t SettleTotal) finding() Finding {
	stated, bills := t.Payments.Fen-t.Refunds.Fen, t.Bills.Fen-t.BillRefunds.Fen
	why := explained{}
	why.add(t.Missing, "对账单缺", "missing in the statement")
	why.add(Sum{t.Unread.Count + t.UnreadRefunds.Count, t.Unread.Fen - t.UnreadRefunds.Fen}, "在无效行中", "on lines that were not understood")
	why.add(Sum{t.Surplus.Count + t.Alone.Count, t.Surplus.Fen + t.Alone.Fen}, "对账单多", "only in the statement")
	why.add(t.Differing, "金额不符", "of another amount")
	why.add(t.Otherwhere, "清算日不同", "settled on another date")
	if t.Invalid > 0 {
		why.zh = append(why.zh, fmt.Sprintf("无效行 %d 行", t.Invalid))
		why.en = append(why.en, fmt.Sprintf("%d lines not understood", t.Invalid))
	}
	f := Finding{
		Code: SettleTotalMismatch, Severity: RuleOf(SettleTotalMismatch).Severity, UMS: Some(bills), Worth: Some((bills - stated).Abs()),
		Basis: fmt.Sprintf("%v %v %v %v", t.Payments, t.Refunds, t.Bills, t.BillRefunds),
		Reason: words("商户 %[1]s 清算日 %[2]s：对账单 %[3]s 支付 %[4]d 笔 %[5]s 元、退款 %[6]d 笔 %[7]s 元；账单支付 %[8]d 笔 %[9]s 元、退款 %[10]d 笔 %[11]s 元；差异来自：%[12]s",
			"mid %[1]s, settle date %[2]s: statement %[3]s has %[4]d payments of %[5]s yuan and %[6]d refunds of %[7]s; the bills have %[8]d of %[9]s and %[10]d of %[11]s; explained by: %[13]s",
			t.MID, t.Day, t.File, t.Payments.Count, t.Payments.Fen.Yuan(), t.Refunds.Count, t.Refunds.Fen.Yuan(),
			t.Bills.Count, t.Bills.Fen.Yuan(), t.BillRefunds.Count, t.BillRefunds.Fen.Yuan(), strings.Join(why.zh, "，"), strings.Join(why.en, ", ")),
	}
	if t.Stands {
		f.Severity = RuleOf(StatementOnly).Severity
	}
	return f
}

// explained is what explains a difference, in words.
type explained struct{ zh, en []string }

func (e *explained) add(s Sum, zh, en string) {
	if s.Count > 0 {
		e.zh = append(e.zh, fmt.Sprintf("%s %d 笔 %s 元", zh, s.Count, s.Fen.Yuan()))
		e.en = append(e.en, fmt.Sprintf("%d %s (%s yuan)", s.Count, en, s.Fen.Yuan()))
	}
}

type settleDate struct {
	mid string
	day Day
}

// settleSums adds up bills by settle date.
type settleSums struct {
	set Settings
	of  map[settleDate]*SettleTotal
	tally
}

// family counts the blocks of a bill on the dates that are looked for.
func (s *settleSums) family(f Family) error {
	p := pair(f, s.set.Calendar)
	for i, l := range p.settled {
		if l.State != SettleCounted && l.State != SettleUndetermined {
			continue
		}
		s.block(l, p.lines[i], p.bad[i])
	}
	for _, l := range p.unnamed { // UMS names no date for them
		if t := s.of[settleDate{l.MID, l.SettleDay}]; t != nil {
			s.add(&t.BillRefunds, l.Amount)
		}
	}
	for _, l := range p.left {
		if t := s.of[settleDate{l.MID, l.SettleDay}]; t != nil {
			s.add(&t.Surplus, l.signed())
		}
	}
	return s.err
}

func (s *settleSums) block(l SettleLine, line *StatementLine, bad *BadRow) {
	elsewhere := line != nil && line.SettleDay != l.SettleDay
	if elsewhere {
		if t := s.of[settleDate{line.MID, line.SettleDay}]; t != nil {
			s.add(&t.Otherwhere, line.signed())
		}
	}
	t := s.of[settleDate{l.Key.MID, l.SettleDay}]
	if t == nil {
		return
	}
	amount := l.compared(s.set.AmountBasis)
	t.Doubt = t.Doubt || !amount.Known
	side, sign := &t.Bills, Fen(1)
	if l.Kind == Refund {
		side, sign = &t.BillRefunds, -1
	}
	s.add(side, amount.Fen)
	switch {
	case line == nil && bad != nil && l.Kind == Refund:
		s.add(&t.UnreadRefunds, amount.Fen)
	case line == nil && bad != nil:
		s.add(&t.Unread, amount.Fen)
	case line == nil:
		s.add(&t.Missing, sign*amount.Fen)
	case elsewhere:
		s.add(&t.Otherwhere, -sign*amount.Fen)
	case line.Amount != amount.Fen:
		s.add(&t.Differing, sign*(line.Amount-amount.Fen))
	}
}
