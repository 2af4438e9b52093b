package reports

import (
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// What a line says of its order at UMS.

// bill is the last trustworthy word of UMS: an answer or, of a case about a
// verified notice or a line of a statement, that; the zero Bill when there is none.
func bill(l reconcile.Line) reconcile.Bill {
	if l.Notice != nil && l.Notice.Verified {
		return noticeBill(*l.Notice)
	}
	if s := l.Statement; s != nil {
		return reconcile.Bill{Payment: reconcile.Flow{
			Present: true, MerOrderID: s.MerOrderID, PaySeqID: s.Reference, Total: reconcile.Some(s.Amount), PaidAt: s.PaidAt, SettleDay: s.SettleDay,
		}}
	}
	if l.Answer == nil || l.Answer.Outcome != reconcile.Found {
		return reconcile.Bill{}
	}
	return l.Answer.Bill
}

func noticeBill(n reconcile.Notice) reconcile.Bill {
	return reconcile.Bill{Status: n.BillStatus, Total: n.Total, Payment: reconcile.Flow{
		Present: true, Status: n.Status, MerOrderID: n.MerOrderID, PaySeqID: n.PaySeqID, TargetOrderID: n.TargetOrderID, TargetSys: n.TargetSys,
		Total: n.PaymentTotal, BuyerPay: n.BuyerPay, Coupon: n.Coupon, PaidAt: n.PaidAt, SettleDay: n.SettleDay,
	}}
}

// flow is the payment, refund or completion that the line is about.
func flow(l reconcile.Line) reconcile.Flow {
	b := bill(l)
	switch l.Case.Key.Kind() {
	case reconcile.Refund:
		return b.Refund
	case reconcile.Completion:
		return b.Completion
	}
	return b.Payment
}

// channel is 支付渠道: of the flow, else of the payment.
func channel(l reconcile.Line) string {
	if s := flow(l).TargetSys; s != "" {
		return s
	}
	return bill(l).Payment.TargetSys
}

// merchantNo is 商户订单号: the merchant's own number of the payment, refund
// or completion.
func merchantNo(l reconcile.Line) string {
	for _, s := range []string{l.Case.Key.RefundID, l.Case.Key.CompletionID, flow(l).MerOrderID} {
		if s != "" {
			return s
		}
	}
	return l.Order.MerOrderID
}

// ledgerAmount is what the ledger row states; absent where there is no row.
// Beside a difference it is the amount that the difference was taken from: a
// night without an answer may have read another one since.
func ledgerAmount(l reconcile.Line) reconcile.Amount {
	switch {
	case l.Order.BillNo == "":
		return reconcile.Amount{}
	case difference(l).Known && !otherMoney[l.Case.Code]:
		return l.Case.Ledger
	}
	return reconcile.Some(l.Order.Amount)
}

// otherMoney are the codes that can carry the difference of an order while
// they compare something else than its own amount.
var otherMoney = map[reconcile.Code]bool{
	reconcile.RefundNotInLedger: true, reconcile.RefundIncomplete: true, reconcile.RefundExceedsPayment: true,
	reconcile.RefundUndetermined: true, reconcile.CompletionNotInLedger: true,
	reconcile.BuyerPayMismatch: true, reconcile.CouponMismatch: true, reconcile.AmountIdentity: true,
	reconcile.StatementMissing: true, reconcile.StatementOnly: true, reconcile.StatementAmountMismatch: true, reconcile.FeeMismatch: true,
}

// amountCodes compare the money of the order itself, so that their two sides
// subtract to a difference of money.
var amountCodes = map[reconcile.Code]bool{
	reconcile.AmountBillMore:           true,
	reconcile.AmountBillLess:           true,
	reconcile.AmountUnitSuspect:        true,
	reconcile.AmountBasisMismatch:      true,
	reconcile.RefundAmountMismatch:     true,
	reconcile.CompletionAmountMismatch: true,
}

// difference is 差额（渠道−台账）: of the money that moved, on the one case of
// an order that carries it. All amounts of a row are those of now, so a case
// whose condition is over has none any more, and the totals count what stands.
func difference(l reconcile.Line) reconcile.Amount {
	if over(l.Case) {
		return reconcile.Amount{}
	}
	return differenceThen(l)
}

// over says that the condition of a case holds no longer, whether or not
// somebody still has to close it.
func over(c reconcile.Case) bool { return c.State == reconcile.StateCleared || c.Gone }

// differenceThen is the difference when the case was seen last.
func differenceThen(l reconcile.Line) reconcile.Amount {
	if l.Case.Gap.Known {
		return l.Case.Gap
	}
	if amountCodes[l.Case.Code] {
		return l.Case.UMS.Minus(l.Case.Ledger)
	}
	return reconcile.Amount{}
}

// direction says a difference in words (Chinese): the bare words of the trade
// mean opposite things to different people.
func direction(k reconcile.Kind, d reconcile.Amount) string {
	if !d.Known || d.Fen == 0 {
		return ""
	}
	verb := map[reconcile.Kind]string{"": "收", reconcile.Payment: "收", reconcile.Refund: "退", reconcile.Completion: "完成"}[k]
	if d.Fen > 0 {
		return "渠道多" + verb
	}
	return "渠道少" + verb
}

// umsStatus is 渠道状态: the vendor's words, after ours where we know them.
func (b *book) umsStatus(l reconcile.Line) string {
	if l.Answer == nil {
		return ""
	}
	if l.Answer.Outcome == reconcile.NoOrder {
		return b.say("无此单") + " NO_ORDER"
	}
	f := flow(l)
	if l.Case.Key.Kind() != reconcile.Payment {
		if !f.Present {
			return b.say("未返回")
		}
		return f.Status
	}
	words := []string{}
	if word, ok := billWords[bill(l).Status]; ok {
		words = append(words, b.say(word))
	}
	words = append(words, bill(l).Status)
	if f.Status != "" {
		words = append(words, "/ "+f.Status)
	}
	return strings.Join(words, " ")
}

// noticeStatus is 通知状态: what the last verified notice says, in the vendor's
// words; of a case about notices, what those say.
func (b *book) noticeStatus(l reconcile.Line) string {
	n := l.Notice
	switch {
	case n == nil && l.Noticed == "" && b.NoticesExpected && l.Row == nil && l.Case.Key.Kind() == reconcile.Payment:
		return b.say("未收到")
	case n == nil:
		return l.Noticed
	case !n.Verified:
		return b.say("验签失败")
	case n.BillStatus != "":
		return n.BillStatus + "/" + n.Status
	}
	return n.Status
}

// caseState is 处理状态, with what a reader must know beside it.
func (b *book) caseState(l reconcile.Line) string {
	words := b.state(l.Case.State)
	if l.Case.Gone {
		words += b.say("（情形已消失，待人工确认）")
	}
	if l.NoLongerAsked {
		words += b.say("（已超回溯期，不再查询）")
	}
	if d := differenceThen(l); over(l.Case) && d.Known && d.Fen != 0 {
		words += b.say("（原差额 %s，%s）", d.Fen.Yuan(), b.say(direction(kindOf(l), d)))
	}
	return words
}

// others is 其他差异: the order's other codes by name.
func (b *book) others(l reconcile.Line) string {
	names := make([]string, len(l.Others))
	for i, c := range l.Others {
		names[i] = b.code(c)
	}
	return strings.Join(names, b.say("、"))
}

// age is 账龄 in days from first_seen.
func age(l reconcile.Line, today reconcile.Day) any {
	if l.Case.FirstSeen == 0 || l.Case.FirstSeen > today {
		return nil
	}
	return int64(today - l.Case.FirstSeen)
}

// ledgerDay is 对账日, of a bad row too.
func ledgerDay(l reconcile.Line) reconcile.Day {
	if l.Case.LedgerDay != 0 {
		return l.Case.LedgerDay
	}
	return l.Order.LedgerDay
}

// kindOf is 类型; empty for a ledger row that could not be read, and for the
// totals of a settle date.
func kindOf(l reconcile.Line) reconcile.Kind {
	switch {
	case l.Row != nil && l.Case.Key.BillNo == "", l.Case.Code == reconcile.SettleTotalMismatch:
		return ""
	case l.Statement != nil:
		return l.Statement.Kind
	}
	return l.Case.Key.Kind()
}

// tintSeverity colours the cell that says how severe a case is.
func tintSeverity(l reconcile.Line, base look) look {
	switch l.Case.Severity {
	case reconcile.S1:
		return base.filled(fillGrave).inked(inkGrave).strong()
	case reconcile.S2:
		return base.filled(fillWarn).inked(inkWarn)
	case reconcile.S3:
		return base.filled(fillMild).inked(inkMild)
	}
	return base
}
