package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	thursday = MakeDay(2026, time.November, 19)
	nightly  = thursday.End().Add(150 * time.Minute) // 2026-11-20 02:30
)

// scene is one bill before the judge: its payment row, the rows beside it, and
// the answer. scenes start in agreement; a case spoils one thing.
type scene struct {
	set  Settings
	now  time.Time
	pay  Subject
	rows []Subject // refunds and completions

	lines  []StatementLine
	covers []StatementCover
	bad    []BadRow
}

func agreed19() *scene {
	s := &scene{set: DefaultSettings(), now: nightly}
	s.pay = Subject{
		Order: Order{
			Key:       Key{BillKey: BillKey{MID: "m", TID: "00000001", InstMID: "QRPAYDEFAULT", BillDay: thursday, BillNo: "B"}},
			LedgerDay: thursday, Amount: 1908, Status: Paid, OrderNo: "SO1",
		},
		InScope: true, Copies: 1, FirstSeen: thursday.End(), StatusSince: thursday.End(), SnapshotAt: thursday.End(), Row: "row",
		Answer: &Answer{Outcome: Found, Code: "SUCCESS", Bill: Bill{
			Status: BillPaid, CreatedAt: at("09:59:00"), Total: Some(1908),
			Payment: Flow{
				Present: true, Status: FlowSuccess, Total: Some(1908), BuyerPay: Some(1800), Invoice: Some(1850), Coupon: Some(108),
				PaidAt: at("10:00:00"), SettleDay: thursday + 1,
			},
		}},
	}
	return s
}

func at(clock string) time.Time {
	t, err := time.ParseInLocation(time.DateTime, thursday.String()+" "+clock, Beijing)
	if err != nil {
		panic(err)
	}
	return t
}

func (s *scene) bill() *Bill { return &s.pay.Answer.Bill }
func (s *scene) flow() *Flow { return &s.pay.Answer.Bill.Payment }

// shows sets what the bill shows, by the columns of the status table.
func (s *scene) shows(column string) {
	b := s.bill()
	switch column {
	case "UNPAID":
		b.Status, b.Payment = BillUnpaid, Flow{}
	case "PAID":
	case "REFUND":
		b.Status, b.Payment.Status = BillRefund, FlowRefund
	case "REFUND in full":
		b.Status, b.Payment.Status = BillRefund, FlowClosed
	case "CLOSED with payment":
		b.Status, b.Payment.Status = BillClosed, FlowClosed
	case "CLOSED":
		b.Status, b.Payment = BillClosed, Flow{Present: true, Status: FlowClosed}
	case "UNKNOWN":
		b.Status = BillUnknown
	case "FROZEN":
		b.Status = "FROZEN"
	case "NO_ORDER":
		*s.pay.Answer = Answer{Outcome: NoOrder, Code: "NO_ORDER"}
	}
}

// refund adds a refund row of half the amount with its own answer.
func (s *scene) refund(status Status, flow string, mod ...func(*Subject)) *Subject {
	answer := *s.pay.Answer
	answer.Bill.Refund = Flow{Present: flow != "", Status: flow, Total: Some(900), PaidAt: at("12:00:00"), SettleDay: thursday + 1}
	if flow == "" {
		answer.Bill.Refund = Flow{}
	}
	r := Subject{Order: s.pay.Order, InScope: true, Copies: 1, FirstSeen: at("13:00:00"), Answer: &answer}
	r.Order.RefundID, r.Order.Amount, r.Order.Status = fmt.Sprintf("R%d", len(s.rows)), 900, status
	for _, m := range mod {
		m(&r)
	}
	s.rows = append(s.rows, r)
	return &s.rows[len(s.rows)-1]
}

func (s *scene) completion(status Status, flow string) *Subject {
	r := s.refund(status, "")
	r.Order.CompletionID, r.Order.RefundID = "C", ""
	if flow != "" {
		r.Answer.Bill.Completion = Flow{Present: true, Status: flow, Total: Some(900), PaidAt: at("12:00:00"), SettleDay: thursday + 1}
	}
	return r
}

func (s *scene) judge() []Verdict {
	return Judge(s.family(), s.set, s.now)
}

