package reconcile

// coupon is the channel's coupon: of the bill, else of its payment in a notice.
func (v *view) coupon() Amount {
	c := v.bill.Payment.Coupon
	for _, n := range v.s.Notices {
		if !c.Known && n.Kind == BillNotice {
			c = n.Coupon
		}
	}
	return c
}

// basisAmount is the amount of the bill that total_amount is compared with.
func (v *view) basisAmount() Amount {
	switch v.set.AmountBasis {
	case BasisPaymentTotal:
		return v.bill.Payment.Total
	case BasisBuyerPay:
		return v.bill.Payment.BuyerPay
	}
	return v.bill.Total
}

// amounts compares what both sides say was paid.
func (v *view) amounts() {
	if !v.facts.BillPaid || v.has(BillStatusConflict) {
		return
	}
	v.identity()
	if !v.facts.BothPaid {
		return
	}
	if s := v.bill.SecureStatus; s == SecurePartly || s == SecureAll {
		v.completedAmount()
	} else {
		v.totalAmount()
	}
	v.attribute(BuyerPayMismatch, "buyer_pay_amount", "实付金额", v.o.BuyerPay, v.bill.Payment.BuyerPay)
	v.attribute(CouponMismatch, "coupon_amount", "优惠金额", v.o.Coupon, v.coupon())
}

func (v *view) has(c Code) bool {
	for _, f := range v.findings {
		if f.Code == c {
			return true
		}
	}
	return false
}

// totalAmount compares total_amount with the configured amount of the bill.
func (v *view) totalAmount() {
	if !v.ums.Known {
		v.notCompared("total_amount", "订单金额")
		return
	}
	d := v.ums.Fen - v.ledger.Fen
	v.facts.AmountsAgree = d.Abs() <= v.set.Tolerance
	if d == 0 {
		return
	}
	compared := words("台账 %[1]s 元，渠道%[2]s %[3]s 元，差额 %[4]s 元", "ledger %[1]s yuan, UMS %[5]s %[3]s yuan, difference %[4]s yuan",
		v.ledger.Yuan(), basisZH[v.set.AmountBasis], v.ums.Yuan(), d.Yuan(), v.set.AmountBasis)
	other, name := v.otherAmount()
	switch {
	case v.facts.AmountsAgree:
		v.add(AmountWithinTolerance, compared)
	case hundredfold(v.ledger.Fen, v.ums.Fen):
		f := v.add(AmountUnitSuspect, compared.and("一方恰为另一方的 100 倍，疑为元、分混淆", "one side is exactly 100 times the other: yuan taken for fen?"))
		if d < 0 {
			f.Severity = S1
		}
	case other:
		v.add(AmountBasisMismatch, compared.and("台账金额等于渠道的"+basisZH[name], "the ledger's amount equals the bill's "+string(name)))
	case d > 0:
		v.add(AmountBillMore, compared)
	default:
		v.add(AmountBillLess, compared)
	}
}

var basisZH = map[Basis]string{
	BasisBillTotal: "账单总额", BasisPaymentTotal: "流水金额", BasisBuyerPay: "实付金额", basisInvoice: "开票金额",
}

// basisInvoice is recognised as what a ledger may carry by mistake; it cannot
// be configured.
const basisInvoice Basis = "invoice"

// otherAmount finds another amount of the bill that the ledger's equals.
func (v *view) otherAmount() (bool, Basis) {
	p := v.bill.Payment
	for _, c := range []struct {
		name   Basis
		amount Amount
	}{
		{BasisBillTotal, v.bill.Total}, {BasisPaymentTotal, p.Total}, {BasisBuyerPay, p.BuyerPay}, {basisInvoice, p.Invoice},
	} {
		if c.name != v.set.AmountBasis && c.amount == v.ledger {
			return true, c.name
		}
	}
	return false, ""
}

// hundredfold says whether one amount is exactly 100 times the other. Amounts
// are at most MaxFen, so the product cannot overflow.
func hundredfold(a, b Fen) bool {
	return a != b && (a*100 == b || b*100 == a)
}

