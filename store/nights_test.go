package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestNights(t *testing.T) {
	db := open(t)
	at := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	run := func(d reconcile.Day, n int, status reconcile.RunStatus, summary string) string {
		id, err := db.BeginRun(t.Context(), d, at(n))
		require.NoError(t, err)
		require.NoError(t, db.EndRun(t.Context(), id, status, "", at(n)))
		_, err = db.writer.Exec("UPDATE runs SET summary = ? WHERE run_id = ?", text(summary), id)
		require.NoError(t, err)
		require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: id, SHA256: "", RunID: id}, at(n)))
		return id
	}
	nights := func() []reconcile.Night {
		got, err := db.Nights(t.Context())
		require.NoError(t, err)
		for i := range got {
			got[i].Began, got[i].Published = got[i].Began.UTC(), got[i].Published.UTC()
		}
		return got
	}
	require.Empty(t, nights())

	run(day+1, 0, reconcile.RunFailed, "")
	run(day, 1, reconcile.RunComplete, `{"ledger_empty": false}`)
	require.Equal(t, []reconcile.Night{
		{Day: day, Status: reconcile.RunComplete, Published: at(1).UTC()},
		{Day: day + 1, Status: reconcile.RunFailed, Began: at(0).UTC()},
	}, nights(), "oldest first")

	run(day, 2, reconcile.RunIncomplete, `{"ledger_empty": true}`)
	run(day, 3, reconcile.RunIncomplete, `{}`)
	run(day, 4, reconcile.RunFailed, "")
	require.Equal(t, reconcile.Night{Day: day, Status: reconcile.RunIncomplete, Published: at(1).UTC(), Began: at(2).UTC()}, nights()[0],
		"what was published last counts, and the time since the day was complete")

	run(day, 5, reconcile.RunIncomplete, `{"ledger_empty": true}`)
	require.True(t, nights()[0].LedgerEmpty)
	run(day, 6, reconcile.RunComplete, `{}`)
	require.Equal(t, reconcile.Night{Day: day, Status: reconcile.RunComplete, Published: at(1).UTC()}, nights()[0])
}

func TestNightsThatAreSignedOff(t *testing.T) {
	db, _ := night(t)
	closed := func() bool {
		got, err := db.Nights(t.Context())
		require.NoError(t, err)
		return got[len(got)-1].Closed
	}
	require.False(t, closed())
	closeDay(t, db)
	require.True(t, closed())
	reopenDay(t, db)
	require.False(t, closed())
}
