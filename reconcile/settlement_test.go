package reconcile

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFeeRateOf(t *testing.T) {
	for _, c := range []struct {
		name string
		rate FeeRate
		base Fen
		want Fen
	}{
		{"nothing of nothing", FeeRate{RatePPM: 3800}, 0, 0},
		{"no rate", FeeRate{}, 1908, 0},
		{"7.2504 goes down", FeeRate{RatePPM: 3800}, 1908, 7},
		{"exactly half goes up", FeeRate{RatePPM: 5000}, 100, 1},
		{"1.5 goes up", FeeRate{RatePPM: 5000}, 300, 2},
		{"2.5 goes up, not to even", FeeRate{RatePPM: 5000}, 500, 3},
		{"just below half goes down", FeeRate{RatePPM: 4999}, 100, 0},
		{"below the cap", FeeRate{RatePPM: 6000, Cap: 2000}, 333_333, 2000},
		{"above the cap", FeeRate{RatePPM: 6000, Cap: 2000}, 9_999_999, 2000},
		{"one fen below the cap", FeeRate{RatePPM: 6000, Cap: 2000}, 333_200, 1999},
		{"the largest amount", FeeRate{RatePPM: 1_000_000}, MaxFen, MaxFen},
		{"no overflow on the way", FeeRate{RatePPM: 999_999}, math.MaxInt64, 9_223_362_813_482_738_952},
		{"a cap saves what would overflow", FeeRate{RatePPM: 1_500_000, Cap: 5}, math.MaxInt64, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.rate.Of(c.base)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestFeeRateOfRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		rate FeeRate
		base Fen
	}{
		"a negative base":            {FeeRate{RatePPM: 1}, -1},
		"a negative rate":            {FeeRate{RatePPM: -1}, 1},
		"a fee beyond int64":         {FeeRate{RatePPM: 1_500_000}, math.MaxInt64},
		"a fee beyond 128 bits over": {FeeRate{RatePPM: math.MaxInt64}, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.rate.Of(c.base)
			require.ErrorIs(t, err, ErrOverflow)
		})
	}
}

func TestTheMostSpecificRateApplies(t *testing.T) {
	terms := SettleTerms{Rates: []FeeRate{{RatePPM: 1}, {Card: "CREDIT_CARD", RatePPM: 2}, {TargetSys: "ACP", RatePPM: 3}, {TargetSys: "ACP", Card: "CREDIT_CARD", RatePPM: 4}}}
	for _, c := range []struct {
		target, card string
		want         int64
	}{
		{"WXPay", "", 1}, {"WXPay", "CREDIT_CARD", 2}, {"ACP", "DEBIT_CARD", 3}, {"acp", "credit_card", 4},
	} {
		require.Equal(t, c.want, terms.rate(c.target, c.card).RatePPM, "%s %s", c.target, c.card)
	}
	require.Nil(t, SettleTerms{Rates: []FeeRate{{TargetSys: "ACP"}}}.rate("WXPay", ""))
}

func TestSettleFigures(t *testing.T) {
	payment := SettleLine{Kind: Payment, State: SettleCounted, TargetSys: "WXPay", BillTotal: Some(10_000), PaymentTotal: Some(9_800), Coupon: Some(300), BuyerPay: Some(9_500)}
	refund := SettleLine{Kind: Refund, State: SettleCounted, TargetSys: "WXPay", Refund: Some(5_000)}
	rates := []FeeRate{{TargetSys: "WXPay", RatePPM: 6_000}}
	for _, c := range []struct {
		name    string
		terms   SettleTerms
		line    SettleLine
		fee     Amount
		net     Fen
		payable Fen
	}{
		{"net keeps the fee back", SettleTerms{Mode: SettleNet, Rates: rates}, payment, Some(60), 10_000, 9_940},
		{"full does not", SettleTerms{Mode: SettleFull, Rates: rates}, payment, Some(60), 10_000, 10_000},
		{"the merchant bears the coupon", SettleTerms{Mode: SettleNet, CouponFunder: FunderMerchant, Rates: rates}, payment, Some(60), 10_000, 9_640},
		{"the platform bears the coupon", SettleTerms{Mode: SettleNet, CouponFunder: FunderPlatform, Rates: rates}, payment, Some(60), 10_000, 9_940},
		{"the merchant bears the alliance discount", SettleTerms{Mode: SettleFull, AllianceFunder: FunderMerchant, Rates: rates}, payment, Some(60), 10_000, 9_800},
		{"the fee is of the payment total", SettleTerms{Mode: SettleNet, FeeBase: BasisPaymentTotal, Rates: rates}, payment, Some(59), 10_000, 9_941},
		{"the fee is of what the buyer paid", SettleTerms{Mode: SettleNet, FeeBase: BasisBuyerPay, Rates: rates}, payment, Some(57), 10_000, 9_943},
		{"no rate applies", SettleTerms{Mode: SettleNet}, payment, Amount{}, 10_000, 10_000},
		{"a refund returns no fee", SettleTerms{Mode: SettleNet, Rates: rates}, refund, Amount{}, -5_000, -5_000},
		{"a refund returns its fee", SettleTerms{Mode: SettleNet, RefundsReturnFees: true, Rates: rates}, refund, Some(-30), -5_000, -4_970},
		{"an unverified order counts nothing", SettleTerms{Mode: SettleNet, Rates: rates}, SettleLine{Kind: Payment, State: SettleUnverified, BillTotal: Some(1), LeftOut: Some(1)}, Amount{}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.terms.Figures(c.line)
			require.NoError(t, err)
			require.Equal(t, []any{c.fee, c.net, c.payable}, []any{got.Fee, got.Net, got.Payable})
		})
	}
}

