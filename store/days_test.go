package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestOpenDays(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	older, done := payment("1"), payment("2")
	older.LedgerDay, done.LedgerDay = day-3, day-2
	load(t, db, run, "a", older, done, payment("3"))
	days := func(since, before reconcile.Day) []reconcile.Day {
		got, err := db.OpenDays(t.Context(), since, before)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, []reconcile.Day{day - 3, day - 2}, days(day-90, day))
	require.Equal(t, []reconcile.Day{day - 2, day}, days(day-2, day+1))
	publish(t, db, run, final(done))
	require.Equal(t, []reconcile.Day{day - 3}, days(day-90, day), "final orders are not open")
	saveCase(t, db, run, reconcile.Case{ID: "D1", Code: reconcile.AmountBillLess, Severity: reconcile.S1, State: reconcile.StateOpen, Key: done.Key, LedgerDay: day - 2, FirstSeen: day, LastSeen: day})
	require.Equal(t, []reconcile.Day{day - 3, day - 2}, days(day-90, day), "a pending case is an open item")
	saveCase(t, db, run, reconcile.Case{ID: "D1", Code: reconcile.AmountBillLess, Severity: reconcile.S1, State: reconcile.StateResolved, Key: done.Key, LedgerDay: day - 2, FirstSeen: day, LastSeen: day})
	require.Equal(t, []reconcile.Day{day - 3}, days(day-90, day))
}

func saveCase(t *testing.T, db *DB, run string, cases ...reconcile.Case) {
	t.Helper()
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		for _, c := range cases {
			if err := put(p, c); err != nil {
				return err
			}
		}
		return nil
	}))
}

// put writes a case whatever the state that it is in.
func put(p reconcile.Publication, c reconcile.Case) error {
	var was reconcile.State
	err := p.(*publication).each("SELECT state FROM cases WHERE case_id = ?", []any{c.ID}, func(row scanner) error { return row.Scan((*word)(&was)) })
	if err != nil {
		return err
	}
	return p.Case(c, was)
}

func TestNeighboursFilled(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	filled := func(d reconcile.Day) bool {
		got, err := db.NeighboursFilled(t.Context(), d)
		require.NoError(t, err)
		return got
	}
	require.False(t, filled(day), "nothing was ever loaded")
	load(t, db, run, "a", payment("1"))
	require.True(t, filled(day), "an earlier load of the day counts")
	require.True(t, filled(day+1))
	require.True(t, filled(day-9))
	_, err := loadAt(t.Context(), db, run, "empty", now, reconcile.Load{Day: day + 5})
	require.NoError(t, err)
	require.False(t, filled(day+6), "the nearest loaded day is empty")
	require.True(t, filled(day+4))
}
