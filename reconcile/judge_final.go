package reconcile

// final says whether nothing more can change about the order, so that it need
// not be asked again. A person's resolution makes an order final, too; that is
// the case's business, not the judge's.
func (v *view) final(class Class) bool {
	if class != Matched && class != Tolerance {
		return false
	}
	if v.o.Kind() != Payment {
		return v.flowFinal()
	}
	switch {
	case v.awaitsNotice():
		return false
	case v.facts.BothPaid && v.bill.SecureStatus != SecureUncompleted && v.bill.SecureStatus != SecurePartly:
		return (v.facts.Settled || v.facts.RefundedInFull) && v.flowsFinal()
	case v.facts.RefundedInFull: // and closed in the ledger
		return v.flowsFinal()
	case v.facts.LedgerPaid || v.facts.BillPaid:
		return false
	}
	return v.today > v.o.BillDay+Day(v.set.StaleAfter)
}

// flowFinal: a refund or completion that is done has been settled, or is past
// the time in which UMS names a settle date; one that failed is past the time
// in which it could still turn up.
func (v *view) flowFinal() bool {
	if !v.facts.BillPaid {
		from := v.o.PaidAt
		if from.IsZero() {
			from = v.s.FirstSeen
		}
		return v.past(from, v.set.RefundGrace)
	}
	block := v.bill.flow(v.o.Kind())
	if block.SettleDay != 0 {
		return v.facts.Settled
	}
	since := block.PaidAt
	if since.IsZero() {
		since = v.s.FirstSeen
	}
	return v.today > v.set.Calendar.WorkingDaysAfter(v.set.Calendar.BusinessDay(since), v.set.SettleGrace)
}

// flowsFinal says whether no refund or completion of the payment is pending.
func (v *view) flowsFinal() bool {
	for i := range v.family.Subjects {
		s := &v.family.Subjects[i]
		if s.Order.Kind() == Payment {
			continue
		}
		if row := newView(v.family, s, v.set, v.now); !row.judge().Final {
			return false
		}
	}
	return true
}
