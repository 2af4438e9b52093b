package store

import (
	flags "flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/umsrecon/umsrecon/reconcile"
)

// modelOrder is what the rules of loads, read one row at a time, make of an
// order.
type modelOrder struct {
	Order               reconcile.Order
	Row                 string
	Load                int
	Copies              int
	Conflicting, Final  bool
	FirstSeen, StatusAt time.Time
}

// model is the orders after loads. It is plain where the program is fast.
type model map[reconcile.Key]*modelOrder

type modelRow struct {
	order reconcile.Order
	print string
}

// others is what a load is told of other sources, and what each holds.
type others struct {
	newer, rivals []string
	scopes        map[int]string // of each load
	held          map[string]int // the last load of a scope that had rows
}

// in says whether one of some scopes held an order last.
func (h others) in(scopes []string, o *modelOrder) bool {
	scope := h.scopes[o.Load]
	return slices.Contains(scopes, scope) && h.held[scope] == o.Load
}

// load takes the rows of one load in, in turn. It returns their control sum and
// their days.
func (m model) load(id int, now time.Time, rows []modelRow, elsewhere others) (sum reconcile.Sum, days map[reconcile.Day]bool) {
	was, alone := map[reconcile.Key]reconcile.Status{}, model{}
	for k, o := range m {
		was[k] = o.Order.Status
	}
	for _, r := range rows {
		alone.take(id, now, r, others{})
		m.take(id, now, r, elsewhere)
	}
	for k, o := range m {
		if o.Load == id && was[k] != o.Order.Status {
			o.StatusAt = now
		}
	}
	days = map[reconcile.Day]bool{}
	for _, o := range alone {
		sum.Count++
		sum.Fen += o.Order.Amount
		days[o.Order.LedgerDay] = true
	}
	return sum, days
}

func (m model) take(id int, now time.Time, r modelRow, elsewhere others) {
	o, known := m[r.order.Key]
	if known && elsewhere.in(elsewhere.newer, o) {
		return
	}
	first, same := known && o.Load != id && !elsewhere.in(elsewhere.rivals, o), false
	switch {
	case !known:
		m[r.order.Key] = &modelOrder{Order: r.order, Row: r.print, Load: id, Copies: 1, FirstSeen: now}
	case first && o.Row == r.print:
		o.Order, o.Load, o.Copies, o.Conflicting, same = r.order, id, 1, false, true
	case first:
		o.Order, o.Row, o.Load, o.Copies, o.Conflicting, o.Final = r.order, r.print, id, 1, false, false
	case o.Row == r.print:
		o.Copies++
		same = true
	case r.order.Amount > o.Order.Amount, r.order.Amount == o.Order.Amount && r.print > o.Row:
		o.Order, o.Row, o.Load, o.Copies, o.Conflicting, o.Final = r.order, r.print, id, 1, true, false
	default:
		o.Conflicting, o.Final = true, false
	}
	if p := m[reconcile.Key{BillKey: r.order.BillKey}]; p != nil && r.order.Kind() != reconcile.Payment && !same {
		p.Final = false
	}
}

// vanish opens what the load before held and this one does not, of the days
// that this one holds.
func (m model) vanish(previous int, daily bool, days map[reconcile.Day]bool) {
	for _, o := range m {
		if o.Load == previous && (daily || days[o.Order.LedgerDay]) {
			o.Final = false
		}
	}
}

// modelRows draws rows of few keys, so that many of them meet.
func modelRows(t *rapid.T) []modelRow {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) modelRow {
		o := payment(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "bill"))
		switch rapid.SampledFrom(reconcile.Kinds).Draw(t, "kind") {
		case reconcile.Refund:
			o = refund(o.BillNo, "r")
		case reconcile.Completion:
			o = completion(o.BillNo, "c")
		}
		o.Amount = rapid.SampledFrom([]reconcile.Fen{1, 2}).Draw(t, "amount")
		if o.Kind() == reconcile.Payment {
			o.Status = rapid.SampledFrom([]reconcile.Status{reconcile.Unpaid, reconcile.Paid}).Draw(t, "status")
		}
		o.LedgerDay -= reconcile.Day(rapid.IntRange(0, 1).Draw(t, "days back"))
		o.MerOrderID = rapid.SampledFrom([]string{"", "m"}).Draw(t, "mer order id")
		return modelRow{o, print(o)}
	}), 0, 8).Draw(t, "rows")
}

