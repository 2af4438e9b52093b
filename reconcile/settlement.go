package reconcile

import (
	"cmp"
	"sort"
)

// SettleSum adds up lines. The counts of Alliance, Coupon and BuyerPay are of
// the lines that state the amount, that of Fee of those that a rate applies to.
type SettleSum struct {
	Payments, Alliance, Coupon, BuyerPay, Refunds, Fee, Net, Payable Sum
	StatedFee, StatedPayable                                         Sum // the part of Fee and Payable that statements state
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
	if f.Stated {
		t.addKnown(&s.StatedFee, f.Fee)
		t.add(&s.StatedPayable, f.Payable)
	}
	if f.CrossDay {
		s.CrossDay++
	}
	if f.Payment.Known && !f.Fee.Known {
		s.Unpriced++
	}
	return t.err
}

func (s *SettleSum) merge(o SettleSum) error {
	into := []*Sum{&s.Payments, &s.Alliance, &s.Coupon, &s.BuyerPay, &s.Refunds, &s.Fee, &s.Net, &s.Payable, &s.StatedFee, &s.StatedPayable}
	from := []Sum{o.Payments, o.Alliance, o.Coupon, o.BuyerPay, o.Refunds, o.Fee, o.Net, o.Payable, o.StatedFee, o.StatedPayable}
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
	var all []Channel
	for c := range s.channels {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		return cmp.Or(cmp.Compare(uint32(a.SettleDay-1), uint32(b.SettleDay-1)), cmp.Compare(a.MID, b.MID), cmp.Compare(a.TargetSys, b.TargetSys)) < 0
	})
	return all
}

// Of is what one channel holds.
func (s *Settlement) Of(c Channel) SettleSum {
	if sum := s.channels[c]; sum != nil {
		return *sum
	}
	return SettleSum{}
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