func (s *scene) family() Family {
	return Family{Bill: s.pay.Order.BillKey, Subjects: append([]Subject{s.pay}, s.rows...), Statement: s.lines, Covers: s.covers, BadLines: s.bad}
}

func codes(v Verdict) []Code {
	var all []Code
	for _, f := range v.Findings {
		all = append(all, f.Code)
	}
	return all
}

// TestStatusMatrix is the status table cell by cell, without refund rows.
func TestStatusMatrix(t *testing.T) {
	none := []Code(nil)
	one := func(c ...Code) []Code { return c }
	for _, cell := range []struct {
		ledger Status
		bill   string
		want   []Code
	}{
		{Unpaid, "UNPAID", one(UnpaidWaiting)},
		{Unpaid, "PAID", one(LedgerUnpaidBillPaid)},
		{Unpaid, "REFUND", one(LedgerUnpaidBillPaid, RefundNotInLedger)},
		{Unpaid, "CLOSED with payment", one(LedgerUnpaidBillPaid, RefundNotInLedger)},
		{Unpaid, "CLOSED", one(LedgerOpenBillClosed)},
		{Unpaid, "UNKNOWN", one(BillStatusUnknown)},
		{Unpaid, "FROZEN", one(BillStatusUnknown)},
		{Unpaid, "NO_ORDER", one(NotSubmitted)},

		{Paid, "UNPAID", one(LedgerPaidBillUnpaid)},
		{Paid, "PAID", none},
		{Paid, "REFUND", one(RefundNotInLedger)},
		{Paid, "CLOSED with payment", one(RefundNotInLedger)},
		{Paid, "CLOSED", one(LedgerPaidBillClosed)},
		{Paid, "UNKNOWN", one(BillStatusUnknown)},
		{Paid, "NO_ORDER", one(BillNotFound)},

		{PartRefunded, "UNPAID", one(LedgerPaidBillUnpaid)},
		{PartRefunded, "PAID", one(RefundWaiting)},
		{PartRefunded, "REFUND", one(RefundUndetermined)},
		{PartRefunded, "CLOSED", one(LedgerPaidBillClosed)},
		{PartRefunded, "UNKNOWN", one(BillStatusUnknown)},
		{PartRefunded, "NO_ORDER", one(BillNotFound)},

		{Refunded, "UNPAID", one(LedgerPaidBillUnpaid)},
		{Refunded, "PAID", one(RefundWaiting)},
		{Refunded, "REFUND", one(RefundUndetermined)},
		{Refunded, "CLOSED with payment", one(RefundUndetermined)},
		{Refunded, "CLOSED", one(LedgerPaidBillClosed)},
		{Refunded, "UNKNOWN", one(BillStatusUnknown)},
		{Refunded, "NO_ORDER", one(BillNotFound)},

		{Closed, "UNPAID", none},
		{Closed, "PAID", one(LedgerClosedBillPaid)},
		{Closed, "REFUND", one(LedgerClosedBillPaid)},
		{Closed, "REFUND in full", none},
		{Closed, "CLOSED with payment", none},
		{Closed, "CLOSED", none},
		{Closed, "UNKNOWN", one(BillStatusUnknown)},
		{Closed, "NO_ORDER", none},
	} {
		t.Run(fmt.Sprintf("%s × %s", cell.ledger, cell.bill), func(t *testing.T) {
			s := agreed19()
			s.pay.Order.Status = cell.ledger
			s.shows(cell.bill)
			require.Equal(t, cell.want, codes(s.judge()[0]))
		})
	}
}

