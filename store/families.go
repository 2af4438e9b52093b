package store

import (
	"context"
	"iter"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// The families of a run are worked out once, in temporary tables on the
// reader's own connection, and then read in batches. partner is 1 for an order
// that is in scope only because it clashes with one that is, 2 for a final one
// that is looked at again for a statement. The rows of
// clashes stand in the order of the keys; mid is set where a reference counts
// within its merchant only.
var makeFamilies = []string{
	"CREATE TEMP TABLE scope (order_id INTEGER PRIMARY KEY, partner INTEGER NOT NULL)",
	"CREATE TEMP TABLE clashes (nth INTEGER PRIMARY KEY, code TEXT, mid TEXT, reference TEXT, order_id INTEGER, over INTEGER NOT NULL DEFAULT 0)",
	"CREATE INDEX clashes_order_idx ON clashes (order_id)",
	"CREATE INDEX clashes_reference_idx ON clashes (code, mid, reference)",
	"CREATE TEMP TABLE families (nth INTEGER PRIMARY KEY, mid TEXT, tid TEXT, inst_mid TEXT, bill_day TEXT, bill_no TEXT)",
}

const (
	// What was answered in this run is in scope, too: a recheck is no longer
	// due once it has been answered.
	fillScope = `
INSERT INTO scope (order_id, partner)
SELECT order_id, 0 FROM orders WHERE ledger_day = :day
UNION ALL
SELECT order_id, 0 FROM orders WHERE final = 0 AND ledger_day >= :since AND ledger_day < :day
UNION ALL
SELECT order_id, 0 FROM answers WHERE run_id = :run AND asked_at > :fresh
ON CONFLICT DO NOTHING`

	fillPartners = "INSERT INTO scope (order_id, partner) SELECT order_id, 1 FROM clashes WHERE over = 0 ON CONFLICT DO NOTHING"

	fillFamilies = `
INSERT INTO families (mid, tid, inst_mid, bill_day, bill_no)
SELECT DISTINCT mid, tid, inst_mid, bill_day, bill_no FROM scope CROSS JOIN orders USING (order_id)
ORDER BY mid, tid, inst_mid, bill_day, bill_no`
)

// familyBatch is how many families are in memory at a time.
const familyBatch = 500

// Families yields every family that has an order in scope, by key, with all
// its orders. It is a snapshot of the moment the sequence starts. The answers
// come without their bodies.
func (db *DB) Families(ctx context.Context, s reconcile.Scope) iter.Seq2[reconcile.Family, error] {
	return stream("families", func(emit func(reconcile.Family) error) error {
		return db.read(ctx, func(t *tx) error { return families(t, s, emit) })
	})
}

func families(t *tx, s reconcile.Scope, emit func(reconcile.Family) error) error {
	args := scopeArgs(s)
	if err := listFamilies(t, args, slices.Concat([]string{fillScope, fillStated}, fillReused, []string{fillDouble, fillPartners})...); err != nil {
		return err
	}
	return readListed(t, s, args, emit)
}

// readListed emits the families that stand in the temporary tables.
func readListed(t *tx, s reconcile.Scope, args named, emit func(reconcile.Family) error) error {
	firsts := newFirstNotices(t)
	covers, err := covers(t)
	if err != nil {
		return err
	}
	return inBatches(func(from, to int) ([]reconcile.Family, error) {
		b := batch{tx: t, window: named{"from": from, "to": to}.args(), at: map[int64]position{}, firsts: firsts, now: instant(s.Now), covers: covers}
		going := named{"run": args["run"], "fresh": args["fresh"], "noquery": args["noquery"]}
		if err := b.readSubjects(subjectsQuery(answerOfRun), append(going.args(), b.window...)); err != nil {
			return nil, err
		}
		for _, read := range []func() error{b.readCases, b.readClashes, b.readNotices, b.readNoticeCases, b.readSynced, b.readStatement} {
			if err := read(); err != nil {
				return nil, err
			}
		}
		return b.families, nil
	}, emit)
}

// inBatches emits the families that read finds in stretches of families.
func inBatches(read func(from, to int) ([]reconcile.Family, error), emit func(reconcile.Family) error) error {
	for from := 1; ; from += familyBatch {
		families, err := read(from, from+familyBatch-1)
		if err != nil {
			return err
		}
		for _, f := range families {
			if err := emit(f); err != nil {
				return err
			}
		}
		if len(families) < familyBatch {
			return nil
		}
	}
}

// listFamilies makes and fills the temporary tables, which end with the
// transaction.
func listFamilies(t *tx, args named, fill ...string) error {
	for _, query := range makeFamilies {
		if _, err := t.ExecContext(t.ctx, query); err != nil {
			return err
		}
	}
	for _, query := range append(fill, fillFamilies) {
		if _, err := t.ExecContext(t.ctx, query, args.args()...); err != nil {
			return err
		}
	}
	return nil
}

// batch is a stretch of families.
type batch struct {
	*tx
	window   []any // the parameters :from and :to
	listed   []any // the parameter :orders, the ids of the orders read
	families []reconcile.Family
	at       map[int64]position // of each order, by its id
	firsts   *firstNotices
	now      instant // of the run: later notices wait
	covers   map[string][]reconcile.StatementCover
}

// position says where in a batch an order stands.
type position struct{ family, subject int }

func (b *batch) subject(orderID int64) *reconcile.Subject {
	at, ok := b.at[orderID]
	if !ok {
		return &reconcile.Subject{}
	}
	return &b.families[at.family].Subjects[at.subject]
}

// subjectsQuery reads the orders of a batch, each with the answer whose id an
// expression yields.
func subjectsQuery(answerID string) string {
	return `
SELECT f.nth, o.order_id, ` + orderList("o") + `,
  o.copies, o.conflicting, o.first_seen_at, o.status_at, o.row_hash, o.pinned_status, o.pinned_fen,
  o.first_settle_day, o.first_paid_at, ` + takenAt + `, s.order_id IS NOT NULL, coalesce(s.partner = 2, FALSE), ` + vanished + `, ` + signedOff + `, ` + answerList("a") + `
FROM families AS f
CROSS JOIN orders AS o ON o.mid = f.mid AND o.tid = f.tid AND o.inst_mid = f.inst_mid AND o.bill_day = f.bill_day AND o.bill_no = f.bill_no
CROSS JOIN loads AS l ON l.load_id = o.load_id
LEFT JOIN scope AS s ON s.order_id = o.order_id
LEFT JOIN answers AS a ON a.answer_id = ` + answerID + `
WHERE f.nth BETWEEN :from AND :to
ORDER BY f.nth, o.completion_id, o.refund_id`
}

// answerOfRun is the answer that a run goes by: the best of its own fresh
// ones, else the one at hand for an order that is not asked.
const answerOfRun = `coalesce(
  (SELECT mine.answer_id FROM answers AS mine
   WHERE mine.run_id = :run AND mine.order_id = o.order_id AND mine.asked_at > :fresh
   ORDER BY mine.outcome IN ('found', 'no_order') DESC, mine.answer_id DESC LIMIT 1),
  CASE WHEN o.final = 1 OR s.order_id IS NULL OR s.partner = 1 OR :noquery THEN o.answer_id END)`

// vanished is true of an order that the last load of its source does not hold
// although it holds its day. A load without any row is a broken export, which
// the run says as a whole: nothing vanishes by it.
const vanished = `
  EXISTS (SELECT 1 FROM loads AS last
          WHERE last.load_id = (SELECT max(load_id) FROM loads WHERE scope = o.scope)
            AND last.load_id > o.load_id AND last.rows > 0
            AND (last.day IS NOT NULL OR EXISTS (
                   SELECT 1 FROM orders WHERE load_id = last.load_id AND ledger_day = o.ledger_day)))`

// takenAt is when the file that an order stands in was taken.
const takenAt = `coalesce((SELECT f.taken_at FROM load_files AS f WHERE f.load_id = o.load_id AND f.file = o.file), l.snapshot_at)`

// signedOff is true of an order whose ledger day is closed.
const signedOff = `coalesce((SELECT kind = 'closed' FROM sign_offs WHERE day = o.ledger_day ORDER BY sign_off_id DESC LIMIT 1), FALSE)`

func (b *batch) readSubjects(query string, args []any) error {
	last := 0
	var ids []int64
	var scan subjectScan
	dest := scan.pointers() // made once, and scanned into for each row
	err := b.each(query, args, func(row scanner) error {
		if err := row.Scan(dest...); err != nil {
			return err
		}
		if scan.nth != last {
			b.families = append(b.families, reconcile.Family{Bill: scan.s.Order.BillKey})
			last = scan.nth
		}
		f := &b.families[len(b.families)-1]
		b.at[scan.s.ID] = position{len(b.families) - 1, len(f.Subjects)}
		ids = append(ids, scan.s.ID)
		f.Subjects = append(f.Subjects, scan.subject())
		return nil
	})
	b.listed = named{"orders": list(ids)}.args()
	return err
}

// subjectScan is a row of subjectsQuery being read.
type subjectScan struct {
	nth    int
	s      reconcile.Subject
	pinned reconcile.Pinned
	answer answerScan
}

func (r *subjectScan) pointers() []any {
	s := &r.s
	return slices.Concat([]any{&r.nth, &s.ID}, orderColumns(&s.Order).pointers(), []any{
		&s.Copies, (*flag)(&s.Conflicting), (*instant)(&s.FirstSeen), (*instant)(&s.StatusSince), &s.Row,
		(*text)(&r.pinned.Status), (*money)(&r.pinned.Amount),
		(*date)(&s.FirstSettleDay), (*instant)(&s.FirstPaidAt), (*instant)(&s.SnapshotAt), (*flag)(&s.InScope), (*flag)(&s.Revisited), (*flag)(&s.Vanished), (*flag)(&s.SignedOff),
	}, r.answer.pointers())
}

// subject is a copy of what was read, which the next row does not touch.
func (r *subjectScan) subject() reconcile.Subject {
	s := r.s
	if r.pinned.Status != "" {
		pinned := r.pinned
		s.Pinned = &pinned
	}
	s.Answer = r.answer.about(s.Order.Kind())
	return s
}

var familyCasesQuery = `
SELECT c.order_id, ` + caseList("c") + `
FROM json_each(:orders) AS listed CROSS JOIN cases AS c ON c.order_id = CAST(listed.value AS BIGINT)
ORDER BY c.order_id, c.case_id`

// noticeCasesQuery yields the cases that notices of a batch's bills, and lines
// of statements about them, had before their orders were there.
var noticeCasesQuery = `
SELECT n.order_id, ` + caseList("c") + `
FROM json_each(:orders) AS listed CROSS JOIN notices AS n ON n.order_id = CAST(listed.value AS BIGINT)
CROSS JOIN cases AS c ON c.notice_id = n.notice_id
UNION ALL
SELECT s.order_id, ` + caseList("c") + `
FROM json_each(:orders) AS listed CROSS JOIN statement_lines AS s ON s.order_id = CAST(listed.value AS BIGINT)
CROSS JOIN cases AS c ON c.case_id = s.case_id
ORDER BY 1, 2`

func (b *batch) readNoticeCases() error {
	return b.each(noticeCasesQuery, b.listed, func(row scanner) error {
		var id int64
		var c reconcile.Case
		err := row.Scan(append([]any{&id}, caseColumns(&c).pointers()...)...)
		s := b.paymentOf(id)
		s.NoticeCases = append(s.NoticeCases, c)
		return err
	})
}

func (b *batch) readCases() error {
	return b.each(familyCasesQuery, b.listed, func(row scanner) error {
		var id int64
		var c reconcile.Case
		if err := row.Scan(append([]any{&id}, caseColumns(&c).pointers()...)...); err != nil {
			return err
		}
		s := b.subject(id)
		c.Key = s.Order.Key
		s.Cases = append(s.Cases, c)
		return nil
	})
}
