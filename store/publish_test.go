package store

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestBeginRun(t *testing.T) {
	tests := map[string]struct {
		status reconcile.RunStatus
		day    reconcile.Day
		again  bool
	}{
		"killed while it ran":    {reconcile.RunRunning, day, true},
		"interrupted":            {reconcile.RunInterrupted, day, true},
		"failed":                 {reconcile.RunFailed, day, false},
		"complete":               {reconcile.RunComplete, day, false},
		"incomplete":             {reconcile.RunIncomplete, day, false},
		"another day's was left": {reconcile.RunRunning, day - 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			first := begin(t, db, tt.day)
			if tt.status != reconcile.RunRunning {
				require.NoError(t, db.EndRun(t.Context(), first, tt.status, "why", now))
			}
			second := begin(t, db, day)
			require.Equal(t, tt.again, first == second)
			runs, err := db.Runs(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, RunRecord{RunID: second, Day: day, Status: reconcile.RunRunning, StartedAt: now}, runs[0])
		})
	}
}

func TestTheLastRunOfADayCounts(t *testing.T) {
	db := open(t)
	first := begin(t, db, day)
	require.NoError(t, db.EndRun(t.Context(), first, reconcile.RunFailed, "", now))
	second := begin(t, db, day)
	publish(t, db, second)
	third := begin(t, db, day)
	require.Len(t, map[string]bool{first: true, second: true, third: true}, 3)
	require.IsIncreasing(t, []string{first, second, third})
}

func TestEndRun(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	require.NoError(t, db.EndRun(t.Context(), run, reconcile.RunFailed, "the ledger is not there", now.Add(time.Minute)))
	runs, err := db.Runs(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, []RunRecord{{RunID: run, Day: day, Status: reconcile.RunFailed, StartedAt: now, EndedAt: now.Add(time.Minute), Reason: "the ledger is not there"}}, runs)
	require.ErrorIs(t, db.EndRun(t.Context(), "nobody", reconcile.RunFailed, "", now), ErrNoRun)
}

func TestAPublishedRunDoesNotEndOtherwise(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	publish(t, db, run)
	require.NoError(t, db.EndRun(t.Context(), run, reconcile.RunInterrupted, "the server is gone", now))
	runs, err := db.Runs(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, reconcile.RunComplete, runs[0].Status)
	require.Empty(t, runs[0].Reason)
}

// summary is a run's figures of one kind.
func summary(run string, d reconcile.Day, classes map[reconcile.Class]reconcile.Sum) reconcile.Summary {
	s := reconcile.Summary{RunID: run, Day: d, Status: reconcile.RunComplete, StartedAt: now, EndedAt: now.Add(time.Hour)}
	k := &reconcile.KindTotals{Classes: classes}
	for _, sum := range classes {
		k.Loaded.Count += sum.Count
	}
	s.Kinds = map[reconcile.Kind]*reconcile.KindTotals{reconcile.Payment: k}
	return s
}

func finish(t *testing.T, db *DB, s reconcile.Summary) {
	t.Helper()
	require.NoError(t, db.Publish(t.Context(), s.RunID, func(p reconcile.Publication) error { return p.Finish(s) }))
}

func TestFinish(t *testing.T) {
	db := open(t)
	_, found, err := db.LastRun(t.Context(), day)
	require.NoError(t, err)
	require.False(t, found)

	s := summary(begin(t, db, day), day, map[reconcile.Class]reconcile.Sum{
		reconcile.Matched: {Count: 10, Fen: 5}, reconcile.Discrepant: {Count: 3}, reconcile.Unverified: {Count: 2},
	})
	s.Loads = []reconcile.Load{{Scope: "a", Files: []string{"x"}, Day: day, SnapshotAt: now}}
	s.Alarms = []reconcile.Words{{ZH: "警", EN: "alarm"}}
	s.Cases.Closing = reconcile.Sum{Count: 1, Fen: 2}
	finish(t, db, s)

	got, found, err := db.LastRun(t.Context(), day)
	require.NoError(t, err)
	require.True(t, found)
	require.True(t, s.StartedAt.Equal(got.StartedAt) && s.EndedAt.Equal(got.EndedAt) && s.Loads[0].SnapshotAt.Equal(got.Loads[0].SnapshotAt))
	got.StartedAt, got.EndedAt, got.Loads[0].SnapshotAt = s.StartedAt, s.EndedAt, s.Loads[0].SnapshotAt
	require.Equal(t, s, got)

	unpublished := begin(t, db, day)
	require.NoError(t, db.EndRun(t.Context(), unpublished, reconcile.RunFailed, "", now))
	got, _, err = db.LastRun(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, s.RunID, got.RunID, "a run that published nothing is not the last run")

	runs, err := db.Runs(t.Context(), 10)
	require.NoError(t, err)
	require.Nil(t, runs[0].Summary)
	require.Equal(t, s.RunID, runs[1].Summary.RunID)
	require.Equal(t, reconcile.RunComplete, runs[1].Status)
}

