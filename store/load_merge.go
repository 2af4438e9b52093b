package store

import (
	"errors"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// What a staged order means for the database. Of the rows of one key in one
// load the one with the largest amount is kept, among equals the one with the
// largest fingerprint: the order of the rows does not matter. An order whose
// rows differ, or whose row is other than an earlier load had it, is open again
// and has no class; one that is as it was may stand elsewhere in the file. Of one
// that does not even do that, as nearly all of a night, nothing is written: what
// a load lacks is written down instead.
//
// What other books hold, too, stays theirs where they are newer, or say the same
// and no less; money that differs from what the run has read elsewhere before is a
// contradiction, as between two rows of one load.
const (
	isNew     = "'new'"     // never seen
	isSame    = "'same'"    // as an earlier load had it, in the same place
	isMoved   = "'moved'"   // the same row, but for its place or its copies
	isChanged = "'changed'" // other than an earlier load had it, or in conflict
	isOlder   = "'older'"   // other books have it better: nothing is taken
	isShared  = "'shared'"  // other books have the same row
	isRival   = "'rival'"   // other books have another row, which outranks this one
)

// merge takes a stage into the database.
func merge(t *tx, runID string, now time.Time, from reconcile.Reading, l *reconcile.Load) error {
	w := &loading{tx: t, scope: from.Scope, now: now}
	if err := w.begin(runID); err != nil {
		return err
	}
	args := named{
		"scope": from.Scope, "load": w.id, "held": w.held, "now": instant(now), "daily": flag(l.Day != 0),
		"newer": list(from.Newer), "rivals": list(from.Rivals), "peers": list(from.Peers), "since": date(from.Since),
	}
	steps := []string{fillKept, addNew, takeChanged, takeMoved, takeShared, takeRivals, reopenPayments, takeBadRows}
	if l.Rows > 0 {
		steps = append(steps, markGone, reopenVanished)
	}
	for _, query := range steps {
		if _, err := t.ExecContext(t.ctx, query, args.args()...); err != nil {
			return err
		}
		if query == fillKept {
			if err := t.analyse("kept"); err != nil {
				return err
			}
		}
	}
	if err := w.analyse(); err != nil {
		return err
	}
	l.Emptied = w.held != 0 && l.Rows == 0
	err := t.each(tooOld, args.args(), func(row scanner) error {
		return row.Scan(&l.TooOld, &l.Oldest.Source.File, &l.Oldest.Source.Line, (*date)(&l.Oldest.LedgerDay))
	})
	return errors.Join(err, w.end(*l))
}

// analyse counts the orders anew where so much is new that what PostgreSQL knows of
// them is of before: a night may load thousands of small books.
func (w *loading) analyse() error {
	if !w.postgres {
		return nil
	}
	var much bool
	if err := w.row(muchIsNew).Scan(&much); err != nil || !much {
		return err
	}
	return w.tx.analyse("orders")
}

const keyList = "mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id"

// sameKey is true where the orders, or rows, a and b have one key.
func sameKey(a, b string) string {
	return strings.NewReplacer("A.", a+".", "B.", b+".").Replace(
		"A.mid = B.mid AND A.tid = B.tid AND A.inst_mid = B.inst_mid AND A.bill_day = B.bill_day AND A.bill_no = B.bill_no AND A.refund_id = B.refund_id AND A.completion_id = B.completion_id")
}

// sameBill is true where they are of one bill.
func sameBill(a, b string) string {
	bill, _, _ := strings.Cut(sameKey(a, b), " AND "+a+".refund_id")
	return bill
}

// heldIn is true of an order that one of these other sources held last.
func heldIn(scopes string) string {
	return "(o.gone_load_id IS NULL AND o.scope <> :scope AND o.scope IN (SELECT other.value FROM json_each(" + scopes + ") AS other))"
}

// further is how far a payment has come once it is paid; 0: it is not.
func further(status string) string {
	return "(CASE " + status + " WHEN 'paid' THEN 1 WHEN 'part_refunded' THEN 2 WHEN 'refunded' THEN 3 ELSE 0 END)"
}

// The rest is by the numbers of the stage, so that new orders come into the
// database in the order of their keys and are read in it later on.
var (
	fillKept = `
INSERT INTO kept (seq, order_id, copies, conflicting, flow, change)
SELECT b.seq, o.order_id, b.copies, CASE WHEN ` + contradicted + ` THEN 1 ELSE b.conflicting END,
  CASE WHEN b.refund_id <> '' OR b.completion_id <> '' THEN 1 ELSE 0 END,
  CASE WHEN o.order_id IS NULL THEN ` + isNew + `
       WHEN ` + contradicted + ` AND (o.amount_fen, o.row_hash) >= (b.amount_fen, b.row_hash) THEN ` + isRival + `
       WHEN ` + contradicted + ` THEN ` + isChanged + `
       WHEN ` + heldIn(":rivals") + ` AND o.row_hash = b.row_hash THEN ` + isShared + `
       WHEN ` + heldIn(":newer") + ` THEN ` + isOlder + `
       WHEN ` + heldIn(":peers") + ` AND o.row_hash <> b.row_hash AND b.conflicting = 0 AND o.amount_fen = b.amount_fen
        AND NOT (` + clashing + `) AND ` + further("o.status") + " >= " + further(stagedStatus) + ` THEN ` + isOlder + `
       WHEN b.conflicting = 1 OR o.row_hash <> b.row_hash THEN ` + isChanged + `
       WHEN o.ledger_day = b.ledger_day AND o.file = b.file AND o.line = b.line AND o.scope = :scope
        AND o.copies = b.copies AND o.conflicting = 0 AND o.gone_load_id IS NULL THEN ` + isSame + `
       ELSE ` + isMoved + ` END
FROM best AS b LEFT JOIN orders AS o ON ` + sameKey("o", "b") + `
ORDER BY b.nth`

	// contradicted is true where other books that the run has read have other money
	// or, where neither are newer, a status that does not go with this one.
	contradicted = "(" + heldIn(":rivals") + " AND (o.amount_fen <> b.amount_fen OR " + heldIn(":peers") + " AND " + clashing + "))"
	clashing     = "(o.status <> " + stagedStatus + " AND (" + further("o.status") + " = 0 OR " + further(stagedStatus) + " = 0))"
	stagedStatus = "(SELECT r.status FROM rows AS r WHERE r.seq = b.seq)"

	addNew = `
INSERT INTO orders (` + orderList("") + `, row_hash, scope, load_id, copies, conflicting, first_seen_at, status_at)
SELECT ` + orderList("r") + `, r.row_hash, :scope, :load, k.copies, k.conflicting, :now, :now
FROM kept AS k CROSS JOIN rows AS r ON r.seq = k.seq
WHERE k.change = ` + isNew + ` ORDER BY k.nth`

	takeChanged = `
UPDATE orders SET ` + assignedFrom("r", ledgerColumns(&reconcile.Order{})) + `, row_hash = r.row_hash, scope = :scope, load_id = :load, gone_load_id = NULL,
  copies = k.copies, conflicting = k.conflicting, final = 0, class = NULL,
  status_at = CASE WHEN orders.status = r.status THEN orders.status_at ELSE :now END
FROM kept AS k CROSS JOIN rows AS r ON r.seq = k.seq
WHERE k.change = ` + isChanged + ` AND orders.order_id = k.order_id`

	takeMoved = `
UPDATE orders SET ledger_day = r.ledger_day, file = r.file, line = r.line, scope = :scope, load_id = :load, gone_load_id = NULL, copies = k.copies, conflicting = 0
FROM kept AS k CROSS JOIN rows AS r ON r.seq = k.seq
WHERE k.change = ` + isMoved + ` AND orders.order_id = k.order_id`

	takeShared = `
UPDATE orders SET copies = orders.copies + k.copies FROM kept AS k WHERE k.change = ` + isShared + ` AND orders.order_id = k.order_id`

	takeRivals = `
UPDATE orders SET conflicting = 1, final = 0, class = NULL FROM kept AS k WHERE (k.change = ` + isRival + ` OR k.change = ` + isShared + ` AND k.conflicting = 1) AND orders.order_id = k.order_id`

	// tooOld are the orders of days that are judged no longer and never were, and
	// the first of them. A payment that stands beside a refund of a later day is no
	// more than what that is about. Books of all days hold those of years: of them
	// what has come since they were read first.
	tooOld = `
SELECT count(*) OVER (), b.file, b.line, b.ledger_day FROM best AS b CROSS JOIN orders AS o ON ` + sameKey("o", "b") + `
WHERE b.ledger_day < :since AND o.judged_run_id IS NULL AND (:daily OR :held <> 0 AND o.first_seen_at = :now)
  AND NOT EXISTS (SELECT 1 FROM orders AS f WHERE ` + sameBill("f", "b") + ` AND f.ledger_day >= :since)
ORDER BY b.nth LIMIT 1`

	// A refund or completion that is new or has changed opens its payment.
	reopenPayments = `
UPDATE orders SET final = 0 WHERE final = 1 AND order_id IN (
  SELECT p.order_id FROM kept AS k CROSS JOIN rows AS r ON r.seq = k.seq
  CROSS JOIN orders AS p ON ` + sameBill("p", "r") + `
    AND p.refund_id = '' AND p.completion_id = ''
  WHERE k.flow = 1 AND k.change IN (` + isNew + `, ` + isChanged + `, ` + isRival + `))`

	muchIsNew = `
SELECT 10 * (SELECT count(*) FROM kept WHERE change IN (` + isNew + `, ` + isChanged + `, ` + isMoved + `)) > reltuples
FROM pg_class WHERE oid = to_regclass('orders')`

	takeBadRows = `
INSERT INTO bad_rows (` + badRowList + `, case_id, load_id) SELECT ` + badRowList + `, case_id, :load FROM bad ORDER BY seq`

	badRowList = badRowColumns(&reconcile.BadRow{}).list("")
)

const (
	// markGone marks what the source held until now and this load lacks. What it
	// has written itself is not among that. EXCEPT is done once, however many rows
	// there are; PostgreSQL does NOT IN for each row when they are many.
	markGone = `
UPDATE orders SET gone_load_id = :held
WHERE load_id IN (SELECT load_id FROM loads WHERE scope = :scope AND load_id < :load) AND gone_load_id IS NULL
  AND order_id IN (SELECT order_id FROM orders
    WHERE load_id IN (SELECT load_id FROM loads WHERE scope = :scope AND load_id < :load) AND gone_load_id IS NULL
    EXCEPT SELECT order_id FROM kept WHERE change = ` + isSame + `)`

	// reopenVanished opens the orders that were held until now. Of a source that
	// is not per day only the days that it still holds count: a rolling export
	// drops its oldest days.
	reopenVanished = `
UPDATE orders SET final = 0, class = NULL
WHERE gone_load_id = :held AND final = 1 AND (:daily OR ledger_day IN (SELECT ledger_day FROM best))`
)

// assignedFrom is "a = r.a, b = r.b".
func assignedFrom(table string, cs columns) string {
	sets := make([]string, len(cs))
	for i, c := range cs {
		sets[i] = c.name + " = " + table + "." + c.name
	}
	return strings.Join(sets, ", ")
}
