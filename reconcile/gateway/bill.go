package gateway

import (
	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

func bill(a chinaums.BillAnswer) reconcile.Bill {
	return reconcile.Bill{
		Status:       a.BillStatus,
		CreatedAt:    a.CreateTime,
		Total:        amount(a.TotalAmount),
		SecureStatus: a.SecureStatus,
		Completed:    amount(a.CompleteAmount),
		CardAttr:     a.CardAttr,
		Payment:      flow(a.BillPayment),
		Refund:       flow(a.RefundBillPayment),
		Completion:   flow(a.AuthedBillPayment),
	}
}

func flow(f *chinaums.BillFlow) reconcile.Flow {
	if f == nil {
		return reconcile.Flow{}
	}
	return reconcile.Flow{
		Present:       true,
		Status:        f.Status,
		MerOrderID:    f.MerOrderID,
		PaySeqID:      f.PaySeqID,
		TargetOrderID: f.TargetOrderID,
		TargetSys:     f.TargetSys,
		Total:         amount(f.TotalAmount),
		BuyerPay:      amount(f.BuyerPayAmount),
		Invoice:       amount(f.InvoiceAmount),
		Discount:      amount(f.DiscountAmount),
		BuyerCash:     amount(f.BuyerCashPayAmt),
		Coupon:        amount(f.CouponAmount),
		PaidAt:        f.PayTime,
		SettleDay:     reconcile.DayOf(f.SettleDate),
	}
}

func amount(a chinaums.Amount) reconcile.Amount {
	if !a.Known {
		return reconcile.Amount{}
	}
	return reconcile.Some(reconcile.Fen(a.Fen))
}
