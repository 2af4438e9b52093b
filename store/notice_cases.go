package store

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// noticeBatch is how many notices are in memory at a time.
const noticeBatch = 500

// Notices yields the payments that verified notices of the lookback tell of and
// no order carries, or that have a case of their own, then the unverified
// notices by day and path. What came in since the run began waits for the next
// one. see may write cases.
func (p *publication) Notices(s reconcile.Scope, see func(reconcile.NoticeSighting) error) error {
	if err := p.settled(); err != nil {
		return err
	}
	for _, query := range []string{makeHomeless, dropHomeless, fillHomeless} {
		if _, err := p.ExecContext(p.ctx, query, named{"since": instant(s.Since.Start()), "now": instant(s.Now), "history": instant(s.History.Start())}.args()...); err != nil {
			return p.named(err)
		}
	}
	homes := &homes{tx: p.tx, firsts: newFirstNotices(p.tx), taken: map[reconcile.Day]time.Time{}, answered: map[dayOfMerchant]bool{}}
	for after := ""; ; {
		batch, last, err := p.homeless(s, homes, after)
		if err != nil {
			return p.named(err)
		}
		for _, n := range batch {
			if err := p.sight(n, see); err != nil {
				return err
			}
		}
		if len(batch) < noticeBatch {
			return p.unproven(s, see)
		}
		after = last
	}
}

// rowSighting is a sighting and the rows that its cases point at.
type rowSighting struct {
	ids []int64
	reconcile.NoticeSighting
}

// sight adds the cases there are, and remembers which notice those that see
// writes are about.
func (p *publication) sight(n rowSighting, see func(reconcile.NoticeSighting) error) error {
	err := p.each("SELECT "+caseList("c")+" FROM cases AS c WHERE c.notice_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY c.case_id",
		[]any{list(n.ids)}, func(row scanner) error {
			var c reconcile.Case
			err := row.Scan(caseColumns(&c).pointers()...)
			n.Cases = append(n.Cases, c)
			return err
		})
	if err != nil {
		return p.named(err)
	}
	p.notice = n.ids[0]
	defer func() { p.notice = 0 }()
	return see(n.NoticeSighting)
}

// homelessQuery yields the notices of the next payments behind one, by payment
// and arrival.
var homelessQuery = "SELECT h.payment, n.notice_id, " + evidenceList() + `, n.order_id IS NOT NULL,
  EXISTS (SELECT 1 FROM orders AS o WHERE o.order_id = n.order_id AND o.class <> 'unverified'
    AND o.status IN ('paid', 'part_refunded', 'refunded', 'success')
    AND NOT EXISTS (SELECT 1 FROM cases AS c WHERE c.order_id = o.order_id AND c.state IN ('open', 'proposed', 'resolved') AND c.gone = 0` + aboutTheOrder("c") + `)
    AND NOT EXISTS (SELECT 1 FROM notes AS c WHERE c.order_id = o.order_id AND c.run_id = o.judged_run_id AND c.severity IN ('S1', 'S2', 'S3')` + aboutTheOrder("c") + `)),
  (SELECT json_group_array(c.code) FROM orders AS o CROSS JOIN orders AS p
     ON p.mid = o.mid AND p.tid = o.tid AND p.inst_mid = o.inst_mid AND p.bill_day = o.bill_day AND p.bill_no = o.bill_no
     CROSS JOIN cases AS c ON c.order_id = p.order_id WHERE o.order_id = n.order_id)
FROM (SELECT DISTINCT payment FROM homeless WHERE payment > :after ORDER BY payment LIMIT :limit) AS next
CROSS JOIN homeless AS h ON h.payment = next.payment
CROSS JOIN notices AS n ON n.notice_id = h.notice_id` + joinFirst + `
WHERE n.verified = 1 AND n.kind <> 'contract'
ORDER BY h.payment, n.received_at, n.notice_id`

// aboutTheOrder leaves out the codes that do not speak against an order that
// has appeared: they are about its notices, or what remains to be done.
func aboutTheOrder(c string) string {
	return " AND " + c + ".code NOT LIKE 'NOTICE_%' AND " + c + ".code NOT IN ('DEDUCTION_WITHOUT_CONTRACT', 'PAY_SCORE_SYNC_DUE')"
}

