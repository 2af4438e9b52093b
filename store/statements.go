package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// statementCodes are the codes of orders that a statement may clear.
const statementCodes = "('STATEMENT_MISSING', 'STATEMENT_ONLY', 'STATEMENT_AMOUNT_MISMATCH', 'FEE_MISMATCH')"

// settleDaysOf yields the settle dates of the orders and lines that an
// expression selects as o.
func settleDaysOf(orders string) string {
	return "SELECT a.pay_settle_day AS day" + orders + " CROSS JOIN answers AS a ON a.answer_id = o.answer_id" +
		"\nUNION SELECT a.flow_settle_day" + orders + " CROSS JOIN answers AS a ON a.answer_id = o.answer_id" +
		"\nUNION SELECT s.settle_day" + orders + " CROSS JOIN statement_lines AS s ON s.order_id = o.order_id"
}

// statementDaysQuery yields the settle dates whose statements are wanted, and
// whether again: the run's own, those with a pending case or an invalid line,
// those that have not been found to add up, and those from the run's own on that
// did not hold what they state themselves.
var statementDaysQuery = `
SELECT day, max(again) FROM (
  SELECT :day AS day, 1 AS again
  UNION ALL SELECT day, 0 FROM (SELECT a.pay_settle_day AS day FROM orders AS o CROSS JOIN answers AS a ON a.answer_id = o.answer_id WHERE o.ledger_day >= :since
    UNION SELECT a.flow_settle_day FROM orders AS o CROSS JOIN answers AS a ON a.answer_id = o.answer_id WHERE o.ledger_day >= :since) AS said
  UNION ALL SELECT day, 1 FROM (` + settleDaysOf(" FROM cases AS c CROSS JOIN orders AS o ON o.order_id = c.order_id AND c.state IN ('open', 'proposed') AND c.code IN "+statementCodes) + `) AS pending
  UNION ALL SELECT day, 1 FROM (` + settleDaysOf(" FROM cases AS c INDEXED BY cases_causes_idx CROSS JOIN orders AS o ON c.covers > 0 AND o.ledger_day = c.ledger_day AND o.mid = c.mid AND c.state IN ('open', 'proposed') AND c.code IN "+statementCodes) + `) AS caused
  UNION ALL SELECT s.settle_day, 1 FROM cases AS c CROSS JOIN statement_lines AS s ON s.case_id = c.case_id WHERE c.state IN ('open', 'proposed') AND c.code = 'STATEMENT_ONLY'
  UNION ALL SELECT c.ledger_day, 1 FROM cases AS c WHERE c.state IN ('open', 'proposed') AND c.code = 'SETTLE_TOTAL_MISMATCH'
  UNION ALL SELECT settle_day, 1 FROM statement_days WHERE agreed = 0
  UNION ALL SELECT l.day, 1 FROM loads AS l WHERE l.kind = 'statement' AND (l.invalid > 0 OR l.day >= :day AND l.reading LIKE '` + missed + `%') AND l.load_id = (SELECT max(load_id) FROM loads WHERE scope = l.scope)
) AS wanted WHERE day >= :since AND day <= :until GROUP BY day ORDER BY day`

