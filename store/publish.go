package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Publish runs fn in the transaction that makes a run visible: verdicts,
// notes, cases, events and the summary. An error from fn leaves everything as
// it was and is returned as it is.
func (db *DB) Publish(ctx context.Context, runID string, fn func(reconcile.Publication) error) error {
	return db.write(ctx, func(t *tx) error {
		p := &publication{tx: t, runID: runID, stands: map[standing][]int64{}}
		err := t.row("SELECT day FROM runs WHERE run_id = ?", runID).Scan((*date)(&p.day))
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrNoRun
		}
		if err != nil {
			return p.named(err)
		}
		if err := fn(p); err != nil {
			return err
		}
		return p.settled()
	})
}

// publication is one run being published; it is the reconcile.Publication.
type publication struct {
	*tx
	runID  string
	day    reconcile.Day
	notice int64                // that the cases being written are about; 0: none
	stands map[standing][]int64 // orders whose verdict is not written yet
}

// standing is what verdicts have in common. Nearly all orders of a run stand
// the same.
type standing struct {
	class         reconcile.Class
	final, agreed bool
}

// verdictBatch is how many verdicts are written at a time.
const verdictBatch = 1000

func (p *publication) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("publish run %q: %w", p.runID, err)
}

// ClosedBy is who has closed the day of the run; empty: it is open.
func (p *publication) ClosedBy() (by string, err error) {
	err = p.each(lastSignOff, []any{date(p.day)}, func(row scanner) error {
		var s reconcile.SignOff
		err := scanSignOff(row, &s)
		if s.Closed {
			by = s.By
		}
		return err
	})
	return by, p.named(err)
}

// saveVerdict pins how an order stood when it first became final by agreement
// (what a person resolved may still be booked as decided), and lets the pin
// follow a refund: paid, part refunded, refunded, the amount unchanged.
const saveVerdict = `
UPDATE orders SET class = ?1, final = ?2, judged_run_id = ?3,
  pinned_fen = CASE WHEN CAST(?5 AS BIGINT) = 1 AND pinned_status IS NULL THEN amount_fen ELSE pinned_fen END,
  pinned_status = CASE WHEN CAST(?2 AS BIGINT) = 1 AND (CAST(?5 AS BIGINT) = 1 AND pinned_status IS NULL OR (pinned_fen = amount_fen
      AND (pinned_status, status) IN (VALUES ('paid', 'part_refunded'), ('paid', 'refunded'), ('part_refunded', 'refunded'))))
    THEN status ELSE pinned_status END
WHERE order_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?4))`

// Verdict records what an order came to, with the findings that have no case.
func (p *publication) Verdict(v reconcile.Verdict) error {
	id := v.ID
	if id == 0 {
		var err error
		if id, err = findOrderID(p.tx, v.Key); err != nil {
			return p.named(err)
		}
	}
	agreed := v.Class == reconcile.Matched || v.Class == reconcile.Tolerance
	s := standing{v.Class, v.Final, v.Final && agreed}
	if p.stands[s] = append(p.stands[s], id); len(p.stands[s]) == verdictBatch {
		if err := p.stand(s); err != nil {
			return p.named(err)
		}
	}
	nth := map[reconcile.Code]int{}
	for i, f := range v.Findings {
		if !f.Caseless() {
			continue
		}
		if err := p.note(id, v, f, i == 0, nth[f.Code]); err != nil {
			return p.named(err)
		}
		nth[f.Code]++
	}
	return nil
}

// Matched records that orders agree in everything.
func (p *publication) Matched(orders []int64, final bool) error {
	for ids := range slices.Chunk(orders, verdictBatch) {
		if err := p.save(standing{reconcile.Matched, final, final}, ids); err != nil {
			return p.named(err)
		}
	}
	return nil
}

// stand writes the verdicts of orders that stand the same.
func (p *publication) stand(s standing) error {
	ids := p.stands[s]
	p.stands[s] = ids[:0]
	return p.save(s, ids)
}

