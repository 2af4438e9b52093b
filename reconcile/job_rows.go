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
		cs.row(r, b.rowSighting(r))
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
	sight := b.rowSighting(r)
	if err := b.found(sight, r.Case); err != nil {
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

// rowSighting is a bad row, which is the merchant's in whose own books it stands.
func (b *book) rowSighting(r RowSighting) Sighting {
	s := r.sighting(b.today, b.Day, b.sum.Systemic)
	s.Verdict.Key.MID = b.owners[r.Scope]
	return s
}

// found counts the findings about what no order carries.
func (b *book) found(s Sighting, before *Case) error {
	return b.counted(s.merchant(before), func(sum *Summary) error { return sum.countFindings(s.Verdict, s.Order.LedgerDay != b.Day) })
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
