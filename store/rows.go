package store

import (
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// keyColumns are the columns of the UNIQUE key of orders.
func keyColumns(k *reconcile.Key) columns {
	return append(billKeyColumns(&k.BillKey),
		column{"refund_id", (*word)(&k.RefundID)},
		column{"completion_id", (*word)(&k.CompletionID)},
	)
}

func billKeyColumns(k *reconcile.BillKey) columns {
	return columns{
		{"mid", (*word)(&k.MID)},
		{"tid", (*word)(&k.TID)},
		{"inst_mid", (*word)(&k.InstMID)},
		{"bill_day", (*date)(&k.BillDay)},
		{"bill_no", (*word)(&k.BillNo)},
	}
}

// byKey finds an order by keyColumns.
const byKey = " WHERE mid = ? AND tid = ? AND inst_mid = ? AND bill_day = ? AND bill_no = ? AND refund_id = ? AND completion_id = ?"

// ledgerColumns are what a ledger row states beside its key.
func ledgerColumns(o *reconcile.Order) columns {
	return columns{
		{"ledger_day", (*date)(&o.LedgerDay)},
		{"order_no", (*word)(&o.OrderNo)},
		{"amount_fen", (*money)(&o.Amount)},
		{"status", (*word)(&o.Status)},
		{"paid_at", (*instant)(&o.PaidAt)},
		{"buyer_pay_fen", (*amount)(&o.BuyerPay)},
		{"coupon_fen", (*amount)(&o.Coupon)},
		{"settle_day", (*date)(&o.SettleDay)},
		{"mer_order_id", (*word)(&o.MerOrderID)},
		{"authed_fen", (*amount)(&o.Authed)},
		{"auth_code", (*word)(&o.AuthCode)},
		{"contract_id", (*word)(&o.ContractID)},
		{"fen_order_id", (*word)(&o.FenOrderID)},
		{"service_id", (*word)(&o.ServiceID)},
		{"service_start_at", (*instant)(&o.ServiceStart)},
		{"service_end_at", (*instant)(&o.ServiceEnd)},
		{"file", (*word)(&o.Source.File)},
		{"line", (*number)(&o.Source.Line)},
	}
}

func orderColumns(o *reconcile.Order) columns {
	return append(keyColumns(&o.Key), ledgerColumns(o)...)
}

// answerColumns are what can be told of an answer without its body; flow is
// the block of the refund or completion that was asked about.
func answerColumns(a *reconcile.Answer, flow *reconcile.Flow) columns {
	return slices.Concat(columns{
		{"asked_at", (*instant)(&a.AskedAt)},
		{"outcome", (*word)(&a.Outcome)},
		{"attempts", (*number)(&a.Attempts)},
		{"err_code", (*word)(&a.Code)},
		{"message", (*word)(&a.Message)},
	}, billColumns(&a.Bill), flowColumns("pay_", &a.Bill.Payment), columns{
		{"pay_cash_fen", (*amount)(&a.Bill.Payment.BuyerCash)},
		{"pay_coupon_fen", (*amount)(&a.Bill.Payment.Coupon)},
	}, flowColumns("flow_", flow))
}

func billColumns(b *reconcile.Bill) columns {
	return columns{
		{"bill_status", (*text)(&b.Status)},
		{"created_at", (*instant)(&b.CreatedAt)},
		{"total_fen", (*amount)(&b.Total)},
		{"secure_status", (*text)(&b.SecureStatus)},
		{"complete_fen", (*amount)(&b.Completed)},
		{"card_attr", (*text)(&b.CardAttr)},
	}
}

func flowColumns(prefix string, f *reconcile.Flow) columns {
	return columns{
		{prefix + "status", &presence{f}},
		{prefix + "mer_order_id", (*text)(&f.MerOrderID)},
		{prefix + "seq_id", (*text)(&f.PaySeqID)},
		{prefix + "target_order_id", (*text)(&f.TargetOrderID)},
		{prefix + "target_sys", (*text)(&f.TargetSys)},
		{prefix + "total_fen", (*amount)(&f.Total)},
		{prefix + "buyer_fen", (*amount)(&f.BuyerPay)},
		{prefix + "invoice_fen", (*amount)(&f.Invoice)},
		{prefix + "discount_fen", (*amount)(&f.Discount)},
		{prefix + "at", (*instant)(&f.PaidAt)},
		{prefix + "settle_day", (*date)(&f.SettleDay)},
	}
}

// flowOf is the block that an answer about a key of this kind holds beside
// the payment; of a payment, none.
func flowOf(b *reconcile.Bill, k reconcile.Kind) *reconcile.Flow {
	switch k {
	case reconcile.Refund:
		return &b.Refund
	case reconcile.Completion:
		return &b.Completion
	}
	return &reconcile.Flow{}
}

func caseColumns(c *reconcile.Case) columns {
	return columns{
		{"case_id", (*word)(&c.ID)},
		{"code", (*word)(&c.Code)},
		{"severity", (*word)(&c.Severity)},
		{"state", (*word)(&c.State)},
		{"is_primary", (*flag)(&c.Primary)},
		{"ledger_day", (*date)(&c.LedgerDay)},
		{"mid", (*text)(&c.Key.MID)},
		{"scope", (*word)(&c.Scope)},
		{"covers", (*whole)(&c.Covers)},
		{"ledger_fen", (*amount)(&c.Ledger)},
		{"ums_fen", (*amount)(&c.UMS)},
		{"gap_fen", (*amount)(&c.Gap)},
		{"stake_fen", (*money)(&c.Stake)},
		{"reason_zh", (*word)(&c.Reason.ZH)},
		{"reason_en", (*word)(&c.Reason.EN)},
		{"facts", (*word)(&c.Facts)},
		{"gone", (*flag)(&c.Gone)},
		{"first_seen_day", (*date)(&c.FirstSeen)},
		{"last_seen_day", (*date)(&c.LastSeen)},
		{"times", (*number)(&c.Times)},
		{"outcome", (*word)(&c.Outcome)},
		{"note", (*word)(&c.Note)},
		{"decided_by", (*word)(&c.By)},
		{"reviewed_by", (*word)(&c.Reviewer)},
	}
}

func eventColumns(e *reconcile.Event) columns {
	return columns{
		{"case_id", (*word)(&e.CaseID)},
		{"run_id", (*text)(&e.RunID)},
		{"at", (*instant)(&e.At)},
		{"kind", (*word)(&e.Kind)},
		{"was", (*word)(&e.Was)},
		{"state", (*word)(&e.State)},
		{"stake_fen", (*money)(&e.Stake)},
		{"delta_fen", (*money)(&e.Delta)},
		{"by_whom", (*word)(&e.By)},
		{"reason_zh", (*word)(&e.Reason.ZH)},
		{"reason_en", (*word)(&e.Reason.EN)},
		{"facts", (*word)(&e.Facts)},
	}
}

func badRowColumns(r *reconcile.BadRow) columns {
	return columns{
		{"file", (*word)(&r.File)},
		{"line", (*number)(&r.Line)},
		{"column_name", (*word)(&r.Column)},
		{"reason_zh", (*word)(&r.Reason.ZH)},
		{"reason_en", (*word)(&r.Reason.EN)},
		{"raw", (*word)(&r.Raw)},
		{"damaged", (*flag)(&r.Damaged)},
		{"mid", (*word)(&r.Names.MID)},
		{"kind", (*word)(&r.Names.Kind)},
		{"reference", (*word)(&r.Names.Reference)},
		{"mer_order_id", (*word)(&r.Names.MerOrderID)},
	}
}