// The list is made once: there can be a million notices that orders carry. Of a
// payment of history nobody knows whether there was an order; money that is given
// back today is to be in the books of today. A payment is named as reconcile.Notice.PaymentName does, within its merchant.
const (
	makeHomeless = "CREATE TEMP TABLE IF NOT EXISTS homeless (payment TEXT NOT NULL, notice_id INTEGER NOT NULL, PRIMARY KEY (payment, notice_id)) WITHOUT ROWID"
	dropHomeless = "DELETE FROM homeless"
	refunding    = "(coalesce(refund_fen, 0) > 0 OR coalesce(bill_status, '') = 'REFUND' OR coalesce(status, '') = 'TRADE_REFUND')" // as reconcile.Notice.Refunds
	fillHomeless = `
INSERT INTO homeless (payment, notice_id)
SELECT n.mid || ' ' || CASE
    WHEN n.mer_order_id <> '' THEN 'merOrderId ' || n.mer_order_id WHEN n.pay_seq_id <> '' THEN 'paySeqId ' || n.pay_seq_id
    WHEN n.target_order_id <> '' THEN 'targetOrderId ' || n.target_order_id WHEN n.bill_no <> '' THEN 'billNo ' || n.bill_no
    WHEN n.notify_id <> '' THEN 'notifyId ' || n.notify_id ELSE 'digest ' || n.digest END, n.notice_id
FROM (SELECT notice_id FROM notices INDEXED BY notices_homeless_idx WHERE order_id IS NULL AND verified = 1 AND received_at >= :since AND received_at <= :now
        AND (coalesce(pay_at, :now) >= :history OR ` + refunding + `)
      UNION
      SELECT notice_id FROM cases WHERE notice_id IS NOT NULL AND state IN ('open', 'proposed')) AS listed
CROSS JOIN notices AS n ON n.notice_id = listed.notice_id`
)

// homeless reads the next payments behind one.
func (p *publication) homeless(s reconcile.Scope, h *homes, after string) (batch []rowSighting, last string, err error) {
	args := named{"after": after, "limit": noticeBatch}
	var scans [][]noticeScan
	err = p.each(homelessQuery, args.args(), func(row scanner) error {
		var payment, carried string
		var id int64
		var scan noticeScan
		var placed, appeared flag
		if err := row.Scan(slices.Concat([]any{&payment, &id}, scan.pointers(), []any{&placed, &appeared, (*word)(&carried)})...); err != nil {
			return err
		}
		if payment != last {
			batch, scans, last = append(batch, rowSighting{}), append(scans, nil), payment
		}
		n := &batch[len(batch)-1]
		n.ids, n.Placed, n.Appeared = append(n.ids, id), n.Placed || bool(placed), n.Appeared || bool(appeared)
		scans[len(scans)-1] = append(scans[len(scans)-1], scan)
		if placed && carried != "" {
			return json.Unmarshal([]byte(carried), &n.Carried)
		}
		return nil
	})
	for i := range batch {
		if err == nil {
			err = h.complete(&batch[i], scans[i], s.Calendar)
		}
	}
	return batch, last, err
}

// complete adds what is stored beside the notices of a payment.
func (h *homes) complete(n *rowSighting, scans []noticeScan, c reconcile.Calendar) error {
	for i := range scans {
		notice, err := scans[i].evidence(h.firsts)
		if err != nil {
			return err
		}
		n.Payment, n.Notices = notice.PaymentName(), append(n.Notices, notice)
		looked, err := h.looked(notice, c)
		if err != nil {
			return err
		}
		n.Looked = n.Looked || looked
	}
	return nil
}

// homes knows of which days the books are complete enough to miss an order.
type homes struct {
	*tx
	firsts   *firstNotices
	taken    map[reconcile.Day]time.Time // when the books of a day were taken, the oldest of its sources
	answered map[dayOfMerchant]bool
}

type dayOfMerchant struct {
	day reconcile.Day
	mid string
}