func (p *publication) save(s standing, ids []int64) error {
	return p.exec(saveVerdict, string(s.class), flag(s.final), p.runID, list(ids), flag(s.agreed))
}

// settled writes the verdicts that are still to be written: what reads them
// comes behind it.
func (p *publication) settled() error {
	for s := range p.stands {
		if err := p.stand(s); err != nil {
			return p.named(err)
		}
	}
	return nil
}

const saveNote = `
INSERT INTO notes (run_id, order_id, code, nth, severity, is_primary, ledger_fen, ums_fen, gap_fen, stake_fen, reason_zh, reason_en, facts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (order_id, run_id, code, nth) DO UPDATE SET severity = excluded.severity, is_primary = excluded.is_primary,
  ledger_fen = excluded.ledger_fen, ums_fen = excluded.ums_fen, gap_fen = excluded.gap_fen, stake_fen = excluded.stake_fen,
  reason_zh = excluded.reason_zh, reason_en = excluded.reason_en, facts = excluded.facts`

func (p *publication) note(orderID int64, v reconcile.Verdict, f reconcile.Finding, primary bool, nth int) error {
	return p.exec(saveNote, p.runID, orderID, string(f.Code), nth, string(f.Severity), flag(primary),
		amount(f.Ledger), amount(f.UMS), amount(v.Gap(f.Code)), money(v.Stake(f)), f.Reason.ZH, f.Reason.EN, f.Basis)
}

// Case writes a case as it is now, unless it is no longer in the state that it
// was read in.
func (p *publication) Case(c reconcile.Case, was reconcile.State) error {
	if c.LedgerDay == 0 {
		c.LedgerDay = p.day
	}
	var order columns
	if c.Key.BillNo != "" {
		id, err := findOrderID(p.tx, c.Key)
		if err != nil {
			return p.named(err)
		}
		order, c.Key.MID = columns{{"order_id", id}}, "" // the order has it
	}
	cols := slices.Concat(caseColumns(&c), columns{{"run_id", p.runID}}, order)
	if p.notice != 0 {
		cols = append(cols, column{"notice_id", p.notice})
	}
	meanwhile := fmt.Errorf("case %s: %w", c.ID, reconcile.ErrDecidedMeanwhile)
	return p.named(p.change(meanwhile, cols.insertInto("cases")+onKnownCase(cols), append(cols.pointers(), string(was))...))
}

// onKnownCase overwrites a case that exists and is still in a state, but neither its order or notice
// nor the scope it was first seen in.
func onKnownCase(cols columns) string {
	var sets []string
	for _, c := range cols {
		switch c.name {
		case "case_id", "order_id", "mid", "scope", "notice_id":
		default:
			sets = append(sets, c.name+" = excluded."+c.name)
		}
	}
	return " ON CONFLICT (case_id) DO UPDATE SET " + strings.Join(sets, ", ") + " WHERE cases.state = ?"
}

// Event appends a step in the life of a case that was saved before.
func (p *publication) Event(e reconcile.Event) error {
	cols := eventColumns(&e)
	return p.named(p.exec(cols.insertInto("events"), cols.pointers()...))
}

// Finish records the summary and with it that the run is published.
func (p *publication) Finish(s reconcile.Summary) error {
	summary, err := json.Marshal(s)
	if err != nil {
		return p.named(err)
	}
	if err := p.exec("UPDATE loads SET judged_run_id = ? WHERE kind = 'statement' AND judged_run_id IS NULL", p.runID); err != nil {
		return p.named(err)
	}
	return p.named(p.change(ErrNoRun, `
UPDATE runs SET status = ?, ended_at = ?, reason = '', summary = ?, judged = ?, discrepant = ?,
  closing_event_id = (SELECT max(event_id) FROM events), publication = (SELECT coalesce(max(publication), 0) + 1 FROM runs)
WHERE run_id = ?`,
		string(s.Status), instant(s.EndedAt), string(summary), s.Judged, s.Discrepant, p.runID))
}
