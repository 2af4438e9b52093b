package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func onDay(billNo string, d reconcile.Day) reconcile.Order {
	o := payment(billNo)
	o.LedgerDay = d
	return o
}

func TestToAskOrder(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	passedOver := onDay("9", day)
	load(t, db, run, "a",
		onDay("2", day), refund("2", "r2"), refund("2", "r1"), completion("2", "c1"), onDay("1", day),
		onDay("4", day-2), onDay("3", day-2), passedOver,
		onDay("tomorrow", day+1), onDay("too old", day-91), onDay("oldest", day-90))
	saveCase(t, db, run, reconcile.Case{ID: "D1", Code: reconcile.NotQueriedCode, Severity: reconcile.S3,
		State: reconcile.StateUnverified, Key: passedOver.Key, LedgerDay: day, FirstSeen: day, LastSeen: day})

	require.Equal(t, []string{"9", "oldest", "3", "4", "1", "2", "2c1", "2r1", "2r2"}, billNos(t, db, scope(run)))

	saveCase(t, db, run, reconcile.Case{ID: "D1", Code: reconcile.NotQueriedCode, Severity: reconcile.S3,
		State: reconcile.StateCleared, Key: passedOver.Key, LedgerDay: day, FirstSeen: day, LastSeen: day})
	require.Equal(t, []string{"oldest", "3", "4", "1", "2", "2c1", "2r1", "2r2", "9"}, billNos(t, db, scope(run)))

	s := scope(run)
	s.NoQuery = true
	require.Empty(t, billNos(t, db, s))
}

func TestToAskLeavesOut(t *testing.T) {
	stale := paid("s")
	stale.AskedAt = now.Add(-13 * time.Hour)
	noOrder := reconcile.Answer{Outcome: reconcile.NoOrder, AskedAt: now.Add(-time.Hour)}
	tests := map[string]struct {
		answer reconcile.Answer
		asked  bool
		reused int64
	}{
		"answered by this run":      {paid("s"), false, 1},
		"no order is an answer too": {noOrder, false, 1},
		"asked in vain":             {failing(), true, 0},
		"answered too long ago":     {stale, true, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", payment("1"))
			save(t, db, run, payment("1").Key, tt.answer)
			require.Equal(t, tt.asked, len(billNos(t, db, scope(run))) == 1)
			_, reused, err := db.CountToAsk(t.Context(), scope(run))
			require.NoError(t, err)
			require.Equal(t, tt.reused, reused)

			publish(t, db, run)
			next := begin(t, db, day)
			require.Len(t, billNos(t, db, scope(next)), 1, "another run asks for itself")
		})
	}
}

func TestToAskFinalOrders(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"), onDay("old", day-1))
	publish(t, db, run, final(payment("1")), final(onDay("old", day-1)))
	run = begin(t, db, day)
	require.Equal(t, []string{"2"}, billNos(t, db, scope(run)))
	s := scope(run)
	s.Requery = true
	require.Equal(t, []string{"1", "2"}, billNos(t, db, s), "only those of the day are asked again")
}

func TestToAskRecheck(t *testing.T) {
	tests := map[string]struct {
		age     int // of the order
		asked   int // days before the run's day, of the last answer
		recheck []int
		final   bool
		want    bool
	}{
		"no rechecks":                   {7, 6, nil, true, false},
		"not that old yet":              {6, 5, []int{7}, true, false},
		"just that old":                 {7, 1, []int{7}, true, true},
		"answered at that age":          {7, 0, []int{7}, true, false},
		"a night late":                  {9, 3, []int{7}, true, true},
		"answered since":                {9, 1, []int{7}, true, false},
		"the next age":                  {30, 23, []int{7, 30}, true, true},
		"between the ages":              {20, 13, []int{7, 30}, true, false},
		"beyond the lookback":           {91, 91, []int{7}, true, false},
		"open orders are asked anyway":  {7, 6, []int{7}, false, true},
		"never paid, so no refunds yet": {8, 8, []int{7}, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			o := onDay("1", day-reconcile.Day(tt.age))
			load(t, db, run, "a", o, payment("2"))
			a := paid("s")
			if name == "never paid, so no refunds yet" {
				a = reconcile.Answer{Outcome: reconcile.NoOrder}
			}
			a.AskedAt = (day - reconcile.Day(tt.asked)).Start().Add(time.Hour)
			save(t, db, run, o.Key, a)
			if tt.final {
				publish(t, db, run, final(o))
			} else {
				publish(t, db, run)
			}
			s := scope(begin(t, db, day))
			s.Recheck = tt.recheck
			want := []string{"2"}
			if tt.want && tt.final {
				want = []string{"2", "1"} // after all others
			} else if tt.want {
				want = []string{"1", "2"}
			}
			require.Equal(t, want, billNos(t, db, s))
			_, inScope := scoped(t, db, s)[o.Key]
			require.Equal(t, !tt.final, inScope, "in scope only once it is answered")

			if tt.want && tt.final {
				save(t, db, s.RunID, o.Key, paid("s"))
				require.Equal(t, []string{"2"}, billNos(t, db, s))
				require.Contains(t, scoped(t, db, s), o.Key)
			}
		})
	}
}

// scoped are the subjects of a scope that are to be judged.
func scoped(t *testing.T, db *DB, s reconcile.Scope) map[reconcile.Key]reconcile.Subject {
	t.Helper()
	all := subjects(t, db, s)
	for k, subject := range all {
		if !subject.InScope {
			delete(all, k)
		}
	}
	return all
}

func TestToAskWhileAnswersAreSaved(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 300 {
		orders = append(orders, payment(fmt.Sprintf("%04d", i)))
	}
	load(t, db, run, "a", orders...)
	asked := 0
	for k, err := range toAsk(t.Context(), db, scope(run)) {
		require.NoError(t, err)
		save(t, db, run, k, paid(k.BillNo))
		if asked++; asked == 200 {
			break
		}
	}
	require.Len(t, billNos(t, db, scope(run)), 100, "a list that was left early can be read again")
	_, reused, err := db.CountToAsk(t.Context(), scope(run))
	require.NoError(t, err)
	require.EqualValues(t, 200, reused)
}

func TestStreamsEndWithTheirContext(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range toAsk(ctx, db, scope(run)) {
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range db.Families(ctx, scope(run)) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Len(t, billNos(t, db, scope(run)), 2, "the database is as good as before")
}

// A shop may have put us into its own database.
func TestTablesOfOthersStay(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	theirs := []string{"asking", "families", "clashes", "scope"}
	for _, table := range theirs {
		require.NoError(t, db.write(t.Context(), func(t *tx) error { return t.exec("CREATE TABLE " + table + " (theirs INTEGER)") }))
	}
	collect(t, toAsk(t.Context(), db, scope(run)))
	scoped(t, db, scope(run))
	for _, table := range theirs {
		require.NoError(t, db.write(t.Context(), func(t *tx) error { return t.exec("INSERT INTO " + table + " (theirs) VALUES (1)") }), table)
		require.NoError(t, db.write(t.Context(), func(t *tx) error { return t.exec("DROP TABLE " + table) }), table)
	}
}
