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

// LineNames are what could be read of a line that is not understood as a whole;
// empty: it could not.
type LineNames struct {
	MID                   string
	Kind                  Kind
	Reference, MerOrderID string
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
