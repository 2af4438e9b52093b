package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The day that tests are about, and instants around it.
var (
	day = reconcile.MakeDay(2026, time.November, 19)
	now = time.Date(2026, time.November, 20, 2, 30, 0, 0, reconcile.Beijing)
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), testPlace(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func begin(t *testing.T, db *DB, d reconcile.Day) string {
	t.Helper()
	id, err := db.BeginRun(t.Context(), d, now)
	require.NoError(t, err)
	return id
}

func payment(billNo string) reconcile.Order {
	return reconcile.Order{
		Key:       reconcile.Key{BillKey: reconcile.BillKey{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillDay: day, BillNo: billNo}},
		LedgerDay: day, OrderNo: "no-" + billNo, Amount: 1908, Status: reconcile.Paid,
		PaidAt: now.Add(-12 * time.Hour), Source: reconcile.Source{File: "orders.csv", Line: 2},
	}
}

func refund(billNo, id string) reconcile.Order {
	o := payment(billNo)
	o.RefundID, o.Status, o.Amount, o.OrderNo = id, reconcile.Success, 100, ""
	return o
}

func completion(billNo, id string) reconcile.Order {
	o := payment(billNo)
	o.CompletionID, o.Status, o.Amount, o.OrderNo = id, reconcile.Success, 500, ""
	return o
}

// print is a fingerprint that tells two orders apart where a ledger would.
func print(o reconcile.Order) string {
	o.Source = reconcile.Source{}
	return fmt.Sprintf("%v", o)
}

// load loads orders as one source of the day.
func load(t *testing.T, db *DB, run, scope string, orders ...reconcile.Order) reconcile.Load {
	t.Helper()
	l, err := loadAt(t.Context(), db, run, scope, now, reconcile.Load{Day: day, SnapshotAt: now, Files: []string{scope}, SHA256: "00"}, orders...)
	require.NoError(t, err)
	return l
}

func loadAt(ctx context.Context, db *DB, run, scope string, at time.Time, l reconcile.Load, orders ...reconcile.Order) (reconcile.Load, error) {
	return db.LoadLedger(ctx, run, reconcile.Reading{Scope: scope}, at, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		for _, o := range orders {
			if err := w.Order(o, print(o)); err != nil {
				return l, err
			}
			l.Rows++
		}
		return l, nil
	})
}

func loadBad(t *testing.T, db *DB, run, scope string, rows ...reconcile.BadRow) {
	t.Helper()
	_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: scope}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		for _, r := range rows {
			if err := w.BadRow(r); err != nil {
				return reconcile.Load{}, err
			}
		}
		return reconcile.Load{Day: day, Rows: int64(len(rows)), Invalid: int64(len(rows))}, nil
	})
	require.NoError(t, err)
}

// paid is the answer about a paid bill, asked an hour after now.
func paid(seq string) reconcile.Answer {
	return reconcile.Answer{
		Outcome: reconcile.Found, Code: "SUCCESS", AskedAt: now.Add(time.Hour), Attempts: 1, Raw: []byte(`{"errCode":"SUCCESS"}`),
		Bill: reconcile.Bill{Status: reconcile.BillPaid, Total: reconcile.Some(1908), Payment: reconcile.Flow{
			Present: true, Status: reconcile.FlowSuccess, PaySeqID: seq, TargetSys: "WXPay", Total: reconcile.Some(1908),
			BuyerPay: reconcile.Some(1900), Coupon: reconcile.Some(8), PaidAt: now.Add(-12 * time.Hour), SettleDay: day + 1,
		}},
	}
}

func failing() reconcile.Answer {
	return reconcile.Answer{Outcome: reconcile.QueryFailed, Code: "TIMEOUT", Message: "timed out", AskedAt: now.Add(time.Hour), Attempts: 4}
}

func save(t *testing.T, db *DB, run string, k reconcile.Key, a reconcile.Answer) {
	t.Helper()
	require.NoError(t, db.SaveAnswers(t.Context(), run, []reconcile.Answered{{Key: k, Answer: a}}))
}

func scope(run string) reconcile.Scope {
	return reconcile.Scope{RunID: run, Day: day, Since: day - 90, Now: now, FreshFor: 12 * time.Hour}
}

// publish publishes verdicts of a run whose figures are made up.
func publish(t *testing.T, db *DB, run string, verdicts ...reconcile.Verdict) {
	t.Helper()
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		for _, v := range verdicts {
			if err := p.Verdict(v); err != nil {
				return err
			}
		}
		return p.Finish(reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete, EndedAt: now})
	}))
}

func final(o reconcile.Order) reconcile.Verdict {
	return reconcile.Verdict{Key: o.Key, Class: reconcile.Matched, Final: true}
}

func collect[T any](t *testing.T, seq func(func(T, error) bool)) []T {
	t.Helper()
	var all []T
	for v, err := range seq {
		require.NoError(t, err)
		all = append(all, v)
	}
	return all
}

