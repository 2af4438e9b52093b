package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The families of a run are worked out once, in temporary tables of each
// connection that reads, and then read in batches. partner is 1 for an order
// that is in scope only because it clashes with one that is, 2 for a final one
// that is looked at again for a statement. The rows of
// clashes stand in the order of the keys; mid is set where a reference counts
// within its merchant only.
var makeFamilies = []string{
	"CREATE TEMP TABLE scope (order_id INTEGER PRIMARY KEY, partner INTEGER NOT NULL)",
	"CREATE TEMP TABLE clashes (nth INTEGER PRIMARY KEY, code TEXT, mid TEXT, reference TEXT, order_id INTEGER, over INTEGER NOT NULL DEFAULT 0)",
	"CREATE INDEX clashes_order_idx ON clashes (order_id)",
	"CREATE INDEX clashes_reference_idx ON clashes (code, mid, reference)",
	"CREATE TEMP TABLE alike (order_id INTEGER PRIMARY KEY)",
	"CREATE TEMP TABLE families (nth INTEGER PRIMARY KEY, mid TEXT, tid TEXT, inst_mid TEXT, bill_day TEXT, bill_no TEXT)",
}

const (
	// What was answered in this run is in scope, too: a recheck is no longer
	// due once it has been answered.
	fillScope = `
INSERT INTO scope (order_id, partner)
SELECT order_id, 0 FROM orders WHERE ledger_day = :day
UNION ALL
SELECT order_id, 0 FROM orders WHERE final = 0 AND ledger_day >= :since AND ledger_day < :day
UNION ALL
SELECT order_id, 0 FROM answers WHERE run_id = :run AND asked_at > :fresh
ON CONFLICT DO NOTHING`

	fillPartners = "INSERT INTO scope (order_id, partner) SELECT order_id, 1 FROM clashes WHERE over = 0 ON CONFLICT DO NOTHING"

	fillFamilies = `
INSERT INTO families (mid, tid, inst_mid, bill_day, bill_no)
SELECT DISTINCT mid, tid, inst_mid, bill_day, bill_no FROM scope CROSS JOIN orders USING (order_id)
ORDER BY mid, tid, inst_mid, bill_day, bill_no`
)

// familyBatch is how many families are in memory at a time.
const familyBatch = 500

// Evidence lists every family that has an order in scope and lets fn read them,
// by key, with all their orders: all of them, or those that it names by their
// numbers. Each reading is a snapshot of the moment it starts; the list stays
// as it is. The answers come without their bodies. Only one reading may go on
// at a time.
func (db *DB) Evidence(ctx context.Context, s reconcile.Scope, fn func(reconcile.Evidence) error) error {
	on, err := db.openLanes(ctx)
	if err != nil {
		return fmt.Errorf("families: %w", err)
	}
	defer on.close(ctx)
	args, most := scopeArgs(s), 0
	err = on.within(ctx, func(all []*tx) error {
		most, err = listOnEach(all, args, slices.Concat([]string{fillScope, fillStated, fillAlike}, fillReused, []string{fillDouble, fillPartners})...)
		return err
	})
	if err != nil {
		return fmt.Errorf("families: %w", err)
	}
	return fn(func(only []int) iter.Seq2[reconcile.Family, error] {
		numbers := slices.Chunk(only, familyBatch)
		if only == nil {
			numbers = upTo(most)
		}
		return stream("families", func(emit func(reconcile.Family) error) error {
			return on.within(ctx, func(all []*tx) error { return readListed(all, s, args, numbers, emit) })
		})
	})
}

// upTo are the numbers of so many families, a batch at a time.
func upTo(most int) iter.Seq[[]int] { return between(1, most) }

// between are the numbers from first to last, a batch at a time.
func between(first, last int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for from := first; from <= last; from += familyBatch {
			var numbers []int
			for n := from; n <= min(last, from+familyBatch-1); n++ {
				numbers = append(numbers, n)
			}
			if !yield(numbers) {
				return
			}
		}
	}
}

