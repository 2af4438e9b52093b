package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// found is a sighting of a scene's first code.
func found(s *scene, today Day) Sighting {
	v := s.judge()[0]
	f := v.Primary()
	return Sighting{Finding: &f, Verdict: v, Order: s.pay.Order, Today: today}
}

// gone is a sighting in which the condition does not hold.
func goneNow(s *scene, today Day) Sighting {
	return Sighting{Verdict: s.judge()[0], Order: s.pay.Order, Today: today}
}

func less() *scene {
	s := agreed19()
	s.pay.Order.Amount = 1909
	return s
}

func TestCaseOpensOnceAndIsBumped(t *testing.T) {
	c, e, changed := Observe(nil, found(less(), thursday))
	require.True(t, changed)
	require.Equal(t, EventOpened, e.Kind)
	require.Equal(t, StateOpen, c.State)
	require.True(t, c.Primary)
	require.Equal(t, Some(-1), c.Gap)
	require.Equal(t, Fen(1), c.Stake)

	again, e, changed := Observe(&c, found(less(), thursday+1))
	require.True(t, changed)
	require.Nil(t, e, "seeing it again is no event")
	require.Equal(t, c.ID, again.ID)
	require.Equal(t, thursday, again.FirstSeen)
	require.Equal(t, thursday+1, again.LastSeen)
	require.Equal(t, 2, again.Times)
}

func TestCaseClearsOnItsGroundAlone(t *testing.T) {
	c, _, _ := Observe(nil, found(less(), thursday))
	cleared, e, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateCleared, cleared.State)
	require.Equal(t, EventCleared, e.Kind)

	unpaid := less()
	unpaid.shows("UNPAID")
	stays, e, _ := Observe(&c, goneNow(unpaid, thursday+1))
	require.Equal(t, StateOpen, stays.State, "the difference is not gone, the payment is")
	require.True(t, stays.Gone)
	require.Equal(t, EventGone, e.Kind)
	_, _, changed := Observe(&stays, goneNow(unpaid, thursday+2))
	require.False(t, changed, "it is said once")

	kept, _, _ := Observe(&c, Sighting{Verdict: agreed19().judge()[0], Today: thursday + 1, KeepOpen: true})
	require.Equal(t, StateOpen, kept.State, "nothing clears in a run that looks wrong as a whole")

	back, e, _ := Observe(&cleared, found(less(), thursday+2))
	require.Equal(t, StateOpen, back.State)
	require.Equal(t, EventReopened, e.Kind)
	require.Equal(t, thursday, back.FirstSeen)
}

func TestMissingBillDoesNotClearByEditingTheLedger(t *testing.T) {
	s := agreed19()
	s.shows("NO_ORDER")
	c, _, _ := Observe(nil, found(s, thursday))
	require.Equal(t, BillNotFound, c.Code)
	s.pay.Order.Status = Closed
	stays, _, _ := Observe(&c, goneNow(s, thursday+1))
	require.Equal(t, StateOpen, stays.State)
	there, _, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateCleared, there.State)
}

func TestAttributeClearsOnlyWhenItWasCompared(t *testing.T) {
	s := agreed19()
	s.pay.Order.Coupon = Some(1)
	c, _, _ := Observe(nil, found(s, thursday))
	require.Equal(t, CouponMismatch, c.Code)
	held := agreed19()
	held.pay.Conflicting = true
	stays, _, _ := Observe(&c, goneNow(held, thursday+1))
	require.Equal(t, StateOpen, stays.State)
	compared, _, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateCleared, compared.State)
}

func TestCaseThatNeverClears(t *testing.T) {
	s := agreed19()
	s.shows("CLOSED")
	c, _, _ := Observe(nil, found(s, thursday))
	require.Equal(t, LedgerPaidBillClosed, c.Code)
	stays, _, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateOpen, stays.State)
	require.True(t, stays.Gone)
}

func TestCaseIsRevalued(t *testing.T) {
	c, _, _ := Observe(nil, found(less(), thursday))
	s := less()
	s.pay.Order.Amount = 1911
	dearer, e, _ := Observe(&c, found(s, thursday+1))
	require.Equal(t, EventRevalued, e.Kind)
	require.Equal(t, Fen(2), e.Delta)
	require.Equal(t, Fen(3), dearer.Stake)
}

func TestWaitingPassesItsDateOn(t *testing.T) {
	s := agreed19()
	s.flow().SettleDay = 0
	waiting, e, _ := Observe(nil, found(s, thursday))
	require.Equal(t, StateWaiting, waiting.State)
	require.Equal(t, Wait, waiting.Severity)
	require.Equal(t, EventOpened, e.Kind)

	s.now = (thursday + 9).End()
	overdue := found(s, thursday+9)
	overdue.Predecessors = []Case{waiting}
	next, _, _ := Observe(nil, overdue)
	require.Equal(t, SettleOverdue, next.Code)
	require.Equal(t, thursday, next.FirstSeen)
	require.NotEqual(t, waiting.ID, next.ID)

	cleared, _, _ := Observe(&waiting, goneNow(s, thursday+9))
	require.Equal(t, StateCleared, cleared.State, "whatever the reason")
}

func TestResolvedCase(t *testing.T) {
	c, _, _ := Observe(nil, found(less(), thursday))
	c.State, c.Outcome = StateResolved, "以渠道为准"

	same, e, _ := Observe(&c, found(less(), thursday+1))
	require.Equal(t, StateResolved, same.State, "the facts it relied on are the same")
	require.Nil(t, e)

	other := less()
	other.pay.Order.Amount = 1911
	changed, e, _ := Observe(&c, found(other, thursday+1))
	require.Equal(t, StateOpen, changed.State)
	require.Equal(t, EventReopened, e.Kind)

	gone, e, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateResolved, gone.State)
	require.Contains(t, e.Reason.EN, "it was resolved before")
	require.NotContains(t, e.Reason.EN, "a person")
	back, _, _ := Observe(&gone, found(less(), thursday+2))
	require.Equal(t, StateOpen, back.State, "true again")
}

