package reconcile

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
)

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
// fee, so what follows from the rates is an estimate; a statement states it.
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
	Fee      Amount // negative where a refund returns it; absent: no rate applies
	Net      Fen    // payment − refund
	Payable  Fen    // 应结
	Stated   bool   // Fee is the statement's, and Payable its net amount where it has one; else they are estimates
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
	f.state(l.Stated)
	if t.Mode == SettleNet {
		f.Payable -= f.Fee.Fen
	}
	if f.Stated && l.Stated.Net.Known {
		f.Payable = l.Stated.Net.Fen
	}
	return f, err
}

// state puts the fee of a statement in the place of an estimate.
func (f *SettleFigures) state(l *StatementLine) {
	switch {
	case l == nil:
	case l.Fee.Known:
		f.Fee, f.Stated = l.Fee, true
	case l.Net.Known:
		f.Fee, f.Stated = Some(l.signed()-l.Net.Fen), true
	}
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
