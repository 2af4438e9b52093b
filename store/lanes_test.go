package store

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// manyOrders fill more batches than there are lanes, the last not to the end.
func manyOrders() (orders []reconcile.Order) {
	for i := range 6*familyBatch + 1 {
		orders = append(orders, payment(fmt.Sprintf("%06d", i)))
	}
	return orders
}

// TestLanes: however many connections read, the families and their order are those
// of one, and all of one moment.
func TestLanes(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	run := begin(t, db, day)
	orders := manyOrders()
	load(t, db, run, "a", orders...)
	last := orders[len(orders)-1]
	for lanes := range 5 {
		db.lanes = lanes
		require.NoError(t, db.Evidence(t.Context(), scope(run), func(e reconcile.Evidence) error {
			nth := 0
			for f, err := range e(nil) {
				require.NoError(t, err)
				require.Equal(t, orders[nth].Key, f.Subjects[0].Order.Key)
				require.Equal(t, nth+1, f.Number)
				require.Empty(t, f.Subjects[0].Cases, "it came when the reading had begun")
				if nth++; nth == 1 {
					saveCase(t, db, run, reconcile.Case{
						ID: fmt.Sprintf("D%d", lanes), Code: reconcile.RefundStuck, Severity: reconcile.S2, State: reconcile.StateOpen, Key: last.Key, LedgerDay: day, FirstSeen: day, LastSeen: day,
					})
				}
			}
			require.Len(t, orders, nth)
			again := collect(t, e([]int{1, nth}))
			require.Len(t, again, 2)
			require.Len(t, again[1].Subjects[0].Cases, 1)
			return nil
		}))
		_, err := db.writer.Exec("DELETE FROM cases")
		require.NoError(t, err)
	}
}

// TestLanesThatAreLeft: whoever stops reading, or can read no more, leaves nothing
// behind that reads on.
func TestLanesThatAreLeft(t *testing.T) {
	onlyOnServer(t)
	db, err := Open(t.Context(), newPlace(t)+"&application_name=lanes")
	require.NoError(t, err)
	defer db.Close()
	run := begin(t, db, day)
	load(t, db, run, "a", manyOrders()...)
	db.lanes = 4
	require.NoError(t, db.Evidence(t.Context(), scope(run), func(e reconcile.Evidence) error {
		for range e(nil) {
			break
		}
		require.Len(t, collect(t, e([]int{7})), 1, "the connections can be used")
		return nil
	}))
	require.Zero(t, db.readers.Stats().InUse)

	err = db.Evidence(t.Context(), scope(run), func(e reconcile.Evidence) (err error) {
		nth := 0
		for _, err = range e(nil) {
			if nth++; nth == 1 {
				onServer(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lanes'")
			}
		}
		return err
	})
	require.ErrorIs(t, err, reconcile.ErrInterrupted)
	require.Zero(t, db.readers.Stats().InUse)
}

func TestLanesSeeOneMoment(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	begin(t, db, day)
	db.lanes = 3
	on, err := db.openLanes(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, on.close(t.Context())) }()
	for known := 1; known <= 2; known++ {
		require.NoError(t, on.within(t.Context(), func(all []*tx) error {
			begin(t, db, day+reconcile.Day(known))
			for _, at := range all {
				var runs int
				require.NoError(t, at.row("SELECT count(*) FROM runs").Scan(&runs))
				require.Equal(t, known, runs)
			}
			return nil
		}))
	}
}

// TestLanesThatAreNotToBeHad: a server may allow no more connections.
func TestLanesThatAreNotToBeHad(t *testing.T) {
	onlyOnServer(t)
	at := newPlace(t)
	db, err := Open(t.Context(), at)
	require.NoError(t, err)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	require.NoError(t, db.Close())
	address, err := url.Parse(at)
	require.NoError(t, err)
	schema := address.Query().Get("search_path")
	onServer(t, "CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 1; GRANT ALL ON SCHEMA "+schema+" TO narrow; GRANT ALL ON ALL TABLES IN SCHEMA "+schema+" TO narrow")
	defer onServer(t, "DROP OWNED BY narrow; DROP ROLE narrow")
	address.User = url.UserPassword("narrow", "narrow")
	narrow, err := dial(address.String())
	require.NoError(t, err)
	defer narrow.Close()
	require.NoError(t, narrow.Evidence(t.Context(), scope(run), func(e reconcile.Evidence) error {
		require.Len(t, collect(t, e(nil)), 1)
		return nil
	}))
}
