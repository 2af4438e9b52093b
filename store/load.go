package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// LoadLedger runs read, which passes the rows of one source to the writer it
// is given, and keeps all of them or, when read returns an error, none. It
// returns what read said of the load, with Scope, Orders, Total, Emptied, TooOld
// and Oldest filled in.
//
// The rows are staged in a file of their own first, so that others can write
// while a large ledger is read; only then are they merged, in one transaction.
func (db *DB) LoadLedger(ctx context.Context, runID string, from reconcile.Reading, now time.Time,
	read func(reconcile.LoadWriter) (reconcile.Load, error),
) (load reconcile.Load, err error) {
	db.loads.Lock() // there is one stage
	defer db.loads.Unlock()
	named := func(err error) error { return fmt.Errorf("load ledger %q: %w", from.Scope, db.told(err)) }
	s, err := db.newStage(ctx, from.Scope)
	if err != nil {
		return reconcile.Load{}, named(err)
	}
	defer s.remove()
	if load, err = read(s); err != nil {
		return reconcile.Load{}, err
	}
	load.Scope = from.Scope
	if err := s.finish(&load); err != nil {
		return reconcile.Load{}, named(err)
	}
	err = s.write(ctx, func(t *tx) error { return merge(t, runID, now, from, &load) })
	if err != nil {
		return reconcile.Load{}, named(err)
	}
	return load, nil
}

// loading is the record of a load under way.
type loading struct {
	*tx
	scope    string
	now      time.Time
	id       int64
	previous int64 // the load before it; 0: none
	held     int64 // the last one before it that had rows; 0: none
}

func (w *loading) begin(runID string) (err error) {
	const before = "SELECT coalesce(max(load_id), 0), coalesce(max(CASE WHEN rows > 0 THEN load_id END), 0) FROM loads WHERE scope = ?"
	if err := w.row(before, w.scope).Scan(&w.previous, &w.held); err != nil {
		return err
	}
	w.id, err = w.insert("load_id", `INSERT INTO loads (run_id, scope, files, sha256, loaded_at, rows, orders, invalid, total_fen)
		VALUES (?, ?, '[]', '', ?, 0, 0, 0, 0)`, runID, w.scope, instant(w.now))
	return err
}

// end records what became of the load, and forgets the bad rows of the one
// before.
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
	return w.files(l)
}

// files keeps when each of several files was taken, in the place of what was
// known of them.
func (w *loading) files(l reconcile.Load) error {
	err := w.exec("DELETE FROM load_files WHERE load_id = ?", w.previous)
	for i, at := range l.Taken {
		err = errors.Join(err, w.exec("INSERT INTO load_files (load_id, file, taken_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", w.id, l.Files[i], instant(at)))
	}
	return err
}

// BadRow keeps a row that could not be understood.
func (w *loading) BadRow(r reconcile.BadRow) error {
	cols := append(badRowColumns(&r), column{"load_id", w.id}, column{"case_id", reconcile.RowCaseID(w.scope, r)})
	return w.exec(cols.insertInto("bad_rows"), cols.pointers()...)
}