// readListed emits families that stand in the temporary tables of each.
func readListed(all []*tx, s reconcile.Scope, args named, numbers iter.Seq[[]int], emit func(reconcile.Family) error) error {
	covers, err := covers(all[0])
	if err != nil {
		return err
	}
	var asked flag
	if err := all[0].row("SELECT EXISTS (SELECT 1 FROM answers WHERE run_id = ?)", s.RunID).Scan(&asked); err != nil {
		return err
	}
	going := named{"run": args["run"], "day": args["day"], "fresh": args["fresh"], "noquery": args["noquery"], "requery": args["requery"], "asked": asked}.args()
	readers := make([]readBatch, len(all))
	for i, t := range all {
		readers[i] = readJudged(t, s, going, covers)
	}
	return inBatches(numbers, readers, emit)
}

// readJudged reads all that there is to judge by.
func readJudged(t *tx, s reconcile.Scope, going []any, covers map[string][]reconcile.StatementCover) readBatch {
	firsts, known := newFirstNotices(t), newLoadsKnown(t)
	return func(only []int) ([]reconcile.Family, error) {
		b := batch{tx: t, at: map[int64]position{}, firsts: firsts, known: known, now: instant(s.Now), covers: covers}
		var scan subjectScan
		if err := b.readSubjects(subjectsOfRun, append(slices.Clip(going), sql.Named("numbers", list(only))), &scan, scan.ofRun()); err != nil {
			return nil, err
		}
		for _, read := range []func() error{b.readLoads, b.readCases, b.readClashes, b.readNotices, b.readNoticeCases, b.readSynced, b.readStatement} {
			if err := read(); err != nil {
				return nil, err
			}
		}
		return b.families, nil
	}
}

// readBatch reads the families of these numbers.
type readBatch func(only []int) ([]reconcile.Family, error)

// inBatches emits families in the order of their numbers. The readers take turns
// with the batches; while one is worked with, each reads its next.
func inBatches(numbers iter.Seq[[]int], readers []readBatch, emit func(reconcile.Family) error) error {
	type reading struct {
		families []reconcile.Family
		err      error
	}
	lanes, stop := make([]chan reading, len(readers)), make(chan struct{})
	var running sync.WaitGroup
	for i, read := range readers {
		lane := make(chan reading)
		lanes[i] = lane
		running.Go(func() {
			defer close(lane)
			for only := range every(numbers, i, len(readers)) {
				families, err := read(only)
				select {
				case lane <- reading{families, err}:
				case <-stop:
					return
				}
				if err != nil {
					return
				}
			}
		})
	}
	defer running.Wait() // until the reading has ended, too
	defer close(stop)
	for nth := 0; ; nth++ {
		b, more := <-lanes[nth%len(lanes)]
		if !more {
			return nil // whose turn it is has none left: nor has any
		}
		if b.err != nil {
			return b.err
		}
		for _, f := range b.families {
			if err := emit(f); err != nil {
				return err
			}
		}
	}
}

// listFamilies makes and fills the temporary tables, which end with the
// transaction where that is rolled back. It returns how many families there are.
func listFamilies(t *tx, args named, fill ...string) (most int, err error) {
	for _, query := range makeFamilies {
		if _, err := t.ExecContext(t.ctx, query); err != nil {
			return 0, err
		}
	}
	for i, query := range slices.Concat(fill, []string{fillFamilies}) {
		if _, err := t.ExecContext(t.ctx, query, args.args()...); err != nil {
			return 0, err
		}
		if i > 0 {
			continue
		}
		if err := t.analyse("scope"); err != nil { // the rest reads it
			return 0, err
		}
	}
	if err := t.analyse("scope", "clashes", "families"); err != nil {
		return 0, err
	}
	err = t.row("SELECT count(*) FROM families").Scan(&most)
	return most, err
}

// dropFamilies takes the temporary tables away again.
func dropFamilies(ctx context.Context, c interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}) error {
	for _, table := range []string{"families", "alike", "clashes", "scope"} {
		if _, err := c.ExecContext(ctx, "DROP TABLE IF EXISTS temp."+table); err != nil {
			return err
		}
	}
	return nil
}
