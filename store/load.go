package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// LoadLedger runs read, which passes the rows of one source to the writer it
// is given, and keeps all of them or, when read returns an error, none. It
// returns what read said of the load, with Scope, Orders and Total filled in.
func (db *DB) LoadLedger(ctx context.Context, runID, scope string, now time.Time,
	read func(reconcile.LoadWriter) (reconcile.Load, error),
) (load reconcile.Load, err error) {
	err = db.write(ctx, func(t *tx) error {
		load, err = loadLedger(t, runID, scope, now, read)
		return err
	})
	if err != nil {
		return reconcile.Load{}, err
	}
	return load, nil
}

func loadLedger(t *tx, runID, scope string, now time.Time, read func(reconcile.LoadWriter) (reconcile.Load, error)) (reconcile.Load, error) {
	w := &loading{tx: t, scope: scope, now: now}
	if err := w.begin(runID); err != nil {
		return reconcile.Load{}, w.named(err)
	}
	load, err := read(w)
	if err != nil {
		return reconcile.Load{}, err
	}
	load.Scope, load.Orders, load.Total = scope, w.total.Count, w.total.Fen
	if err := errors.Join(w.overflow, w.end(load)); err != nil {
		return reconcile.Load{}, w.named(err)
	}
	return load, nil
}

// loading is one load under way; it is the reconcile.LoadWriter.
type loading struct {
	*tx
	scope    string
	now      time.Time
	id       int64
	previous int64 // the load before it; 0: none
	total    reconcile.Sum
	overflow error
}

func (w *loading) named(err error) error { return fmt.Errorf("load ledger %q: %w", w.scope, err) }

func (w *loading) begin(runID string) (err error) {
	if err := w.row("SELECT coalesce(max(load_id), 0) FROM loads WHERE scope = ?", w.scope).Scan(&w.previous); err != nil {
		return err
	}
	w.id, err = w.insert(`INSERT INTO loads (run_id, scope, files, sha256, loaded_at, rows, orders, invalid, total_fen)
		VALUES (?, ?, '[]', '', ?, 0, 0, 0, 0)`, runID, w.scope, instant(w.now))
	return err
}

func (w *loading) end(l reconcile.Load) error {
	files, err := json.Marshal(l.Files)
	if err != nil {
		return err
	}
	err = w.exec(`UPDATE loads SET day = ?, files = ?, sha256 = ?, snapshot_at = ?, rows = ?, orders = ?, invalid = ?, total_fen = ? WHERE load_id = ?`,
		date(l.Day), string(files), l.SHA256, instant(l.SnapshotAt), l.Rows, l.Orders, l.Invalid, int64(l.Total), w.id)
	if err != nil {
		return err
	}
	if err := w.exec("DELETE FROM bad_rows WHERE load_id IN (SELECT load_id FROM loads WHERE scope = ? AND load_id < ?)", w.scope, w.id); err != nil {
		return err
	}
	if l.Rows == 0 {
		return nil
	}
	return w.exec(reopenVanished, w.scope, w.previous, l.Day != 0, w.scope, w.id)
}

// reopenVanished opens the orders that the previous load held and this one
// does not. Of a source that is not per day only the days that it still holds
// count: a rolling export drops its oldest days.
const reopenVanished = `
UPDATE orders SET final = 0, class = NULL
WHERE scope = ? AND load_id = ? AND final = 1
  AND (? OR ledger_day IN (SELECT ledger_day FROM orders WHERE scope = ? AND load_id = ?))`

// BadRow keeps a row that could not be understood.
func (w *loading) BadRow(r reconcile.BadRow) error {
	cols := append(badRowColumns(&r), column{"load_id", w.id}, column{"case_id", reconcile.RowCaseID(w.scope, r)})
	if err := w.exec(cols.insertInto("bad_rows"), cols.pointers()...); err != nil {
		return w.named(err)
	}
	return nil
}

// Order keeps a good row; row is the fingerprint of its mapped columns.
func (w *loading) Order(o reconcile.Order, row string) error {
	if err := w.order(o, row); err != nil {
		return w.named(err)
	}
	return nil
}

