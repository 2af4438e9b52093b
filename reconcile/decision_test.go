package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// pendingCase is an open case of the scene's amount, and what found it.
func pendingCase() (Case, Sighting) {
	s := found(less(), thursday+1)
	c, _, _ := Observe(nil, s)
	return c, s
}

func says(remedy, by string) Decision {
	r, _ := ParseRemedy(remedy)
	return Decision{Remedy: r, Note: " because ", By: by, User: "root", At: nightly}
}

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct {
		severity Severity
		remedy   string
		want     State
		kind     EventKind
	}{
		"an ordinary case":         {S2, "调账", StateResolved, EventResolved},
		"in English":               {S3, "Trust-UMS", StateResolved, EventResolved},
		"a grave case":             {S1, "补单", StateProposed, EventProposed},
		"a write-off":              {S3, "核销", StateProposed, EventProposed},
		"a waiver, said otherwise": {S3, "waive", StateProposed, EventProposed},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := pendingCase()
			before.Severity = c.severity
			now, e, err := Resolve(before, says(c.remedy, " 张三 "))
			require.NoError(t, err)
			require.Equal(t, c.want, now.State)
			require.Equal(t, "张三", now.By)
			require.Equal(t, "because", now.Note)
			require.Contains(t, outcomeZH(), now.Outcome)
			require.Equal(t, Event{
				CaseID: now.ID, At: nightly, Kind: c.kind, State: c.want, Was: StateOpen, Stake: before.Stake, By: "张三 (root)", Facts: before.Facts, Reason: e.Reason,
			}, e)
			require.Contains(t, e.Reason.ZH, "because")
		})
	}
}

func outcomeZH() (all []string) {
	for _, r := range Remedies {
		all = append(all, r.ZH)
	}
	return all
}

func TestResolveRefuses(t *testing.T) {
	c, _ := pendingCase()
	for _, state := range []State{StateProposed, StateResolved, StateCleared, StateWaiting, StateUnverified} {
		c.State = state
		_, _, err := Resolve(c, says("其他", "a"))
		require.ErrorIs(t, err, ErrNotOpen, state)
	}
	c.State = StateOpen
	_, _, err := Resolve(c, says("其他", " "))
	require.ErrorIs(t, err, ErrNobody)
	d := says("其他", "a")
	d.Note = "\t"
	_, _, err = Resolve(c, d)
	require.ErrorIs(t, err, ErrNoNote)
	_, known := ParseRemedy("随便")
	require.False(t, known)
}

func TestTwoPairsOfEyes(t *testing.T) {
	c, _ := pendingCase()
	proposed, _, err := Resolve(c, says("补单", "Zhang"))
	require.NoError(t, err)
	for _, same := range []string{"Zhang", " zhang ", "ZHANG"} {
		_, _, err := Approve(proposed, says("", same))
		require.ErrorIs(t, err, ErrSamePerson, same)
		_, _, err = Reject(proposed, says("", same))
		require.ErrorIs(t, err, ErrSamePerson, same)
	}
	approved, e, err := Approve(proposed, says("", "Li"))
	require.NoError(t, err)
	require.Equal(t, StateResolved, approved.State)
	require.Equal(t, "Zhang", approved.By)
	require.Equal(t, "Li", approved.Reviewer)
	require.Equal(t, EventResolved, e.Kind)
	rejected, e, err := Reject(proposed, says("", "Li"))
	require.NoError(t, err)
	require.Equal(t, StateOpen, rejected.State)
	require.Empty(t, rejected.Outcome+rejected.By+rejected.Note)
	require.Equal(t, EventRejected, e.Kind)
	_, _, err = Approve(approved, says("", "Wang"))
	require.ErrorIs(t, err, ErrNotProposed)
	_, _, err = Approve(proposed, says("", ""))
	require.ErrorIs(t, err, ErrNobody)
}

// What was decided holds while the facts are the same, and is gone with them.
func TestDecisionsRelyOnFacts(t *testing.T) {
	for _, approve := range []bool{false, true} {
		before, sight := pendingCase()
		c, _, err := Resolve(before, says("补单", "Zhang"))
		require.NoError(t, err)
		if approve {
			c, _, err = Approve(c, says("", "Li"))
			require.NoError(t, err)
		}
		same, e, _ := Observe(&c, sight)
		require.Equal(t, c.State, same.State)
		require.Equal(t, c.Outcome, same.Outcome)
		require.Nil(t, e)

		other := less()
		other.pay.Order.Amount += 5
		changed, e, _ := Observe(&c, found(other, thursday+2))
		require.Equal(t, StateOpen, changed.State)
		require.Empty(t, changed.Outcome+changed.By+changed.Reviewer)
		require.NotNil(t, e)
	}
}

func TestSamePerson(t *testing.T) {
	for name, want := range map[string]bool{
		"Zhang San": true, " zhang  san ": true, "Zhang\u00a0San": true, "Ｚｈａｎｇ　Ｓａｎ": true, "Zhang\u200b San\ufeff": true, "Zha\u00adng San": true,
		"Zhang Si": false, "张三": false, "": false,
	} {
		require.Equal(t, want, samePerson(name, "Zhang San"), "%q", name)
	}
	require.Empty(t, Decision{By: "\u200b 　"}.person(), "a name that nobody can see is none")
	require.Equal(t, "张 三", Decision{By: " 张 三 "}.person(), "kept as it was said")
}