// looked is reconcile.NoticeSighting.Looked.
func (h *homes) looked(n reconcile.Notice, c reconcile.Calendar) (bool, error) {
	if n.PaidAt.IsZero() {
		return false, nil
	}
	day := n.LedgerDay(c)
	taken, err := h.booksTaken(day)
	if err != nil || taken.IsZero() || taken.Before(n.PaidAt) || n.Kind != reconcile.DeductionNotice {
		return err == nil && !taken.IsZero() && !taken.Before(n.PaidAt), err
	}
	return h.allAnswered(dayOfMerchant{day, n.MID})
}

// booksTakenQuery is when the books of a day were taken, the oldest of its
// sources, and how many rows they had. Of the files of a source that is not per
// day those count that hold orders of the day.
const booksTakenQuery = `
SELECT min(coalesce(CASE WHEN l.day IS NULL THEN (SELECT min(f.taken_at) FROM load_files AS f WHERE f.load_id = l.load_id
    AND EXISTS (SELECT 1 FROM orders AS o INDEXED BY orders_day_idx WHERE o.ledger_day = ?1 AND o.scope = l.scope AND o.file = f.file)) END,
  l.snapshot_at, l.loaded_at)), coalesce(sum(l.rows), 0)
FROM (SELECT max(load_id) AS load_id FROM loads WHERE kind = 'ledger' GROUP BY scope) AS last CROSS JOIN loads AS l ON l.load_id = last.load_id
WHERE l.day = ?1 OR l.day IS NULL AND EXISTS (SELECT 1 FROM orders AS o INDEXED BY orders_day_idx WHERE o.ledger_day = ?1 AND o.scope = l.scope)`

// booksTaken is zero when there are none. Books without a row, beside days that
// have some, are a broken export: nothing is missing in them.
func (h *homes) booksTaken(day reconcile.Day) (time.Time, error) {
	if at, known := h.taken[day]; known {
		return at, nil
	}
	var at time.Time
	var rows int64
	if err := h.row(booksTakenQuery, date(day)).Scan((*instant)(&at), &rows); err != nil {
		return at, err
	}
	if rows == 0 {
		var filled bool
		if err := h.row(neighboursQuery, named{"day": date(day)}.args()...).Scan((*flag)(&filled)); err != nil {
			return at, err
		}
		if filled {
			at = time.Time{}
		}
	}
	h.taken[day] = at
	return at, nil
}

const allAnsweredQuery = "SELECT NOT EXISTS (SELECT 1 FROM orders WHERE ledger_day = ? AND mid = ? AND (answer_id IS NULL OR class IS NULL OR class = 'unverified'))"

func (h *homes) allAnswered(d dayOfMerchant) (bool, error) {
	if all, known := h.answered[d]; known {
		return all, nil
	}
	var all bool
	err := h.row(allAnsweredQuery, date(d.day), d.mid).Scan((*flag)(&all))
	h.answered[d] = all
	return all, err
}

const unprovenQuery = `
SELECT g.notice_id, g.day, g.path, g.count, g.first_at, g.last_at, n.why
FROM (SELECT min(notice_id) AS notice_id, substr(received_at, 1, 10) AS day, path, sum(1 + repeats) AS count,
        min(received_at) AS first_at, max(last_at) AS last_at
      FROM notices WHERE verified = 0 AND received_at >= :since AND received_at <= :now GROUP BY path, day) AS g
CROSS JOIN notices AS n ON n.notice_id = g.notice_id
ORDER BY g.day, g.path`

// unproven yields the unverified notices by day and path, with the reason of
// the first.
func (p *publication) unproven(s reconcile.Scope, see func(reconcile.NoticeSighting) error) error {
	var groups []rowSighting
	err := p.each(unprovenQuery, named{"since": instant(s.Since.Start()), "now": instant(s.Now)}.args(), func(row scanner) error {
		g := rowSighting{ids: make([]int64, 1)}
		g.Notices = make([]reconcile.Notice, 1)
		u := &g.Unproven
		err := row.Scan(&g.ids[0], (*date)(&u.Day), &u.Path, &u.Count, (*instant)(&u.First), (*instant)(&u.Last), &g.Notices[0].Why)
		groups = append(groups, g)
		return err
	})
	if err != nil {
		return p.named(err)
	}
	for _, g := range groups {
		if err := p.sight(g, see); err != nil {
			return err
		}
	}
	return nil
}
