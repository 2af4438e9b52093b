package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func inFile(o reconcile.Order, file string) reconcile.Order {
	o.Source.File = file
	return o
}

// Each order is judged by the time of the file that it stands in, whatever
// other files its source has.
func TestAnOrderIsAsFreshAsItsFile(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	old, young := now.Add(-6*time.Hour), now.Add(-time.Hour)
	books := reconcile.Load{Day: day, SHA256: "00", Files: []string{"a.csv", "b.csv"}, SnapshotAt: old, Taken: []time.Time{old, young}}
	_, err := loadAt(t.Context(), db, run, "shop", now, books, inFile(payment("1"), "a.csv"), inFile(payment("2"), "b.csv"), inFile(payment("3"), "b.csv"))
	require.NoError(t, err)
	require.Equal(t, map[string]time.Time{"1": old, "2": young, "3": young}, snapshots(t, db, run))

	// The third has vanished: what is known of it is the oldest time of its load.
	one := reconcile.Load{Day: day, SHA256: "01", Files: []string{"a.csv"}, SnapshotAt: now}
	_, err = loadAt(t.Context(), db, run, "shop", now, one, inFile(payment("1"), "a.csv"), inFile(payment("2"), "a.csv"))
	require.NoError(t, err)
	require.Equal(t, map[string]time.Time{"1": now, "2": now, "3": old}, snapshots(t, db, run))
}

func snapshots(t *testing.T, db *DB, run string) map[string]time.Time {
	at := map[string]time.Time{}
	for _, f := range collect(t, db.Families(t.Context(), scope(run))) {
		at[f.Bill.BillNo] = f.Subjects[0].SnapshotAt
	}
	return at
}

// Of a source of all days the files that hold orders of a day say when its
// books were taken.
func TestOldFilesOfOldDays(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	keep(t, db, billNotice("bill", "9")) // paid twelve hours ago
	before, after := now.Add(-48*time.Hour), now.Add(-time.Hour)
	books := reconcile.Load{SHA256: "00", Files: []string{"a.csv", "b.csv"}, SnapshotAt: after, Taken: []time.Time{before, after}}
	_, err := loadAt(t.Context(), db, run, "shop", now, books, inFile(onDay("1", day-1), "a.csv"), inFile(payment("2"), "b.csv"))
	require.NoError(t, err)
	require.Contains(t, homeless(t, db, run)["bill"], "looked true")
	_, err = loadAt(t.Context(), db, run, "shop", now, books, inFile(payment("1"), "a.csv"), inFile(payment("2"), "b.csv"))
	require.NoError(t, err)
	require.Contains(t, homeless(t, db, run)["bill"], "looked false", "a shop's file is older than the payment")
}
