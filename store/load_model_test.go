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

// others is what a load is told of other books, and what each holds.
type others struct {
	newer, peers, rivals []string
	scopes               map[int]string // of each load
	held                 map[string]int // the last load of a scope that had rows
}

// in says whether one of some scopes held an order last.
func (h others) in(scopes []string, o *modelOrder) bool {
	scope := h.scopes[o.Load]
	return slices.Contains(scopes, scope) && h.held[scope] == o.Load
}

// contradict says whether other books have another row of what is loaded.
func (h others) contradict(o, loaded *modelOrder) bool {
	return h.in(h.rivals, o) && (o.Order.Amount != loaded.Order.Amount || h.in(h.peers, o) && clash(o, loaded))
}

func clash(a, b *modelOrder) bool {
	return a.Order.Status != b.Order.Status && (furtherModel(a) == 0 || furtherModel(b) == 0)
}

func furtherModel(o *modelOrder) int {
	return 1 + slices.Index([]reconcile.Status{reconcile.Paid, reconcile.PartRefunded, reconcile.Refunded}, o.Order.Status)
}

// load takes the rows of one load in. It returns their control sum and their
// days.
func (m model) load(id int, now time.Time, rows []modelRow, elsewhere others) (sum reconcile.Sum, days map[reconcile.Day]bool) {
	loaded := model{}
	for _, r := range rows {
		loaded.row(id, r)
	}
	days = map[reconcile.Day]bool{}
	for k, o := range loaded {
		sum.Count++
		sum.Fen += o.Order.Amount
		days[o.Order.LedgerDay] = true
		if m.take(k, *o, now, elsewhere) && k.Kind() != reconcile.Payment {
			if p := m[reconcile.Key{BillKey: k.BillKey}]; p != nil {
				p.Final = false
			}
		}
	}
	return sum, days
}

// row adds a row to those of the same load.
func (m model) row(id int, r modelRow) {
	o, known := m[r.order.Key]
	switch {
	case !known:
		m[r.order.Key] = &modelOrder{Order: r.order, Row: r.print, Load: id, Copies: 1}
	case o.Row == r.print:
		o.Copies++
	case r.order.Amount > o.Order.Amount, r.order.Amount == o.Order.Amount && r.print > o.Row:
		o.Order, o.Row, o.Copies, o.Conflicting = r.order, r.print, 1, true
	default:
		o.Conflicting = true
	}
}

// take holds what was loaded of a key against what is known; news: it is new, or
// other than it was.
func (m model) take(k reconcile.Key, loaded modelOrder, now time.Time, elsewhere others) (news bool) {
	o := m[k]
	if o == nil {
		loaded.FirstSeen, loaded.StatusAt = now, now
		m[k] = &loaded
		return true
	}
	was, contradicted := *o, elsewhere.contradict(o, &loaded)
	over := func(news bool) bool {
		*o = loaded
		o.FirstSeen, o.StatusAt, o.Final, o.Conflicting = was.FirstSeen, was.StatusAt, was.Final && !news, loaded.Conflicting || contradicted
		if o.Order.Status != was.Order.Status {
			o.StatusAt = now
		}
		return news
	}
	switch {
	case contradicted && (o.Order.Amount > loaded.Order.Amount || o.Order.Amount == loaded.Order.Amount && o.Row >= loaded.Row):
		o.Conflicting, o.Final = true, false
		return true
	case contradicted:
		return over(true)
	case elsewhere.in(elsewhere.rivals, o) && o.Row == loaded.Row:
		o.Copies += loaded.Copies
		o.Conflicting, o.Final = o.Conflicting || loaded.Conflicting, o.Final && !loaded.Conflicting
		return false
	case elsewhere.in(elsewhere.newer, o):
		return false
	case elsewhere.in(elsewhere.peers, o) && o.Row != loaded.Row && !loaded.Conflicting && o.Order.Amount == loaded.Order.Amount &&
		!clash(o, &loaded) && furtherModel(o) >= furtherModel(&loaded):
		return false
	default:
		return over(loaded.Conflicting || o.Row != loaded.Row)
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
			o.Status = rapid.SampledFrom([]reconcile.Status{reconcile.Unpaid, reconcile.Paid, reconcile.PartRefunded}).Draw(t, "status")
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
			elsewhere := others{newer: some.Draw(t, "newer"), peers: some.Draw(t, "peers"), rivals: some.Draw(t, "rivals"), scopes: loaded, held: previous}
			for _, of := range []*[]string{&elsewhere.newer, &elsewhere.peers, &elsewhere.rivals} {
				*of = slices.DeleteFunc(*of, func(s string) bool { return s == scope })
			}
			sum, days := want.load(id, at, rows, elsewhere)
			if loaded[id] = scope; len(rows) > 0 {
				want.vanish(previous[scope], daily, days)
				previous[scope] = id
			}
			from := reconcile.Reading{Scope: scope, Newer: elsewhere.newer, Peers: elsewhere.peers, Rivals: elsewhere.rivals}
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
