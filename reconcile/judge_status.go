package reconcile

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
	Paid:         {say(LedgerPaidBillUnpaid), agrees, refundNotBooked, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	PartRefunded: {say(LedgerPaidBillUnpaid), refundNotSeen, refundUnknown, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	Refunded:     {say(LedgerPaidBillUnpaid), refundNotSeen, refundUnknown, say(LedgerPaidBillClosed), unknownStatus, say(BillNotFound)},
	Closed:       {agrees, say(LedgerClosedBillPaid), closedButRefunded, agrees, unknownStatus, agrees},
}

func (v *view) status() {
	contradicts := v.contradiction()
	if contradicts && (v.col == paid || v.col == refunded) && !v.facts.BillPaid {
		return // called paid, shown no payment: nothing to hold the ledger against
	}
	matrix[v.o.Status][v.col](v)
}

// agrees has nothing to say about the status.
func agrees(*view) {}

// say is the cell that is one code with the two statuses as its reason.
func say(c Code) cell {
	return func(v *view) {
		v.add(c, words("台账为“%s”，渠道为“%s”", "the ledger says %s, UMS says %s", v.o.Status, v.billWord()))
	}
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
	v.add(LedgerUnpaidBillPaid, words("渠道 %s 已收款，台账仍为“%s”", "paid at UMS %s, the ledger still says %s", stamp(at), v.o.Status))
}

func unpaidButRefunded(v *view) {
	at := v.bill.Payment.PaidAt
	v.add(LedgerUnpaidBillPaid, words("渠道 %s 已收款，台账仍为“%s”", "paid at UMS %s, the ledger still says %s", stamp(at), v.o.Status))
	refundNotBooked(v)
}

// refundNotBooked: UMS gave money back, the ledger does not know.
func refundNotBooked(v *view) {
	if v.refundsExplain() {
		return
	}
	var given Amount // unknown unless all of it was given back
	if v.bill.RefundedInFull() {
		given = v.bill.Total
	}
	v.addOver(RefundNotInLedger, Amount{}, given, words("渠道显示已退款（%s），台账没有对应的退款记录", "UMS shows a refund (%s) that the ledger has not", v.billWord()))
}

// refundNotSeen: the ledger says refunded, UMS shows the payment whole. Where
// the refunds have rows of their own, those carry the codes.
func refundNotSeen(v *view) {
	if v.claimedRefunds() > 0 {
		return
	}
	from := v.s.StatusSince
	code, zh, en := RefundWaiting, "台账为“%s”，渠道尚未显示退款，宽限至 %s", "the ledger says %s, UMS shows no refund yet; grace until %s"
	if v.past(from, v.set.RefundGrace) {
		code, zh, en = RefundNotAtUMS, "台账为“%s”，渠道没有退款，宽限已于 %s 结束", "the ledger says %s, UMS shows no refund; the grace ended %s"
	}
	v.add(code, words(zh, en, v.o.Status, stamp(from.Add(v.set.RefundGrace))))
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

func closedButRefunded(v *view) {
	if !v.facts.RefundedInFull {
		say(LedgerClosedBillPaid)(v)
	}
}

// contradiction records a bill status and a flow status that cannot both
// hold, and says whether it did.
func (v *view) contradiction() bool {
	if v.col == noOrder || v.col == unknown || !v.bill.Payment.Present || v.bill.pairHolds() {
		return false
	}
	v.add(BillStatusConflict, words("账单状态 %s 与流水状态 %s 矛盾，不比对金额", "bill status %s contradicts flow status %s; amounts are not compared",
		v.bill.Status, v.bill.Payment.Status))
	return true
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
	v.add(BillStatusRegressed, words("渠道曾于 %s 显示已付，现为“%s”", "UMS once showed it paid at %s, now says %s", stamp(v.s.FirstPaidAt), v.billWord()))
}
