package ledger

import (
	"github.com/umsrecon/umsrecon/reconcile"
)

// reading is an order with the fingerprint of what it was read from.
type reading struct {
	order reconcile.Order
	row   string
}

// orders makes what a row says into one order, or two where the ledger keeps
// payment and refund on one row; none when the row has a problem. What the
// cells say together is looked at even where one of them is bad, so that all
// problems are told at once. The result is valid until the next row.
func (r *rowReader) orders(v *values) []reading {
	r.checkKey(v)
	kind := r.kind(v)
	switch kind {
	case reconcile.Refund:
		r.checkFlow(v, colRefundID, colRefundAmount)
	case reconcile.Completion:
		r.checkFlow(v, colAuthedID, colAuthedAmount)
		r.checkNoRefund(v)
	case reconcile.Payment:
		r.checkPayment(v)
	}
	r.out = r.out[:0]
	switch {
	case len(r.problems) > 0:
	case kind != reconcile.Payment:
		r.out = append(r.out, reading{r.flow(v, kind), v.fingerprint(allColumns)})
	case v.text[colRefundID] == "":
		r.out = append(r.out, reading{payment(v), v.fingerprint(allColumns)})
	default:
		r.out = append(r.out, reading{payment(v), v.fingerprint(paymentColumns)}, reading{r.refundOf(v), v.fingerprint(refundColumns)})
	}
	return r.out
}

func (r *rowReader) checkKey(v *values) {
	for _, c := range []column{colBillNo, colMID, colTID, colInstMID} {
		if v.text[c] == "" && !r.failed(c) {
			r.problem(c, say("%s 为空", "%s is empty", c), false)
		}
	}
	if v.day[colBillDate] == 0 && !r.failed(colBillDate) {
		r.problem(colBillDate, say("账单日期为空", "bill_date is empty"), false)
	}
}

// kind tells what a row is about by its ids and its status; none where it
// cannot be told.
func (r *rowReader) kind(v *values) reconcile.Kind {
	refund, completion := v.text[colRefundID] != "", v.text[colAuthedID] != ""
	status := shown(string(v.status))
	switch {
	case refund && completion:
		r.problem(colRefundID, say("同一行既有退款单号又有预授权完成单号", "the row has both a refund_order_id and an authed_order_id"), false)
	case v.status == "":
		if !r.failed(colStatus) {
			r.problem(colStatus, say("状态为空", "status is empty"), false)
		}
	case !v.status.OfPayment() && refund:
		return reconcile.Refund
	case !v.status.OfPayment() && completion:
		return reconcile.Completion
	case !v.status.OfPayment():
		r.problem(colStatus, say("状态 %s 属于退款或预授权完成，但本行没有其单号", "status %s is one of refunds and completions, and the row has the id of neither", status), false)
	case completion:
		r.problem(colStatus, say("预授权完成行的状态不能是支付状态 %s", "status %s is one of payments, and the row is a completion", status), false)
	case refund && !v.amount[colTotal].Known && !r.failed(colTotal):
		r.problem(colStatus, say("退款行的状态不能是支付状态 %s（支付与退款同行时须有 total_amount）", "status %s is one of payments, and the row is a refund (a payment and its refund on one row need total_amount)", status), false)
	default:
		return reconcile.Payment
	}
	return ""
}

// checkFlow holds a refund or completion to its amount. Its total_amount may
// be empty, and where it is not it is the payment's.
func (r *rowReader) checkFlow(v *values, id, amount column) {
	switch a := v.amount[amount]; {
	case r.failed(amount):
	case !a.Known:
		r.problem(amount, say("有 %s 却没有 %s", "%s is there and %s is not", id, amount), false)
	case a.Fen == 0:
		r.problem(amount, say("%s 必须大于零", "%s must be more than 0", amount), false)
	}
}

