package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

var readers = Readers{Answer: gateway.Again, Row: ledger.Agrees}

// TestRecomputeWhatEarlierVersionsKept: what they stored follows from itself by
// the rules of this version, too; and the rules look at it.
func TestRecomputeWhatEarlierVersionsKept(t *testing.T) {
	aboutFiles(t)
	rows, err := os.ReadFile("testdata/rows.sql")
	require.NoError(t, err)
	for number := 1; number < version; number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			path, old := older(t, number)
			_, err := old.Exec(string(rows))
			require.NoError(t, err)
			if number > 1 { // schema 1 does not count publications
				_, err = old.Exec("UPDATE runs SET publication = 1")
				require.NoError(t, err)
			}
			require.NoError(t, old.Close())
			db, err := Open(t.Context(), path)
			require.NoError(t, err)
			defer db.Close()
			seen := 0
			strict := Readers{Answer: gateway.Again, Row: func(o reconcile.Order, row string) bool {
				seen++
				require.True(t, ledger.Agrees(o, row), o.BillNo) // few rows that differ would say nothing
				return true
			}}
			require.NoError(t, db.Check(t.Context()))
			require.NoError(t, db.Recompute(t.Context(), strict))
			require.Equal(t, 2, seen)
			_, err = db.writer.Exec("UPDATE answers SET pay_settle_day = '2026-11-21' WHERE answer_id = 2; UPDATE cases SET code = 'AMOUNT_BILL_MORE'; UPDATE runs SET judged = 3")
			require.NoError(t, err)
			err = db.Recompute(t.Context(), strict)
			require.ErrorIs(t, err, ErrContradictory)
			for _, says := range []string{
				"orders first settled on a day that no answer names: 1,", "cases that are about another order,", "runs whose figures are not",
				`answers that are not what their words say: 1, the first about bill "A2" of 2026-11-19, mid 898340149000005, asked at 2026-11-20 02:30:02, in pay_settle_day`,
			} {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

// asked is what the gateway says about a payment, and how it is read.
func asked(k reconcile.Key, at time.Time) reconcile.Answer {
	raw := fmt.Appendf(nil, `{"errCode":"SUCCESS","mid":%q,"tid":%q,"instMid":%q,"billNo":%q,"billDate":%q,"billStatus":"UNPAID","totalAmount":"1908"}`,
		k.MID, k.TID, k.InstMID, k.BillNo, k.BillDay)
	a := gateway.Again(k, raw)
	a.Raw, a.AskedAt, a.Attempts = raw, at, 1
	return a
}

// TestRecomputeAnotherReading: where most answers of a run are read otherwise, it
// is the program that has changed; where few are, they.
func TestRecomputeAnotherReading(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	orders := []reconcile.Order{payment("1"), payment("2"), payment("3")}
	load(t, db, run, "orders.csv", orders...)
	for _, o := range orders {
		save(t, db, run, o.Key, asked(o.Key, now))
	}
	publish(t, db, run, final(orders[0]), final(orders[1]), final(orders[2]))
	require.NoError(t, db.Recompute(t.Context(), readers))
	read := func(nos string) error {
		return db.Recompute(t.Context(), Readers{Row: ledger.Agrees, Answer: func(k reconcile.Key, raw []byte) reconcile.Answer {
			a := gateway.Again(k, raw)
			if strings.Contains(nos, k.BillNo) {
				a.Bill.CardAttr = "another"
			}
			return a
		}})
	}
	err := read("123")
	require.ErrorIs(t, err, ErrReadOtherwise)
	require.NotErrorIs(t, err, ErrContradictory)
	require.NotErrorIs(t, err, ErrDamaged)
	require.ErrorContains(t, err, `reads otherwise than the one that stored them: 3, the first about bill "1" of 2026-11-19`)

	err = read("2")
	require.ErrorIs(t, err, ErrContradictory)
	require.NotErrorIs(t, err, ErrReadOtherwise)
	require.ErrorContains(t, err, `answers that are not what their words say: 1, the first about bill "2"`)

	_, err = db.writer.Exec("UPDATE orders SET first_settle_day = '2026-11-21'")
	require.NoError(t, err)
	err = read("123")
	require.ErrorIs(t, err, ErrContradictory, "the gravest counts")
	require.ErrorContains(t, err, "names: 3,")
	require.ErrorContains(t, err, "stored them: 3,")
}

// TestRecomputeTakenUpLate: an order that was asked about and has left the days of
// the run since has no verdict if the answer is no longer fresh when the run is
// published; with a fresh one the run must have judged it.
func TestRecomputeTakenUpLate(t *testing.T) {
	for late, missing := range map[time.Duration]bool{13 * time.Hour: false, time.Hour: true} {
		db := open(t)
		run := begin(t, db, day)
		o := payment("1")
		load(t, db, run, "orders.csv", o)
		save(t, db, run, o.Key, asked(o.Key, now))
		o.LedgerDay++
		load(t, db, run, "orders.csv", o)
		later := scope(run)
		later.Now = now.Add(late)
		require.Len(t, collect(t, db.Families(t.Context(), later)), map[bool]int{true: 1}[missing], "what the run has to judge")
		require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
			return p.Finish(reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete, EndedAt: now.Add(late)})
		}))
		err := db.Recompute(t.Context(), readers)
		if !missing {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrContradictory)
		require.ErrorContains(t, err, `and have no verdict: 1, the first bill "1" of 2026-11-19, mid 898340149000005`)
	}
}