func TestHistory(t *testing.T) {
	db := open(t)
	for _, r := range []struct {
		day                reconcile.Day
		judged, discrepant int64
	}{{day - 2, 19, 9}, {day - 2, 20, 2}, {day - 1, 30, 0}, {day, 2, 1}} {
		s := summary(begin(t, db, r.day), r.day, nil)
		s.Judged, s.Discrepant = r.judged, r.discrepant
		finish(t, db, s)
	}
	begin(t, db, day-3)
	got, err := db.History(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, []reconcile.DayShare{{Day: day - 2, Judged: 20, Discrepant: 2}, {Day: day - 1, Judged: 30}}, got)
}

func TestPublishAllOrNothing(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	stop := errors.New("the figures do not add up")
	err := db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		require.NoError(t, p.Verdict(final(payment("1"))))
		require.NoError(t, put(p, reconcile.Case{ID: "D1", Severity: reconcile.S1, State: reconcile.StateOpen, Key: payment("1").Key, FirstSeen: day, LastSeen: day}))
		require.NoError(t, p.Event(reconcile.Event{CaseID: "D1", RunID: run, At: now, Kind: reconcile.EventOpened, State: reconcile.StateOpen}))
		require.NoError(t, p.Finish(reconcile.Summary{Status: reconcile.RunComplete}))
		return stop
	})
	require.Equal(t, stop, err)
	require.False(t, isFinal(t, db, payment("1").Key))
	require.Zero(t, count(t, db, "cases")+count(t, db, "events"))
	_, found, err := db.LastRun(t.Context(), day)
	require.NoError(t, err)
	require.False(t, found)

	require.Panics(t, func() {
		_ = db.Publish(t.Context(), run, func(p reconcile.Publication) error { _ = p.Verdict(final(payment("1"))); panic("x") })
	})
	require.False(t, isFinal(t, db, payment("1").Key), "and the writer is free again")
}

func TestPublishUnknowns(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	none := func(reconcile.Publication) error { return nil }
	require.ErrorIs(t, db.Publish(t.Context(), "nobody", none), ErrNoRun)
	require.ErrorIs(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error { return p.Verdict(final(payment("1"))) }), ErrNoOrder)
	require.ErrorIs(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error { return put(p, reconcile.Case{ID: "D1", Key: payment("1").Key}) }), ErrNoOrder)
	require.Error(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Event(reconcile.Event{CaseID: "no such case", At: now})
	}))
}

func TestPinned(t *testing.T) {
	type step struct {
		status reconcile.Status
		amount reconcile.Fen
		final  bool
	}
	tests := map[string]struct {
		steps []step
		want  *reconcile.Pinned
	}{
		"never final":                 {[]step{{reconcile.Paid, 10, false}}, nil},
		"final":                       {[]step{{reconcile.Paid, 10, true}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 10}},
		"final later":                 {[]step{{reconcile.Unpaid, 10, false}, {reconcile.Paid, 12, true}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 12}},
		"changed since, and open":     {[]step{{reconcile.Paid, 10, true}, {reconcile.Paid, 12, false}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 10}},
		"changed since, and final":    {[]step{{reconcile.Paid, 10, true}, {reconcile.Paid, 12, true}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 10}},
		"refunded since":              {[]step{{reconcile.Paid, 10, true}, {reconcile.Refunded, 10, true}}, &reconcile.Pinned{Status: reconcile.Refunded, Amount: 10}},
		"refunded since, and open":    {[]step{{reconcile.Paid, 10, true}, {reconcile.Refunded, 10, false}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 10}},
		"refunded by and by":          {[]step{{reconcile.Paid, 10, true}, {reconcile.PartRefunded, 10, true}, {reconcile.Refunded, 10, true}}, &reconcile.Pinned{Status: reconcile.Refunded, Amount: 10}},
		"refunded and changed":        {[]step{{reconcile.Paid, 10, true}, {reconcile.Refunded, 9, true}}, &reconcile.Pinned{Status: reconcile.Paid, Amount: 10}},
		"a refund taken back":         {[]step{{reconcile.Refunded, 10, true}, {reconcile.Paid, 10, true}}, &reconcile.Pinned{Status: reconcile.Refunded, Amount: 10}},
		"paid after it was given up ": {[]step{{reconcile.Unpaid, 10, true}, {reconcile.Paid, 10, true}}, &reconcile.Pinned{Status: reconcile.Unpaid, Amount: 10}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			for _, s := range tt.steps {
				o := payment("1")
				o.Status, o.Amount = s.status, s.amount
				load(t, db, run, "a", o)
				publish(t, db, run, reconcile.Verdict{Key: o.Key, Class: reconcile.Matched, Final: s.final})
				require.Equal(t, s.final, isFinal(t, db, o.Key))
			}
			require.Equal(t, tt.want, subjects(t, db, scope(run))[payment("1").Key].Pinned)
		})
	}
}

