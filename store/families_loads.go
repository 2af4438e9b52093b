package store

import (
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// vanished is true of an order that the last load of its source does not hold
// although it holds its day. A load without any row is a broken export, which
// the run says as a whole: nothing vanishes by it.
const vanished = `
  EXISTS (SELECT 1 FROM loads AS last
          WHERE last.load_id = (SELECT max(load_id) FROM loads WHERE scope = o.scope)
            AND last.load_id > o.load_id AND last.rows > 0
            AND (last.day IS NOT NULL OR EXISTS (
                   SELECT 1 FROM orders WHERE load_id = last.load_id AND ledger_day = o.ledger_day)))`

// inLoad is the load that an order stands in.
type inLoad struct{ orderID, load int64 }

// loadsKnown looks up, once per load and day, what many orders have in common.
type loadsKnown struct {
	*tx
	loads  map[int64]*loadKnown
	held   map[dayOfLoad]bool
	closed map[reconcile.Day]bool
}

// loadKnown is a load, and the last one of its source.
type loadKnown struct {
	takenAt time.Time
	files   map[string]time.Time // when they were taken, where they are several
	last    int64
	rows    int64 // of the last load
	daily   bool
}

type dayOfLoad struct {
	load int64
	day  reconcile.Day
}

func newLoadsKnown(t *tx) *loadsKnown {
	return &loadsKnown{tx: t, loads: map[int64]*loadKnown{}, held: map[dayOfLoad]bool{}, closed: map[reconcile.Day]bool{}}
}

// readLoads tells every order when the file that it stands in was taken, whether
// it has vanished from its source, and whether its day is closed.
func (b *batch) readLoads() error {
	for _, in := range b.loads {
		s := b.subject(in.orderID)
		l, err := b.known.load(in.load)
		if err != nil {
			return err
		}
		s.SnapshotAt = l.takenAt
		if at, several := l.files[s.Order.Source.File]; several {
			s.SnapshotAt = at
		}
		if s.Vanished, err = b.known.vanished(in.load, l, s.Order.LedgerDay); err != nil {
			return err
		}
		if s.SignedOff, err = b.known.signedOff(s.Order.LedgerDay); err != nil {
			return err
		}
	}
	return nil
}

const (
	loadQuery = `
SELECT l.snapshot_at, last.load_id, last.rows, last.day IS NOT NULL
FROM loads AS l CROSS JOIN loads AS last ON last.load_id = (SELECT max(load_id) FROM loads WHERE scope = l.scope)
WHERE l.load_id = ?`
	filesQuery  = "SELECT file, taken_at FROM load_files WHERE load_id = ?"
	heldQuery   = "SELECT EXISTS (SELECT 1 FROM orders WHERE load_id = ? AND ledger_day = ?)"
	closedQuery = "SELECT coalesce((SELECT kind = 'closed' FROM sign_offs WHERE day = ? ORDER BY sign_off_id DESC LIMIT 1), FALSE)"
)

func (k *loadsKnown) load(id int64) (*loadKnown, error) {
	if l := k.loads[id]; l != nil {
		return l, nil
	}
	l := &loadKnown{files: map[string]time.Time{}}
	if err := k.row(loadQuery, id).Scan((*instant)(&l.takenAt), &l.last, &l.rows, (*flag)(&l.daily)); err != nil {
		return nil, err
	}
	err := k.each(filesQuery, []any{id}, func(row scanner) error {
		var file string
		var at time.Time
		err := row.Scan(&file, (*instant)(&at))
		l.files[file] = at
		return err
	})
	k.loads[id] = l
	return l, err
}

// vanished is what the expression of that name says.
func (k *loadsKnown) vanished(id int64, l *loadKnown, day reconcile.Day) (bool, error) {
	if l.last <= id || l.rows == 0 {
		return false, nil
	}
	if l.daily {
		return true, nil
	}
	of := dayOfLoad{l.last, day}
	held, known := k.held[of]
	if known {
		return held, nil
	}
	err := k.row(heldQuery, l.last, date(day)).Scan((*flag)(&held))
	k.held[of] = held
	return held, err
}

func (k *loadsKnown) signedOff(day reconcile.Day) (bool, error) {
	closed, known := k.closed[day]
	if known {
		return closed, nil
	}
	err := k.row(closedQuery, date(day)).Scan((*flag)(&closed))
	k.closed[day] = closed
	return closed, err
}
