package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestBalance(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"))
	pending := func(p reconcile.Publication) map[reconcile.Day]reconcile.Sum {
		got, err := p.PendingCases()
		require.NoError(t, err)
		return got
	}
	keep := func(p reconcile.Publication, id string, state, was reconcile.State, stake reconcile.Fen, seen reconcile.Day, by string) {
		c := reconcile.Case{ID: id, Code: reconcile.BillNotFound, Severity: reconcile.S1, State: state, Key: payment("1").Key, LedgerDay: day, Stake: stake, FirstSeen: seen, LastSeen: day}
		require.NoError(t, put(p, c))
		kind, runID := reconcile.EventOpened, run
		if by != "" {
			kind, runID = reconcile.EventResolved, ""
			if state.Pending() {
				kind = reconcile.EventReopened
			}
		}
		require.NoError(t, p.Event(reconcile.Event{CaseID: id, RunID: runID, At: now, Kind: kind, State: state, Was: was, Stake: stake, By: by}))
	}
	balance := func(p reconcile.Publication) [3]reconcile.Sum {
		opening, resolved, reopened, err := p.Balance()
		require.NoError(t, err)
		return [3]reconcile.Sum{opening, resolved, reopened}
	}

	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		require.Zero(t, balance(p))
		require.Empty(t, pending(p))
		keep(p, "A", reconcile.StateOpen, "", 100, day, "")
		keep(p, "B", reconcile.StateProposed, "", 50, day-1, "")
		keep(p, "C", reconcile.StateWaiting, "", 7, day, "")
		keep(p, "D", reconcile.StateResolved, reconcile.StateOpen, 9, day, "before the run ended")
		require.Equal(t, map[reconcile.Day]reconcile.Sum{day: {Count: 1, Fen: 100}, day - 1: {Count: 1, Fen: 50}}, pending(p), "it sees its own writes")
		return p.Finish(reconcile.Summary{RunID: run, Status: reconcile.RunComplete, Cases: reconcile.RollForward{Closing: reconcile.Sum{Count: 2, Fen: 150}}})
	}))

	other := begin(t, db, day-7)
	require.NoError(t, db.Publish(t.Context(), other, func(p reconcile.Publication) error {
		require.Equal(t, [3]reconcile.Sum{{Count: 2, Fen: 150}}, balance(p), "of the last run of any day; what was before it is in it")
		keep(p, "A", reconcile.StateResolved, reconcile.StateOpen, 100, day, "王")
		keep(p, "D", reconcile.StateOpen, reconcile.StateResolved, 9, day, "李")
		keep(p, "B", reconcile.StateOpen, reconcile.StateProposed, 50, day-1, "张")
		require.Equal(t, [3]reconcile.Sum{{Count: 2, Fen: 150}, {Count: 1, Fen: 100}, {Count: 1, Fen: 9}}, balance(p))
		require.Equal(t, map[reconcile.Day]reconcile.Sum{day: {Count: 1, Fen: 9}, day - 1: {Count: 1, Fen: 50}}, pending(p))
		return nil
	}))
}

func TestEventsAreNeverRewritten(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	saveCase(t, db, run, reconcile.Case{ID: "A", Code: reconcile.BillNotFound, Severity: reconcile.S1, State: reconcile.StateOpen, Key: payment("1").Key, LedgerDay: day, FirstSeen: day, LastSeen: day})
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Event(reconcile.Event{CaseID: "A", RunID: run, At: now, Kind: reconcile.EventOpened, State: reconcile.StateOpen})
	}))
	for _, q := range []string{"UPDATE events SET stake_fen = 1", "DELETE FROM events"} {
		_, err := db.writer.Exec(q)
		require.ErrorContains(t, err, "never rewritten")
	}
}

func TestBadRows(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	bad := func(raw string, line int) reconcile.BadRow {
		return reconcile.BadRow{Source: reconcile.Source{File: "a.csv", Line: line}, Column: "金额", Reason: reconcile.Words{ZH: "坏", EN: "bad"}, Raw: raw}
	}
	sightings := func(run string) (got []reconcile.RowSighting) {
		require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) (err error) {
			got, err = p.BadRows(nil)
			if err != nil {
				return err
			}
			for _, s := range got {
				if s.Case != nil || s.Row == nil {
					continue
				}
				err := put(p, reconcile.Case{ID: s.CaseID, Code: s.Row.Code(), Severity: reconcile.S2, State: reconcile.StateOpen, LedgerDay: s.Day, Scope: s.Scope, Reason: s.Row.Reason, FirstSeen: day, LastSeen: day})
				if err != nil {
					return err
				}
			}
			return p.Finish(reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete})
		}))
		return got
	}
	one, twin, two := bad("x,1", 3), bad("x,1", 9), bad("y,2", 4)
	loadBad(t, db, run, "a", one, twin, two)
	got := sightings(run)
	require.Equal(t, []reconcile.RowSighting{
		{CaseID: reconcile.RowCaseID("a", one), Scope: "a", Day: day, Row: &one},
		{CaseID: reconcile.RowCaseID("a", two), Scope: "a", Day: day, Row: &two},
	}, got, "identical rows share a case")

	run = begin(t, db, day)
	require.Empty(t, sightings(run), "this run has loaded nothing")

	run = begin(t, db, day)
	moved := bad("x,1", 30)
	loadBad(t, db, run, "a", moved)
	loadBad(t, db, run, "b", moved)
	got = sightings(run)
	require.Len(t, got, 3)
	require.Equal(t, &moved, got[0].Row)
	require.Equal(t, got[0].CaseID, got[0].Case.ID, "the case outlives a change of line")
	require.Equal(t, reconcile.StateOpen, got[0].Case.State)
	require.Nil(t, got[1].Case, "another source, another case")
	require.Equal(t, "b", got[1].Scope)
	require.Nil(t, got[2].Row, "mended")
	require.Equal(t, reconcile.RowCaseID("a", two), got[2].Case.ID)
	require.Equal(t, day, got[2].Day)
}

func TestBadRowsOfASourceWithoutDays(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "all.csv"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		return reconcile.Load{}, w.BadRow(reconcile.BadRow{Raw: "x"})
	})
	require.NoError(t, err)
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		got, err := p.BadRows(nil)
		require.NoError(t, err)
		require.Equal(t, day, got[0].Day, "the run's own")
		return nil
	}))
}