// TestFlowMatrix is the table of refund and completion rows cell by cell.
func TestFlowMatrix(t *testing.T) {
	for _, cell := range []struct {
		ledger     Status
		flow       string
		refund     Code
		completion Code
	}{
		{Success, "SUCCESS", "", ""},
		{Success, "TRADE_SUCCESS", "", ""},
		{Success, "TRADE_REFUND", "", ""},
		{Success, "PROCESSING", RefundWaiting, CompletionWaiting},
		{Success, "UNKNOWN", RefundWaiting, CompletionWaiting},
		{Success, "FAIL", RefundNotAtUMS, CompletionNotAtUMS},
		{Success, "TRADE_CLOSED", RefundWaiting, CompletionNotAtUMS},
		{Success, "", RefundWaiting, CompletionNotAtUMS},
		{Processing, "SUCCESS", RefundNotInLedger, CompletionNotInLedger},
		{Processing, "PROCESSING", RefundWaiting, CompletionWaiting},
		{Processing, "FAIL", RefundFailedAtUMS, CompletionFailedAtUMS},
		{Processing, "", RefundWaiting, CompletionWaiting},
		{Failed, "SUCCESS", RefundNotInLedger, CompletionNotInLedger},
		{Failed, "PROCESSING", RefundWaiting, CompletionWaiting},
		{Failed, "FAIL", "", ""},
		{Failed, "", "", ""},
	} {
		t.Run(fmt.Sprintf("%s × %q", cell.ledger, cell.flow), func(t *testing.T) {
			s := agreed19()
			s.refund(cell.ledger, cell.flow)
			require.Equal(t, wanted(cell.refund), codes(s.judge()[1]))
			s = agreed19()
			s.completion(cell.ledger, cell.flow)
			require.Equal(t, wanted(cell.completion), codes(s.judge()[1]))
		})
	}
}

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

func TestAgreementIsMatchedAndFinal(t *testing.T) {
	v := agreed19().judge()[0]
	require.Equal(t, Matched, v.Class)
	require.Empty(t, v.Findings)
	require.True(t, v.Final)
}

func TestSeverityThatDependsOnTheCase(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(*scene)
		on   int
		code Code
		want Severity
	}{
		"unit, UMS less":           {func(s *scene) { s.pay.Order.Amount = 190800 }, 0, AmountUnitSuspect, S1},
		"unit, UMS more":           {func(s *scene) { s.bill().Total = Some(190800) }, 0, AmountUnitSuspect, S2},
		"refund done, processing":  {func(s *scene) { s.refund(Processing, "SUCCESS") }, 1, RefundNotInLedger, S2},
		"refund done, failed":      {func(s *scene) { s.refund(Failed, "SUCCESS") }, 1, RefundNotInLedger, S1},
		"guarantee before day 25":  {func(s *scene) { s.bill().SecureStatus = SecureUncompleted; s.now = (thursday + 25).Start().Add(-1) }, 0, SecuredFundsHeld, S4},
		"guarantee from day 25 on": {func(s *scene) { s.bill().SecureStatus = SecureUncompleted; s.now = (thursday + 25).Start() }, 0, SecuredFundsHeld, S2},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			c.put(s)
			v := s.judge()[c.on]
			require.Equal(t, c.want, v.Findings[slices.Index(codes(v), c.code)].Severity)
		})
	}
}

func TestFinal(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(*scene)
		want bool
	}{
		"settle date arrives today": {func(*scene) {}, true},
		"settle date is tomorrow":   {func(s *scene) { s.flow().SettleDay = thursday + 2 }, false},
		"a refund is pending": {func(s *scene) {
			s.shows("REFUND")
			s.pay.Order.Status = PartRefunded
			s.refund(Processing, "PROCESSING")
		}, false},
		"its refund is done and settled":      {func(s *scene) { s.shows("REFUND"); s.pay.Order.Status = PartRefunded; s.refund(Success, "SUCCESS") }, true},
		"refunded in full and agreed":         {func(s *scene) { s.pay.Order.Status = Closed; s.shows("REFUND in full"); s.flow().SettleDay = 0 }, true},
		"closed on both sides, three days on": {func(s *scene) { s.pay.Order.Status = Closed; s.shows("CLOSED"); s.now = (thursday + 3).End().Add(-1) }, false},
		"closed on both sides, four days on":  {func(s *scene) { s.pay.Order.Status = Closed; s.shows("CLOSED"); s.now = (thursday + 4).Start() }, true},
		"discrepant":                          {func(s *scene) { s.pay.Order.Amount++ }, false},
		"guarantee not completed":             {func(s *scene) { s.bill().SecureStatus = SecureUncompleted }, false},
		"a tolerated difference":              {func(s *scene) { s.pay.Order.Amount++; s.set.Tolerance = 1 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			c.put(s)
			require.Equal(t, c.want, s.judge()[0].Final)
		})
	}
}