func (w *loading) order(o reconcile.Order, row string) error {
	old, err := w.find(o.Key)
	if err != nil {
		return err
	}
	c := decide(old, w.id, o, row)
	switch c {
	case isNew:
		err = w.add(o, row)
	case isSame:
		err = w.exec("UPDATE orders SET ledger_day = ?, file = ?, line = ?, scope = ?, load_id = ?, copies = 1, conflicting = 0 WHERE order_id = ?",
			date(o.LedgerDay), o.Source.File, o.Source.Line, w.scope, w.id, old.id)
	case isChanged, isConflictKept:
		err = w.replace(old, o, row, c == isConflictKept)
	case isCopy:
		err = w.exec("UPDATE orders SET copies = copies + 1 WHERE order_id = ?", old.id)
	case isConflict:
		err = w.exec("UPDATE orders SET conflicting = 1, final = 0, class = NULL WHERE order_id = ?", old.id)
	}
	if err != nil {
		return err
	}
	w.count(c, old, o)
	return w.reopenPayment(c, o)
}

// seen is what the database knows of an order before a row is taken in.
type seen struct {
	id     int64 // 0: nothing
	loadID int64
	amount reconcile.Fen
	status reconcile.Status
	row    string
}

const findOrder = "SELECT order_id, load_id, amount_fen, status, row_hash FROM orders" + byKey

func (w *loading) find(k reconcile.Key) (seen, error) {
	var s seen
	err := w.row(findOrder, keyColumns(&k).pointers()...).Scan(&s.id, &s.loadID, (*money)(&s.amount), (*word)(&s.status), &s.row)
	if errors.Is(err, sql.ErrNoRows) {
		return seen{}, nil
	}
	return s, err
}

func (w *loading) add(o reconcile.Order, row string) error {
	cols := append(orderColumns(&o),
		column{"row_hash", row}, column{"scope", w.scope}, column{"load_id", w.id},
		column{"first_seen_at", instant(w.now)}, column{"status_at", instant(w.now)})
	return w.exec(cols.insertInto("orders"), cols.pointers()...)
}

func (w *loading) replace(old seen, o reconcile.Order, row string, conflicting bool) error {
	cols := append(ledgerColumns(&o),
		column{"row_hash", row}, column{"scope", w.scope}, column{"load_id", w.id},
		column{"copies", 1}, column{"conflicting", flag(conflicting)}, column{"final", 0}, column{"class", nil})
	if o.Status != old.status {
		cols = append(cols, column{"status_at", instant(w.now)})
	}
	return w.exec("UPDATE orders SET "+cols.assignments()+" WHERE order_id = ?", append(cols.pointers(), old.id)...)
}

// count keeps the control figures: each order of the load once.
func (w *loading) count(c change, old seen, o reconcile.Order) {
	var err error
	switch c {
	case isNew, isSame, isChanged:
		err = w.total.Add(o.Amount)
	case isConflictKept:
		w.total.Fen, err = w.total.Fen.Add(o.Amount - old.amount)
	}
	if err != nil {
		w.overflow = err
	}
}

// reopenPayment opens the payment of a refund or completion that is new or
// has changed.
func (w *loading) reopenPayment(c change, o reconcile.Order) error {
	if o.Kind() == reconcile.Payment || c == isSame || c == isCopy {
		return nil
	}
	return w.exec("UPDATE orders SET final = 0"+byBill+" AND final = 1", billKeyColumns(&o.BillKey).pointers()...)
}

// change is what a row of the ledger means for its order.
type change int

const (
	isNew          change = iota // never seen
	isSame                       // as an earlier load had it
	isChanged                    // other than an earlier load had it
	isCopy                       // identical to a row of this load
	isConflict                   // other than a row of this load, and the lesser
	isConflictKept               // other than a row of this load, and the one to keep
)

// decide is what a row means. Of the rows of one key in one load the one with
// the largest amount is kept, among equals the one with the largest
// fingerprint: the order of the rows does not matter.
func decide(old seen, load int64, o reconcile.Order, row string) change {
	switch {
	case old.id == 0:
		return isNew
	case old.loadID != load && old.row == row:
		return isSame
	case old.loadID != load:
		return isChanged
	case old.row == row:
		return isCopy
	case o.Amount > old.amount, o.Amount == old.amount && row > old.row:
		return isConflictKept
	}
	return isConflict
}