// toAsk goes through the questions of a run and gives them back.
func toAsk(ctx context.Context, db *DB, s reconcile.Scope) iter.Seq2[reconcile.Key, error] {
	return func(yield func(reconcile.Key, error) bool) {
		questions, err := db.ToAsk(ctx, s, reconcile.Asking{})
		if err != nil {
			yield(reconcile.Key{}, err)
			return
		}
		defer questions.Close()
		for {
			found, err := questions.Next(ctx, reconcile.Refrain{})
			if err != nil {
				yield(reconcile.Key{}, err)
			}
			if err != nil || len(found) == 0 {
				return
			}
			for _, q := range found {
				if !yield(q.Key, nil) {
					return
				}
			}
		}
	}
}

func billNos(t *testing.T, db *DB, s reconcile.Scope) []string {
	t.Helper()
	nos := []string{}
	for k, err := range toAsk(t.Context(), db, s) {
		require.NoError(t, err)
		nos = append(nos, k.BillNo+k.RefundID+k.CompletionID)
	}
	due, _, err := db.CountToAsk(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, nos, int(due), "CountToAsk agrees with ToAsk")
	return nos
}

func TestBackupIsTheDatabase(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	run := begin(t, db, day)
	dest := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, db.Backup(t.Context(), dest))
	begin(t, db, day+1)

	other, err := Open(t.Context(), dest)
	require.NoError(t, err)
	defer other.Close()
	runs, err := other.Runs(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Equal(t, run, runs[0].RunID)
	require.Error(t, db.Backup(t.Context(), dest), "it must not exist")
}

func TestCheckFindsDamage(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "s", payment("1"))
	require.NoError(t, db.Check(t.Context()))

	_, err := db.writer.Exec("PRAGMA foreign_keys = 0; DELETE FROM loads")
	require.NoError(t, err)
	require.ErrorIs(t, db.Check(t.Context()), ErrDamaged)
}

// A table and an index that say different things: which of them is right is not
// known, but that one is wrong is.
func TestCheckFindsAFlippedBitInAnIndex(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	load(t, db, begin(t, db, day), "s", payment("1"))
	path := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, Copy(t.Context(), db.path, path))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	said := ""
	for at := bytes.Index(whole, []byte("no-1")); at >= 0; {
		whole[at+3] ^= 2
		require.NoError(t, os.WriteFile(path, whole, 0o600))
		whole[at+3] ^= 2
		damaged, err := Open(t.Context(), path)
		require.NoError(t, err)
		said += fmt.Sprintln(damaged.Check(t.Context()))
		require.NoError(t, damaged.Close())
		next := bytes.Index(whole[at+4:], []byte("no-1"))
		if at += 4 + next; next < 0 {
			break
		}
	}
	require.Equal(t, 2, strings.Count(said, ErrDamaged.Error()), "of the order's number in the table, in an index, and in the fingerprint of the row: %s", said)
}

func TestConcurrentUse(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	for i := range 40 {
		orders = append(orders, payment(fmt.Sprint(i)))
	}
	load(t, db, run, "a", orders...)
	var all sync.WaitGroup
	for _, o := range orders {
		all.Go(func() {
			assert.NoError(t, db.SaveAnswers(t.Context(), run, []reconcile.Answered{{Key: o.Key, Answer: paid(o.BillNo)}}))
			for _, err := range db.Families(t.Context(), scope(run)) {
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, len(orders), count(t, db, "answers"))
	require.Empty(t, billNos(t, db, scope(run)))
}

// TestDiskFull: what finds no room says so, writes nothing, and can be done
// again when there is some.
func TestDiskFull(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	run := begin(t, db, day)
	var pages int
	require.NoError(t, db.writer.QueryRow("PRAGMA page_count").Scan(&pages))
	room := func(more int) {
		_, err := db.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
		require.NoError(t, err)
	}
	room(1)
	large := failing()
	large.Raw = make([]byte, 1<<16)
	rand.NewChaCha8([32]byte{}).Read(large.Raw) // what cannot be packed
	load(t, db, run, "a", payment("1"))
	err := db.SaveAnswers(t.Context(), run, []reconcile.Answered{{Key: payment("1").Key, Answer: large}})
	require.ErrorIs(t, err, ErrFull)
	require.Zero(t, count(t, db, "answers"))
	room(1000)
	save(t, db, run, payment("1").Key, large)
	require.Equal(t, 1, count(t, db, "answers"))
	require.NotErrorIs(t, db.SaveAnswers(t.Context(), run, []reconcile.Answered{{Key: payment("9").Key}}), ErrFull)
}

// Families are all of a scope, read once.
func (db *DB) Families(ctx context.Context, s reconcile.Scope) iter.Seq2[reconcile.Family, error] {
	return func(yield func(reconcile.Family, error) bool) {
		err := db.Evidence(ctx, s, func(e reconcile.Evidence) error {
			for f, err := range e(nil) {
				if !yield(f, err) {
					break
				}
			}
			return nil
		})
		if err != nil {
			yield(reconcile.Family{}, err)
		}
	}
}
