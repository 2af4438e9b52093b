package store

import (
	"slices"
	"sort"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// maxOthers bounds the orders that a clash names. A gateway that gave every
// bill the same reference would otherwise make every order name every other.
const maxOthers = 20

// fillAlike finds the orders in scope of which a reference, or an order number,
// stands anywhere else: that is seen in the indices alone, and few pass.
const fillAlike = `
INSERT INTO alike (order_id)
SELECT o.order_id
FROM scope AS s CROSS JOIN orders AS o ON o.order_id = s.order_id CROSS JOIN answers AS a ON a.answer_id = o.answer_id
WHERE EXISTS (SELECT 1 FROM answers AS b WHERE b.pay_seq_id = a.pay_seq_id AND b.pay_seq_id <> '' AND b.answer_id <> a.answer_id)
   OR EXISTS (SELECT 1 FROM answers AS b WHERE b.pay_target_order_id = a.pay_target_order_id AND b.pay_target_order_id <> '' AND b.answer_id <> a.answer_id)
   OR EXISTS (SELECT 1 FROM orders AS p WHERE p.mid = o.mid AND p.order_no = o.order_no AND p.order_no <> '' AND p.order_id <> o.order_id)`

// fillReused finds the payment references that the last trustworthy answers
// about two bills share, at least one of them in scope, and lists all the
// bills of each. A payment has one order per bill.
var fillReused = []string{reused("paySeqId", "pay_seq_id"), reused("targetOrderId", "pay_target_order_id")}

func reused(name, column string) string {
	return strings.NewReplacer("NAME", name, "COLUMN", column).Replace(`
INSERT INTO clashes (code, mid, reference, order_id)
SELECT 'PAYMENT_REFERENCE_REUSED', '', 'NAME ' || shared.reference, o.order_id
FROM (SELECT DISTINCT a.COLUMN AS reference
      FROM alike AS s CROSS JOIN orders AS o ON o.order_id = s.order_id CROSS JOIN answers AS a ON a.answer_id = o.answer_id
      WHERE o.refund_id = '' AND o.completion_id = '' AND o.ledger_day >= :since AND a.pay_status IS NOT NULL AND a.COLUMN <> ''
        AND EXISTS (SELECT 1 FROM answers AS b CROSS JOIN orders AS p ON p.order_id = b.order_id
                    WHERE b.COLUMN = a.COLUMN AND b.COLUMN <> '' AND b.order_id <> o.order_id AND b.pay_status IS NOT NULL
                      AND p.answer_id = b.answer_id AND p.refund_id = '' AND p.completion_id = '' AND p.ledger_day >= :since)) AS shared
CROSS JOIN answers AS a ON a.COLUMN = shared.reference AND a.COLUMN <> ''
CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
WHERE o.refund_id = '' AND o.completion_id = '' AND a.pay_status IS NOT NULL AND o.ledger_day >= :since
ORDER BY o.mid, o.tid, o.inst_mid, o.bill_day, o.bill_no`)
}

// fillDouble finds the order numbers that two payments of a merchant share
// which UMS shows as paid; over are those that it has given back in full.
var fillDouble = `
INSERT INTO clashes (code, mid, reference, order_id, over)
SELECT 'DOUBLE_PAYMENT', shared.mid, shared.order_no, o.order_id, CASE WHEN ` + givenBack("o", "a") + ` THEN 1 ELSE 0 END
FROM (SELECT DISTINCT o.mid, o.order_no
      FROM alike AS s CROSS JOIN orders AS o ON o.order_id = s.order_id CROSS JOIN answers AS a ON a.answer_id = o.answer_id
      WHERE o.order_no <> '' AND ` + everPaid("o", "a") + `
        AND EXISTS (SELECT 1 FROM orders AS p CROSS JOIN answers AS b ON b.answer_id = p.answer_id
                    WHERE p.mid = o.mid AND p.order_no = o.order_no AND p.order_no <> '' AND p.order_id <> o.order_id
                      AND ` + everPaid("p", "b") + `)) AS shared
CROSS JOIN orders AS o ON o.mid = shared.mid AND o.order_no = shared.order_no AND o.order_no <> ''
CROSS JOIN answers AS a ON a.answer_id = o.answer_id
WHERE ` + everPaid("o", "a") + `
ORDER BY o.mid, o.tid, o.inst_mid, o.bill_day, o.bill_no`

// everPaid says in SQL what Bill.Paid says.
func everPaid(order, answer string) string {
	return strings.NewReplacer("O.", order+".", "A.", answer+".").Replace(`
O.refund_id = '' AND O.completion_id = '' AND O.first_paid_at IS NOT NULL
AND A.bill_status IN ('PAID', 'REFUND', 'CLOSED') AND A.pay_at IS NOT NULL
AND A.pay_status IN ('TRADE_SUCCESS', 'TRADE_REFUND', 'TRADE_CLOSED')`)
}

// givenBack says of a paid bill what Bill.RefundedInFull says, or that the
// refunds that are done sum to its total.
func givenBack(order, answer string) string {
	return strings.NewReplacer("O.", order+".", "A.", answer+".").Replace(`(A.pay_status = 'TRADE_CLOSED' AND A.bill_status <> 'PAID'
OR coalesce((
  SELECT sum(given.flow_total_fen) FROM orders AS r CROSS JOIN answers AS given ON given.answer_id = r.answer_id
  WHERE r.mid = O.mid AND r.tid = O.tid AND r.inst_mid = O.inst_mid AND r.bill_day = O.bill_day AND r.bill_no = O.bill_no
    AND r.refund_id <> '' AND given.flow_status IN ('SUCCESS', 'TRADE_SUCCESS', 'TRADE_REFUND')) >= A.total_fen, FALSE))`)
}

const (
	// batchClashesQuery yields the clashes of a batch, references in order.
	batchClashesQuery = `
SELECT c.code, c.mid, c.reference, c.order_id
FROM json_each(:orders) AS listed CROSS JOIN clashes AS c ON c.order_id = CAST(listed.value AS BIGINT)
ORDER BY c.order_id, c.code, c.reference`

	// othersQuery names the first of the payments that share a reference, those
	// that are not over first.
	othersQuery = `
SELECT c.over, o.mid, o.tid, o.inst_mid, o.bill_day, o.bill_no, o.refund_id, o.completion_id
FROM clashes AS c CROSS JOIN orders AS o ON o.order_id = c.order_id
WHERE c.code = ? AND c.mid = ? AND c.reference = ? AND c.order_id <> ?
ORDER BY c.over, c.nth LIMIT ?`
)

// shared is a reference that an order shares with others.
type shared struct {
	code           reconcile.Code
	mid, reference string
	orderID        int64
}

func (b *batch) readClashes() error {
	var all []shared
	err := b.each(batchClashesQuery, b.listed, func(row scanner) error {
		var s shared
		err := row.Scan((*word)(&s.code), &s.mid, &s.reference, &s.orderID)
		all = append(all, s)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range all {
		clash, err := b.clash(s)
		if err != nil {
			return err
		}
		subject := b.subject(s.orderID)
		subject.Clashes = join(subject.Clashes, clash)
	}
	return nil
}

// clash names the others: those that are not over or, where all are, those.
func (b *batch) clash(s shared) (reconcile.Clash, error) {
	clash := reconcile.Clash{Code: s.code, Reference: s.reference, Over: true}
	err := b.each(othersQuery, []any{string(s.code), s.mid, s.reference, s.orderID, maxOthers}, func(row scanner) error {
		var k reconcile.Key
		var over flag
		err := row.Scan(append([]any{&over}, keyColumns(&k).pointers()...)...)
		if clash.Over = clash.Over && bool(over); clash.Over || !bool(over) {
			clash.Others = append(clash.Others, k)
		}
		return err
	})
	return clash, err
}

// join adds a clash. An order carries a code once: two references shared with
// others are one clash that names both.
func join(clashes []reconcile.Clash, c reconcile.Clash) []reconcile.Clash {
	for i := range clashes {
		if clashes[i].Code != c.Code {
			continue
		}
		clashes[i].Reference += ", " + c.Reference
		others := slices.Concat(clashes[i].Others, c.Others)
		sort.Slice(others, func(i, j int) bool { return compareKeys(others[i], others[j]) < 0 })
		clashes[i].Others = slices.Compact(others)
		return clashes
	}
	return append(clashes, c)
}

func compareKeys(a, b reconcile.Key) int {
	return slices.Compare(
		[]string{a.MID, a.TID, a.InstMID, a.BillDay.String(), a.BillNo, a.RefundID, a.CompletionID},
		[]string{b.MID, b.TID, b.InstMID, b.BillDay.String(), b.BillNo, b.RefundID, b.CompletionID})
}