// anyScene draws a bill and its rows from everything the tables know.
func anyScene(t *rapid.T) *scene {
	s := agreed19()
	s.pay.Order.Status = rapid.SampledFrom(Statuses[:5]).Draw(t, "ledger")
	s.pay.Order.Amount = Fen(rapid.SampledFrom([]int{0, 1, 19, 1800, 1907, 1908, 1909, 190800}).Draw(t, "amount"))
	s.set.Tolerance = Fen(rapid.IntRange(0, 2).Draw(t, "tolerance"))
	s.bill().SecureStatus = rapid.SampledFrom([]string{"", SecureUncompleted, SecurePartly, SecureAll, SecureCanceled}).Draw(t, "secure")
	s.bill().Completed = rapid.SampledFrom([]Amount{{}, Some(900), Some(1908)}).Draw(t, "completed")
	s.shows(rapid.SampledFrom([]string{"UNPAID", "PAID", "REFUND", "REFUND in full", "CLOSED with payment", "CLOSED", "UNKNOWN", "FROZEN", "NO_ORDER"}).Draw(t, "bill"))
	s.pay.Conflicting = rapid.Bool().Draw(t, "conflicting")
	s.now = s.now.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "hours")) * time.Hour)
	if s.pay.Answer.Outcome == Found {
		s.flow().Status = rapid.SampledFrom([]string{s.flow().Status, FlowSuccess, FlowRefund, FlowClosed, FlowNew, "ODD"}).Draw(t, "flow")
	}
	flows := []string{"", "SUCCESS", "FAIL", "PROCESSING", "TRADE_CLOSED", "ODD"}
	for range rapid.IntRange(0, 3).Draw(t, "refunds") {
		r := s.refund(rapid.SampledFrom(Statuses[5:]).Draw(t, "refund"), rapid.SampledFrom(flows).Draw(t, "block"))
		r.Order.Amount = Fen(rapid.SampledFrom([]int{1, 900, 1908}).Draw(t, "refunded"))
	}
	if rapid.Bool().Draw(t, "completion") {
		s.completion(rapid.SampledFrom(Statuses[5:]).Draw(t, "completed row"), rapid.SampledFrom(flows).Draw(t, "completion block"))
	}
	s.anyStatement(t)
	for i := range s.rows {
		if rapid.IntRange(0, 9).Draw(t, "answered") == 0 {
			s.rows[i].Answer = nil
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "outcome") == 0 {
		s.pay.Answer = &Answer{Outcome: QueryFailed}
	}
	return s
}

// Whatever the evidence, the figures add up, the judge repeats itself, and a
// matched order holds no difference that nobody explains.
func TestFiguresAlwaysAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum Summary
		for range rapid.IntRange(1, 5).Draw(t, "bills") {
			s := anyScene(t)
			verdicts := s.judge()
			require.Equal(t, verdicts, s.judge())
			subjects := append([]Subject{s.pay}, s.rows...)
			require.Len(t, verdicts, len(subjects))
			for i, v := range verdicts {
				require.Contains(t, Classes, v.Class)
				require.Equal(t, classify(v.Findings), v.Class)
				var bill Bill
				if a := subjects[i].Answer; a != nil {
					bill = a.Bill
				}
				require.NoError(t, sum.Count(v, subjects[i].Order, bill, false))
				if v.Final {
					require.Contains(t, []Class{Matched, Tolerance}, v.Class)
				}
			}
		}
		require.NoError(t, sum.Check())
	})
}

func TestSwappingTheSidesFlipsTheSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := Fen(rapid.Int64Range(1, 1e6).Draw(t, "a")), Fen(rapid.Int64Range(1, 1e6).Draw(t, "b"))
		difference := func(ledger, ums Fen) Fen {
			s := agreed19()
			s.pay.Order.Amount = ledger
			s.bill().Total, s.flow().Total, s.flow().BuyerPay, s.flow().Invoice = Some(ums), Some(ums), Some(ums), Some(ums)
			v := s.judge()[0]
			return v.UMS - v.Ledger
		}
		require.Equal(t, b-a, difference(a, b))
		require.Equal(t, a-b, difference(b, a))
	})
}
