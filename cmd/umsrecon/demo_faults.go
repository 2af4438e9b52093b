package main

import (
	"time"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// The two nights of the demo: the ledger days, each reconciled at 02:30 of the
// day after.
var (
	demoFirst  = reconcile.MakeDay(2026, time.November, 18)
	demoSecond = reconcile.MakeDay(2026, time.November, 19)
	demoOld    = reconcile.MakeDay(2026, time.November, 12) // a day whose graces are over
)

// fault is a labelled fault of the sample ledger.
type fault struct {
	what string // for people
	old  bool   // an order of demoOld that stands in the first day's ledger
	put  func(*sale)
}

// demoFaults stand in the sample once each. put spoils an order that agrees
// and labels what must be found after the second night.
var demoFaults = []fault{
	{what: "paid at UMS, still unpaid in the ledger; corrected the day after", put: func(x *sale) {
		was := *x.row
		x.unbooked(reconcile.Unpaid)
		x.later = func() { *x.row = was }
		x.expect("LEDGER_UNPAID_BILL_PAID cleared", "NOTICE_NOT_APPLIED cleared")
	}},
	{what: "paid at UMS, still unpaid in the ledger", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		x.expect("LEDGER_UNPAID_BILL_PAID open", "NOTICE_NOT_APPLIED open")
	}},
	{what: "UMS has one fen less", put: func(x *sale) {
		x.takes(x.amount - 1)
		x.expect("AMOUNT_BILL_LESS open")
	}},
	{what: "UMS has two yuan more", put: func(x *sale) {
		x.takes(x.amount + 200)
		x.expect("AMOUNT_BILL_MORE open")
	}},
	{what: "fen written where yuan are meant", put: func(x *sale) {
		x.row.total = (x.amount * 100).Yuan()
		x.expect("AMOUNT_UNIT_SUSPECT open")
	}},
	{what: "the ledger carries what the buyer paid, not the order", put: func(x *sale) {
		x.row.total = (x.amount - 120).Yuan()
		x.row.buyerPay, x.row.coupon = (x.amount - 120).Yuan(), reconcile.Fen(120).Yuan()
		x.bill.BillPayment.BuyerPayAmount, x.bill.BillPayment.CouponAmount = fenText(x.amount-120), fenText(120)
		x.expect("AMOUNT_BASIS_MISMATCH open")
	}},
	{what: "the buyer paid another amount", put: func(x *sale) {
		x.row.buyerPay = (x.amount - 7).Yuan()
		x.bill.BillPayment.BuyerPayAmount = fenText(x.amount - 9)
		x.expect("BUYER_PAY_MISMATCH open")
	}},
	{what: "another coupon", put: func(x *sale) {
		x.row.coupon = reconcile.Fen(5).Yuan()
		x.bill.BillPayment.CouponAmount = fenText(6)
		x.expect("COUPON_MISMATCH open")
	}},
	{what: "UMS does not state the coupon", put: func(x *sale) {
		x.bill.BillPayment.CouponAmount = ""
		x.expect("FIELD_NOT_COMPARED note")
	}},
	{what: "UMS does not know the bill", put: func(x *sale) {
		delete(x.bills, x.row.billNo)
		x.expect("BILL_NOT_FOUND open")
	}},
	{what: "never reached UMS, and unpaid", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		delete(x.bills, x.row.billNo)
		x.expect("NOT_SUBMITTED note")
	}},
	{what: "paid in the ledger, unpaid at UMS", put: func(x *sale) {
		x.unpaidBill()
		x.expect("LEDGER_PAID_BILL_UNPAID open")
	}},
	{what: "paid in the ledger, closed at UMS", put: func(x *sale) {
		x.unpaidBill()
		x.bill.BillStatus = reconcile.BillClosed
		x.expect("LEDGER_PAID_BILL_CLOSED open")
	}},
	{what: "closed in the ledger, paid at UMS", put: func(x *sale) {
		x.unbooked(reconcile.Closed)
		x.expect("LEDGER_CLOSED_BILL_PAID open")
	}},
	{what: "closed at UMS, still open in the ledger", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		x.unpaidBill()
		x.bill.BillStatus = reconcile.BillClosed
		x.expect("LEDGER_OPEN_BILL_CLOSED note")
	}},
	{what: "unpaid on both sides, the window ends between the nights", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		x.unpaidBill()
		x.expect("UNPAID_WAITING cleared", "STALE_UNPAID note")
	}},
	{what: "a bill status that nobody knows", put: func(x *sale) {
		x.bill.BillStatus = "FROZEN"
		x.expect("BILL_STATUS_UNKNOWN open")
	}},
	{what: "bill and flow contradict each other", put: func(x *sale) {
		x.bill.BillPayment.Status = reconcile.FlowClosed
		x.expect("BILL_STATUS_CONFLICT open")
	}},
	{what: "paid on the first night, unpaid on the second", put: func(x *sale) {
		x.settles(demoSecond + 4)
		x.later = x.unpaidBill
		x.expect("SETTLE_WAITING cleared", "BILL_STATUS_REGRESSED open", "LEDGER_PAID_BILL_UNPAID open", "NOTICE_PAID_BILL_UNPAID open")
	}},
	{what: "settled only after the first night", put: func(x *sale) {
		x.settles(demoSecond + 1)
		x.expect("SETTLE_WAITING cleared")
	}},
	{what: "not settled long after the grace", old: true, put: func(x *sale) {
		x.bill.BillPayment.SettleDate = ""
		x.expect("SETTLE_OVERDUE open")
	}},
	{what: "the ledger expects another settle date", put: func(x *sale) {
		x.row.settleDate = (x.day - 1).String()
		x.expect("SETTLE_DATE_MISMATCH open")
	}},
	{what: "UMS moved the settle date between the nights", put: func(x *sale) {
		x.settles(demoSecond + 2)
		x.later = func() { x.settles(demoSecond + 1) }
		x.expect("SETTLE_WAITING cleared", "SETTLE_DATE_CHANGED open", "NOTICE_BILL_CONFLICT open")
	}},
	{what: "settled before it was paid", put: func(x *sale) {
		x.settles(x.day - 1)
		x.expect("SETTLE_BEFORE_PAY open")
	}},
	{what: "paid after midnight, booked the day before", put: func(x *sale) {
		x.bill.BillPayment.PayTime = wire(x.day.End().Add(5 * time.Minute))
		x.expect("CROSS_DAY note")
	}},
	{what: "refunded at UMS, not in the ledger", put: func(x *sale) {
		x.bill.BillStatus, x.bill.BillPayment.Status = reconcile.BillRefund, reconcile.FlowRefund
		x.expect("REFUND_NOT_IN_LEDGER open")
	}},
	{what: "refunded on both sides, no refund id to ask by", put: func(x *sale) {
		x.books(reconcile.Refunded)
		x.bill.BillStatus, x.bill.BillPayment.Status = reconcile.BillRefund, reconcile.FlowClosed
		x.expect("REFUND_UNDETERMINED open")
	}},
	{what: "the refund arrives at UMS between the nights", put: func(x *sale) {
		at := x.day.Start().Add(21*time.Hour + 30*time.Minute)
		r := x.refunds(reconcile.Success, x.amount/2, at, "", 0)
		x.later = func() { x.refundAtUMS(r, "SUCCESS", x.amount/2, at) }
		x.expectOn(x.row.billNo+r.refundID, "REFUND_WAITING cleared")
	}},
	{what: "UMS refunded less", put: func(x *sale) {
		r := x.refunds(reconcile.Success, x.amount/2, x.day.Start().Add(21*time.Hour), "SUCCESS", x.amount/2-1)
		x.expectOn(x.row.billNo+r.refundID, "REFUND_AMOUNT_MISMATCH open")
	}},
	{what: "the refund failed at UMS", put: func(x *sale) {
		r := x.refunds(reconcile.Processing, x.amount/2, x.day.Start().Add(21*time.Hour), "FAIL", x.amount/2)
		x.expectOn(x.row.billNo+r.refundID, "REFUND_FAILED_AT_UMS open")
	}},
	{what: "refunded in the ledger a week ago, not at UMS", old: true, put: func(x *sale) {
		r := x.refunds(reconcile.Success, x.amount/2, x.day.Start().Add(21*time.Hour), "", 0)
		x.expectOn(x.row.billNo+r.refundID, "REFUND_NOT_AT_UMS open")
	}},
	{what: "a refund stuck for a week", old: true, put: func(x *sale) {
		r := x.refunds(reconcile.Processing, x.amount/2, x.day.Start().Add(21*time.Hour), "PROCESSING", x.amount/2)
		x.expectOn(x.row.billNo+r.refundID, "REFUND_STUCK open")
	}},
	{what: "refunded in full in the ledger, its refunds sum to half", put: func(x *sale) {
		x.books(reconcile.Refunded)
		x.refunds(reconcile.Success, x.amount/2, x.day.Start().Add(21*time.Hour), "SUCCESS", x.amount/2)
		x.expect("REFUND_INCOMPLETE open")
	}},
	{what: "UMS refunded more than was paid", put: func(x *sale) {
		x.books(reconcile.Refunded)
		x.refunds(reconcile.Success, x.amount, x.day.Start().Add(21*time.Hour), "SUCCESS", x.amount)
		x.refunds(reconcile.Success, 100, x.day.Start().Add(22*time.Hour), "SUCCESS", 100)
		x.expect("REFUND_EXCEEDS_PAYMENT open")
	}},
	{what: "a completion that UMS does not have", put: func(x *sale) {
		x.states(func(*portalLine) bool { return false })
		r := x.completes(x.amount, "", 0)
		x.expectOn(x.row.billNo+r.completionID, "COMPLETION_NOT_AT_UMS open")
	}},
	{what: "a completion of another amount", put: func(x *sale) {
		r := x.completes(x.amount-10, reconcile.FlowSuccess, x.amount)
		x.expectOn(x.row.billNo+r.completionID, "COMPLETION_AMOUNT_MISMATCH open")
	}},
	{what: "a guarantee not yet completed", put: func(x *sale) {
		x.bill.SecureStatus, x.bill.BillPayment.SettleDate = reconcile.SecureUncompleted, ""
		x.expect("SECURED_FUNDS_HELD note")
	}},
	{what: "one payment reference on two bills", put: func(x *sale) {
		other := x.sell(x.day)
		other.bill.BillPayment.PaySeqID = x.bill.BillPayment.PaySeqID
		x.expect("PAYMENT_REFERENCE_REUSED open")
		x.expectOn(other.row.billNo, "PAYMENT_REFERENCE_REUSED open")
	}},
	{what: "one order paid by two bills", put: func(x *sale) {
		other := x.sell(x.day)
		other.row.orderNo = x.row.orderNo
		x.expect("DOUBLE_PAYMENT open")
		x.expectOn(other.row.billNo, "DOUBLE_PAYMENT open")
	}},
	{what: "the same row twice", put: func(x *sale) {
		again := *x.row
		x.rows[x.file] = append(x.rows[x.file], &again)
		x.expect("LEDGER_DUPLICATE_ROW note")
	}},
	{what: "one bill number, two different rows", put: func(x *sale) {
		again := *x.row
		again.total = (x.amount + 1).Yuan()
		x.rows[x.file] = append(x.rows[x.file], &again)
		x.expect("LEDGER_DUPLICATE_KEY open")
	}},
	{what: "a ledger row that is gone the day after", put: func(x *sale) {
		x.later = func() { x.remove(x.file, x.row) }
		x.expect("LEDGER_ROW_VANISHED open")
	}},
	{what: "a reconciled row whose amount was changed the day after", put: func(x *sale) {
		x.later = func() { x.row.total = (x.amount - 1).Yuan() }
		x.expect("LEDGER_CHANGED open", "AMOUNT_BILL_MORE open")
	}},
	{what: "a payment of which no notice came", put: func(x *sale) {
		x.silent()
		x.expect("NOTICE_MISSING open")
	}},
	{what: "told by a notice, and not in the ledger", put: func(x *sale) {
		x.remove(x.file, x.row)
		x.expect("LEDGER_NOT_FOUND open")
		x.expectOn("statement "+x.bill.BillPayment.PaySeqID, "STATEMENT_ONLY open")
	}},
	{what: "the notice says another amount than the bill", put: func(x *sale) {
		x.silent()
		n := chinaumstest.BillNotice("notice-"+x.row.billNo, *x.bill)
		n["totalAmount"] = string(fenText(x.amount - 1))
		x.tell(n, demoNoticeKey)
		x.expect("NOTICE_BILL_CONFLICT open")
	}},
	{what: "a notice that came again with other content", put: func(x *sale) {
		n := chinaumstest.BillNotice("notice-"+x.row.billNo, *x.bill)
		n["merName"] = "another name"
		x.tell(n, demoNoticeKey)
		x.expect("NOTICE_MUTATED open")
	}},
	{what: "a forged notice", put: func(x *sale) {
		x.tell(chinaumstest.BillNotice("forged-"+x.row.billNo, *x.bill), "nobody's key")
		x.expectOn("notices of "+x.day.String(), "NOTICE_UNVERIFIED open")
	}},
	{what: "deducted after its contract had ended", put: func(x *sale) {
		n := chinaumstest.DeductionNotice("deduction-"+x.row.billNo, *x.bill)
		n["contractId"], n["contractSignedTime"], n["contractExpiredTime"] = "DEMO-CONTRACT", wire(demoOld.Start()), wire(demoOld.End())
		x.tell(n, demoNoticeKey)
		x.expect("DEDUCTION_WITHOUT_CONTRACT open")
	}},
	{what: "a pay-score order of which UMS was not told", put: func(x *sale) {
		x.row.fenOrderID = "4000" + x.row.orderNo
		x.expect("PAY_SCORE_SYNC_DUE open")
	}},
	{what: "settled by its date, and not in the statement, which sums to less for it", put: func(x *sale) {
		x.states(func(*portalLine) bool { return false })
		x.expect("STATEMENT_MISSING open")
		x.expectOn("settle date "+demoSecond.String(), "SETTLE_TOTAL_MISMATCH open")
	}},
	{what: "the statement settles one fen less", put: func(x *sale) {
		x.states(func(l *portalLine) bool { l.amount--; return true })
		x.expect("STATEMENT_AMOUNT_MISMATCH open")
	}},
	{what: "the fee is above the agreed rate", put: func(x *sale) {
		x.states(func(l *portalLine) bool { l.fee += 5; return true })
		x.expect("FEE_MISMATCH open")
	}},
	{what: "a status that is not mapped, so that its notice finds no order", put: func(x *sale) {
		x.row.status = "挂账"
		x.expect("LEDGER_NOT_FOUND open")
		x.expectOn("statement "+x.bill.BillPayment.PaySeqID, "STATEMENT_ONLY open")
		x.expectOn("row "+x.row.orderNo, "LEDGER_ROW_INVALID open")
	}},
	{what: "a bill number that a spreadsheet has shortened, so that its notice finds no order", put: func(x *sale) {
		x.expect("LEDGER_NOT_FOUND open")
		x.expectOn("statement "+x.bill.BillPayment.PaySeqID, "STATEMENT_ONLY open")
		x.row.billNo = "3.19426E+25"
		x.expectOn("row "+x.row.orderNo, "LEDGER_KEY_DAMAGED open")
	}},
}

// demoSnapshot is when a day's ledger file was written.
func demoSnapshot(day reconcile.Day) time.Time { return day.Start().Add(23*time.Hour + 50*time.Minute) }
