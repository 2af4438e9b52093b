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
