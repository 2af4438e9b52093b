package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
)

// serverLanes is how many connections read what is judged from a server, which has
// a process for each: one has its answer on the way while the other is at work. A
// file is read on one. Each lists all families, on the disk of the server, too.
const serverLanes = 2

// lanes are connections of the readers, one or more, each with tables of its own.
type lanes struct {
	db    *DB
	conns []*sql.Conn
	wide  bool // holds the right to several
}

// openLanes takes several where nobody else has: those who wait for each other's
// would wait for ever.
func (db *DB) openLanes(ctx context.Context) (*lanes, error) {
	l, most := &lanes{db: db}, 1
	if l.wide = db.wide.TryLock(); l.wide {
		most = max(1, db.lanes)
	}
	for range most {
		conn, err := db.conn(ctx, db.readers)
		if err != nil && len(l.conns) > 0 {
			break // there may be no more, and one will do
		}
		if err != nil {
			return nil, errors.Join(err, l.close(ctx))
		}
		l.conns = append(l.conns, conn)
	}
	return l, nil
}

// close takes the lists of families away and gives the connections back.
func (l *lanes) close(ctx context.Context) (err error) {
	if l.wide {
		defer l.db.wide.Unlock()
	}
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
				_, gone := first.ExecContext(ctx, "SELECT") // with whom its moment goes
				return cmp.Or(gone, err)
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
func listOnEach(all []*tx, args named, fill ...string) (int, error) {
	var running sync.WaitGroup
	counts, errs := make([]int, len(all)), make([]error, len(all))
	for i, t := range all {
		running.Go(func() { counts[i], errs[i] = listFamilies(t, args, fill...) })
	}
	running.Wait()
	if err := cmp.Or(errs...); err != nil {
		return 0, err
	}
	if slices.Min(counts) != slices.Max(counts) {
		return 0, fmt.Errorf("connections that see one moment list %v families", counts)
	}
	return counts[0], nil
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