// TestRecomputeFractions: of a time milliseconds are kept, and the digest of a
// line was made from all of it.
func TestRecomputeFractions(t *testing.T) {
	at := func(d time.Duration) func(*reconcile.StatementLine) {
		return func(l *reconcile.StatementLine) { l.PaidAt, l.Source.File = now.Add(d), "s" }
	}
	spoil := func(db *DB) error {
		_, err := db.writer.Exec("UPDATE statement_lines SET fee_fen = 8 WHERE reference = 'c'")
		require.NoError(t, err)
		return db.Recompute(t.Context(), readers)
	}
	db := open(t)
	state(t, db, begin(t, db, day), "s", stateLine("a", at(400*time.Microsecond)), stateLine("b", at(500*time.Millisecond)), stateLine("c", at(0)), stateLine("d", at(0)))
	require.NoError(t, db.Recompute(t.Context(), readers))

	whole := open(t)
	state(t, whole, begin(t, whole, day), "s", stateLine("a", at(0)), stateLine("b", at(0)), stateLine("c", at(0)))
	require.NoError(t, whole.Recompute(t.Context(), readers))
	err := spoil(whole)
	require.ErrorIs(t, err, ErrContradictory)
	require.ErrorContains(t, err, `statement lines that are not those that were read: 1, the first line 2 of "s"`)
}

// TestRecomputeHoldsNoSnapshot: what is committed while one rule is looked at, the
// next one sees: the log of SQLite can start anew between them.
func TestRecomputeHoldsNoSnapshot(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	orders := []reconcile.Order{payment("1"), payment("2")}
	load(t, db, run, "orders.csv", orders...)
	for _, o := range orders {
		save(t, db, run, o.Key, asked(o.Key, now))
	}
	require.NoError(t, db.Recompute(t.Context(), readers))
	err := db.Recompute(t.Context(), Readers{Answer: gateway.Again, Row: func(reconcile.Order, string) bool {
		_, err := db.writer.Exec("UPDATE answers SET card_attr = 'x' WHERE answer_id = 1")
		return err == nil
	}})
	require.ErrorIs(t, err, ErrContradictory)
	require.ErrorContains(t, err, "in card_attr")
}

// TestRecomputeWhatNoReferenceSays: an order names the last of its own answers, and
// the published run that judged it.
func TestRecomputeWhatNoReferenceSays(t *testing.T) {
	const (
		first   = ": 1, the first bill \"1\" of 2026-11-19"
		answers = "orders that go by another answer than their last ones" + first
		judged  = "orders judged by a run that was not published" + first
	)
	for name, c := range map[string]struct{ change, says string }{
		"as it was":                {"", ""},
		"one that is not there":    {"UPDATE orders SET last_answer_id = 99 WHERE bill_no = '1'", answers},
		"that of another order":    {"UPDATE orders SET answer_id = (SELECT max(answer_id) FROM answers) WHERE bill_no = '1'", answers},
		"none":                     {"UPDATE orders SET answer_id = NULL WHERE bill_no = '1'", answers},
		"its own is taken away":    {"DELETE FROM answers WHERE order_id = (SELECT order_id FROM orders WHERE bill_no = '1')", answers},
		"an earlier one is gone":   {"DELETE FROM answers WHERE answer_id = (SELECT min(answer_id) FROM answers)", ""},
		"a run that is not there":  {"UPDATE orders SET judged_run_id = 'none' WHERE bill_no = '1'", judged},
		"one that did not publish": {"UPDATE orders SET judged_run_id = (SELECT run_id FROM runs WHERE summary IS NULL) WHERE bill_no = '1'", judged},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "orders.csv", payment("1"), payment("2"))
			for _, nos := range []string{"1", "1", "2"} {
				save(t, db, run, payment(nos).Key, asked(payment(nos).Key, now))
			}
			publish(t, db, run, final(payment("1")), final(payment("2")))
			begin(t, db, day+1)
			_, err := db.writer.Exec(c.change)
			require.NoError(t, err)
			err = db.Recompute(t.Context(), readers)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrContradictory)
			require.ErrorContains(t, err, c.says)
		})
	}
}