// StatementDays lists the settle dates up to a day whose statements are wanted,
// oldest first.
func (db *DB) StatementDays(ctx context.Context, s reconcile.Scope, until reconcile.Day) (days []reconcile.StatementDay, err error) {
	args := named{"day": date(s.Day), "since": date(s.Since), "until": date(until)}
	err = db.read(ctx, func(t *tx) error {
		return t.each(statementDaysQuery, args.args(), func(row scanner) error {
			var d reconcile.StatementDay
			err := row.Scan((*date)(&d.Day), (*flag)(&d.Again))
			days = append(days, d)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("statement days: %w", err)
	}
	return days, nil
}

// StatementRead is the fingerprint with which a run that published read a source
// last, and what it held; empty: none did. What a run has read that was cut off,
// or that failed, is read again: no figures tell of it.
func (db *DB) StatementRead(ctx context.Context, scope string) (reading string, l reconcile.Load, err error) {
	err = db.read(ctx, func(t *tx) error {
		var files string
		err := t.row(`SELECT l.reading, l.scope, l.day, l.files, l.sha256, l.snapshot_at, l.rows, l.orders, l.invalid, l.total_fen
			FROM loads AS l JOIN runs AS r USING (run_id) WHERE l.scope = ? AND r.publication IS NOT NULL ORDER BY l.load_id DESC LIMIT 1`, scope).
			Scan(&reading, &l.Scope, (*date)(&l.Day), &files, &l.SHA256, (*instant)(&l.SnapshotAt), &l.Rows, &l.Orders, &l.Invalid, (*money)(&l.Total))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return errors.Join(err, json.Unmarshal([]byte(files), &l.Files))
	})
	if err != nil {
		return "", reconcile.Load{}, fmt.Errorf("statement %q: %w", scope, err)
	}
	return reading, l, nil
}

// LoadStatement runs read, which passes the lines of one statement to the
// writer it is given, and keeps all of them in the place of what the statement
// held before, or, when read returns an error, none.
func (db *DB) LoadStatement(ctx context.Context, runID, scope, fingerprint string, now time.Time,
	read func(reconcile.StatementWriter) (reconcile.Load, error),
) (load reconcile.Load, err error) {
	err = db.write(ctx, func(t *tx) error {
		w := &stating{loading: loading{tx: t, scope: scope, now: now}}
		if err := w.begin(runID); err != nil {
			return err
		}
		if load, err = read(w); err != nil {
			return err
		}
		load.Scope, load.Orders, load.Total, load.Duplicates = scope, w.total.Count, w.total.Fen, w.duplicates
		return errors.Join(w.overflow, w.end(load), w.replaceStatement(load, fingerprint))
	})
	if err != nil {
		return reconcile.Load{}, fmt.Errorf("load statement %q: %w", scope, err)
	}
	return load, nil
}

// stating is the load of one statement; it is the reconcile.StatementWriter.
type stating struct {
	loading
	total      reconcile.Sum
	overflow   error
	duplicates int64
}

// Line keeps a line; one that stands there already is counted.
func (w *stating) Line(l reconcile.StatementLine) error {
	cols := append(statementColumns(&l), column{"load_id", w.id}, column{"digest", lineDigest(l)}, column{"case_id", l.StatementCaseID()})
	var copies int64
	err := w.row(cols.insertInto("statement_lines")+" ON CONFLICT (load_id, digest) DO UPDATE SET copies = statement_lines.copies + 1 RETURNING copies", cols.pointers()...).Scan(&copies)
	if err != nil || copies > 1 {
		w.duplicates++
		return err
	}
	if err := w.total.Add(l.Amount); err != nil {
		w.overflow = err
	}
	return nil
}

// missed stands before the fingerprint of a statement that does not hold what
// it states itself: it is no reading that need not be repeated.
const missed = "missed "

// lineDigest is a hash of everything that a line says, but not of where.
func lineDigest(l reconcile.StatementLine) string {
	l.Source = reconcile.Source{}
	l.PaidAt = l.PaidAt.UTC()
	text, _ := json.Marshal(l) // of plain values
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// replaceStatement takes out what the statement held before, and lists the
// settle dates that it is about now.
func (w *stating) replaceStatement(l reconcile.Load, fingerprint string) error {
	if l.Missed() {
		fingerprint = missed + fingerprint
	}
	const before = " WHERE load_id IN (SELECT load_id FROM loads WHERE scope = ? AND load_id < ?)"
	return errors.Join(
		w.exec("UPDATE loads SET kind = 'statement', reading = ? WHERE load_id = ?", fingerprint, w.id),
		w.exec("DELETE FROM statement_lines"+before, w.scope, w.id),
		w.exec("DELETE FROM statement_days"+before, w.scope, w.id),
		w.exec("INSERT INTO statement_days (load_id, mid, settle_day) SELECT DISTINCT load_id, mid, settle_day FROM statement_lines WHERE load_id = ?", w.id),
		w.days(l))
}

// days are the settle dates of a statement of one day, which may have no line.
func (w *stating) days(l reconcile.Load) error {
	if l.Day == 0 {
		return nil
	}
	return w.exec("INSERT INTO statement_days (load_id, mid, settle_day) SELECT ?1, value, ?2 FROM json_each(?3) WHERE TRUE ON CONFLICT DO NOTHING",
		w.id, date(l.Day), list(l.MIDs))
}

func statementColumns(l *reconcile.StatementLine) columns {
	return columns{
		{"mid", (*word)(&l.MID)},
		{"tid", (*word)(&l.TID)},
		{"kind", (*word)(&l.Kind)},
		{"reference", (*word)(&l.Reference)},
		{"mer_order_id", (*word)(&l.MerOrderID)},
		{"amount_fen", (*money)(&l.Amount)},
		{"fee_fen", (*amount)(&l.Fee)},
		{"net_fen", (*amount)(&l.Net)},
		{"settle_day", (*date)(&l.SettleDay)},
		{"paid_at", (*instant)(&l.PaidAt)},
		{"file", (*word)(&l.Source.File)},
		{"line", (*number)(&l.Source.Line)},
	}
}

func statementList(table string) string {
	return statementColumns(&reconcile.StatementLine{}).list(table)
}

// onceOf leaves one of the lines s that several statements hold.
const onceOf = " NOT EXISTS (SELECT 1 FROM statement_lines AS x WHERE x.digest = s.digest AND x.line_id < s.line_id)"

// fillStated brings final orders into scope, without asking them again: those
// of bills that a statement no run has judged yet speaks of, by a line or by a
// settle date.
const fillStated = `
INSERT INTO scope (order_id, partner)
SELECT p.order_id, 2 FROM (SELECT load_id FROM loads WHERE kind = 'statement' AND judged_run_id IS NULL) AS l
CROSS JOIN statement_lines AS s ON s.load_id = l.load_id
CROSS JOIN orders AS o ON o.order_id = s.order_id
CROSS JOIN orders AS p ON p.mid = o.mid AND p.tid = o.tid AND p.inst_mid = o.inst_mid AND p.bill_day = o.bill_day AND p.bill_no = o.bill_no
WHERE p.final = 1 AND p.ledger_day >= :since
UNION ALL
SELECT o.order_id, 2 FROM (SELECT load_id FROM loads WHERE kind = 'statement' AND judged_run_id IS NULL) AS l
CROSS JOIN statement_days AS d ON d.load_id = l.load_id
CROSS JOIN answers AS a ON a.pay_settle_day = d.settle_day OR a.flow_settle_day = d.settle_day
CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id AND o.mid = d.mid
WHERE o.final = 1 AND o.ledger_day >= :since
UNION ALL
SELECT p.order_id, 2 FROM (SELECT load_id FROM loads WHERE kind = 'statement' AND judged_run_id IS NULL) AS l
CROSS JOIN bad_rows AS s ON s.load_id = l.load_id
CROSS JOIN orders AS o ON o.order_id = s.order_id
CROSS JOIN orders AS p ON p.mid = o.mid AND p.tid = o.tid AND p.inst_mid = o.inst_mid AND p.bill_day = o.bill_day AND p.bill_no = o.bill_no
WHERE p.final = 1 AND p.ledger_day >= :since
ON CONFLICT DO NOTHING`

// batchLinesQuery yields the lines of statements about the bills of a batch.
var batchLinesQuery = "SELECT s.order_id, " + statementList("s") + `
FROM json_each(:orders) AS listed CROSS JOIN statement_lines AS s ON s.order_id = CAST(listed.value AS BIGINT)
WHERE` + onceOf + `
ORDER BY s.line_id`

// badLinesQuery yields those that were not understood; identical ones count once.
var badLinesQuery = "SELECT s.order_id, " + badRowColumns(&reconcile.BadRow{}).list("s") + `
FROM json_each(:orders) AS listed CROSS JOIN bad_rows AS s ON s.order_id = CAST(listed.value AS BIGINT)
WHERE NOT EXISTS (SELECT 1 FROM bad_rows AS x WHERE x.case_id = s.case_id AND x.bad_row_id < s.bad_row_id)
ORDER BY s.bad_row_id`

// readStatement gives the families of a batch the lines about them, and the
// statements of their merchants.
func (b *batch) readStatement() error {
	err := b.each(batchLinesQuery, b.listed, func(row scanner) error {
		var id int64
		var l reconcile.StatementLine
		err := row.Scan(append([]any{&id}, statementColumns(&l).pointers()...)...)
		f := &b.families[b.at[id].family]
		f.Statement = append(f.Statement, l)
		return err
	})
	if err != nil {
		return err
	}
	err = b.each(badLinesQuery, b.listed, func(row scanner) error {
		var id int64
		var r reconcile.BadRow
		err := row.Scan(append([]any{&id}, badRowColumns(&r).pointers()...)...)
		f := &b.families[b.at[id].family]
		f.BadLines = append(f.BadLines, r)
		return err
	})
	for i := range b.families {
		b.families[i].Covers = b.covers[b.families[i].Bill.MID]
	}
	return err
}

// coversQuery yields the settle dates of which statements were read, of several
// the last one.
const coversQuery = `
SELECT d.mid, d.settle_day, coalesce(l.files ->> 0, ''), l.invalid
FROM statement_days AS d CROSS JOIN loads AS l ON l.load_id = d.load_id
WHERE d.load_id = (SELECT max(load_id) FROM statement_days AS x WHERE x.settle_day = d.settle_day AND x.mid = d.mid)`

func covers(t *tx) (map[string][]reconcile.StatementCover, error) {
	all := map[string][]reconcile.StatementCover{}
	err := t.each(coversQuery, nil, func(row scanner) error {
		var mid string
		var c reconcile.StatementCover
		err := row.Scan(&mid, (*date)(&c.Day), &c.File, &c.Invalid)
		all[mid] = append(all[mid], c)
		return err
	})
	return all, err
}

// StatementOf lists the lines of statements about a bill, each once.
func (db *DB) StatementOf(ctx context.Context, k reconcile.BillKey) (lines []reconcile.StatementLine, err error) {
	query := "SELECT " + statementList("s") + ` FROM orders AS o CROSS JOIN statement_lines AS s ON s.order_id = o.order_id
		WHERE o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ? AND` + onceOf + " ORDER BY s.line_id"
	err = db.read(ctx, func(t *tx) error {
		return t.each(query, billKeyColumns(&k).pointers(), func(row scanner) error {
			var l reconcile.StatementLine
			err := row.Scan(statementColumns(&l).pointers()...)
			lines = append(lines, l)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("statement of bill %q: %w", k.BillNo, err)
	}
	return lines, nil
}
