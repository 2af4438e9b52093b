package reconcile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEnter(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Beijing)
	mild := Case{ID: "D1", Severity: S2, State: StateOpen, Facts: "1908 1907"}
	grave := mild
	grave.Severity = S1
	entry := func(c Case, change func(*Entry)) Entry {
		remedy, _ := ParseRemedy("调账")
		e := Entry{CaseID: c.ID, Version: c.Version(), Decision: Decision{Remedy: remedy, Note: "已调账", By: "张三", At: now}}
		if change != nil {
			change(&e)
		}
		return e
	}
	approve := func(e *Entry) { e.Reviewer, e.Review = "李四", ReviewApproved }
	reject := func(e *Entry) { e.Reviewer, e.Review = "李四", ReviewRejected }

	for name, c := range map[string]struct {
		c      Case
		change func(*Entry)
		state  State
		steps  int
		err    error
	}{
		"one is enough":                   {c: mild, state: StateResolved, steps: 1},
		"a grave case needs two":          {c: grave, state: StateProposed, steps: 1},
		"both at once":                    {c: grave, change: approve, state: StateResolved, steps: 2},
		"reviewed all the same":           {c: mild, change: approve, state: StateResolved, steps: 2},
		"done today":                      {c: mild, change: func(e *Entry) { e.Decision.On = DayOf(now) }, state: StateResolved, steps: 1},
		"done tomorrow":                   {c: mild, change: func(e *Entry) { e.Decision.On = DayOf(now) + 1 }, err: ErrFuture},
		"his own reviewer":                {c: grave, change: func(e *Entry) { approve(e); e.Reviewer = " 张三" }, err: ErrSamePerson},
		"no note":                         {c: mild, change: func(e *Entry) { e.Decision.Note = " " }, err: ErrNoNote},
		"nobody":                          {c: mild, change: func(e *Entry) { e.Decision.By = "" }, err: ErrNobody},
		"no outcome":                      {c: mild, change: func(e *Entry) { e.Decision.Remedy = Remedy{} }, err: ErrNoOutcome},
		"a reviewer who is silent":        {c: mild, change: func(e *Entry) { e.Reviewer = "李四" }, err: ErrNoReview},
		"a review by nobody":              {c: mild, change: func(e *Entry) { e.Review = ReviewApproved }, err: ErrNobody},
		"rejected before it was proposed": {c: grave, change: reject, err: ErrNotProposed},
		"other facts":                     {c: mild, change: func(e *Entry) { e.Version = "V0" }, err: ErrStale},
		"cleared":                         {c: Case{ID: "D1", State: StateCleared}, err: ErrNotOpen},
		"resolved otherwise":              {c: Case{ID: "D1", State: StateResolved, Outcome: "退款", By: "王五", Note: "x"}, err: ErrNotOpen},
	} {
		t.Run(name, func(t *testing.T) {
			after, steps, err := Enter(c.c, nil, entry(c.c, c.change))
			require.ErrorIs(t, err, c.err)
			require.Len(t, steps, c.steps)
			if c.err != nil {
				require.Equal(t, c.c, after)
				return
			}
			require.Equal(t, c.state, after.State)
			again, steps, err := Enter(after, steps, entry(c.c, c.change))
			require.NoError(t, err)
			require.Empty(t, steps, "the same entry does nothing twice")
			require.Equal(t, after, again)
		})
	}

	t.Run("reviewed later in the same workbook", func(t *testing.T) {
		proposed, events, err := Enter(grave, nil, entry(grave, nil))
		require.NoError(t, err)
		approved, _, err := Enter(proposed, events, entry(grave, approve))
		require.NoError(t, err)
		require.Equal(t, "李四", approved.Reviewer)

		rejected, steps, err := Enter(proposed, events, entry(grave, reject))
		require.NoError(t, err)
		require.Equal(t, StateOpen, rejected.State)
		events = append(events, steps...)
		_, steps, err = Enter(rejected, events, entry(grave, reject))
		require.NoError(t, err)
		require.Empty(t, steps)
		_, _, err = Enter(rejected, events, entry(grave, func(e *Entry) { reject(e); e.Decision.Note = "another" }))
		require.ErrorIs(t, err, ErrNotProposed, "another proposal was never rejected")
	})
}

func TestVersionChangesWithWhatADecisionReliesOn(t *testing.T) {
	c := Case{ID: "D1", Severity: S2, State: StateOpen, Facts: "a", Stake: 1}
	seen := map[string]bool{c.Version(): true}
	for name, change := range map[string]func(*Case){
		"facts": func(c *Case) { c.Facts = "b" }, "state": func(c *Case) { c.State = StateProposed }, "stake": func(c *Case) { c.Stake = 2 },
		"severity": func(c *Case) { c.Severity = S1 }, "gone": func(c *Case) { c.Gone = true }, "outcome": func(c *Case) { c.Outcome = "x" },
	} {
		other := c
		change(&other)
		require.False(t, seen[other.Version()], name)
		seen[other.Version()] = true
	}
	c.Times, c.LastSeen = 7, 9
	require.True(t, seen[c.Version()], "being seen again changes nothing")
}
