package reconcile

// badRows opens and clears the cases of ledger rows that were not understood.
func (b *book) badRows() error {
	rows, err := b.out.BadRows(b.sum.unchanged())
	if err != nil {
		return err
	}
	cs := newCauses(b.Settings, b.rowsHad)
	for _, l := range b.sum.Loads {
		if !l.Missing {
			cs.of(Group{Scope: l.Scope}).judged++
		}
	}
	for _, r := range rows {
		cs.row(r, r.sighting(b.today, b.Day, b.sum.Systemic))
	}
	all, err := b.settle(cs, b.rowsOf)
	if err != nil {
		return err
	}
	if err := b.common(cs, all); err != nil {
		return err
	}
	for _, r := range rows {
		if err := b.badRow(r, cs); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) badRow(r RowSighting, cs *causes) error {
	sight := r.sighting(b.today, b.Day, b.sum.Systemic)
	if err := b.sum.countFindings(sight.Verdict, sight.Order.LedgerDay != b.Day); err != nil {
		return err
	}
	if sight.Finding != nil && cs.standing(Group{Scope: r.Scope}, sight.Finding.Code, r.cases()) != nil {
		sight.Finding = nil
	}
	now, err := b.move(r.Case, sight)
	if err == nil && now.State.Pending() {
		b.sum.Pending++
	}
	return err
}

// cases are what the row has had: one, or none.
func (r RowSighting) cases() []Case {
	if r.Case == nil {
		return nil
	}
	return []Case{*r.Case}
}

// sighting is a bad row in the form in which cases are moved.
func (r RowSighting) sighting(today, runDay Day, keepOpen bool) Sighting {
	s := Sighting{CaseID: r.CaseID, Scope: r.Scope, Today: today, KeepOpen: keepOpen}
	s.Order.LedgerDay = r.Day
	if r.Day == 0 {
		s.Order.LedgerDay = runDay
	}
	if r.Row != nil {
		code := r.Row.Code()
		f := Finding{Code: code, Severity: RuleOf(code).Severity, Reason: r.Row.Reason, Basis: r.Row.Raw}
		s.Finding = &f
		s.Verdict = Verdict{Class: Discrepant, Findings: []Finding{f}}
	}
	return s
}