// completedAmount compares what was completed of a guarantee: the ledger's
// authed_amount, not its total_amount.
func (v *view) completedAmount() {
	ledger := v.authedAmount()
	switch {
	case !ledger.Known:
		v.facts.AmountsAgree = !v.ums.Differs(v.ledger)
		v.notCarried("authed_amount", "担保完成金额", v.bill.Completed)
		return
	case !v.bill.Completed.Known:
		v.notCompared("authed_amount", "担保完成金额")
		return
	}
	v.ledger, v.ums = ledger, v.bill.Completed
	v.facts.AmountsAgree = !ledger.Differs(v.ums)
	if !v.facts.AmountsAgree {
		v.add(CompletionAmountMismatch, words("台账完成金额 %s 元，渠道担保完成金额 %s 元", "ledger completed %s yuan, UMS completeAmount %s yuan",
			ledger.Yuan(), v.ums.Yuan()))
	}
}

// authedAmount is what the ledger says was completed: on the payment row, else
// the sum of its completion rows.
func (v *view) authedAmount() Amount {
	sum := v.o.Authed
	if sum.Known {
		return sum
	}
	for _, s := range v.family.Subjects {
		if s.Order.Kind() == Completion && s.Order.Status == Success {
			sum = Some(sum.Fen + s.Order.Amount)
		}
	}
	return sum
}

// attribute compares a field that the ledger may carry.
func (v *view) attribute(c Code, column, zh string, ledger, ums Amount) {
	switch {
	case !ledger.Known:
	case !ums.Known:
		v.notCompared(column, zh)
	case ledger.Differs(ums):
		v.addOver(c, ledger, ums, words("%[1]s：台账 %[3]s 元，渠道 %[4]s 元", "%[2]s: ledger %[3]s yuan, UMS %[4]s yuan", zh, column, ledger.Yuan(), ums.Yuan()))
	}
}

// notCompared notes a ledger column that UMS did not answer; its Basis is the
// column.
func (v *view) notCompared(column, zh string) {
	f := v.add(FieldNotCompared, words("台账有%[1]s，渠道未给出，未比对", "the ledger carries %[2]s, UMS did not answer it", zh, column))
	f.Ledger, f.UMS, f.Basis = Amount{}, Amount{}, column
}

// notCarried notes an amount of UMS that the ledger has no column for, though
// it is what should be compared.
func (v *view) notCarried(column, zh string, ums Amount) {
	f := v.add(FieldNotCompared, words("渠道%[1]s %[3]s 元，台账没有，未比对", "UMS states %[3]s yuan, the ledger carries no %[2]s to compare", zh, column, ums.Yuan()))
	f.Ledger, f.UMS, f.Basis = Amount{}, Amount{}, column
}

// identity checks that UMS's own amounts add up, where that is switched on.
// The vendor documents no such rule.
func (v *view) identity() {
	p := v.bill.Payment
	if !v.set.CheckIdentity || !v.bill.Total.Known || !p.Total.Known || !p.BuyerPay.Known || !p.Coupon.Known {
		return
	}
	v.facts.IdentityHolds = p.Total.Fen == p.BuyerPay.Fen+p.Coupon.Fen && v.bill.Total.Fen >= p.Total.Fen
	if v.facts.IdentityHolds {
		return
	}
	f := v.add(AmountIdentity, words("账单总额 %s，流水 %s，实付 %s，优惠 %s（元）互不相符", "bill total %s, payment total %s, buyer paid %s, coupon %s (yuan) do not add up",
		v.bill.Total.Yuan(), p.Total.Yuan(), p.BuyerPay.Yuan(), p.Coupon.Yuan()))
	f.Basis += " " + f.Reason.EN
}

// and appends another clause.
func (w Words) and(zh, en string) Words {
	return Words{ZH: w.ZH + "；" + zh, EN: w.EN + "; " + en}
}
