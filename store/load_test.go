package store

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// subjects reads all subjects in scope of a run, by key.
func subjects(t *testing.T, db *DB, s reconcile.Scope) map[reconcile.Key]reconcile.Subject {
	t.Helper()
	all := map[reconcile.Key]reconcile.Subject{}
	for _, f := range collect(t, db.Families(t.Context(), s)) {
		for _, subject := range f.Subjects {
			all[subject.Order.Key] = subject
		}
	}
	return all
}

func isFinal(t *testing.T, db *DB, k reconcile.Key) bool {
	t.Helper()
	var f flag
	require.NoError(t, db.read(t.Context(), func(tx *tx) error {
		return tx.row("SELECT final FROM orders"+byKey, keyColumns(&k).pointers()...).Scan(&f)
	}))
	return bool(f)
}

func TestLoadRoundTrip(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	o := payment("1")
	o.BuyerPay, o.Coupon, o.Authed = reconcile.Some(0), reconcile.Some(8), reconcile.Some(5)
	o.SettleDay, o.MerOrderID, o.AuthCode, o.ContractID = day+1, "10", "auth", "contract"
	o.FenOrderID, o.ServiceID, o.ServiceStart, o.ServiceEnd = "fen", "service", now, now.Add(time.Hour)
	bare := reconcile.Order{Key: payment("2").Key, LedgerDay: day, Status: reconcile.Unpaid}

	l := load(t, db, run, "a", o, bare)
	require.Equal(t, "a", l.Scope)
	require.EqualValues(t, 2, l.Orders)
	require.EqualValues(t, 1908, l.Total)
	require.EqualValues(t, 2, l.Rows)

	got := subjects(t, db, scope(run))
	require.Equal(t, o, got[o.Key].Order)
	require.Equal(t, bare, got[bare.Key].Order, "absent stays absent")
	s := got[o.Key]
	require.Equal(t, 1, s.Copies)
	require.Equal(t, now, s.FirstSeen)
	require.Equal(t, now, s.StatusSince)
	require.Equal(t, now, s.SnapshotAt)
	require.Equal(t, print(o), s.Row)
	require.True(t, s.InScope)
	require.False(t, s.Conflicting || s.Vanished)
	require.Nil(t, s.Pinned)
	require.Nil(t, s.Answer)
}

func TestLoadAllOrNothing(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	stop := errors.New("row 7 cannot be read")
	_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "a"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		require.NoError(t, w.Order(payment("1"), "x"))
		require.NoError(t, w.BadRow(reconcile.BadRow{Raw: "bad"}))
		return reconcile.Load{}, stop
	})
	require.Equal(t, stop, err, "the error of read is returned as it is")
	require.Empty(t, subjects(t, db, scope(run)))
	require.Zero(t, count(t, db, "loads"))
	require.Zero(t, count(t, db, "bad_rows"))

	_, err = db.LoadLedger(t.Context(), "no such run", reconcile.Reading{Scope: "a"}, now, func(reconcile.LoadWriter) (reconcile.Load, error) { return reconcile.Load{}, nil })
	require.ErrorContains(t, err, `load ledger "a"`)
}

func TestLoadRefusesASumBeyondInt64(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	a, b := payment("1"), payment("2")
	a.Amount, b.Amount = 1<<62, 1<<62
	_, err := loadAt(t.Context(), db, run, "a", now, reconcile.Load{Day: day}, a, b)
	require.ErrorIs(t, err, reconcile.ErrOverflow)
	require.Zero(t, count(t, db, "orders"))
}

func count(t *testing.T, db *DB, table string) (n int) {
	t.Helper()
	require.NoError(t, db.readers.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func TestLoadDuplicates(t *testing.T) {
	small, large, twin := payment("1"), payment("1"), payment("1")
	large.Amount = 2000
	twin.Source.Line = 9
	tests := map[string]struct {
		rows        []reconcile.Order
		copies      int
		conflicting bool
		amount      reconcile.Fen
	}{
		"one row":                 {[]reconcile.Order{small}, 1, false, 1908},
		"two identical rows":      {[]reconcile.Order{small, twin}, 2, false, 1908},
		"differing rows":          {[]reconcile.Order{small, large}, 1, true, 2000},
		"differing rows, turned":  {[]reconcile.Order{large, small}, 1, true, 2000},
		"a copy of the smaller":   {[]reconcile.Order{small, twin, large}, 1, true, 2000},
		"the smaller on each end": {[]reconcile.Order{small, large, twin}, 1, true, 2000},
		"the larger twice":        {[]reconcile.Order{large, small, large}, 2, true, 2000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			for range 2 { // a second load starts over
				l := load(t, db, run, "a", tt.rows...)
				require.EqualValues(t, 1, l.Orders)
				require.Equal(t, tt.amount, l.Total)
				s := subjects(t, db, scope(run))[small.Key]
				require.Equal(t, tt.copies, s.Copies)
				require.Equal(t, tt.conflicting, s.Conflicting)
				require.Equal(t, tt.amount, s.Order.Amount)
			}
		})
	}
}

func TestLoadTieIsBrokenByTheRow(t *testing.T) {
	a, b := payment("1"), payment("1")
	a.OrderNo, b.OrderNo = "a", "b"
	for _, rows := range [][]reconcile.Order{{a, b}, {b, a}} {
		db := open(t)
		run := begin(t, db, day)
		load(t, db, run, "a", rows...)
		require.Equal(t, "b", subjects(t, db, scope(run))[a.Key].Order.OrderNo)
	}
}

func TestLoadAgain(t *testing.T) {
	moved, changed, paidNow := payment("1"), payment("1"), payment("1")
	moved.Source = reconcile.Source{File: "other.csv", Line: 77}
	changed.Amount = 1
	paidNow.Status = reconcile.Refunded
	tests := map[string]struct {
		again reconcile.Order
		final bool
		since time.Time
	}{
		"the same row elsewhere in the file": {moved, true, now},
		"another amount":                     {changed, false, now},
		"another status":                     {paidNow, false, now.Add(time.Hour)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", payment("1"))
			publish(t, db, run, final(payment("1")))
			run = begin(t, db, day)
			_, err := loadAt(t.Context(), db, run, "a", now.Add(time.Hour), reconcile.Load{Day: day}, tt.again)
			require.NoError(t, err)
			require.Equal(t, tt.final, isFinal(t, db, tt.again.Key))
			s := subjects(t, db, scope(run))[tt.again.Key]
			require.Equal(t, tt.again, s.Order)
			require.Equal(t, now, s.FirstSeen)
			require.Equal(t, tt.since, s.StatusSince)
			require.Equal(t, &reconcile.Pinned{Status: reconcile.Paid, Amount: 1908}, s.Pinned)
		})
	}
}

