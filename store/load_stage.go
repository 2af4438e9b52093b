package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// stageSuffix is behind the name of the database in that of the file in which
// a load is staged. What a killed process left behind is overwritten.
const stageSuffix = ".load"

// stage takes the rows of one load in, in a database of its own; it is the
// reconcile.LoadWriter. The rows are written by a goroutine of their own,
// while others are read.
type stage struct {
	path, scope string
	db          *sql.DB
	tx          *tx
	batch       []stagedRow
	batches     chan []stagedRow
	written     chan error // one value, when the goroutine has ended
	failed      chan struct{}
}

// stagedRow is a good row or, where bad is set, a bad one.
type stagedRow struct {
	order reconcile.Order
	print string
	bad   *reconcile.BadRow
}

// stageBatch is how many rows are handed over at a time.
const stageBatch = 256

const stagePragmas = "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)&_pragma=cache_size(-16384)"

func newStage(ctx context.Context, path, scope string) (*stage, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, stagePragmas))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	s := &stage{path: path, scope: scope, db: db, batches: make(chan []stagedRow, 2), written: make(chan error, 1), failed: make(chan struct{})}
	if err := s.begin(ctx); err != nil {
		s.written <- nil // nobody writes
		s.remove()
		return nil, err
	}
	go s.write(s.batches)
	return s, nil
}

func (s *stage) begin(ctx context.Context) error {
	s.db.SetMaxOpenConns(1)
	t, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	s.tx = &tx{Tx: t, ctx: ctx, stmts: map[string]*sql.Stmt{}}
	_, err = t.ExecContext(ctx, makeStage)
	return err
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

func (s *stage) write(batches <-chan []stagedRow) {
	err := s.rows(batches)
	s.written <- err
	close(s.failed)
}

// rows writes what is handed over, with arguments that are made once.
func (s *stage) rows(batches <-chan []stagedRow) error {
	var row stagedRow
	good := append(orderColumns(&row.order), column{"row_hash", &row.print})
	insertGood, goodArgs := good.insertInto("rows"), good.pointers()
	t := *s.tx
	t.ctx = context.WithoutCancel(t.ctx) // the driver starts a goroutine to watch over each statement that can be cancelled
	for batch := range batches {
		for _, row = range batch {
			var err error
			if row.bad == nil {
				err = t.exec(insertGood, goodArgs...)
			} else {
				bad := append(badRowColumns(row.bad), column{"case_id", reconcile.RowCaseID(s.scope, *row.bad)})
				err = t.exec(bad.insertInto("bad"), bad.pointers()...)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// finish sorts what was staged and closes the file; it counts and sums up the
// orders.
func (s *stage) finish(l *reconcile.Load) error {
	if err := s.hand(); err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	for _, query := range []string{fillKeys, fillBest} {
		if err := s.tx.exec(query); err != nil {
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
	return errors.Join(s.tx.Commit(), s.db.Close())
}

// end lets the goroutine finish; what it has failed with stays to be read.
func (s *stage) end() error {
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
	_ = s.end()
	if s.tx != nil {
		_ = s.tx.Rollback()
	}
	_ = s.db.Close()
	_ = os.Remove(s.path) // one that is left is overwritten by the next load
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

	fillKeys = "INSERT INTO keys SELECT " + keyColumnsOf("") + " FROM rows ORDER BY " + keyList + ", " + byRank

	// A key that has one row, as nearly all have, needs no looking further.
	fillBest = `
INSERT INTO best (` + keyColumnsOf("") + `, copies, conflicting)
SELECT ` + keyList + `, max(amount_fen), max(row_hash), max(seq), max(ledger_day), max(file), max(line), 1, 0 FROM keys GROUP BY ` + keyList + ` HAVING count(*) = 1
UNION ALL
SELECT ` + keyColumnsOf("k") + `,
  (SELECT count(*) FROM keys AS c WHERE ` + sameKey("c", "k") + ` AND c.row_hash = k.row_hash),
  CASE WHEN EXISTS (SELECT 1 FROM keys AS c WHERE ` + sameKey("c", "k") + ` AND c.row_hash <> k.row_hash) THEN 1 ELSE 0 END
FROM (SELECT ` + keyList + ` FROM keys GROUP BY ` + keyList + ` HAVING count(*) > 1) AS several
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
