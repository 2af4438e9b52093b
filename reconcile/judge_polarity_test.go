package reconcile

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func wanted(c Code) []Code {
	if c == "" {
		return nil
	}
	return []Code{c}
}

// polarity is one code in a scene in which it fires, and in one that comes
// close and does not.
type polarity struct {
	fires, close func(*scene)
	on           int // which subject
}

var polarities = map[Code]polarity{
	BillNotFound:       {fires: func(s *scene) { s.shows("NO_ORDER") }, close: func(s *scene) { s.pay.Order.Status = Unpaid; s.shows("NO_ORDER") }},
	NotSubmitted:       {fires: func(s *scene) { s.pay.Order.Status = Unpaid; s.shows("NO_ORDER") }, close: func(s *scene) { s.pay.Order.Status = Closed; s.shows("NO_ORDER") }},
	LedgerDuplicateRow: {fires: func(s *scene) { s.pay.Copies = 2 }, close: func(s *scene) { s.pay.Conflicting = true }},
	LedgerDuplicateKey: {fires: func(s *scene) { s.pay.Conflicting = true }, close: func(s *scene) { s.pay.Copies = 2 }},
	LedgerRowVanished:  {fires: func(s *scene) { s.pay.Vanished = true }, close: func(*scene) {}},
	LedgerChanged: {
		fires: func(s *scene) { s.pay.Pinned = &Pinned{Paid, 1907} },
		close: func(s *scene) { s.pay.Order.Status = PartRefunded; s.pay.Pinned = &Pinned{Paid, 1908} },
	},
	PaymentReferenceReused: {
		fires: func(s *scene) {
			s.pay.Clashes = []Clash{{Code: PaymentReferenceReused, Reference: "S1", Others: []Key{{}}}}
		},
		close: func(s *scene) { s.pay.Clashes = []Clash{{Code: DoublePayment, Reference: "S1", Others: []Key{{}}}} },
	},
	DoublePayment: {
		fires: func(s *scene) { s.pay.Clashes = []Clash{{Code: DoublePayment, Reference: "SO1", Others: []Key{{}}}} },
		close: func(s *scene) {
			s.pay.Clashes = []Clash{{Code: DoublePayment, Reference: "SO1", Others: []Key{{}}}}
			s.set.CheckDouble = false
		},
	},
	LedgerUnpaidBillPaid: {
		fires: func(s *scene) { s.pay.Order.Status = Unpaid; s.pay.SnapshotAt = at("10:00:00") },
		close: func(s *scene) { s.pay.Order.Status = Unpaid; s.pay.SnapshotAt = at("09:59:59") },
	},
	LedgerWaiting: {
		fires: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.pay.SnapshotAt = at("09:59:59")
			s.now = at("10:00:00").Add(24 * time.Hour)
		},
		close: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.pay.SnapshotAt = at("09:59:59")
			s.now = at("10:00:01").Add(24 * time.Hour)
		},
	},
	LedgerClosedBillPaid: {fires: func(s *scene) { s.pay.Order.Status = Closed }, close: func(s *scene) { s.pay.Order.Status = Closed; s.shows("REFUND in full") }},
	LedgerPaidBillUnpaid: {fires: func(s *scene) { s.shows("UNPAID") }, close: func(s *scene) { s.shows("CLOSED") }},
	LedgerPaidBillClosed: {fires: func(s *scene) { s.shows("CLOSED") }, close: func(s *scene) { s.shows("CLOSED with payment") }},
	LedgerOpenBillClosed: {fires: func(s *scene) { s.pay.Order.Status = Unpaid; s.shows("CLOSED") }, close: func(s *scene) { s.pay.Order.Status = Closed; s.shows("CLOSED") }},
	UnpaidWaiting: {
		fires: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.shows("UNPAID")
			s.now = at("09:59:00").Add(24 * time.Hour)
		},
		close: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.shows("UNPAID")
			s.now = at("09:59:01").Add(24 * time.Hour)
		},
	},
	StaleUnpaid: {
		fires: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.shows("UNPAID")
			s.bill().CreatedAt = time.Time{}
			s.now = thursday.End().Add(24*time.Hour + time.Second)
		},
		close: func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.shows("UNPAID")
			s.bill().CreatedAt = time.Time{}
			s.now = thursday.End().Add(24 * time.Hour)
		},
	},
	BillStatusUnknown:   {fires: func(s *scene) { s.shows("FROZEN") }, close: func(s *scene) { s.shows("CLOSED") }},
	BillStatusConflict:  {fires: func(s *scene) { s.flow().Status = FlowClosed }, close: func(s *scene) { s.flow().Status = FlowRefund }},
	BillStatusRegressed: {fires: func(s *scene) { s.pay.FirstPaidAt = at("10:00:00"); s.shows("UNPAID") }, close: func(s *scene) { s.pay.FirstPaidAt = at("10:00:00") }},

	AmountBillMore:        {fires: func(s *scene) { s.pay.Order.Amount = 1907 }, close: func(s *scene) { s.pay.Order.Amount = 1907; s.set.Tolerance = 1 }},
	AmountBillLess:        {fires: func(s *scene) { s.pay.Order.Amount = 1910; s.set.Tolerance = 1 }, close: func(s *scene) { s.pay.Order.Amount = 1909; s.set.Tolerance = 1 }},
	AmountWithinTolerance: {fires: func(s *scene) { s.pay.Order.Amount = 1909; s.set.Tolerance = 1 }, close: func(s *scene) { s.set.Tolerance = 1 }},
	AmountUnitSuspect:     {fires: func(s *scene) { s.pay.Order.Amount = 190800 }, close: func(s *scene) { s.pay.Order.Amount = 190801 }},
	AmountBasisMismatch:   {fires: func(s *scene) { s.pay.Order.Amount = 1800 }, close: func(s *scene) { s.pay.Order.Amount = 108 }},
	BuyerPayMismatch:      {fires: func(s *scene) { s.pay.Order.BuyerPay = Some(1801) }, close: func(s *scene) { s.pay.Order.BuyerPay = Some(1800) }},
	CouponMismatch:        {fires: func(s *scene) { s.pay.Order.Coupon = Some(0) }, close: func(s *scene) { s.pay.Order.Coupon = Amount{} }},
	FieldNotCompared:      {fires: func(s *scene) { s.pay.Order.Coupon = Some(108); s.flow().Coupon = Amount{} }, close: func(s *scene) { s.flow().Coupon = Amount{} }},
	AmountIdentity: {
		fires: func(s *scene) { s.set.CheckIdentity = true; s.flow().Coupon = Some(107) },
		close: func(s *scene) { s.flow().Coupon = Some(107) },
	},

	RefundNotInLedger: {fires: func(s *scene) { s.shows("REFUND") }, close: func(s *scene) { s.shows("REFUND"); s.refund(Success, "SUCCESS") }},
	RefundNotAtUMS: {
		fires: func(s *scene) {
			s.refund(Success, "", func(r *Subject) { r.Order.PaidAt = s.now.Add(-72*time.Hour - time.Second) })
		},
		close: func(s *scene) {
			s.refund(Success, "", func(r *Subject) { r.Order.PaidAt = s.now.Add(-72 * time.Hour) })
		}, on: 1,
	},
	RefundFailedAtUMS: {fires: func(s *scene) { s.refund(Processing, "FAIL") }, close: func(s *scene) { s.refund(Failed, "FAIL") }, on: 1},
	RefundWaiting: {
		fires: func(s *scene) { s.refund(Processing, "PROCESSING"); s.now = at("13:00:00").Add(72 * time.Hour) },
		close: func(s *scene) { s.refund(Processing, "PROCESSING"); s.now = at("13:00:01").Add(72 * time.Hour) }, on: 1,
	},
	RefundStuck: {
		fires: func(s *scene) { s.refund(Processing, "PROCESSING"); s.now = at("13:00:01").Add(72 * time.Hour) },
		close: func(s *scene) { s.refund(Processing, "PROCESSING"); s.now = at("13:00:00").Add(72 * time.Hour) }, on: 1,
	},
	RefundAmountMismatch: {
		fires: func(s *scene) { s.refund(Success, "SUCCESS").Order.Amount = 901 },
		close: func(s *scene) { s.refund(Success, "PROCESSING").Order.Amount = 901 }, on: 1,
	},
	RefundIncomplete: {
		fires: func(s *scene) { s.pay.Order.Status = Refunded; s.shows("REFUND"); s.refund(Success, "SUCCESS") },
		close: func(s *scene) { s.pay.Order.Status = PartRefunded; s.shows("REFUND"); s.refund(Success, "SUCCESS") },
	},
	RefundExceedsPayment: {
		fires: func(s *scene) {
			s.shows("REFUND")
			s.refund(Success, "SUCCESS")
			s.refund(Success, "SUCCESS")
			s.refund(Success, "SUCCESS")
		},
		close: func(s *scene) {
			s.shows("REFUND")
			s.refund(Success, "SUCCESS")
			s.refund(Success, "SUCCESS")
			s.refund(Processing, "PROCESSING")
		},
	},
	RefundUndetermined: {
		fires: func(s *scene) { s.pay.Order.Status = Refunded; s.shows("REFUND in full") },
		close: func(s *scene) { s.pay.Order.Status = PartRefunded; s.shows("REFUND"); s.refund(Success, "SUCCESS") },
	},
	CompletionNotAtUMS:    {fires: func(s *scene) { s.completion(Success, "") }, close: func(s *scene) { s.completion(Failed, "") }, on: 1},
	CompletionWaiting:     {fires: func(s *scene) { s.completion(Processing, "") }, close: func(s *scene) { s.completion(Success, "") }, on: 1},
	CompletionStuck:       {fires: func(s *scene) { s.completion(Processing, ""); s.now = at("13:00:01").Add(72 * time.Hour) }, close: func(s *scene) { s.completion(Processing, "") }, on: 1},
	CompletionFailedAtUMS: {fires: func(s *scene) { s.completion(Processing, FlowClosed) }, close: func(s *scene) { s.completion(Failed, FlowClosed) }, on: 1},
	CompletionNotInLedger: {fires: func(s *scene) { s.completion(Failed, "SUCCESS") }, close: func(s *scene) { s.completion(Success, "SUCCESS") }, on: 1},
	CompletionAmountMismatch: {
		fires: func(s *scene) { s.completion(Success, "SUCCESS").Order.Amount = 899 },
		close: func(s *scene) { s.completion(Success, "SUCCESS") }, on: 1,
	},
	SecuredFundsHeld: {fires: func(s *scene) { s.bill().SecureStatus = SecureUncompleted }, close: func(s *scene) { s.bill().SecureStatus = SecureCanceled }},

	SettleWaiting: {
		// Thursday, two working days: Friday and Monday.
		fires: func(s *scene) { s.flow().SettleDay = 0; s.now = (thursday + 4).End().Add(-time.Second) },
		close: func(s *scene) { s.now = s.flow().SettleDay.Start() },
	},
	SettleOverdue: {
		fires: func(s *scene) { s.flow().SettleDay = 0; s.now = (thursday + 4).End() },
		close: func(s *scene) { s.flow().SettleDay = 0; s.now = (thursday + 4).End().Add(-time.Second) },
	},
	SettleDateMismatch: {fires: func(s *scene) { s.pay.Order.SettleDay = thursday }, close: func(s *scene) { s.pay.Order.SettleDay = thursday + 1 }},
	SettleDateChanged:  {fires: func(s *scene) { s.pay.FirstSettleDay = thursday }, close: func(s *scene) { s.pay.FirstSettleDay = thursday + 1 }},
	SettleBeforePay:    {fires: func(s *scene) { s.flow().SettleDay = thursday - 1 }, close: func(s *scene) { s.flow().SettleDay = thursday }},
	CrossDay: {
		fires: func(s *scene) {
			s.set.Calendar.Cutoff = 22*time.Hour + 58*time.Minute
			s.flow().PaidAt = at("22:58:00")
		},
		close: func(s *scene) {
			s.set.Calendar.Cutoff = 22*time.Hour + 58*time.Minute
			s.flow().PaidAt = at("22:57:59")
		},
	},

	NotQueriedCode:      {fires: func(s *scene) { s.pay.Answer = nil }, close: func(s *scene) { s.shows("NO_ORDER") }},
	QueryFailedCode:     {fires: func(s *scene) { s.pay.Answer.Outcome = QueryFailed }, close: func(s *scene) { s.pay.Answer.Outcome = NotQueried }},
	QueryRejected:       {fires: func(s *scene) { s.pay.Answer.Outcome = Rejected }, close: func(s *scene) { s.pay.Answer.Outcome = InProcess }},
	ResponseMalformed:   {fires: func(s *scene) { s.set.AmountBasis = BasisBuyerPay; s.flow().BuyerPay = Amount{} }, close: func(s *scene) { s.flow().BuyerPay = Amount{} }},
	ResponseKeyMismatch: {fires: func(s *scene) { s.pay.Answer.Outcome = WrongKey }, close: func(s *scene) { s.pay.Answer.Outcome = Malformed }},
}

// Codes of ledger rows and of notices are found where there is no order to judge.
var beforeTheJudge = []Code{LedgerRowInvalid, LedgerKeyDamaged, LedgerNotFound, NoticeUnverified, SettleTotalMismatch}

func TestEveryCodeFiresAndDoesNot(t *testing.T) {
	for _, rule := range Rules {
		if slices.Contains(beforeTheJudge, rule.Code) {
			continue
		}
		p, ok := polarities[rule.Code]
		require.True(t, ok, "%s has no scene", rule.Code)
		t.Run(string(rule.Code), func(t *testing.T) {
			s := agreed19()
			p.fires(s)
			v := s.judge()[p.on]
			require.Contains(t, codes(v), rule.Code)
			f := v.Findings[slices.Index(codes(v), rule.Code)]
			require.NotEmpty(t, f.Reason.ZH)
			require.NotEmpty(t, f.Reason.EN)
			require.NotContains(t, f.Reason.ZH+f.Reason.EN, "%!")
			require.NotEmpty(t, f.Basis)
			s = agreed19()
			p.close(s)
			require.NotContains(t, codes(s.judge()[p.on]), rule.Code)
		})
	}
}