func TestLoadConflictOpensAFinalOrder(t *testing.T) {
	lesser := payment("1")
	lesser.Amount = 1
	for _, rows := range [][]reconcile.Order{{payment("1"), lesser}, {lesser, payment("1")}} {
		db := open(t)
		run := begin(t, db, day)
		load(t, db, run, "a", payment("1"))
		publish(t, db, run, final(payment("1")))
		load(t, db, run, "a", rows...)
		require.False(t, isFinal(t, db, lesser.Key))
	}
}

func TestLoadRefundOpensItsPayment(t *testing.T) {
	r := refund("1", "r1")
	changed := r
	changed.Amount = 200
	tests := map[string]struct {
		before, after []reconcile.Order
		final         bool
	}{
		"a new refund":         {nil, []reconcile.Order{r}, false},
		"a new completion":     {nil, []reconcile.Order{completion("1", "c1")}, false},
		"a changed refund":     {[]reconcile.Order{r}, []reconcile.Order{changed}, false},
		"the same refund":      {[]reconcile.Order{r}, []reconcile.Order{r}, true},
		"the same one twice":   {[]reconcile.Order{r}, []reconcile.Order{r, r}, true},
		"another bill's":       {nil, []reconcile.Order{refund("2", "r1")}, true},
		"the payment's row":    {nil, nil, true},
		"another payment's":    {nil, []reconcile.Order{payment("2")}, true},
		"a conflicting refund": {[]reconcile.Order{r}, []reconcile.Order{r, changed}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", append(tt.before, payment("1"))...)
			publish(t, db, run, final(payment("1")))
			load(t, db, run, "a", append(tt.after, payment("1"))...)
			require.Equal(t, tt.final, isFinal(t, db, payment("1").Key))
		})
	}
}

func TestVanished(t *testing.T) {
	other, yesterday := payment("2"), payment("3")
	yesterday.LedgerDay = day - 1
	daily, rolling := reconcile.Load{Day: day}, reconcile.Load{}
	tests := map[string]struct {
		load  reconcile.Load
		scope string
		later []reconcile.Order
		want  bool
	}{
		"a source per day, and the row is gone": {daily, "a", []reconcile.Order{other}, true},
		"a source per day, empty now":           {daily, "a", nil, false},
		"a source per day, and it is there":     {daily, "a", []reconcile.Order{payment("1")}, false},
		"a rolling source that has the day":     {rolling, "a", []reconcile.Order{other}, true},
		"a rolling source that dropped the day": {rolling, "a", []reconcile.Order{yesterday}, false},
		"a rolling source, empty now":           {rolling, "a", nil, false},
		"another source":                        {daily, "b", []reconcile.Order{other}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			_, err := loadAt(t.Context(), db, run, "a", now, tt.load, payment("1"))
			require.NoError(t, err)
			publish(t, db, run, final(payment("1")))
			_, err = loadAt(t.Context(), db, run, tt.scope, now, tt.load, tt.later...)
			require.NoError(t, err)
			require.Equal(t, tt.want, subjects(t, db, scope(run))[payment("1").Key].Vanished)
			require.Equal(t, !tt.want, isFinal(t, db, payment("1").Key), "what vanished is open again")

			publish(t, db, run, final(payment("1")))
			_, err = loadAt(t.Context(), db, run, "a", now, tt.load, payment("1"))
			require.NoError(t, err)
			require.False(t, subjects(t, db, scope(run))[payment("1").Key].Vanished)
			require.True(t, isFinal(t, db, payment("1").Key), "what reappears unchanged stays as it was")
		})
	}
}

func TestBadRowsOfTheLastLoadStay(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	row := reconcile.BadRow{Source: reconcile.Source{File: "a.csv", Line: 3}, Column: "金额", Raw: "x,1", Reason: reconcile.Words{ZH: "不是金额", EN: "no amount"}}
	loadBad(t, db, run, "a", row, reconcile.BadRow{Raw: "y", Damaged: true})
	loadBad(t, db, run, "b", reconcile.BadRow{Raw: "z"})
	require.Equal(t, 3, count(t, db, "bad_rows"))
	loadBad(t, db, run, "a", row)
	require.Equal(t, 2, count(t, db, "bad_rows"), "b's stay, a's are replaced")
}
