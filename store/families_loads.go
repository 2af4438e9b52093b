package store

import (
	"cmp"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// vanished is true of an order that the last load of its source does not hold
// although it holds its day. A load without any row is a broken export, which
// the run says as a whole: nothing vanishes by it.
const vanished = `
  EXISTS (SELECT 1 FROM loads AS last
          WHERE last.load_id = (SELECT max(load_id) FROM loads WHERE scope = o.scope)
            AND o.gone_load_id IS NOT NULL AND last.rows > 0
            AND (last.day IS NOT NULL OR EXISTS (
                   SELECT 1 FROM loads AS l CROSS JOIN orders AS h ON h.load_id = l.load_id
                   WHERE l.scope = o.scope AND h.ledger_day = o.ledger_day AND h.gone_load_id IS NULL)))`

// inLoad is the load that wrote an order, and the last that held it where the
// last of its source does not; 0: it does.
type inLoad struct{ orderID, load, gone int64 }

// loadsKnown looks up, once per load and day, what many orders have in common.
type loadsKnown struct {
	*tx
	sources map[int64]*source // by a load of theirs
	taken   map[int64]*taken
	held    map[dayOfSource]bool
	closed  map[reconcile.Day]bool
}

// source is what its last load says.
type source struct {
	scope string
	rows  int64
	daily bool
	held  int64 // the last load that has rows
}

// taken is when the books of a load were taken.
type taken struct {
	at    time.Time
	files map[string]time.Time // where they are several
}

type dayOfSource struct {
	scope string
	day   reconcile.Day
}

func newLoadsKnown(t *tx) *loadsKnown {
	return &loadsKnown{tx: t, sources: map[int64]*source{}, taken: map[int64]*taken{}, held: map[dayOfSource]bool{}, closed: map[reconcile.Day]bool{}}
}

// readLoads tells every order when the file that it stands in was taken, whether
// it has vanished from its source, and whether its day is closed.
func (b *batch) readLoads() error {
	for _, in := range b.loads {
		s := b.subject(in.orderID)
		from, err := b.known.source(in.load)
		if err != nil {
			return err
		}
		if s.SnapshotAt, err = b.known.takenAt(cmp.Or(in.gone, from.held), s.Order.Source.File); err != nil {
			return err
		}
		if s.Vanished, err = b.known.vanished(in, from, s.Order.LedgerDay); err != nil {
			return err
		}
		if s.SignedOff, err = b.known.signedOff(s.Order.LedgerDay); err != nil {
			return err
		}
	}
	return nil
}

const (
	sourceQuery = `
SELECT l.scope, last.rows, last.day IS NOT NULL, coalesce((SELECT max(load_id) FROM loads WHERE scope = l.scope AND rows > 0), l.load_id)
FROM loads AS l CROSS JOIN loads AS last ON last.load_id = (SELECT max(load_id) FROM loads WHERE scope = l.scope)
WHERE l.load_id = ?`
	takenQuery = "SELECT snapshot_at FROM loads WHERE load_id = ?"
	filesQuery = "SELECT file, taken_at FROM load_files WHERE load_id = ?"
	heldQuery  = `SELECT EXISTS (SELECT 1 FROM loads AS l CROSS JOIN orders AS o ON o.load_id = l.load_id
WHERE l.scope = ? AND o.ledger_day = ? AND o.gone_load_id IS NULL)`
	closedQuery = "SELECT coalesce((SELECT kind = 'closed' FROM sign_offs WHERE day = ? ORDER BY sign_off_id DESC LIMIT 1), FALSE)"
)

func (k *loadsKnown) source(load int64) (*source, error) {
	if from := k.sources[load]; from != nil {
		return from, nil
	}
	from := &source{}
	k.sources[load] = from
	return from, k.row(sourceQuery, load).Scan(&from.scope, &from.rows, (*flag)(&from.daily), &from.held)
}

// takenAt is when a file of a load was taken.
func (k *loadsKnown) takenAt(load int64, file string) (time.Time, error) {
	books := k.taken[load]
	if books == nil {
		books = &taken{files: map[string]time.Time{}}
		k.taken[load] = books
		if err := k.readTaken(load, books); err != nil {
			return time.Time{}, err
		}
	}
	if at, several := books.files[file]; several {
		return at, nil
	}
	return books.at, nil
}

func (k *loadsKnown) readTaken(load int64, books *taken) error {
	if err := k.row(takenQuery, load).Scan((*instant)(&books.at)); err != nil {
		return err
	}
	return k.each(filesQuery, []any{load}, func(row scanner) error {
		var file string
		var at time.Time
		err := row.Scan(&file, (*instant)(&at))
		books.files[file] = at
		return err
	})
}

// vanished is what the expression of that name says.
func (k *loadsKnown) vanished(in inLoad, from *source, day reconcile.Day) (bool, error) {
	if in.gone == 0 || from.rows == 0 {
		return false, nil
	}
	if from.daily {
		return true, nil
	}
	of := dayOfSource{from.scope, day}
	held, known := k.held[of]
	if known {
		return held, nil
	}
	err := k.row(heldQuery, from.scope, date(day)).Scan((*flag)(&held))
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
