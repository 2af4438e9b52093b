package reconcile

import (
	"fmt"
	"slices"
)

// causes are what the orders of a run, or its bad rows, have in common.
type causes struct {
	Settings
	tally
	byCode map[Group]map[Code]*Cause
	groups map[Group]*answered
	silent map[string]int64 // by merchant: paid bills, and no notice has ever come
}

// answered counts the orders of a group with and without a trustworthy answer.
type answered struct{ judged, untold int64 }

func newCauses(set Settings, had []Case) *causes {
	cs := &causes{Settings: set, byCode: map[Group]map[Code]*Cause{}, groups: map[Group]*answered{}, silent: map[string]int64{}}
	cs.recall(had)
	return cs
}

// recall gives the causes the cases that they have had.
func (cs *causes) recall(had []Case) {
	for i, c := range had {
		g := Group{Scope: c.Scope}
		if c.Scope == "" {
			g = Group{MID: c.Key.MID, Day: c.LedgerDay}
		}
		cs.cause(g, c.Code, c.LedgerDay).Case = &had[i]
	}
}

// of is the group's count.
func (cs *causes) of(g Group) *answered {
	if cs.groups[g] == nil {
		cs.groups[g] = &answered{}
	}
	return cs.groups[g]
}

func (cs *causes) cause(g Group, code Code, day Day) *Cause {
	if cs.byCode[g] == nil {
		cs.byCode[g] = map[Code]*Cause{}
	}
	if cs.byCode[g][code] == nil {
		cs.byCode[g][code] = &Cause{Group: g, Code: code, LedgerDay: day, Severity: RuleOf(code).Severity}
	}
	return cs.byCode[g][code]
}

// groupOf is the group of an order.
func groupOf(o Order) Group { return Group{MID: o.MID, Day: o.LedgerDay} }

// order counts what an order carries.
func (cs *causes) order(s *Subject, v Verdict) {
	g := groupOf(s.Order)
	if v.Class == Unverified {
		cs.of(g).untold++
		return
	}
	cs.of(g).judged++
	if cs.ExpectNotices && v.Facts.BillPaid && s.NoticesFrom.IsZero() && v.Key.Kind() == Payment {
		cs.silent[g.MID]++
	}
	for i, f := range v.Findings {
		suspect := suspectOf(f.Code)
		if suspect == nil || i > 0 && v.Findings[i-1].Code == f.Code {
			continue
		}
		c := cs.cause(g, f.Code, g.Day)
		if suspect.telling != nil && suspect.telling(s.Order, v, cs.Calendar) {
			c.Telling++
		}
		cs.add(c, s.Order.BillNo, s.Cases, v, f)
	}
}

// row counts a bad row.
func (cs *causes) row(r RowSighting, s Sighting) {
	if s.Finding == nil {
		return
	}
	cs.add(cs.cause(Group{Scope: r.Scope}, s.Finding.Code, s.Order.LedgerDay), fmt.Sprintf("%s:%d", r.Row.File, r.Row.Line), r.cases(), s.Verdict, *s.Finding)
}

// add counts a finding; one that has no case of its own may be covered.
func (cs *causes) add(c *Cause, example string, had []Case, v Verdict, f Finding) {
	c.Count++
	if len(c.First) < 3 && !slices.Contains(c.First, example) {
		c.First = append(c.First, example)
	}
	if aliveIn(had, f.Code) {
		return
	}
	if severityRank[f.Severity] < severityRank[c.Severity] {
		c.Severity = f.Severity
	}
	cs.tally.add(&c.Covered, v.Stake(f))
	cs.sum(&c.Ledger, f.Ledger)
	cs.sum(&c.UMS, f.UMS)
	cs.sum(&c.Gap, v.Gap(f.Code))
}

// sum adds an amount, where it is known, to one that may not be yet.
func (t *tally) sum(to *Amount, a Amount) {
	if !a.Known {
		return
	}
	total, err := to.Fen.Add(a.Fen)
	if err != nil {
		t.fail(err)
	}
	*to = Some(total)
}

// alive says whether a case still has a life of its own: it is pending, or a
// person resolved it and its condition has held since.
func (c Case) alive() bool { return c.State.Pending() || c.State == StateResolved && !c.Gone }

func aliveIn(cases []Case, code Code) bool {
	return slices.ContainsFunc(cases, func(c Case) bool { return c.Code == code && c.alive() })
}

// standing is the cause whose case stands for an order's finding; nil: the
// finding has a case of its own.
func (cs *causes) standing(g Group, code Code, had []Case) *Cause {
	c := cs.byCode[g][code]
	if c == nil || !c.Stands || aliveIn(had, code) {
		return nil
	}
	return c
}

// casesOf are the cases that causes of a group have had.
func (cs *causes) casesOf(g Group) []Case {
	var had []Case
	for _, c := range cs.byCode[g] {
		if c.Case != nil {
			had = append(had, *c.Case)
		}
	}
	return had
}
