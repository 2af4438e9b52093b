package store

import (
	"cmp"
	"slices"
	"sort"

	"github.com/umsrecon/umsrecon/reconcile"
)

// batch is some of families.
type batch struct {
	*tx
	listed   []any // the parameter :orders, the ids of the orders read
	families []reconcile.Family
	at       map[int64]position // of each order, by its id
	loads    []inLoad
	firsts   *firstNotices
	known    *loadsKnown
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
// expression yields. The orders of a bill come in the order of the key.
func subjectsQuery(read, answerID string) string {
	return "\nSELECT f.nth, o.order_id, " + read + `
FROM families AS f
CROSS JOIN orders AS o ON o.mid = f.mid AND o.tid = f.tid AND o.inst_mid = f.inst_mid AND o.bill_day = f.bill_day AND o.bill_no = f.bill_no
LEFT JOIN scope AS s ON s.order_id = o.order_id
LEFT JOIN answers AS a ON a.answer_id = ` + answerID + `
WHERE f.nth IN (SELECT CAST(value AS BIGINT) FROM json_each(:numbers))
ORDER BY f.nth`
}

// subjectsOfRun reads all that there is to judge by.
var subjectsOfRun = subjectsQuery(orderList("o")+`,
  o.copies, o.conflicting, o.first_seen_at, o.status_at, o.row_hash, o.pinned_status, o.pinned_fen,
  o.first_settle_day, o.first_paid_at, o.load_id, coalesce(o.gone_load_id, 0), s.order_id IS NOT NULL, coalesce(s.partner = 2, FALSE), `+answerList("a"), answerOfRun)

// answerOfRun is the answer that a run goes by: the best of its own fresh
// ones, else the one at hand for an order that is not to be asked. For one that
// is, an old answer proves nothing, and a final order of the day is one where
// the run asks those, too.
const answerOfRun = `coalesce(
  CASE WHEN :asked = 1 THEN
  (SELECT mine.answer_id FROM answers AS mine
   WHERE mine.run_id = :run AND mine.order_id = o.order_id AND mine.asked_at > :fresh
   ORDER BY mine.outcome IN ('found', 'no_order') DESC, mine.answer_id DESC LIMIT 1) END,
  CASE WHEN o.final = 1 AND NOT (:requery AND o.ledger_day = :day) OR s.order_id IS NULL OR s.partner = 1 OR :noquery THEN o.answer_id END)`

// readSubjects reads what a subjectsQuery yields, the payment of a bill first,
// then its refunds and completions, each by id.
func (b *batch) readSubjects(query string, args []any, scan *subjectScan, dest []any) error {
	last := 0
	err := b.each(query, args, func(row scanner) error {
		if err := row.Scan(dest...); err != nil {
			return err
		}
		if scan.nth != last {
			b.families = append(b.families, reconcile.Family{Number: scan.nth, Bill: scan.s.Order.BillKey})
			last = scan.nth
		}
		f := &b.families[len(b.families)-1]
		f.Subjects = append(f.Subjects, scan.subject())
		b.loads = append(b.loads, inLoad{scan.s.ID, scan.load, scan.gone})
		return nil
	})
	var ids []int64
	for i, f := range b.families {
		if len(f.Subjects) > 1 {
			sort.Slice(f.Subjects, func(i, j int) bool {
				a, b := f.Subjects[i].Order, f.Subjects[j].Order
				return cmp.Or(cmp.Compare(a.CompletionID, b.CompletionID), cmp.Compare(a.RefundID, b.RefundID)) < 0
			})
		}
		for j, s := range f.Subjects {
			b.at[s.ID] = position{i, j}
			ids = append(ids, s.ID)
		}
	}
	b.listed = named{"orders": list(ids)}.args()
	return err
}

// subjectScan is a row of a subjectsQuery being read. Where it is read into is
// made once, for all rows.
type subjectScan struct {
	nth    int
	load   int64
	gone   int64
	s      reconcile.Subject
	pinned reconcile.Pinned
	answer answerScan
}

func (r *subjectScan) ofRun() []any {
	s := &r.s
	return slices.Concat([]any{&r.nth, &s.ID}, orderColumns(&s.Order).pointers(), []any{
		&s.Copies, (*flag)(&s.Conflicting), (*instant)(&s.FirstSeen), (*instant)(&s.StatusSince), &s.Row,
		(*text)(&r.pinned.Status), (*money)(&r.pinned.Amount),
		(*date)(&s.FirstSettleDay), (*instant)(&s.FirstPaidAt), &r.load, &r.gone, (*flag)(&s.InScope), (*flag)(&s.Revisited),
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
