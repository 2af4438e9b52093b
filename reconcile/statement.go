package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// StatementLine is one line of a statement (对账明细): the merchant portal's
// export of what UMS settles, payments and refunds, with its fee.
type StatementLine struct {
	MID, TID   string
	Kind       Kind   // Payment (a completion, too) or Refund
	Reference  string // 参考号: paySeqId of bills/query; one of the two may be empty
	MerOrderID string
	Amount     Fen    // positive, of a refund, too
	Fee        Amount // that UMS keeps; negative: that it gives back
	Net        Amount // that UMS pays out; negative: that it takes back
	SettleDay  Day
	PaidAt     time.Time // zero: not stated
	Source     Source
}

// StatementCover is what is known of the statement of a settle date.
type StatementCover struct {
	Day     Day
	File    string
	Invalid int64 // lines of it that were not understood
}

// name is what tells a line from others, whatever its fee.
func (l StatementLine) name() []string {
	return []string{l.MID, l.Reference, l.MerOrderID, string(l.Kind), l.Amount.Yuan(), l.SettleDay.String(), stampOrNone(l.PaidAt)}
}

func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// StatementCaseID is the stable id of the case of a line that belongs to no
// order: by what it says, not by where it stands.
func (l StatementLine) StatementCaseID() string {
	return caseID(append(append([]string{"statement"}, l.name()...), string(StatementOnly))...)
}

// settleTotalID is the stable id of the case of a merchant's settle date.
func settleTotalID(mid string, day Day) string {
	return caseID("settle total", mid, day.String(), string(SettleTotalMismatch))
}

// basis is what the line says, as the facts of a finding.
func (l StatementLine) basis() string {
	return fmt.Sprintf("%s %s %s %s %s %s %s", l.Reference, l.MerOrderID, l.Kind, l.Amount.Yuan(), l.Fee.Yuan(), l.Net.Yuan(), l.SettleDay)
}

// place is where the line stands.
func (l StatementLine) place() string { return fmt.Sprintf("%s:%d", l.Source.File, l.Source.Line) }

// number is what people look the line up by.
func (l StatementLine) number() string { return cmp.Or(l.Reference, l.MerOrderID) }

// signed is the amount as it moves the merchant's balance.
func (l StatementLine) signed() Fen {
	if l.Kind == Refund {
		return -l.Amount
	}
	return l.Amount
}

// paired are the settlement lines of a bill with the line of a statement that
// each has; the rest of those lines belong to no block of the bill.
type paired struct {
	settled []SettleLine
	lines   []*StatementLine // of each settled; nil: none
	unnamed []StatementLine  // refunds under ids that the ledger does not know
	left    []StatementLine
}

// pair gives each settlement line of a bill at most one line of a statement,
// and each of those to one settlement line at most: by reference, then by
// merchant order number, told apart by kind and amount.
func pair(f Family, c Calendar) paired {
	p := paired{settled: settleLines(f, c)}
	p.lines = make([]*StatementLine, len(p.settled))
	lines := slices.SortedStableFunc(slices.Values(f.Statement), compareLines)
	type match struct{ line, block, score int }
	var matches []match
	for i, l := range lines {
		for j, s := range p.settled {
			if score := l.fits(s); score > 0 {
				matches = append(matches, match{i, j, score})
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(b.score, a.score) })
	taken := make([]bool, len(lines))
	for _, m := range matches {
		if !taken[m.line] && p.lines[m.block] == nil {
			taken[m.line], p.lines[m.block] = true, &lines[m.line]
		}
	}
	for i, l := range lines {
		if !taken[i] {
			p.left = append(p.left, l)
		}
	}
	p.absorb()
	return p
}

func compareLines(a, b StatementLine) int {
	return cmp.Or(slices.Compare(a.name(), b.name()), cmp.Compare(a.basis(), b.basis()), cmp.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line))
}

// fits is how well a line fits a settlement line; 0: not at all.
func (l StatementLine) fits(s SettleLine) int {
	if (l.Kind == Refund) != (s.Kind == Refund) || s.unnamed() || s.State != SettleCounted && s.State != SettleUndetermined {
		return 0
	}
	score := 1
	switch {
	case l.Reference != "" && l.Reference == s.Reference:
		score += 8
	case l.MerOrderID != "" && (l.MerOrderID == s.MerOrderID || l.MerOrderID == s.Key.RefundID || l.MerOrderID == s.Key.CompletionID):
		score += 4
	}
	if l.Amount == s.amount().Fen {
		score += 2
	}
	if l.SettleDay == s.SettleDay {
		score++
	}
	return score
}

// absorb takes the refunds that UMS made under ids that the ledger does not
// know out of what is left: as many as it gave back.
func (p *paired) absorb() {
	i := slices.IndexFunc(p.settled, SettleLine.unnamed)
	if i < 0 {
		return
	}
	rest := p.settled[i].Refund
	p.left = slices.DeleteFunc(p.left, func(l StatementLine) bool {
		if l.Kind != Refund || rest.Known && l.Amount > rest.Fen {
			return false
		}
		rest.Fen -= l.Amount
		p.unnamed = append(p.unnamed, l)
		return true
	})
}

// unnamed: a refund under an id that the ledger does not know.
func (l SettleLine) unnamed() bool { return l.Kind == Refund && l.Key.Kind() == Payment }

// amount is the line's own: of a refund what went back, else the bill total.
func (l SettleLine) amount() Amount {
	if l.Kind == Refund {
		return l.Refund
	}
	return l.BillTotal
}

// compared is the amount that a statement's is held against.
func (l SettleLine) compared(b Basis) Amount {
	if l.Kind != Refund && b == BasisPaymentTotal && l.PaymentTotal.Known {
		return l.PaymentTotal
	}
	return l.amount()
}

// cover is the statement of a settle date; nil: none was read.
func (f Family) cover(day Day) *StatementCover {
	if i := slices.IndexFunc(f.Covers, func(c StatementCover) bool { return c.Day == day }); i >= 0 {
		return &f.Covers[i]
	}
	return nil
}