func TestFeeBaseFallsBackToTheBillTotal(t *testing.T) {
	terms := SettleTerms{Mode: SettleNet, FeeBase: BasisBuyerPay, Rates: []FeeRate{{RatePPM: 10_000}}}
	got, err := terms.Figures(SettleLine{Kind: Payment, State: SettleCounted, BillTotal: Some(1_000)})
	require.NoError(t, err)
	require.Equal(t, Some(10), got.Fee)
	require.False(t, got.Alliance.Known, "no discount can be known without the payment total")
}

var settlePaidAt = time.Date(2026, time.November, 19, 23, 30, 0, 0, Beijing)

// settleSubject is an order of kind k whose bill UMS calls paid.
func settleSubject(k Kind, amount Fen, change func(*Order, *Answer)) Subject {
	flow := Flow{Present: true, Status: FlowSuccess, TargetSys: "WXPay", Total: Some(amount), PaidAt: settlePaidAt, SettleDay: DayOf(settlePaidAt) + 1}
	o := Order{Key: Key{BillKey: BillKey{MID: "898", BillNo: "B1"}}, LedgerDay: DayOf(settlePaidAt), Amount: amount}
	a := &Answer{Outcome: Found, Bill: Bill{Status: BillPaid, Total: Some(amount), Payment: flow}}
	switch k {
	case Refund:
		o.RefundID, a.Bill.Refund = "R1", flow
	case Completion:
		o.CompletionID, a.Bill.Completion = "C1", flow
	}
	if change != nil {
		change(&o, a)
	}
	return Subject{Order: o, Answer: a}
}