func TestVerdictKeepsTheNotes(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	v := reconcile.Verdict{
		Key: payment("1").Key, Class: reconcile.Tolerance, Ledger: 1908, UMS: 1907, Carrier: reconcile.AmountWithinTolerance,
		Findings: []reconcile.Finding{
			{Code: reconcile.AmountWithinTolerance, Severity: reconcile.S4, Ledger: reconcile.Some(1908), UMS: reconcile.Some(1907), Reason: reconcile.Words{ZH: "差一分", EN: "off by one"}, Basis: "b"},
			{Code: reconcile.FieldNotCompared, Severity: reconcile.S4, Basis: "coupon_amount"},
			{Code: reconcile.FieldNotCompared, Severity: reconcile.S4, Basis: "buyer_pay_amount"},
			{Code: reconcile.SettleWaiting, Severity: reconcile.Wait},
		},
	}
	publish(t, db, run, v)
	lines := collect(t, db.Cases(t.Context(), Filter{}))
	require.Len(t, lines, 3, "a waiting finding is no note")
	id := reconcile.CaseID(v.Key, reconcile.FieldNotCompared)
	require.Equal(t, reconcile.Case{
		ID: reconcile.CaseID(v.Key, reconcile.AmountWithinTolerance), Code: reconcile.AmountWithinTolerance, Severity: reconcile.S4, State: reconcile.StateNote,
		Primary: true, Key: v.Key, LedgerDay: day, Ledger: reconcile.Some(1908), UMS: reconcile.Some(1907), Gap: reconcile.Some(-1), Stake: 1,
		Reason: reconcile.Words{ZH: "差一分", EN: "off by one"}, Facts: "b", FirstSeen: day + 1, LastSeen: day + 1, Times: 1,
	}, lines[0].Case)
	require.Equal(t, []string{id, id + "-2"}, []string{lines[1].Case.ID, lines[2].Case.ID})
	require.Equal(t, []string{"coupon_amount", "buyer_pay_amount"}, []string{lines[1].Case.Facts, lines[2].Case.Facts})

	next := begin(t, db, day)
	publish(t, db, next, final(payment("1")))
	require.Empty(t, collect(t, db.Cases(t.Context(), Filter{})), "only the notes of the last judgement are listed")
	require.Equal(t, 3, count(t, db, "notes"), "but all are kept")
}

// What a person decides while a run is under way stands.
func TestACaseThatWasDecidedMeanwhileIsNotOverwritten(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	c := reconcile.Case{ID: "D1", Code: reconcile.AmountBillMore, Severity: reconcile.S2, State: reconcile.StateOpen, Key: payment("1").Key, LedgerDay: day, FirstSeen: day, LastSeen: day}
	write := func(c reconcile.Case, was reconcile.State) error {
		return db.Publish(t.Context(), run, func(p reconcile.Publication) error { return p.Case(c, was) })
	}
	require.NoError(t, write(c, ""))
	require.NoError(t, write(c, reconcile.StateOpen))
	_, err := db.Decide(t.Context(), "D1", func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
		remedy, _ := reconcile.ParseRemedy("adjust")
		return reconcile.Resolve(c, reconcile.Decision{Remedy: remedy, Note: "done so", By: "王", At: now})
	})
	require.NoError(t, err)
	for _, was := range []reconcile.State{reconcile.StateOpen, ""} {
		require.ErrorIs(t, write(c, was), reconcile.ErrDecidedMeanwhile)
	}
	line, _, err := db.Case(t.Context(), "D1")
	require.NoError(t, err)
	require.Equal(t, []any{reconcile.StateResolved, "王"}, []any{line.Case.State, line.Case.By})
}