func TestAProposalFallsWithItsFacts(t *testing.T) {
	c, _, _ := Observe(nil, found(less(), thursday))
	c.State, c.Outcome, c.By = StateProposed, "核销", "王"
	same, e, _ := Observe(&c, found(less(), thursday+1))
	require.Equal(t, StateProposed, same.State)
	require.Nil(t, e)

	other := less()
	other.pay.Order.Amount = 1911
	open, e, _ := Observe(&c, found(other, thursday+1))
	require.Equal(t, []any{StateOpen, "", ""}, []any{open.State, open.Outcome, open.By})
	require.Equal(t, EventWithdrawn, e.Kind)
	require.Equal(t, Fen(2), e.Delta)
	require.Contains(t, e.Reason.EN, `王's proposal "核销" is withdrawn: the facts were "paid 19.09`)
	require.Contains(t, e.Reason.EN, `are "paid 19.11`)
	var r RollForward
	r.count(*e)
	require.Equal(t, RollForward{Revalued: Sum{1, 2}}, r)
}

func TestADecisionIsTakenOverFromTheCaseOfANotice(t *testing.T) {
	s := found(less(), thursday)
	before, _, _ := Observe(nil, s)
	before.ID, before.Outcome, before.By = "Dnotice", "调账", "王"
	for state, pending := range map[State]int64{StateResolved: 0, StateProposed: 1} {
		before.State = state
		s.Predecessors = []Case{before}
		c, e, _ := Observe(nil, s)
		require.Equal(t, []any{state, "王"}, []any{c.State, c.By})
		require.Equal(t, []any{EventInherited, state, State("")}, []any{e.Kind, e.State, e.Was})
		require.Contains(t, e.Reason.EN, "taken over from case Dnotice: 调账 by 王")
		var r RollForward
		r.count(*e)
		require.Equal(t, pending, r.New.Count)
	}
	before.Facts = "others"
	s.Predecessors = []Case{before}
	_, e, _ := Observe(nil, s)
	require.Equal(t, EventOpened, e.Kind)
}

func TestWhyACaseIsLeft(t *testing.T) {
	c, _, _ := Observe(nil, found(less(), thursday))
	systemic := goneNow(agreed19(), thursday+1)
	systemic.KeepOpen = true
	_, e, _ := Observe(&c, systemic)
	require.Contains(t, e.Reason.EN, "looks systemic and clears nothing, the next run looks again")
	unpaid := less()
	unpaid.shows("UNPAID")
	_, e, _ = Observe(&c, goneNow(unpaid, thursday+1))
	require.Contains(t, e.Reason.EN, "a person has to close it")
}

func TestVanishedRowClearsWhenItReturnsUnchanged(t *testing.T) {
	s := agreed19()
	s.pay.Vanished = true
	c, _, _ := Observe(nil, found(s, thursday))
	require.Equal(t, LedgerRowVanished, c.Code)
	back, _, _ := Observe(&c, goneNow(agreed19(), thursday+1))
	require.Equal(t, StateCleared, back.State)
	other := agreed19()
	other.pay.Row = "another row"
	stays, _, _ := Observe(&c, goneNow(other, thursday+1))
	require.Equal(t, StateOpen, stays.State)
}

func TestNotesAreNoCases(t *testing.T) {
	s := agreed19()
	s.pay.Copies = 2
	_, _, changed := Observe(nil, found(s, thursday))
	require.False(t, changed)
}

func TestCaseIDsAreStable(t *testing.T) {
	k := agreed19().pay.Order.Key
	require.Equal(t, "D287797ee67abecff", CaseID(k, AmountBillLess), "ids are in databases and workbooks: they never change")
	require.NotEqual(t, CaseID(k, AmountBillLess), CaseID(k, AmountBillMore))
	k2 := k
	k2.RefundID = "R"
	require.NotEqual(t, CaseID(k, AmountBillLess), CaseID(k2, AmountBillLess))
	moved := BadRow{Source: Source{File: "a.csv", Line: 9}, Raw: "x,y"}
	require.Equal(t, RowCaseID("a", BadRow{Source: Source{File: "a.csv", Line: 3}, Raw: "x,y"}), RowCaseID("a", moved), "a row keeps its case when its line changes")
	require.NotEqual(t, RowCaseID("a", moved), RowCaseID("b", moved))
}

func TestSystemic(t *testing.T) {
	history := func(days int, discrepant int64) []DayShare {
		all := make([]DayShare, days)
		for i := range all {
			all[i] = DayShare{Judged: 100, Discrepant: discrepant}
		}
		return all
	}
	for name, c := range map[string]struct {
		judged, discrepant int64
		history            []DayShare
		want               bool
	}{
		"nineteen orders are too few": {19, 19, nil, false},
		"just half":                   {20, 10, nil, false},
		"more than half":              {20, 11, nil, true},
		"four days are no history":    {100, 50, history(4, 0), false},
		"ten per cent of quiet days":  {100, 10, history(5, 0), false},
		"more than ten per cent":      {100, 11, history(5, 0), true},
		"five times a bad median":     {100, 25, history(5, 5), false},
		"more than five times it":     {100, 26, history(5, 5), true},
		"small days are no history":   {100, 11, []DayShare{{Judged: 19}, {Judged: 19}, {Judged: 19}, {Judged: 19}, {Judged: 19}}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Systemic(c.judged, c.discrepant, c.history)) })
	}
}