func TestSettleLines(t *testing.T) {
	type line struct {
		kind   Kind
		state  SettleState
		total  Amount
		refund Amount
		out    Amount
	}
	pay := func(change func(*Order, *Answer)) Subject { return settleSubject(Payment, 1_000, change) }
	secure := func(status string, completed Amount) Subject {
		return pay(func(_ *Order, a *Answer) { a.Bill.SecureStatus, a.Bill.Completed = status, completed })
	}
	refunded := func(bill, flow string) Subject {
		return pay(func(_ *Order, a *Answer) { a.Bill.Status, a.Bill.Payment.Status = bill, flow })
	}
	counted := line{Payment, SettleCounted, Some(1_000), Amount{}, Amount{}}
	for _, c := range []struct {
		name     string
		subjects []Subject
		want     []line
	}{
		{"a payment", []Subject{pay(nil)}, []line{counted}},
		{"unpaid", []Subject{pay(func(_ *Order, a *Answer) { a.Bill.Status = BillUnpaid })}, nil},
		{"paid without a payment block", []Subject{pay(func(_ *Order, a *Answer) { a.Bill.Payment = Flow{} })}, nil},
		{"no such bill", []Subject{pay(func(_ *Order, a *Answer) { *a = Answer{Outcome: NoOrder} })}, nil},
		{"the ledger says unpaid, UMS paid", []Subject{pay(func(o *Order, _ *Answer) { o.Status = Unpaid })}, []line{counted}},
		{"no trustworthy answer", []Subject{pay(func(_ *Order, a *Answer) { a.Outcome = QueryFailed })}, []line{{Payment, SettleUnverified, Amount{}, Amount{}, Some(1_000)}}},
		{"never asked", []Subject{{Order: pay(nil).Order}}, []line{{Payment, SettleUnverified, Amount{}, Amount{}, Some(1_000)}}},
		{"a guarantee not completed", []Subject{secure(SecureUncompleted, Amount{})}, []line{{Payment, SettleHeld, Amount{}, Amount{}, Some(1_000)}}},
		{"a guarantee cancelled", []Subject{secure(SecureCanceled, Amount{})}, []line{{Payment, SettleHeld, Amount{}, Amount{}, Some(1_000)}}},
		{"a guarantee partly completed", []Subject{secure(SecurePartly, Some(400))}, []line{{Payment, SettleCounted, Some(400), Amount{}, Amount{}}}},
		{"a guarantee completed", []Subject{secure(SecureAll, Some(1_000))}, []line{counted}},
		{"completed by an amount not stated", []Subject{secure(SecureAll, Amount{})}, []line{{Payment, SettleUndetermined, Amount{}, Amount{}, Amount{}}}},
		{"a pre-authorisation counts its completion", []Subject{pay(nil), settleSubject(Completion, 700, nil)},
			[]line{{Payment, SettleHeld, Amount{}, Amount{}, Some(1_000)}, {Completion, SettleCounted, Some(700), Amount{}, Amount{}}}},
		{"a completion that UMS does not show", []Subject{pay(nil), settleSubject(Completion, 700, func(_ *Order, a *Answer) { a.Bill.Completion = Flow{} })},
			[]line{{Payment, SettleHeld, Amount{}, Amount{}, Some(1_000)}}},
		{"a refund", []Subject{pay(nil), settleSubject(Refund, 300, nil)}, []line{counted, {Refund, SettleCounted, Amount{}, Some(300), Amount{}}}},
		{"a refund under way", []Subject{pay(nil), settleSubject(Refund, 300, func(_ *Order, a *Answer) { a.Bill.Refund.Status = "PROCESSING" })}, []line{counted}},
		{"a refund of unstated amount", []Subject{pay(nil), settleSubject(Refund, 300, func(_ *Order, a *Answer) { a.Bill.Refund.Total = Amount{} })},
			[]line{counted, {Refund, SettleUndetermined, Amount{}, Amount{}, Amount{}}}},
		{"refunded in full, no refund known", []Subject{refunded(BillRefund, FlowClosed)}, []line{counted, {Refund, SettleCounted, Amount{}, Some(1_000), Amount{}}}},
		{"refunded in full, half of it known", []Subject{refunded(BillClosed, FlowClosed), settleSubject(Refund, 400, nil)},
			[]line{counted, {Refund, SettleCounted, Amount{}, Some(400), Amount{}}, {Refund, SettleCounted, Amount{}, Some(600), Amount{}}}},
		{"refunded in full, all known", []Subject{refunded(BillRefund, FlowClosed), settleSubject(Refund, 1_000, nil)}, []line{counted, {Refund, SettleCounted, Amount{}, Some(1_000), Amount{}}}},
		{"refunded, nobody knows how much", []Subject{refunded(BillRefund, FlowRefund)}, []line{counted, {Refund, SettleUndetermined, Amount{}, Amount{}, Amount{}}}},
		{"refunded, the refund is unverified", []Subject{refunded(BillRefund, FlowClosed), settleSubject(Refund, 1_000, func(_ *Order, a *Answer) { a.Outcome = Malformed })},
			[]line{counted, {Refund, SettleUnverified, Amount{}, Amount{}, Some(1_000)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []line
			for _, l := range SettleLines(Family{Subjects: c.subjects}, Calendar{}) {
				got = append(got, line{l.Kind, l.State, l.BillTotal, l.Refund, l.LeftOut})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestSettleLineDays(t *testing.T) {
	day := DayOf(settlePaidAt)
	l := SettleLines(Family{Subjects: []Subject{settleSubject(Payment, 1_000, nil)}}, Calendar{Cutoff: 23 * time.Hour})[0]
	require.Equal(t, []Day{day, day + 1, day + 1}, []Day{l.LedgerDay, l.PayDay, l.SettleDay})
	f, err := SettleTerms{}.Figures(l)
	require.NoError(t, err)
	require.True(t, f.CrossDay, "paid behind the cut-off")
	l = SettleLines(Family{Subjects: []Subject{settleSubject(Payment, 1_000, nil)}}, Calendar{})[0]
	f, err = SettleTerms{}.Figures(l)
	require.NoError(t, err)
	require.False(t, f.CrossDay)
}

func TestSettleLineMonth(t *testing.T) {
	nov, dec := MakeDay(2026, time.November, 30), MakeDay(2026, time.December, 1)
	require.Equal(t, "2026-12", SettleLine{SettleDay: dec, PayDay: nov, LedgerDay: nov}.Month())
	require.Equal(t, "2026-11", SettleLine{PayDay: nov, LedgerDay: dec}.Month())
	require.Equal(t, "2026-12", SettleLine{LedgerDay: dec}.Month())
}

func TestSettlementChannelsAreSortedAndTheUndatedLast(t *testing.T) {
	s := NewSettlement(DefaultSettleTerms())
	for _, c := range []Channel{{0, "1", "A"}, {5, "2", "A"}, {5, "1", "B"}, {5, "1", "A"}, {4, "9", "Z"}} {
		_, err := s.Add(SettleLine{Key: Key{BillKey: BillKey{MID: c.MID}}, Kind: Payment, State: SettleCounted, SettleDay: c.SettleDay, TargetSys: c.TargetSys, BillTotal: Some(1)})
		require.NoError(t, err)
	}
	require.Equal(t, []Channel{{4, "9", "Z"}, {5, "1", "A"}, {5, "1", "B"}, {5, "2", "A"}, {0, "1", "A"}}, s.Channels())
}

func TestSettlementKeepsRefundsApart(t *testing.T) {
	s := NewSettlement(SettleTerms{Mode: SettleFull})
	for _, l := range SettleLines(Family{Subjects: []Subject{settleSubject(Payment, 1_000, nil), settleSubject(Refund, 300, nil)}}, Calendar{}) {
		_, err := s.Add(l)
		require.NoError(t, err)
	}
	total, err := s.Sum(func(Channel) bool { return true })
	require.NoError(t, err)
	require.Equal(t, []Sum{{1, 1_000}, {1, 300}, {2, 700}, {2, 700}}, []Sum{total.Payments, total.Refunds, total.Net, total.Payable})
	require.EqualValues(t, 1, total.Unpriced)
	none, err := s.Sum(func(c Channel) bool { return c.MID == "other" })
	require.NoError(t, err)
	require.Zero(t, none)
}

func TestSettlementOverflow(t *testing.T) {
	s := NewSettlement(SettleTerms{})
	line := SettleLine{Kind: Payment, State: SettleCounted, BillTotal: Some(math.MaxInt64)}
	_, err := s.Add(line)
	require.NoError(t, err)
	_, err = s.Add(line)
	require.ErrorIs(t, err, ErrOverflow)

	s = NewSettlement(SettleTerms{})
	for _, day := range []Day{1, 2} {
		line.SettleDay = day
		_, err = s.Add(line)
		require.NoError(t, err)
	}
	_, err = s.Sum(func(Channel) bool { return true })
	require.ErrorIs(t, err, ErrOverflow)
}

// Whatever the lines and their order, the parts sum to the whole, and left-out
// lines never enter it.
func TestSettlementPartsSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := SettleTerms{Mode: SettleNet, CouponFunder: FunderMerchant, Rates: []FeeRate{{RatePPM: rapid.Int64Range(0, 20_000).Draw(t, "ppm"), Cap: 500}}}
		lines := rapid.SliceOf(rapid.Custom(func(t *rapid.T) SettleLine {
			return SettleLine{
				Kind: Payment, State: rapid.SampledFrom([]SettleState{SettleCounted, SettleHeld}).Draw(t, "state"), SettleDay: Day(rapid.IntRange(0, 3).Draw(t, "day")),
				TargetSys: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "sys"), BillTotal: Some(Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "total"))), Coupon: Some(7),
			}
		})).Draw(t, "lines")
		forward, backward := NewSettlement(terms), NewSettlement(terms)
		var payable, paid Fen
		for i, l := range lines {
			f, err := forward.Add(l)
			require.NoError(t, err)
			payable += f.Payable
			paid += f.Payment.Fen
			_, err = backward.Add(lines[len(lines)-1-i])
			require.NoError(t, err)
		}
		all := func(Channel) bool { return true }
		total, err := forward.Sum(all)
		require.NoError(t, err)
		other, err := backward.Sum(all)
		require.NoError(t, err)
		require.Equal(t, total, other)
		require.Equal(t, []Fen{payable, paid}, []Fen{total.Payable.Fen, total.Payments.Fen})
		require.EqualValues(t, len(lines), total.Payments.Count+forward.LeftOut(SettleHeld, Payment).Count)
	})
}
