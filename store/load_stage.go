package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// stage takes the rows of one load in, apart from the database; it is the
// reconcile.LoadWriter. The rows are written by a goroutine of their own,
// while others are read.
type stage struct {
	place
	scope   string
	tx      *tx
	batch   []stagedRow
	batches chan []stagedRow
	written chan error // one value, when the goroutine has ended
	failed  chan struct{}
}

// place is where the tables of a stage are: in a file beside the database, or
// on a connection to a server.
type place interface {
	begin(context.Context) (*tx, error)                     // makes the tables
	keep(t *tx, scope string) func(batch []stagedRow) error // writes rows
	end(*tx) error                                          // keeps them
	write(context.Context, func(*tx) error) error           // DB.write with the tables at hand
	remove()                                                // leaves nothing behind
}

// stagedRow is a good row or, where bad is set, a bad one.
type stagedRow struct {
	order reconcile.Order
	print string
	bad   *reconcile.BadRow
}

// stageBatch is how many rows are handed over at a time.
const stageBatch = 256

func (db *DB) newStage(ctx context.Context, scope string) (*stage, error) {
	where, err := db.stagePlace(ctx)
	if err != nil {
		return nil, err
	}
	t, err := where.begin(ctx)
	if err != nil {
		where.remove()
		return nil, err
	}
	s := &stage{place: where, scope: scope, tx: t, batches: make(chan []stagedRow, 2), written: make(chan error, 1), failed: make(chan struct{})}
	go s.take(s.batches)
	return s, nil
}

func (db *DB) stagePlace(ctx context.Context) (place, error) {
	if db.postgres {
		return db.serverStage(ctx)
	}
	return db.fileStage()
}

// Order adds a good row; row is the fingerprint of its mapped columns.
func (s *stage) Order(o reconcile.Order, row string) error {
	return s.add(stagedRow{order: o, print: row})
}

// BadRow adds a row that could not be understood.
func (s *stage) BadRow(r reconcile.BadRow) error { return s.add(stagedRow{bad: &r}) }

func (s *stage) add(r stagedRow) error {
	if s.batch = append(s.batch, r); len(s.batch) < stageBatch {
		return nil
	}
	return s.hand()
}

// hand passes the batch on; its rows are the goroutine's from then on.
func (s *stage) hand() error {
	select {
	case s.batches <- s.batch:
		s.batch = make([]stagedRow, 0, stageBatch)
		return nil
	case <-s.failed:
		err := <-s.written
		s.written <- err
		return fmt.Errorf("load ledger %q: %w", s.scope, told(err))
	}
}

func (s *stage) take(batches <-chan []stagedRow) {
	s.written <- s.rows(batches)
	close(s.failed)
}

func (s *stage) rows(batches <-chan []stagedRow) error {
	keep := s.keep(s.tx, s.scope)
	for batch := range batches {
		if err := keep(batch); err != nil {
			return err
		}
	}
	return nil
}

// finish sorts what was staged and keeps it; it counts and sums up the orders.
func (s *stage) finish(l *reconcile.Load) error {
	if err := s.hand(); err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	for _, step := range []string{fillBest, fillKeys, dropSeveral, fillSeveral} {
		if err := s.tx.exec(step); err != nil {
			return err
		}
		if step != fillBest {
			continue
		}
		if err := s.tx.analyse("best"); err != nil { // the rest reads it
			return err
		}
	}
	var high, low int64
	if err := s.tx.row(sumBest).Scan(&l.Orders, &high, &low); err != nil {
		return err
	}
	if high += low >> 32; high >= 1<<31 {
		return reconcile.ErrOverflow
	}
	l.Total = reconcile.Fen(high<<32 | low&(1<<32-1))
	return s.end(s.tx)
}

// stop lets the goroutine finish; what it has failed with stays to be read.
func (s *stage) stop() error {
	if s.batches != nil {
		close(s.batches)
		s.batches = nil
	}
	err := <-s.written
	s.written <- err
	return err
}

// remove leaves nothing behind. It may be called after finish.
func (s *stage) remove() {
	_ = s.stop()
	_ = s.tx.Rollback()
	s.place.remove()
}

// byRank orders the rows of one key, the one to keep first.
const byRank = "amount_fen DESC, row_hash DESC, seq"

var (
	makeStage = `
CREATE TABLE rows (seq INTEGER PRIMARY KEY, ` + orderColumns(&reconcile.Order{}).definitions() + `, row_hash TEXT);
CREATE TABLE bad (seq INTEGER PRIMARY KEY, ` + badRowColumns(&reconcile.BadRow{}).definitions() + `, case_id TEXT);
CREATE TABLE keys (` + stagedKey + `, PRIMARY KEY (` + keyList + `, ` + byRank + `)) WITHOUT ROWID;
CREATE TABLE best (nth INTEGER PRIMARY KEY, ` + stagedKey + `, copies INTEGER, conflicting INTEGER);
CREATE TABLE kept (nth INTEGER PRIMARY KEY, seq INTEGER, order_id INTEGER, change TEXT, copies INTEGER, conflicting INTEGER, flow INTEGER);`

	stagedKey = keyColumns(&reconcile.Key{}).definitions() + ", amount_fen INTEGER, row_hash TEXT, seq INTEGER, ledger_day TEXT, file TEXT, line INTEGER"

	// A key that has one row, as nearly all have, needs no looking further.
	fillBest = `
INSERT INTO best (` + keyColumnsOf("") + `, copies, conflicting)
SELECT ` + keyList + `, max(amount_fen), max(row_hash), max(seq), max(ledger_day), max(file), max(line), count(*), 0
FROM rows GROUP BY ` + keyList + ` ORDER BY ` + keyList

	// The rows of the other keys are put in order. Where there are none nothing is
	// read.
	fillKeys = `
INSERT INTO keys SELECT ` + keyColumnsOf("r") + `
FROM (SELECT ` + keyList + ` FROM best WHERE copies > 1) AS several CROSS JOIN rows AS r ON ` + sameKey("r", "several")

	dropSeveral = "DELETE FROM best WHERE copies > 1"

	fillSeveral = `
INSERT INTO best (` + keyColumnsOf("") + `, copies, conflicting)
SELECT ` + keyColumnsOf("k") + `,
  (SELECT count(*) FROM keys AS c WHERE ` + sameKey("c", "k") + ` AND c.row_hash = k.row_hash),
  CASE WHEN EXISTS (SELECT 1 FROM keys AS c WHERE ` + sameKey("c", "k") + ` AND c.row_hash <> k.row_hash) THEN 1 ELSE 0 END
FROM (SELECT DISTINCT ` + keyList + ` FROM keys) AS several
CROSS JOIN keys AS k ON ` + sameKey("k", "several") + `
  AND k.seq = (SELECT c.seq FROM keys AS c WHERE ` + sameKey("c", "several") + ` ORDER BY c.amount_fen DESC, c.row_hash DESC, c.seq LIMIT 1)`

	// In two halves: a sum beyond 64 bits is told, not an error of SQL.
	sumBest = "SELECT count(*), coalesce(sum(amount_fen >> 32), 0), coalesce(sum(amount_fen & 4294967295), 0) FROM best"
)

// keyColumnsOf are the columns of keys.
func keyColumnsOf(table string) string {
	names := strings.Split(keyList+", amount_fen, row_hash, seq, ledger_day, file, line", ", ")
	if table != "" {
		for i := range names {
			names[i] = table + "." + names[i]
		}
	}
	return strings.Join(names, ", ")
}
