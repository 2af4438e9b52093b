package reconcile

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGroundsOfClearing: a case clears on its own ground, and not because the
// condition can no longer be seen.
func TestGroundsOfClearing(t *testing.T) {
	held := func(s *scene) { s.pay.Conflicting = true }
	for code, c := range map[Code]map[State]func(*scene){
		DoublePayment: {
			StateCleared: func(s *scene) {
				s.pay.Clashes = []Clash{{Code: DoublePayment, Reference: "SO1", Others: []Key{{}}, Over: true}}
			},
			StateOpen: func(s *scene) { s.pay.Order.OrderNo = "" },
		},
		BillStatusUnknown:  {StateCleared: func(*scene) {}, StateOpen: func(s *scene) { held(s); s.shows("FROZEN") }},
		BillStatusConflict: {StateCleared: func(*scene) {}, StateOpen: func(s *scene) { s.shows("NO_ORDER") }},
		SettleDateMismatch: {
			StateCleared: func(s *scene) { s.pay.Order.SettleDay = thursday + 1 },
			StateOpen:    func(s *scene) { s.pay.Order.SettleDay = thursday; s.flow().SettleDay = 0 },
		},
		SettleBeforePay:  {StateCleared: func(*scene) {}, StateOpen: func(s *scene) { s.flow().SettleDay = 0 }},
		BuyerPayMismatch: {StateCleared: func(*scene) {}, StateOpen: func(s *scene) { s.pay.Order.BuyerPay = Some(1801); s.flow().BuyerPay = Amount{} }},
		CouponMismatch:   {StateCleared: func(*scene) {}, StateOpen: func(s *scene) { s.pay.Order.Coupon = Some(0); s.flow().Coupon = Amount{} }},
		RefundIncomplete: {
			StateCleared: func(s *scene) {
				s.pay.Order.Status = Refunded
				s.shows("REFUND in full")
				s.refund(Success, "SUCCESS")
				s.refund(Success, "SUCCESS", func(r *Subject) { r.Order.Amount, r.Answer.Bill.Refund.Total = 1008, Some(1008) })
			},
			StateOpen: func(s *scene) { held(s); s.pay.Order.Status = PartRefunded; s.refund(Success, "SUCCESS") },
		},
		RefundNotAtUMS: {
			StateCleared: func(s *scene) { s.refund(Success, "SUCCESS") },
			StateOpen:    func(s *scene) { s.refund(Failed, "") },
		},
		CompletionNotAtUMS: {
			StateCleared: func(s *scene) { s.completion(Success, "SUCCESS") },
			StateOpen:    func(s *scene) { s.completion(Failed, "") },
		},
		StatementMissing: {
			StateCleared: func(s *scene) { s.stated() },
			StateOpen:    func(s *scene) { s.stated(func(l *StatementLine) { l.Amount = 1907 }) },
		},
		StatementOnly: {
			StateCleared: func(s *scene) { s.stated() },
			StateOpen:    func(s *scene) { s.stated(); s.stated(); s.set.Statements = false },
		},
		StatementAmountMismatch: {
			StateCleared: func(s *scene) { s.stated() },
			StateOpen:    func(s *scene) { s.stated(); s.lines = nil },
		},
		FeeMismatch: {
			StateCleared: func(s *scene) { s.stated() },
			StateOpen:    func(s *scene) { s.stated(func(l *StatementLine) { l.Fee = Amount{} }) },
		},
		RefundAmountMismatch: {
			StateCleared: func(s *scene) { s.refund(Success, "SUCCESS") },
			StateOpen:    func(s *scene) { s.refund(Processing, "PROCESSING") },
		},
		RefundFailedAtUMS: {
			StateCleared: func(s *scene) { s.refund(Failed, "FAIL") },
			StateOpen:    func(s *scene) { s.refund(Success, "PROCESSING") },
		},
	} {
		t.Run(string(code), func(t *testing.T) {
			s := agreed19()
			p := polarities[code]
			p.fires(s)
			v := s.judge()[p.on]
			f := v.Findings[slices.Index(codes(v), code)]
			before, _, _ := Observe(nil, Sighting{Finding: &f, Verdict: v, Order: s.pay.Order, Today: thursday + 1})
			for state, put := range c {
				s := agreed19()
				put(s)
				v := s.judge()[p.on]
				require.NotContains(t, codes(v), code)
				now, _, _ := Observe(&before, Sighting{Verdict: v, Order: s.pay.Order, Today: thursday + 2})
				require.Equal(t, state, now.State)
			}
		})
	}
}

// A finding about the ledger alone rests on the ledger alone: what UMS says
// next does not undo what a person decided about it.
func TestLedgerFindingsRestOnTheLedger(t *testing.T) {
	basis := func(column string) string {
		s := agreed19()
		s.pay.Conflicting = true
		s.shows(column)
		v := s.judge()[0]
		return v.Findings[slices.Index(codes(v), LedgerDuplicateKey)].Basis
	}
	require.Equal(t, basis("PAID"), basis("UNPAID"))
}

// A closed bill that states no amount is compared with nothing.
func TestClosedBillWithoutAmounts(t *testing.T) {
	s := agreed19()
	s.set.AmountBasis = BasisPaymentTotal
	s.shows("CLOSED with payment")
	s.bill().Total = Amount{}
	v := s.judge()[0]
	require.Equal(t, []Code{RefundNotInLedger}, codes(v))
	require.Equal(t, Fen(1908), v.UMS)
}
