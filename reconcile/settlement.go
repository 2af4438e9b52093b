package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
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
	Secure    string // secureStatus

	BillTotal    Amount // before the alliance discount; what was completed of a guarantee or pre-authorisation
	PaymentTotal Amount // after it
	Coupon       Amount
	BuyerPay     Amount
	Refund       Amount
	// LeftOut is what a line that does not count is about: the frozen amount,
	// or the ledger's amount of an unverified order.
	LeftOut Amount
}

// SettleLines are the lines of one bill: its payment, then its refunds and
// completions, each from its own answer. What UMS says did not happen has no line.
func SettleLines(f Family, c Calendar) []SettleLine {
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

// SettleMode is how UMS pays out.
type SettleMode string

// Net settlement keeps the fee back; full settlement bills it apart.
const (
	SettleNet  SettleMode = "net"
	SettleFull SettleMode = "full"
)

// Funder is who bears a discount.
type Funder string

// The funders.
const (
	FunderPlatform Funder = "platform"
	FunderMerchant Funder = "merchant"
)

// FeeRate is the price of one channel and card kind.
type FeeRate struct {
	TargetSys string // empty: any
	Card      string // cardAttr; empty: any
	RatePPM   int64  // millionths of the base: 3800 is 0.38 %
	Cap       Fen    // of one transaction; 0: none
}

// SettleTerms is what the merchant agreed with UMS. bills/query states no
// fee, so what follows from the rates is an estimate.
type SettleTerms struct {
	Mode           SettleMode
	CouponFunder   Funder // of couponAmount
	AllianceFunder Funder // of bill total − payment total
	// FeeBase is the amount the rate applies to; where UMS does not state it,
	// the bill total.
	FeeBase           Basis
	RefundsReturnFees bool
	Rates             []FeeRate // the most specific one applies, a channel before a card kind
}

// DefaultSettleTerms are the terms where the configuration is silent.
func DefaultSettleTerms() SettleTerms {
	return SettleTerms{Mode: SettleNet, CouponFunder: FunderPlatform, AllianceFunder: FunderPlatform, FeeBase: BasisBillTotal}
}

// rate is the most specific rate for a channel and card; nil: none applies.
func (t SettleTerms) rate(targetSys, card string) *FeeRate {
	best, specific := (*FeeRate)(nil), -1
	for i, r := range t.Rates {
		score := 0
		if r.TargetSys != "" {
			score += 2
		}
		if r.Card != "" {
			score++
		}
		fits := (r.TargetSys == "" || strings.EqualFold(r.TargetSys, targetSys)) && (r.Card == "" || strings.EqualFold(r.Card, card))
		if fits && score > specific {
			best, specific = &t.Rates[i], score
		}
	}
	return best
}

// Of is the fee of one transaction: base × rate rounded half up to the fen,
// at most the cap. ErrOverflow also for a negative base or rate.
func (r FeeRate) Of(base Fen) (Fen, error) {
	if base < 0 || r.RatePPM < 0 {
		return 0, fmt.Errorf("fee of %d ppm on %s yuan: %w", r.RatePPM, base.Yuan(), ErrOverflow)
	}
	const million = 1_000_000
	hi, lo := bits.Mul64(uint64(base), uint64(r.RatePPM))
	lo, carry := bits.Add64(lo, million/2, 0)
	if hi += carry; hi >= million {
		return 0, fmt.Errorf("fee of %d ppm on %s yuan: %w", r.RatePPM, base.Yuan(), ErrOverflow)
	}
	fee, _ := bits.Div64(hi, lo, million)
	if r.Cap > 0 && fee > uint64(r.Cap) {
		return r.Cap, nil
	}
	if fee > math.MaxInt64 {
		return 0, fmt.Errorf("fee of %d ppm on %s yuan: %w", r.RatePPM, base.Yuan(), ErrOverflow)
	}
	return Fen(fee), nil
}

// SettleFigures is what a counted line adds to the columns of the report; all
// zero for a line that does not count. Payment and Refund exclude each other.
type SettleFigures struct {
	Payment  Amount // bill total, or what was completed
	Alliance Amount // bill total − payment total
	Coupon   Amount
	BuyerPay Amount
	Refund   Amount
	Fee      Amount // estimated; negative where a refund returns it; absent: no rate applies
	Net      Fen    // payment − refund
	Payable  Fen    // 应结
	CrossDay bool   // the ledger day is not the business day of the payment
}

// Figures prices one line.
func (t SettleTerms) Figures(l SettleLine) (SettleFigures, error) {
	var f SettleFigures
	if l.State != SettleCounted {
		return f, nil
	}
	f.CrossDay = l.PayDay != 0 && l.LedgerDay != 0 && l.PayDay != l.LedgerDay
	var err error
	if l.Kind == Refund {
		f.Refund = l.Refund
		f.Net = -l.Refund.Fen
		f.Payable = f.Net
		if t.RefundsReturnFees {
			f.Fee, err = t.fee(l, l.Refund.Fen)
			f.Fee.Fen = -f.Fee.Fen
		}
	} else {
		f.Payment, f.Coupon, f.BuyerPay = l.BillTotal, l.Coupon, l.BuyerPay
		f.Alliance = l.BillTotal.Minus(l.PaymentTotal)
		f.Net = f.Payment.Fen
		f.Payable = f.Net - t.merchantFunded(f)
		f.Fee, err = t.fee(l, t.feeBase(l))
	}
	if t.Mode == SettleNet {
		f.Payable -= f.Fee.Fen
	}
	return f, err
}

func (t SettleTerms) merchantFunded(f SettleFigures) (sum Fen) {
	if t.CouponFunder == FunderMerchant {
		sum += f.Coupon.Fen
	}
	if t.AllianceFunder == FunderMerchant {
		sum += f.Alliance.Fen
	}
	return sum
}

func (t SettleTerms) feeBase(l SettleLine) Fen {
	stated := map[Basis]Amount{BasisPaymentTotal: l.PaymentTotal, BasisBuyerPay: l.BuyerPay}[t.FeeBase]
	if stated.Known {
		return stated.Fen
	}
	return l.BillTotal.Fen
}

func (t SettleTerms) fee(l SettleLine, base Fen) (Amount, error) {
	r := t.rate(l.TargetSys, l.CardAttr)
	if r == nil {
		return Amount{}, nil
	}
	fee, err := r.Of(base)
	return Some(fee), err
}

// SettleSum adds up lines. The counts of Alliance, Coupon and BuyerPay are of
// the lines that state the amount, that of Fee of those that a rate applies to.
type SettleSum struct {
	Payments, Alliance, Coupon, BuyerPay, Refunds, Fee, Net, Payable Sum
	CrossDay                                                         int64
	Unpriced                                                         int64 // payments to which no rate applies
}

func (s *SettleSum) add(f SettleFigures) error {
	t := tally{}
	t.addKnown(&s.Payments, f.Payment)
	t.addKnown(&s.Alliance, f.Alliance)
	t.addKnown(&s.Coupon, f.Coupon)
	t.addKnown(&s.BuyerPay, f.BuyerPay)
	t.addKnown(&s.Refunds, f.Refund)
	t.addKnown(&s.Fee, f.Fee)
	t.add(&s.Net, f.Net)
	t.add(&s.Payable, f.Payable)
	if f.CrossDay {
		s.CrossDay++
	}
	if f.Payment.Known && !f.Fee.Known {
		s.Unpriced++
	}
	return t.err
}

func (s *SettleSum) merge(o SettleSum) error {
	into := []*Sum{&s.Payments, &s.Alliance, &s.Coupon, &s.BuyerPay, &s.Refunds, &s.Fee, &s.Net, &s.Payable}
	from := []Sum{o.Payments, o.Alliance, o.Coupon, o.BuyerPay, o.Refunds, o.Fee, o.Net, o.Payable}
	for i, f := range from {
		total, err := into[i].Fen.Add(f.Fen)
		if err != nil {
			return err
		}
		into[i].Count, into[i].Fen = into[i].Count+f.Count, total
	}
	s.CrossDay += o.CrossDay
	s.Unpriced += o.Unpriced
	return nil
}

// Settlement adds lines up by settle date, merchant and channel. Make one
// with NewSettlement; it is not for concurrent use.
type Settlement struct {
	terms    SettleTerms
	channels map[Channel]*SettleSum
	leftOut  map[SettleState]map[Kind]Sum
}

// NewSettlement is an empty settlement under the terms.
func NewSettlement(t SettleTerms) *Settlement {
	return &Settlement{terms: t, channels: map[Channel]*SettleSum{}, leftOut: map[SettleState]map[Kind]Sum{}}
}

// Add counts one line and returns what it added. ErrOverflow spoils the settlement.
func (s *Settlement) Add(l SettleLine) (SettleFigures, error) {
	f, err := s.terms.Figures(l)
	if err != nil {
		return f, err
	}
	if l.State != SettleCounted {
		if s.leftOut[l.State] == nil {
			s.leftOut[l.State] = map[Kind]Sum{}
		}
		t := tally{}
		addTo(&t, s.leftOut[l.State], l.Kind, l.LeftOut.Fen)
		return f, t.err
	}
	sum := s.channels[l.Channel()]
	if sum == nil {
		sum = &SettleSum{}
		s.channels[l.Channel()] = sum
	}
	return f, sum.add(f)
}

// Channels lists what holds figures: by settle date, those without one last,
// then by merchant and channel.
func (s *Settlement) Channels() []Channel {
	return slices.SortedFunc(maps.Keys(s.channels), func(a, b Channel) int {
		return cmp.Or(cmp.Compare(uint32(a.SettleDay-1), uint32(b.SettleDay-1)), cmp.Compare(a.MID, b.MID), cmp.Compare(a.TargetSys, b.TargetSys))
	})
}

// Sum adds up the channels that fit; ErrOverflow.
func (s *Settlement) Sum(fits func(Channel) bool) (total SettleSum, err error) {
	for c, sum := range s.channels {
		if !fits(c) {
			continue
		}
		if err := total.merge(*sum); err != nil {
			return total, err
		}
	}
	return total, nil
}

// LeftOut counts the lines of a state other than counted, by kind.
func (s *Settlement) LeftOut(state SettleState, k Kind) Sum { return s.leftOut[state][k] }
