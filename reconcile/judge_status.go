package reconcile

import (
	"fmt"
	"time"
)

// column is a column of the status matrix: what the bill shows.
type column int

const (
	unpaid   column = iota
	paid            // taken, nothing given back
	refunded        // REFUND, PAID with TRADE_REFUND, or CLOSED with a payment block
	closed          // CLOSED without a payment block
	unknown         // UNKNOWN, or a status that is not listed
	noOrder         // UMS does not know the bill
)

func (b Bill) column() column {
	switch b.Status {
	case BillUnpaid:
		return unpaid
	case BillPaid:
		if b.Payment.Status == FlowRefund {
			return refunded
		}
		return paid
	case BillRefund:
		return refunded
	case BillClosed:
		if b.HasPayment() {
			return refunded
		}
		return closed
	}
	return unknown
}

// cell says what an order of one ledger status and one column amounts to.
// Whatever the cell, amounts are compared when both sides are paid.
type cell func(*view)

// matrix is the status table: a payment row's ledger status against what the
// bill shows.
var matrix = map[Status][6]cell{
	//             UNPAID                  PAID                  REFUND              CLOSED                  UNKNOWN        NO_ORDER
	Unpaid:       {waitsForPayment, unpaidButTaken, unpaidButRefunded, say(LedgerOpenBillClosed), unknownStatus, say(NotSubmitted)},
	Paid:         {say(LedgerPaidBillUnpaid), bothPaid, refundNotBooked, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	PartRefunded: {say(LedgerPaidBillUnpaid), refundNotSeen, refundUnknown, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	Refunded:     {say(LedgerPaidBillUnpaid), refundNotSeen, refundUnknown, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	Closed:       {agrees, closedButTaken, closedButTaken, agrees, unknownStatus, agrees},
}

func (v *view) status() {
	v.contradiction()
	matrix[v.o.Status][v.col](v)
}

// agrees has nothing to say about the status.
func agrees(*view) {}

// bothPaid: a guarantee that was cancelled has gone back to the buyer, whatever
// the bill is called.
func bothPaid(v *view) {
	if v.bill.SecureStatus == SecureCanceled && v.claimedRefunds() == 0 {
		v.addOver(RefundNotInLedger, Amount{}, v.bill.Total, words("担保交易已撤销（%[1]s），资金退回付款方，台账仍为“%[2]s”", "the guarantee was cancelled (%[1]s), the money went back; the ledger still says %[3]s",
			v.bill.SecureStatus, v.o.Status.ZH(), v.o.Status))
	}
}

// say is the cell that is one code with the two statuses as its reason.
func say(c Code) cell {
	return func(v *view) {
		ledger, ums := v.ledger.words(), v.ums.words()
		v.add(c, Words{
			ZH: fmt.Sprintf("台账为“%s”%s，渠道为“%s”%s", v.o.Status.ZH(), ledger.ZH, v.billWord(), ums.ZH),
			EN: fmt.Sprintf("the ledger says %s%s, UMS says %s%s", v.o.Status, ledger.EN, v.billWord(), ums.EN),
		})
	}
}

// words is an amount behind a status; nothing where it is absent.
func (a Amount) words() Words {
	if !a.Known {
		return Words{}
	}
	return words(" %s 元", " %s yuan", a.Yuan())
}

func (v *view) billWord() string {
	if v.s.Answer.Outcome == NoOrder {
		return "NO_ORDER"
	}
	if s := v.payStatus(); s != "" {
		return v.bill.Status + "/" + s
	}
	return v.bill.Status
}

func unknownStatus(v *view) {
	f := v.add(BillStatusUnknown, words("渠道账单状态 %q 不在已知取值之内", "bill status %q is not one that is known", v.bill.Status))
	f.UMS = Amount{}
}

// waitsForPayment: both sides say unpaid; inside the payment window that is
// only a matter of time.
func waitsForPayment(v *view) {
	from := v.bill.CreatedAt
	if from.IsZero() {
		from = v.o.BillDay.End()
	}
	code, zh, en := UnpaidWaiting, "双方均未支付，支付窗口至 %s", "unpaid on both sides; the payment window ends %s"
	if v.past(from, v.set.PayWindow) {
		code, zh, en = StaleUnpaid, "双方均未支付，支付窗口已于 %s 结束", "unpaid on both sides; the payment window ended %s"
	}
	v.add(code, words(zh, en, stamp(from.Add(v.set.PayWindow))))
}

// unpaidButTaken: the ledger does not have a payment that UMS has. If it was
// made after the books were taken, the next books will have it.
func unpaidButTaken(v *view) {
	at := v.bill.Payment.PaidAt
	if at.After(v.s.SnapshotAt) && !v.past(at, v.set.LedgerGrace) {
		v.add(LedgerWaiting, words("渠道 %s 收款，晚于台账取数时间 %s", "paid at UMS %s, after the ledger was taken %s", stamp(at), stamp(v.s.SnapshotAt)))
		return
	}
	v.takenUnbooked(at)
}

func unpaidButRefunded(v *view) {
	v.takenUnbooked(v.bill.Payment.PaidAt)
	refundNotBooked(v)
}

func (v *view) takenUnbooked(at time.Time) {
	v.add(LedgerUnpaidBillPaid, words("渠道 %[1]s 已收款 %[2]s 元，台账仍为“%[3]s”", "UMS took %[2]s yuan at %[1]s, the ledger still says %[4]s",
		stamp(at), v.ums.Yuan(), v.o.Status.ZH(), v.o.Status))
}

// refundNotBooked: UMS gave money back, the ledger does not know.
func refundNotBooked(v *view) {
	if v.refundsExplain() {
		return
	}
	var booked, given Amount // unknown unless all of it was given back
	if v.bill.RefundedInFull() {
		given = v.bill.Total
	}
	if claimed := v.refundsClaimed(); claimed > 0 {
		booked = Some(claimed)
	}
	back, has := given.words(), words("台账没有退款记录", "the ledger has none")
	if booked.Known {
		has = words("台账的退款合计 %s 元", "the refunds in the ledger sum to %s", booked.Yuan())
	}
	v.addOver(RefundNotInLedger, booked, given, Words{
		ZH: "渠道显示已退款" + back.ZH + "（" + v.billWord() + "），" + has.ZH, EN: "UMS shows a refund" + back.EN + " (" + v.billWord() + "), " + has.EN,
	})
}

// refundNotSeen: the ledger says refunded, UMS shows the payment whole. Where
// the refunds have rows of their own, those carry the codes.
func refundNotSeen(v *view) {
	if v.claimedRefunds() > 0 || v.bill.SecureStatus == SecureCanceled {
		return
	}
	from := v.s.StatusSince
	code, zh, en := RefundWaiting, "台账为“%[1]s”，渠道尚未显示退款，宽限至 %[3]s", "the ledger says %[2]s, UMS shows no refund yet; grace until %[3]s"
	if v.past(from, v.set.RefundGrace) {
		code, zh, en = RefundNotAtUMS, "台账为“%[1]s”，渠道没有退款，宽限已于 %[3]s 结束", "the ledger says %[2]s, UMS shows no refund; the grace ended %[3]s"
	}
	v.add(code, words(zh, en, v.o.Status.ZH(), v.o.Status, stamp(from.Add(v.set.RefundGrace))))
}

// refundUnknown: both sides say refunded, but without a refund id UMS cannot
// be asked how much.
func refundUnknown(v *view) {
	if v.claimedRefunds() > 0 {
		if !v.refundsExplain() {
			refundNotBooked(v)
		}
		return
	}
	v.addOver(RefundUndetermined, Amount{}, Amount{}, words("双方均显示已退款，但台账没有退款订单号，无法查询退款金额",
		"both sides say refunded, but without a refund_order_id UMS cannot be asked how much"))
}

func closedButTaken(v *view) {
	if !v.facts.RefundedInFull {
		say(LedgerClosedBillPaid)(v)
	}
}

// contradiction records a bill status and a flow status that cannot both hold.
func (v *view) contradiction() {
	if v.col == noOrder || v.col == unknown || !v.bill.Payment.Present || v.bill.pairHolds() {
		return
	}
	v.add(BillStatusConflict, words("账单状态 %s 与流水状态 %s 矛盾，不比对金额", "bill status %s contradicts flow status %s; amounts are not compared",
		v.bill.Status, v.bill.Payment.Status))
}

func (b Bill) pairHolds() bool {
	pairs := map[string][]string{
		BillPaid:   {FlowSuccess, FlowRefund},
		BillRefund: {FlowRefund, FlowClosed},
		BillClosed: {FlowClosed, FlowNew, FlowWaiting},
		BillUnpaid: {FlowNew, FlowWaiting},
	}
	for _, flow := range pairs[b.Status] {
		if b.Payment.Status == flow {
			return true
		}
	}
	return false
}

// regression records that UMS once called the bill paid and no longer does,
// though nothing was refunded.
func (v *view) regression() {
	back := v.col == unpaid || v.col == noOrder || v.col == closed
	refunding := v.o.Status == PartRefunded || v.o.Status == Refunded || v.claimedRefunds() > 0
	if v.s.FirstPaidAt.IsZero() || !back || refunding {
		return
	}
	v.add(BillStatusRegressed, words("渠道曾显示 %s 支付，现为“%s”", "UMS once showed it paid at %s, now says %s", stamp(v.s.FirstPaidAt), v.billWord()))
}
