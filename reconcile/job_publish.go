package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
)

// publish judges every order in scope and makes the run visible: verdicts,
// cases, totals, in one transaction. What agrees is judged before it.
func (n *night) publish(ctx context.Context) error {
	return n.Store.Evidence(ctx, n.scope, func(e Evidence) error {
		n.evidence = e
		if err := n.suspect(ctx); err != nil {
			return err
		}
		return n.Store.Publish(ctx, n.sum.RunID, func(p Publication) error {
			return n.write(ctx, &book{night: n, out: p, today: DayOf(n.scope.Now), mute: map[Words]int{}})
		})
	})
}

func (n *night) write(ctx context.Context, b *book) error {
	if err := n.refuseClosed(b.out); err != nil {
		return err
	}
	if err := n.recall(ctx); err != nil { // somebody may have decided since
		return err
	}
	if err := b.common(n.causes, n.together); err != nil {
		return err
	}
	if err := b.agreed(); err != nil {
		return err
	}
	for family, err := range n.families(n.again) {
		if err != nil {
			return err
		}
		if err := b.family(family); err != nil {
			return err
		}
	}
	for _, step := range []func() error{b.badRows, b.notices, b.statement} {
		if err := step(); err != nil {
			return err
		}
	}
	return b.close(n.Clock.Now())
}

// refuseClosed keeps the figures of a day that somebody has closed, maybe while
// the run was under way.
func (n *night) refuseClosed(p Publication) error {
	if n.Restate {
		return nil
	}
	by, err := p.ClosedBy()
	if err == nil && by != "" {
		err = fmt.Errorf("%s: %w by %s", n.Day, ErrDayClosed, by)
	}
	return err
}

// families yields the evidence, with a reason where an order has no answer.
func (n *night) families(only []int) iter.Seq2[Family, error] {
	return func(yield func(Family, error) bool) {
		for f, err := range n.evidence(only) {
			if err == nil {
				n.explain(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// explain gives an order in scope that was not asked the reason why.
func (n *night) explain(f Family) {
	for _, s := range f.inScope() {
		if s.Answer != nil {
			continue
		}
		why := n.halt.reason(s.Order.MID)
		if n.NoQuery {
			why = "no stored answer, and this run does not ask"
		}
		s.Answer = &Answer{Outcome: NotQueried, Message: why}
	}
}

// book writes one publication.
type book struct {
	*night
	out   Publication
	today Day
	mute  map[Words]int // why orders are unverified, and how many
}

func (b *book) family(f Family) error {
	verdicts := Judge(f, b.Settings, b.scope.Now)
	for nth, s := range f.inScope() {
		if err := b.order(s, verdicts[nth]); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) order(s *Subject, v Verdict) error {
	if err := b.count(s, v); err != nil {
		return err
	}
	if v.Class == Unverified {
		b.mute[v.unanswered().Reason]++
	}
	had, err := b.cases(s, v)
	if err != nil {
		return err
	}
	b.sum.Pending += had.pending
	if had.decided && had.pending+had.shared == 0 {
		v.Final = v.Final || v.Class == Discrepant && !v.waits()
	}
	if b.sum.Systemic && had.pending+had.shared > 0 {
		v.Final = false // what may clear is looked at again in a run that looks right
	}
	return b.out.Verdict(v)
}

// count adds an order to the figures of the run.
func (n *night) count(s *Subject, v Verdict) error {
	n.stands(s.Order)
	if s.Revisited && v.Final {
		return nil
	}
	var bill Bill
	if s.Answer != nil {
		bill = s.Answer.Bill
	}
	return n.counted(s.Order.MID, func(sum *Summary) error { return sum.Count(v, s.Order, bill, s.Order.LedgerDay != n.Day) })
}

// casesHad is how the cases of an order stand.
type casesHad struct {
	decided bool  // a person has resolved one of them, and it still stands
	pending int64 // are open or proposed
	shared  int64 // findings whose cause has a case that is open or proposed
}

func (h *casesHad) add(c Case) {
	if c.State.Pending() {
		h.pending++
	}
	h.decided = h.decided || c.State == StateResolved && !c.Gone
}

// cases moves every case that the order has or gets, and marks the findings for
// which the case of a cause stands.
func (b *book) cases(s *Subject, v Verdict) (had casesHad, err error) {
	known := map[Code]*Case{}
	for i := range s.Cases {
		known[s.Cases[i].Code] = &s.Cases[i]
	}
	group := groupOf(s.Order)
	before := slices.Concat(s.Cases, s.NoticeCases, b.causes.casesOf(group))
	for _, code := range caseCodes(s.Cases, v) {
		sight := Sighting{Verdict: v, Order: s.Order, Today: b.today, Predecessors: before, KeepOpen: b.sum.Systemic}
		i := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Code == code })
		cause := b.causes.standing(group, code, s.Cases)
		if i >= 0 && cause != nil {
			had.share(v.Findings[i:], cause)
		} else if i >= 0 {
			sight.Finding = &v.Findings[i]
		}
		now, err := b.move(known[code], sight)
		if err != nil {
			return had, err
		}
		had.add(now)
	}
	return had, nil
}

// share marks the findings of the first one's code: the cause's case stands for
// them.
func (h *casesHad) share(fs []Finding, c *Cause) {
	for i := range fs {
		if fs[i].Code == c.Code {
			fs[i].Shared = true
		}
	}
	if c.Case.State.Pending() {
		h.shared++
	}
	h.decided = h.decided || c.Case.State == StateResolved && !c.Case.Gone
}

// caseCodes are the codes to look at, in table order: those found, and those
// of existing cases. Without a trustworthy answer every existing case that is
// not found again is left untouched.
func caseCodes(cases []Case, v Verdict) []Code {
	var codes []Code
	for _, f := range v.Findings {
		codes = append(codes, f.Code)
	}
	for _, c := range cases {
		codes = append(codes, c.Code)
	}
	sort.Slice(codes, func(i, j int) bool { return codes[i].place() < codes[j].place() })
	return slices.Compact(codes)
}

// untouched says whether a run leaves a case as it is because it has not looked
// at what the case is about, or has no trustworthy answer of its own. One that says why there was none ends with such an answer; old
// answers, which a run that does not ask goes by, are none.
func (b *book) untouched(c Case, s Sighting) bool {
	if RuleOf(c.Code).Unverified {
		return b.NoQuery || s.Verdict.Class == Unverified && s.Finding == nil
	}
	if !b.Settings.Statements && slices.Contains(statementCodes, c.Code) {
		return true // nobody looks at statements
	}
	return s.Verdict.Class == Unverified
}

// move writes what Observe makes of a case and returns the case as it stands.
func (b *book) move(before *Case, s Sighting) (Case, error) {
	if before != nil && b.untouched(*before, s) {
		return *before, nil
	}
	now, event, changed := Observe(before, s)
	if !changed {
		if before != nil {
			return *before, nil
		}
		return Case{}, nil
	}
	var was State
	if before != nil {
		was = before.State
	}
	if err := b.out.Case(now, was); err != nil {
		return Case{}, err
	}
	if event == nil {
		return now, nil
	}
	event.RunID, event.At = b.sum.RunID, b.scope.Now
	err := b.counted(s.merchant(before), func(sum *Summary) error { sum.Cases.count(*event); return nil })
	if err != nil {
		return now, err
	}
	return now, b.out.Event(*event)
}
