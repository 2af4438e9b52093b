package store

import (
	flags "flag"
	"fmt"
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

// load takes the rows of one load in, in turn, and returns their control sum.
func (m model) load(id int, now time.Time, rows []modelRow) (sum reconcile.Sum) {
	was := map[reconcile.Key]reconcile.Status{}
	for k, o := range m {
		was[k] = o.Order.Status
	}
	for _, r := range rows {
		o, known := m[r.order.Key]
		same := false
		switch {
		case !known:
			m[r.order.Key] = &modelOrder{Order: r.order, Row: r.print, Load: id, Copies: 1, FirstSeen: now}
		case o.Load != id && o.Row == r.print:
			o.Order, o.Load, o.Copies, o.Conflicting, same = r.order, id, 1, false, true
		case o.Load != id:
			o.Order, o.Row, o.Load, o.Copies, o.Conflicting, o.Final = r.order, r.print, id, 1, false, false
		case o.Row == r.print:
			o.Copies++
			same = true
		case r.order.Amount > o.Order.Amount, r.order.Amount == o.Order.Amount && r.print > o.Row:
			o.Order, o.Row, o.Copies, o.Conflicting, o.Final = r.order, r.print, 1, true, false
		default:
			o.Conflicting, o.Final = true, false
		}
		if p := m[reconcile.Key{BillKey: r.order.BillKey}]; p != nil && r.order.Kind() != reconcile.Payment && !same {
			p.Final = false
		}
	}
	for k, o := range m {
		if o.Load != id {
			continue
		}
		sum.Count++
		sum.Fen += o.Order.Amount
		if status, known := was[k]; !known || status != o.Order.Status {
			o.StatusAt = now
		}
	}
	return sum
}

// vanish opens what the load before held of the days that this one holds.
func (m model) vanish(id, previous int, daily bool) {
	days := map[reconcile.Day]bool{}
	for _, o := range m {
		days[o.Order.LedgerDay] = days[o.Order.LedgerDay] || o.Load == id
	}
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
		want, previous := model{}, map[string]int{}
		for id := range rapid.IntRange(1, 4).Draw(t, "loads") {
			id, at := id+1, now.Add(time.Duration(id)*time.Hour)
			scope := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "scope")
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
			sum := want.load(id, at, rows)
			if len(rows) > 0 {
				want.vanish(id, previous[scope], daily)
				previous[scope] = id
			}
			require.Equal(t, sum, loadModel(t, db, run, scope, at, daily, rows))
			require.Equal(t, said(want), said(stored(t, db)))
		}
	})
}

func loadModel(t *rapid.T, db *DB, run, scope string, at time.Time, daily bool, rows []modelRow) reconcile.Sum {
	l, err := db.LoadLedger(t.Context(), run, scope, at, func(w reconcile.LoadWriter) (reconcile.Load, error) {
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
