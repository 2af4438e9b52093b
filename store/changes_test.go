package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestWhatARunChanged(t *testing.T) {
	db, first := night(t)
	again := reconcile.Summary{RunID: begin(t, db, day), Day: day, Status: reconcile.RunComplete, EndedAt: now}
	one, old := payment("1"), onDay("old", day-100)
	event := func(c reconcile.Case, kind reconcile.EventKind, why string) reconcile.Event {
		return reconcile.Event{CaseID: c.ID, RunID: again.RunID, At: now, Kind: kind, State: c.State, Reason: reconcile.Words{ZH: why, EN: why}}
	}
	require.NoError(t, db.Publish(t.Context(), again.RunID, func(p reconcile.Publication) error {
		cleared := caseOf(one, reconcile.AmountBillMore, reconcile.S2, reconcile.StateCleared)
		reopened := caseOf(old, reconcile.AmountBillMore, reconcile.S2, reconcile.StateOpen)
		waits := caseOf(one, reconcile.SettleWaiting, reconcile.Wait, reconcile.StateWaiting)
		for _, c := range []reconcile.Case{cleared, reopened, waits} {
			require.NoError(t, put(p, c))
		}
		require.NoError(t, p.Event(event(cleared, reconcile.EventCleared, "agrees")))
		require.NoError(t, p.Event(event(reopened, reconcile.EventReopened, "again")))
		require.NoError(t, p.Event(event(reopened, reconcile.EventRevalued, "and more")))
		require.NoError(t, p.Event(event(waits, reconcile.EventOpened, "waits")))
		return p.Finish(again)
	}))

	told := func(before string, run reconcile.Summary) (all []string) {
		changes, err := db.Changes(t.Context(), before, run)
		require.NoError(t, err)
		for _, c := range changes {
			all = append(all, string(c.Kind)+" "+string(c.Line.Case.Code)+" "+c.Line.Order.BillNo+": "+c.Why.EN+c.Who)
		}
		return all
	}
	require.Equal(t, []string{
		"revalued AMOUNT_BILL_MORE old: and more",
		"still_open LEDGER_ROW_INVALID : ",
		"cleared AMOUNT_BILL_MORE 1: agrees",
		"still_open LEDGER_DUPLICATE_KEY 2: ",
		"still_open BUYER_PAY_MISMATCH 1: ",
	}, told(first.RunID, again), "the last event about each; nothing that waits; open cases of other days only if they moved")
	require.Equal(t, "opened AMOUNT_BILL_MORE 1: more", told("", first)[1], "an earlier run is still told as it was")
	require.Empty(t, told("", reconcile.Summary{RunID: "nobody", Day: day - 1}))
}

// What other nights and people did in between is told with who did it.
func TestWhatOthersChangedInBetween(t *testing.T) {
	db, first := night(t)
	other := reconcile.Summary{RunID: begin(t, db, day+1), Day: day + 1, Status: reconcile.RunComplete, EndedAt: now}
	c := caseOf(payment("2"), reconcile.LedgerDuplicateKey, reconcile.S2, reconcile.StateCleared)
	require.NoError(t, db.Publish(t.Context(), other.RunID, func(p reconcile.Publication) error {
		require.NoError(t, put(p, c))
		require.NoError(t, p.Event(reconcile.Event{CaseID: c.ID, RunID: other.RunID, At: now, Kind: reconcile.EventCleared, State: c.State, Reason: reconcile.Words{EN: "one row"}}))
		return p.Finish(other)
	}))
	_, err := db.Decide(t.Context(), more, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
		remedy, _ := reconcile.ParseRemedy("adjust")
		return reconcile.Resolve(c, reconcile.Decision{Remedy: remedy, Note: "done so", By: "王", At: now})
	})
	require.NoError(t, err)
	again := reconcile.Summary{RunID: begin(t, db, day), Day: day, Status: reconcile.RunComplete, EndedAt: now}
	finish(t, db, again)
	changes, err := db.Changes(t.Context(), first.RunID, again)
	require.NoError(t, err)
	who := map[reconcile.EventKind]string{}
	for _, c := range changes {
		who[c.Kind] = c.Who
	}
	require.Equal(t, map[reconcile.EventKind]string{reconcile.EventCleared: "run of " + (day + 1).String(), reconcile.EventResolved: "王", reconcile.EventStill: ""}, who)
}

func TestCasesOfCauses(t *testing.T) {
	db, _ := night(t)
	run := begin(t, db, day)
	merchant := func(d reconcile.Day) reconcile.Case {
		k := reconcile.Key{BillKey: reconcile.BillKey{MID: "898340149000005"}}
		return reconcile.Case{
			ID: "Dcause" + d.String(), Code: reconcile.BillNotFound, Severity: reconcile.S1, State: reconcile.StateOpen, Key: k,
			LedgerDay: d, Covers: 120, FirstSeen: day, LastSeen: day, Times: 1,
		}
	}
	rows := reconcile.Case{ID: "Drows", Code: reconcile.LedgerRowInvalid, Severity: reconcile.S2, State: reconcile.StateOpen, Scope: "a", LedgerDay: day - 50, Covers: 200, FirstSeen: day, LastSeen: day, Times: 1}
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		for _, c := range []reconcile.Case{merchant(day), merchant(day - 9), rows} {
			require.NoError(t, put(p, c))
		}
		return p.Finish(reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete, EndedAt: now})
	}))
	cases, err := db.CauseCases(t.Context(), day-5)
	require.NoError(t, err)
	require.Equal(t, []reconcile.Case{merchant(day), rows}, cases, "of orders within the time, of a source always; no case of a single order")

	for mid, want := range map[string]int64{"898340149000005": 3, "somebody else": 0} {
		n, err := db.DayOrders(t.Context(), mid, day)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
}