func (r *rowReader) checkPayment(v *values) {
	if !v.amount[colTotal].Known && !r.failed(colTotal) {
		r.problem(colTotal, say("total_amount 为空", "total_amount is empty"), false)
	}
	if v.text[colRefundID] != "" {
		r.checkFlow(v, colRefundID, colRefundAmount)
		return
	}
	r.checkNoRefund(v)
}

// checkNoRefund: money that went back without a refund id cannot be asked
// about at UMS. A payment that says so in its status is judged for it; any
// other row contradicts itself. Exports fill the column with zeros.
func (r *rowReader) checkNoRefund(v *values) {
	if v.status == reconcile.Refunded || v.status == reconcile.PartRefunded {
		return
	}
	if a := v.amount[colRefundAmount]; a.Known && a.Fen > 0 && !r.failed(colRefundAmount) {
		r.problem(colRefundAmount, say("有退款金额 %s 元，但没有退款单号，状态也不是已退款", "there is a refund_amount of %s yuan, and neither a refund_order_id nor a refunded status", a.Fen.Yuan()), false)
	}
}

// refundOf is the refund on a row that holds a payment and its refund. What
// the row says of times and references is the payment's: of the refund it
// gives the id and the amount, and that it was done.
func (r *rowReader) refundOf(v *values) reconcile.Order {
	all := v.order()
	refund := reconcile.Order{Key: all.Key, OrderNo: all.OrderNo, Status: reconcile.Success}
	refund.RefundID, refund.Amount = v.text[colRefundID], v.amount[colRefundAmount].Fen
	// paid_at is when the payment was made. Taken for the refund's time, it
	// would put the refund on the payment's day, and change the figures of a
	// day that may be signed off; the day of the file is the nearest known.
	refund.LedgerDay = flowDay(0, r.fromDay, all.BillDay)
	return refund
}

func payment(v *values) reconcile.Order {
	o := v.order()
	o.LedgerDay = o.BillDay
	o.Amount = v.amount[colTotal].Fen
	o.BuyerPay, o.Coupon = v.amount[colBuyerPay], v.amount[colCoupon]
	if v.amount[colAuthedAmount].Fen > 0 { // exports fill the column with zeros
		o.Authed = v.amount[colAuthedAmount]
	}
	return o
}

func (r *rowReader) flow(v *values, kind reconcile.Kind) reconcile.Order {
	o := v.order()
	o.LedgerDay = flowDay(r.books.source.Calendar.BusinessDay(o.PaidAt), r.fromDay, o.BillDay)
	if kind == reconcile.Refund {
		o.RefundID, o.Amount = v.text[colRefundID], v.amount[colRefundAmount].Fen
	} else {
		o.CompletionID, o.Amount = v.text[colAuthedID], v.amount[colAuthedAmount].Fen
	}
	return o
}

// flowDay is the ledger day of a refund or completion: the first that is known.
func flowDay(done, fromDay, billDay reconcile.Day) reconcile.Day {
	switch {
	case done != 0:
		return done
	case fromDay != 0:
		return fromDay
	}
	return billDay
}

// order is what rows of every kind have in common.
func (v *values) order() reconcile.Order {
	return reconcile.Order{
		Key: reconcile.Key{BillKey: reconcile.BillKey{
			MID: v.text[colMID], TID: v.text[colTID], InstMID: v.text[colInstMID],
			BillDay: v.day[colBillDate], BillNo: v.text[colBillNo],
		}},
		OrderNo:      v.text[colOrderNo],
		Status:       v.status,
		PaidAt:       v.at[colPaidAt],
		SettleDay:    v.day[colSettleDate],
		MerOrderID:   v.text[colMerOrderID],
		AuthCode:     v.text[colAuthCode],
		ContractID:   v.text[colContractID],
		FenOrderID:   v.text[colFenOrderID],
		ServiceID:    v.text[colServiceID],
		ServiceStart: v.at[colServiceStart],
		ServiceEnd:   v.at[colServiceEnd],
	}
}
