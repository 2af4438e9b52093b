package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"runtime"
	"sync"
)

// What is long is read on several connections at a time where a server reads,
// which has a process for each: one has its answer on the way while another is
// at work. A file is read on one.

// mostLanes is how many connections that are: what comes behind the reading is
// done by one.
const mostLanes = 4

func lanesOfServer() int { return min(mostLanes, runtime.GOMAXPROCS(0)) }

// lanes are connections of the readers, one or more, each with tables of its own.
// Only the one run has several.
type lanes struct {
	db    *DB
	conns []*sql.Conn
}

func (db *DB) openLanes(ctx context.Context) (*lanes, error) {
	l := &lanes{db: db}
	for range max(1, db.lanes) {
		conn, err := db.conn(ctx, db.readers)
		if err != nil {
			return nil, errors.Join(err, l.close(ctx))
		}
		l.conns = append(l.conns, conn)
	}
	return l, nil
}

// close takes the lists of families away and gives the connections back.
func (l *lanes) close(ctx context.Context) (err error) {
	for _, conn := range l.conns {
		err = errors.Join(err, dropFamilies(context.WithoutCancel(ctx), conn), conn.Close())
	}
	return err
}

// within runs fn in a transaction on each, which all see one moment.
func (l *lanes) within(ctx context.Context, fn func([]*tx) error) error {
	return l.db.within(ctx, l.conns[0].BeginTx, func(first *tx) error {
		all := []*tx{first}
		defer func() {
			for _, t := range all[1:] {
				_ = t.Rollback() // where it is not committed
			}
		}()
		moment := ""
		for _, conn := range l.conns[1:] {
			if moment == "" {
				if err := first.row("SELECT pg_export_snapshot()").Scan(&moment); err != nil {
					return err
				}
			}
			t, err := conn.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			all = append(all, l.db.newTx(ctx, t))
			if _, err := t.ExecContext(ctx, "SET TRANSACTION SNAPSHOT '"+moment+"'"); err != nil {
				return err
			}
		}
		err := fn(all)
		for _, t := range all[1:] {
			if err == nil {
				err = t.Commit()
			}
		}
		return err
	})
}

// listOnEach has each list the same families; it returns how many they are.
func listOnEach(all []*tx, args named, fill ...string) (most int, err error) {
	var running sync.WaitGroup
	errs := make([]error, len(all))
	for i, t := range all {
		running.Go(func() {
			counted, err := listFamilies(t, args, fill...)
			if errs[i] = err; i == 0 {
				most = counted
			}
		})
	}
	running.Wait()
	return most, errors.Join(errs...)
}

// every are the batches of one lane, of so many: they take turns.
func every(batches iter.Seq[[]int], lane, of int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		nth := 0
		for b := range batches {
			if nth%of == lane && !yield(b) {
				return
			}
			nth++
		}
	}
}
