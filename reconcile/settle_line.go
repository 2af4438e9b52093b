package reconcile

import (
	"cmp"
	"slices"
	"time"
)

// SettleState is whether a settlement line counts.
type SettleState string

// Only counted lines enter a sum; every other state stands on a line of its own.
const (
	SettleCounted    SettleState = "counted"
	SettleUnverified SettleState = "unverified" // no trustworthy answer from UMS
	// SettleHeld is money frozen at the buyer, not receivable: a guarantee
	// that is not completed, or a pre-authorisation, whose completions count.
	SettleHeld SettleState = "held"
	// SettleUndetermined is money that moved at UMS by an amount that its
	// answers do not state.
	SettleUndetermined SettleState = "undetermined"
)

// SettleLine is one payment, refund or completion as UMS states it, whatever
// the ledger says. SettleLines makes them.
type SettleLine struct {
	Key       Key
	Kind      Kind // Refund with a payment's key: given back under an id that the ledger does not know
	State     SettleState
	LedgerDay Day
	PaidAt    time.Time // zero: not stated
	PayDay    Day       // business day of PaidAt
	SettleDay Day       // zero: UMS names none
	TargetSys string
	CardAttr  string
	Reference string // paySeqId of the block
	// MerOrderID is the block's own.
	MerOrderID string
	Secure     string // secureStatus

	BillTotal    Amount // before the alliance discount; what was completed of a guarantee or pre-authorisation
	PaymentTotal Amount // after it
	Coupon       Amount
	BuyerPay     Amount
	Refund       Amount
	// LeftOut is what a line that does not count is about: the frozen amount,
	// or the ledger's amount of an unverified order.
	LeftOut Amount
	// Stated is the line of the statement that settles it; nil: none was read.
	Stated *StatementLine
}

// SettleLines are the lines of one bill: its payment, then its refunds and
// completions, each from its own answer, with the line of the statement that
// settles it. What UMS says did not happen has no line.
func SettleLines(f Family, c Calendar) []SettleLine {
	p := pair(f, c)
	for i := range p.settled {
		p.settled[i].Stated = p.lines[i]
	}
	return p.settled
}

func settleLines(f Family, c Calendar) []SettleLine {
	var payment *SettleLine
	var flows, all []SettleLine
	preauth := false
	for _, s := range f.Subjects {
		kind := s.Order.Kind()
		preauth = preauth || kind == Completion
		l, ok := settleLine(s, c)
		switch {
		case !ok:
		case kind == Payment:
			payment = &l
		default:
			flows = append(flows, l)
		}
	}
	if payment == nil {
		return flows
	}
	if preauth && payment.State != SettleUnverified {
		payment.hold()
	}
	all = append(append(all, *payment), flows...)
	if rest, ok := unknownRefund(f, *payment, flows); ok {
		all = append(all, rest)
	}
	return all
}

// settleLine is what the answer to one order says; false: nothing moved.
func settleLine(s Subject, c Calendar) (SettleLine, bool) {
	o := s.Order
	l := SettleLine{Key: o.Key, Kind: o.Kind(), State: SettleCounted, LedgerDay: o.LedgerDay}
	if s.Answer == nil || !s.Answer.Trustworthy() {
		l.State, l.LeftOut = SettleUnverified, Some(o.Amount)
		return l, true
	}
	b := s.Answer.Bill
	flow := b.flow(l.Kind)
	moved := b.Paid()
	if l.Kind != Payment {
		moved = flow.progress(l.Kind) == done
	}
	if s.Answer.Outcome != Found || !moved {
		return l, false
	}
	l.PaidAt, l.PayDay, l.SettleDay = flow.PaidAt, c.BusinessDay(flow.PaidAt), flow.SettleDay
	l.TargetSys, l.CardAttr, l.Secure = cmp.Or(flow.TargetSys, b.Payment.TargetSys), b.CardAttr, b.SecureStatus
	l.Reference, l.MerOrderID = flow.PaySeqID, cmp.Or(flow.MerOrderID, o.MerOrderID)
	l.money(b, flow)
	return l, true
}

// money sets the amounts, and the state where they do not count.
func (l *SettleLine) money(b Bill, flow Flow) {
	switch l.Kind {
	case Refund:
		l.Refund = flow.Total
	case Completion:
		l.BillTotal, l.PaymentTotal, l.BuyerPay, l.Coupon = flow.Total, flow.Total, flow.BuyerPay, flow.Coupon
	default:
		l.BillTotal, l.PaymentTotal, l.BuyerPay, l.Coupon = b.Total, flow.Total, flow.BuyerPay, flow.Coupon
		l.guarantee(b)
	}
	if l.State == SettleCounted && !l.BillTotal.Known && !l.Refund.Known {
		l.State = SettleUndetermined
	}
}

// guarantee replaces the frozen amount of a guarantee by what was completed;
// the other amounts belong to the frozen one and fall away with it.
func (l *SettleLine) guarantee(b Bill) {
	switch l.Secure {
	case SecureUncompleted, SecureCanceled:
		l.hold()
	case SecurePartly, SecureAll:
		if b.Completed != b.Total {
			l.BillTotal, l.PaymentTotal, l.BuyerPay, l.Coupon = b.Completed, Amount{}, Amount{}, Amount{}
		}
	}
}

func (l *SettleLine) hold() {
	l.State, l.LeftOut = SettleHeld, l.BillTotal
	l.BillTotal, l.PaymentTotal, l.BuyerPay, l.Coupon = Amount{}, Amount{}, Amount{}, Amount{}
}

// unknownRefund is what UMS gave back under ids that the ledger does not know:
// the rest of a bill that it refunded in full, else an amount that no query tells.
func unknownRefund(f Family, payment SettleLine, flows []SettleLine) (SettleLine, bool) {
	i := slices.IndexFunc(f.Subjects, func(s Subject) bool { return s.Order.Kind() == Payment })
	if payment.State != SettleCounted || i < 0 {
		return SettleLine{}, false
	}
	b := f.Subjects[i].Answer.Bill
	rest, doubt := payment.BillTotal.Fen, false
	for _, l := range flows {
		rest -= l.Refund.Fen
		doubt = doubt || l.State != SettleCounted
	}
	l := payment
	l.Kind, l.SettleDay, l.LeftOut = Refund, 0, Amount{}
	l.BillTotal, l.PaymentTotal, l.BuyerPay, l.Coupon = Amount{}, Amount{}, Amount{}, Amount{}
	partly := b.Status == BillRefund || b.Payment.Status == FlowRefund
	switch {
	case doubt:
		return SettleLine{}, false
	case b.RefundedInFull() && rest > 0:
		l.Refund = Some(rest)
	case partly && rest == payment.BillTotal.Fen:
		l.State = SettleUndetermined
	default:
		return SettleLine{}, false
	}
	return l, true
}

// Month is the month whose report holds the line: of the settle date, else of
// the payment, else of the ledger day.
func (l SettleLine) Month() string {
	return cmp.Or(l.SettleDay, l.PayDay, l.LedgerDay).Month()
}

// Channel is the merchant and channel of a settlement figure on one settle
// date; the zero SettleDay is 未给清算日期.
type Channel struct {
	SettleDay Day
	MID       string
	TargetSys string
}

// Channel is where the line counts.
func (l SettleLine) Channel() Channel { return Channel{l.SettleDay, l.Key.MID, l.TargetSys} }
