package store

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// noticeScan is a notice being read with what else is stored about it.
type noticeScan struct {
	notice  reconcile.Notice
	first   reconcile.Notice // of the same id, which said something else
	changed flag
}

// evidenceList reads a notice n with the first of its id and the history of
// its contract.
func evidenceList() string {
	return noticeList("n") + `, n.changes IS NOT NULL,
  first.bill_status, first.status, first.total_fen, first.pay_total_fen, first.buyer_fen, first.coupon_fen, first.refund_fen, first.pay_at, first.settle_day,
  first.mer_order_id, first.pay_seq_id, first.target_order_id,
  EXISTS (SELECT 1 FROM notices AS c WHERE c.kind = 'contract' AND c.verified = 1 AND c.mid = n.mid AND c.contract_id = n.contract_id
    AND n.kind = 'deduction' AND n.contract_id <> '' AND c.contract_open = 1 AND c.contract_at <= n.pay_at),
  (SELECT CASE WHEN c.contract_open = 0 THEN c.contract_at END FROM notices AS c
   WHERE c.kind = 'contract' AND c.verified = 1 AND c.mid = n.mid AND c.contract_id = n.contract_id
     AND n.kind = 'deduction' AND n.contract_id <> '' AND c.contract_at < n.pay_at
   ORDER BY c.contract_at DESC, c.notice_id DESC LIMIT 1)`
}

const joinFirst = " LEFT JOIN notices AS first ON first.notice_id = n.changes"

func (s *noticeScan) pointers() []any {
	f := &s.first
	return slices.Concat(noticeColumns(&s.notice).pointers(), []any{
		&s.changed, (*text)(&f.BillStatus), (*text)(&f.Status), (*amount)(&f.Total), (*amount)(&f.PaymentTotal), (*amount)(&f.BuyerPay), (*amount)(&f.Coupon), (*amount)(&f.Refund),
		(*instant)(&f.PaidAt), (*date)(&f.SettleDay), (*text)(&f.MerOrderID), (*text)(&f.PaySeqID), (*text)(&f.TargetOrderID),
		(*flag)(&s.notice.Contract.Opened), (*instant)(&s.notice.Contract.ClosedAt),
	})
}

// evidence is the notice that was read.
func (s *noticeScan) evidence(f *firstNotices) (reconcile.Notice, error) {
	n := s.notice
	if s.changed {
		first := s.first
		n.Changes = &first
	}
	since, err := f.contract(n.MID)
	n.Contract.Since = since
	return n, err
}

// firstNotices looks up, once per merchant, when its notices began.
type firstNotices struct {
	*tx
	payments, contracts map[string]time.Time
}

func newFirstNotices(t *tx) *firstNotices {
	return &firstNotices{tx: t, payments: map[string]time.Time{}, contracts: map[string]time.Time{}}
}

// payment is when the first verified notice of a payment or deduction came in;
// zero: none ever came. One that was imported came when it was paid, unless it
// tells of a refund of long ago.
func (f *firstNotices) payment(mid string) (time.Time, error) {
	return f.look(f.payments, mid, firstNoticeQuery)
}

var firstNoticeQuery = "SELECT min(" + noticeFrom("n") + ") FROM notices AS n WHERE n.mid = ? AND n.verified = 1 AND n.kind <> 'contract'"

// noticeFrom is since when the merchant of a notice has notices, as far as this
// one tells.
func noticeFrom(n string) string {
	return strings.ReplaceAll("CASE WHEN N.path = 'import' AND N.status IN ('TRADE_SUCCESS', 'SUCCESS') THEN coalesce(N.pay_at, N.received_at) ELSE N.received_at END", "N.", n+".")
}

// contract is when the first contract of which a notice is stored was opened
// or closed; zero: none.
func (f *firstNotices) contract(mid string) (time.Time, error) {
	return f.look(f.contracts, mid, "SELECT min(contract_at) FROM notices WHERE mid = ? AND verified = 1 AND kind = 'contract'")
}

func (f *firstNotices) look(known map[string]time.Time, mid, query string) (time.Time, error) {
	if at, ok := known[mid]; ok {
		return at, nil
	}
	var at time.Time
	err := f.row(query, mid).Scan((*instant)(&at))
	known[mid] = at
	return at, err
}

// batchNoticesQuery yields the verified notices of the bills of a batch.
var batchNoticesQuery = "SELECT n.order_id, " + evidenceList() + `
FROM json_each(:orders) AS listed CROSS JOIN notices AS n ON n.order_id = CAST(listed.value AS BIGINT)` + joinFirst + `
WHERE n.verified = 1 AND n.received_at <= :now
ORDER BY n.received_at, n.notice_id`

// readNotices gives the payments of a batch the notices of their bills,
// whichever row of the bill they were tied to; where the ledger has no payment
// row, its first completion has them.
func (b *batch) readNotices() error {
	var about []int64
	var scans []noticeScan
	err := b.each(batchNoticesQuery, append([]any{sql.Named("now", b.now)}, b.listed...), func(row scanner) error {
		var id int64
		var s noticeScan
		err := row.Scan(append([]any{&id}, s.pointers()...)...)
		about, scans = append(about, id), append(scans, s)
		return err
	})
	if err != nil {
		return err
	}
	for i := range scans {
		n, err := scans[i].evidence(b.firsts)
		if err != nil {
			return err
		}
		s := b.paymentOf(about[i])
		s.Notices = append(s.Notices, n)
	}
	return b.readBeginnings()
}

// paymentOf is the payment of the bill that an order is of; without one, its
// first completion, or the order itself.
func (b *batch) paymentOf(orderID int64) *reconcile.Subject {
	subjects := b.families[b.at[orderID].family].Subjects
	for _, kind := range []reconcile.Kind{reconcile.Payment, reconcile.Completion} {
		i := slices.IndexFunc(subjects, func(s reconcile.Subject) bool { return s.Order.Kind() == kind })
		if i >= 0 {
			return &subjects[i]
		}
	}
	return b.subject(orderID)
}

// readBeginnings tells every subject when the notices of its merchant began.
func (b *batch) readBeginnings() error {
	for i := range b.families {
		for j := range b.families[i].Subjects {
			s := &b.families[i].Subjects[j]
			at, err := b.firsts.payment(s.Order.MID)
			if err != nil {
				return err
			}
			s.NoticesFrom = at
		}
	}
	return nil
}

// batchSyncedQuery yields the pay-score orders of a batch that UMS was told of.
const batchSyncedQuery = `
SELECT o.order_id, t.sent_at
FROM json_each(:orders) AS listed CROSS JOIN orders AS o ON o.order_id = CAST(listed.value AS BIGINT)
CROSS JOIN sendings AS t ON t.kind = 'pay_score_sync' AND t.mid = o.mid AND t.fen_order_id = o.fen_order_id AND t.state = 'done'
WHERE o.fen_order_id <> ''`

func (b *batch) readSynced() error {
	return b.each(batchSyncedQuery, b.listed, func(row scanner) error {
		var id int64
		var at time.Time
		err := row.Scan(&id, (*instant)(&at))
		b.subject(id).Synced = at
		return err
	})
}