// stored reads the orders back as the model has them.
func stored(t require.TestingT, db *DB) model {
	all := model{}
	query := "SELECT " + orderList("o") + ", row_hash, coalesce(gone_load_id, (SELECT max(load_id) FROM loads AS l WHERE l.scope = o.scope AND l.rows > 0)), copies, conflicting, final, first_seen_at, status_at FROM orders AS o"
	rows, err := db.readers.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var o modelOrder
		require.NoError(t, rows.Scan(append(orderColumns(&o.Order).pointers(), &o.Row, &o.Load, &o.Copies,
			(*flag)(&o.Conflicting), (*flag)(&o.Final), (*instant)(&o.FirstSeen), (*instant)(&o.StatusAt))...))
		all[o.Order.Key] = &o
	}
	require.NoError(t, rows.Err())
	return all
}

// TestLoadsByTheModel loads made-up ledgers over each other, one row at a time
// in the model and all at once in the database.
func TestLoadsByTheModel(t *testing.T) {
	if seed := flags.Lookup("rapid.seed"); seed.Value.String() == seed.DefValue {
		require.NoError(t, flags.Set("rapid.seed", "20260105")) // a run repeats
	}
	db := open(t)
	clean := []string{"DELETE FROM orders", "DELETE FROM loads"} // after which SQLite numbers from 1
	if server != "" {
		clean = append(clean, "ALTER TABLE loads ALTER load_id RESTART")
		require.NoError(t, flags.Set("rapid.checks", "25"))
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, statement := range clean {
			_, err := db.writer.Exec(statement)
			require.NoError(t, err)
		}
		run, err := db.BeginRun(t.Context(), day, now)
		require.NoError(t, err)
		want, loaded, previous := model{}, map[int]string{}, map[string]int{}
		some := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2)
		for id := range rapid.IntRange(1, 5).Draw(t, "loads") {
			id, at := id+1, now.Add(time.Duration(id)*time.Hour)
			scope := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "scope")
			daily := rapid.Bool().Draw(t, "daily")
			rows := modelRows(t)
			for i := range rows {
				rows[i].order.Source.Line = 100*id + i
			}
			_, err := db.writer.Exec("UPDATE orders SET final = 1 WHERE order_id % 2 = 0")
			require.NoError(t, err)
			for k, o := range stored(t, db) {
				want[k].Final = o.Final
			}
			elsewhere := others{newer: some.Draw(t, "newer"), rivals: some.Draw(t, "rivals"), scopes: loaded, held: previous}
			elsewhere.newer = slices.DeleteFunc(elsewhere.newer, func(s string) bool { return s == scope })
			elsewhere.rivals = slices.DeleteFunc(elsewhere.rivals, func(s string) bool { return s == scope })
			sum, days := want.load(id, at, rows, elsewhere)
			if loaded[id] = scope; len(rows) > 0 {
				want.vanish(previous[scope], daily, days)
				previous[scope] = id
			}
			from := reconcile.Reading{Scope: scope, Newer: elsewhere.newer, Rivals: elsewhere.rivals}
			require.Equal(t, sum, loadModel(t, db, run, from, at, daily, rows))
			require.Equal(t, said(want), said(stored(t, db)))
		}
	})
}

func loadModel(t *rapid.T, db *DB, run string, from reconcile.Reading, at time.Time, daily bool, rows []modelRow) reconcile.Sum {
	l, err := db.LoadLedger(t.Context(), run, from, at, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		l := reconcile.Load{Rows: int64(len(rows))}
		if daily {
			l.Day = day
		}
		for _, r := range rows {
			if err := w.Order(r.order, r.print); err != nil {
				return l, err
			}
		}
		return l, nil
	})
	require.NoError(t, err)
	return reconcile.Sum{Count: l.Orders, Fen: l.Total}
}

func said(m model) map[string]string {
	all := map[string]string{}
	for k, o := range m {
		all[fmt.Sprint(k)] = fmt.Sprintf("%+v", *o)
	}
	return all
}
