package reconcile

// settlement looks at when UMS pays out. It speaks of the bill, whatever the
// ledger says.
func (v *view) settlement() {
	if !v.facts.BillPaid || v.bill.SecureStatus == SecureUncompleted {
		return
	}
	day := v.bill.Payment.SettleDay
	payDay := v.set.Calendar.BusinessDay(v.bill.Payment.PaidAt)
	v.settleWait(day, payDay)
	if ledger := v.o.SettleDay; ledger != 0 && day == 0 {
		v.notCompared("settle_date", "清算日期")
	} else if ledger != 0 && ledger != day {
		v.dated(SettleDateMismatch, "清算日期：台账 %s，渠道 %s", "settle date: ledger %s, UMS %s", ledger, day)
	}
	if first := v.s.FirstSettleDay; first != 0 && day != first {
		f := v.dated(SettleDateChanged, "清算日期由 %s 变为 %s", "the settle date was %s and is %s", first, day)
		if v.s.SignedOff {
			f.Severity = S2
		}
	}
	if day != 0 && day < payDay {
		v.dated(SettleBeforePay, "清算日期 %s 早于支付所属营业日 %s", "settle date %s is before the business day of payment %s", day, payDay)
	}
}

func (v *view) dated(c Code, zh, en string, a, b Day) *Finding {
	f := v.add(c, words(zh, en, dayWord(a), dayWord(b)))
	f.Basis += " " + a.String() + " " + b.String()
	return f
}

// dayWord is a day in a reason; a dash where there is none.
func dayWord(d Day) string {
	if d == 0 {
		return "–"
	}
	return d.String()
}

// settleWait: a settle date that is absent or in the future is explained by
// time alone for so many working days.
func (v *view) settleWait(day, payDay Day) {
	if v.arrived(day) || v.facts.RefundedInFull { // what was given back may never be settled
		return
	}
	last := v.set.Calendar.WorkingDaysAfter(payDay, v.set.SettleGrace)
	code, zh, en := SettleWaiting, "尚未清算（清算日期 %s），宽限至 %s", "not yet settled (settle date %s); grace until %s"
	if v.today > last {
		code, zh, en = SettleOverdue, "超期未清算（清算日期 %s），宽限已于 %s 结束", "not settled (settle date %s); the grace ended %s"
	}
	v.add(code, words(zh, en, dayWord(day), last))
}

// heldDays is the age from which a guarantee that is not completed is a case:
// the platform cancels it at 30 days.
const heldDays = 25

// guarantee looks at money that is secured but not completed.
func (v *view) guarantee() {
	s := v.bill.SecureStatus
	if !v.facts.BillPaid || (s != SecureUncompleted && s != SecurePartly) {
		return
	}
	payDay := v.set.Calendar.BusinessDay(v.bill.Payment.PaidAt)
	f := v.add(SecuredFundsHeld, words("担保交易状态 %s，支付日 %s，平台将于 30 天时撤销", "guarantee is %s since %s; the platform cancels it at 30 days", s, payDay))
	if v.today >= payDay+heldDays {
		f.Severity = S2
	}
}

// crossDay notes that the books and the payment fall on different business
// days, where nothing else is wrong.
func (v *view) crossDay() {
	payDay := v.set.Calendar.BusinessDay(v.bill.Payment.PaidAt)
	if !v.facts.BothPaid || payDay == v.o.LedgerDay || classify(v.findings) == Discrepant {
		return
	}
	v.add(CrossDay, words("对账日 %s，支付所属营业日 %s", "ledger day %s, paid on business day %s", v.o.LedgerDay, payDay))
}
