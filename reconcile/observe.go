package reconcile

import "cmp"

// Sighting is what one run knows about a case: the finding, if its condition
// holds, and the verdict on the order.
type Sighting struct {
	CaseID  string   // of a bad row's case; empty: by the order's key and the code
	Scope   string   // of the source of a bad row
	Cause   *Cause   // that the case is about; nil: it is about an order, row or notice
	Finding *Finding // nil: the condition does not hold
	Verdict Verdict
	Order   Order
	// Notified is the merchant that notices are about, of a case of theirs.
	Notified string
	Today    Day // Beijing date of the run's clock
	// Predecessors are the order's other cases, for first_seen of a code
	// that follows a waiting one.
	Predecessors []Case
	// KeepOpen stops the tool from clearing anything: the run looks
	// systemically wrong.
	KeepOpen bool
}

// Observe moves a case by what a run saw. before is nil for a case that does
// not exist yet. The bool says whether the case changed at all (or is new).
// The event is nil where nothing worth telling happened.
func Observe(before *Case, s Sighting) (Case, *Event, bool) {
	if s.Finding == nil || s.Finding.Severity.Note() {
		return absent(before, s)
	}
	return present(before, s)
}

func present(before *Case, s Sighting) (Case, *Event, bool) {
	f := *s.Finding
	now := Case{ID: cmp.Or(s.CaseID, CaseID(s.Verdict.Key, f.Code)), Code: f.Code, FirstSeen: s.inheritedFirstSeen(f.Code)}
	if before != nil {
		now = *before
	}
	var taken *Event
	if before == nil {
		taken = now.inheritDecision(s.Predecessors, f)
	}
	was, oldStake, oldFacts, had := now.State, now.Stake, now.Facts, now
	now.Severity, now.Ledger, now.UMS, now.Reason, now.Facts = f.Severity, f.Ledger, f.UMS, f.Reason, f.Basis
	now.Primary = s.Verdict.Primary().Code == f.Code
	now.Key, now.LedgerDay, now.LastSeen = s.Verdict.Key, s.Order.LedgerDay, s.Today
	now.Gap = s.Verdict.Gap(f.Code)
	now.Stake = s.Verdict.Stake(f)
	now.Scope = s.Scope
	if s.Cause != nil {
		now.Gap, now.Stake, now.Covers = s.Cause.Gap, s.Cause.Covered.Fen, s.Cause.Covered.Count
	}
	now.Times++

	settled := was == StateResolved && !now.Gone && oldFacts == f.Basis
	now.Gone = false
	if settled {
		return now, taken, true
	}
	now.State = stateFor(f)
	if was == StateProposed && oldFacts == f.Basis {
		now.State = StateProposed
	} else {
		now.Outcome, now.Note, now.By, now.Reviewer = "", "", "", "" // a decision relied on facts that are no more
	}
	event := &Event{CaseID: now.ID, State: now.State, Was: was, Stake: now.Stake, Reason: f.Reason, Facts: f.Basis}
	switch {
	case before == nil && now.State.Pending(): // whatever it inherited, it is new
		event.Kind, event.Was = EventOpened, ""
		if taken != nil {
			event.Kind, event.Reason = EventInherited, taken.Reason
		}
	case was == "":
		event.Kind = EventOpened
	case was == StateResolved || was == StateCleared:
		event.Kind = EventReopened
	case was == StateProposed && now.State == StateOpen:
		event.Kind, event.Delta, event.Reason = EventWithdrawn, now.Stake-oldStake, had.withdrawn(f.Basis)
	case was.Pending() && now.Stake != oldStake:
		event.Kind, event.Delta = EventRevalued, now.Stake-oldStake
	case was != now.State:
		event.Kind = EventReopened
	default:
		return now, nil, true
	}
	return now, event, true
}

// withdrawn says which proposal falls with the facts that it relied on.
func (c Case) withdrawn(facts string) Words {
	return words("%[1]s 提出的“%[2]s”已撤回：所依据的事实原为“%[3]s”，现为“%[4]s”", "%[1]s's proposal %[2]q is withdrawn: the facts were %[3]q, are %[4]q", c.By, c.Outcome, c.Facts, facts)
}

// inheritDecision takes over what a person decided about the same facts when
// they were a case of a notice, and says so; nil: nobody has.
func (c *Case) inheritDecision(predecessors []Case, f Finding) *Event {
	for _, p := range predecessors {
		if p.Code == f.Code && p.Facts == f.Basis && (p.State == StateResolved || p.State == StateProposed) && !p.Gone {
			c.State, c.Facts, c.Stake, c.Outcome, c.Note, c.By, c.Reviewer = p.State, p.Facts, p.Stake, p.Outcome, p.Note, p.By, p.Reviewer
			return &Event{
				CaseID: c.ID, Kind: EventInherited, State: p.State, Stake: p.Stake, Facts: p.Facts,
				Reason: words("沿用差异 %s 的处理：%s，%s", "taken over from case %s: %s by %s", p.ID, p.Outcome, p.By),
			}
		}
	}
	return nil
}

func stateFor(f Finding) State {
	switch {
	case RuleOf(f.Code).Unverified:
		return StateUnverified
	case f.Severity == Wait:
		return StateWaiting
	}
	return StateOpen
}

func absent(before *Case, s Sighting) (Case, *Event, bool) {
	if before == nil || before.State == StateCleared {
		return Case{}, nil, false
	}
	now := *before
	rule := RuleOf(now.Code)
	passing := now.State == StateWaiting || now.State == StateUnverified
	mayClear := (s.Cause != nil || rule.clears != nil && rule.clears(*before, s.Verdict)) && !s.KeepOpen
	event := &Event{CaseID: now.ID, Was: now.State, Stake: now.Stake}
	switch {
	case passing || (now.State.Pending() && mayClear):
		now.State, now.Gone = StateCleared, false
		event.Kind = EventCleared
	case !now.Gone:
		now.Gone = true
		event.Kind = EventGone
	default:
		return Case{}, nil, false
	}
	event.State, event.Reason = now.State, s.whyGone(now, before.State)
	return now, event, true
}

// inheritedFirstSeen is today, or the first day of the waiting case that this
// code follows.
func (s Sighting) inheritedFirstSeen(c Code) Day {
	first := s.Today
	for _, waited := range append([]Code{c}, RuleOf(c).Follows...) {
		for _, p := range s.Predecessors {
			if p.Code == waited && p.FirstSeen != 0 && p.FirstSeen < first {
				first = p.FirstSeen
			}
		}
	}
	return first
}

// Gap is UMS − ledger in money that moved, for the code that carries it;
// absent for every other code, and for an order without a trustworthy answer.
func (v Verdict) Gap(c Code) Amount {
	if c != v.Carrier || v.Class == Unverified {
		return Amount{}
	}
	return Some(v.UMS - v.Ledger)
}

// Stake is what a finding of the verdict is worth, never negative: what it says
// itself, else the gap where it carries it, else the difference, else the side that exists.
func (v Verdict) Stake(f Finding) Fen {
	for _, a := range []Amount{f.Worth, v.Gap(f.Code), f.Difference(), f.UMS} {
		if a.Known {
			return a.Fen.Abs()
		}
	}
	return f.Ledger.Fen
}
