package gateway

import (
	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

// Notice says in the domain's words what the receiver, or an import, has got.
func Notice(r chinaums.Received) reconcile.Notice {
	n := reconcile.Notice{
		Kind: reconcile.NoticeKind(r.Kind), ID: r.ID, Verified: r.Verified, Why: r.Why, Path: r.Path, ReceivedAt: r.At,
		BillKey:    reconcile.BillKey{MID: r.MID, TID: r.TID, InstMID: r.InstMID, BillDay: reconcile.DayOf(r.BillDate), BillNo: r.BillNo},
		BillStatus: r.BillStatus, Status: r.Status,
		MerOrderID: r.MerOrderID, PaySeqID: r.SeqID, TargetOrderID: r.TargetOrderID, TargetSys: r.TargetSys,
		Total: amount(r.TotalAmount), PaymentTotal: amount(r.PaymentTotal), BuyerPay: amount(r.BuyerPayAmount),
		Coupon: amount(r.CouponAmount), Refund: amount(r.RefundAmount),
		PaidAt: r.PayTime, SettleDay: reconcile.DayOf(r.SettleDate),
		ContractID: r.ContractID, ContractSigned: r.ContractSigned, ContractEnds: r.ContractExpired,
	}
	if n.Why == "" {
		n.Why = r.Fault
	}
	if n.Kind == "" {
		return n // it could not be read: there is nothing of it to keep
	}
	n.Digest, n.Raw = r.Digest(), r.Masked()
	if c := r.Contract; c != nil {
		n.ContractOpen, n.ContractAt, n.ServiceID, n.ContractID = c.Open, c.At, c.ServiceID, c.AuthorizationCode
	}
	return n
}
