package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// rows holds payments against the fingerprints of their rows. Those of a load of
// which most do not agree say nothing: another version has made them, or times
// have fractions that are not kept. Nor do those that may have had a refund's
// amount without its id.
func (r Readers) rows(t *tx, all *findings) error {
	const query = " FROM orders AS o WHERE o.refund_id = '' AND o.completion_id = '' AND o.status NOT IN ('part_refunded', 'refunded') ORDER BY o.load_id, o.order_id"
	rule := all.rule("payments that are not as the books had them")
	of, load := group{}, int64(0)
	judge := func() {
		if !of.silent && of.differ > 0 && of.differ < of.agree {
			rule.take(of)
		}
	}
	err := t.each("SELECT o.load_id, o.row_hash, "+orderList("o")+query, nil, func(row scanner) error {
		var id int64
		var print string
		var o reconcile.Order
		if err := row.Scan(append([]any{&id, &print}, orderColumns(&o).pointers()...)...); err != nil {
			return err
		}
		if id != load {
			judge()
			of, load = group{}, id
		}
		of.silent = of.silent || o.PaidAt.Nanosecond()+o.ServiceStart.Nanosecond()+o.ServiceEnd.Nanosecond() > 0
		differs := ""
		if !r.Row(o, print) {
			differs = billName(o.Key) + ", at " + placeName(o.Source)
		}
		of.see(differs)
		return nil
	})
	judge()
	return err
}

// answers holds the columns of answers against the words that they were
// read from, as far as these are kept.
func (r Readers) answers(t *tx, all *findings) error {
	const query = " FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id WHERE a.body IS NOT NULL"
	unreadable := all.rule("answers whose words cannot be read any more")
	of := all.readings("answers", "that are not what their words say")
	err := t.each("SELECT a.run_id, "+keyColumns(&reconcile.Key{}).list("o")+", "+answerList("a")+", a.body"+query, nil, func(row scanner) error {
		var run string
		var k reconcile.Key
		var kept []byte
		var a answerScan
		if err := row.Scan(append(append(append([]any{&run}, keyColumns(&k).pointers()...), a.pointers()...), &kept)...); err != nil {
			return err
		}
		if err := (*body)(&a.answer.Raw).Scan(kept); err != nil {
			unreadable.see(answerName(k, a))
			return nil
		}
		differs := r.differs(k, a)
		if differs != "" {
			differs = answerName(k, a) + ", in " + differs
		}
		of.of(run).see(differs)
		return nil
	})
	of.judge()
	return err
}

func answerName(k reconcile.Key, a answerScan) string {
	return fmt.Sprintf("about %s, asked at %s", billName(k), a.answer.AskedAt.In(reconcile.Beijing).Format(time.DateTime))
}

// differs names the first column of an answer that its words do not say; empty:
// none. What did not come with status 200 has only its code from there.
func (r Readers) differs(k reconcile.Key, a answerScan) string {
	var read answerScan
	read.answer = r.Answer(k, a.answer.Raw)
	read.flow = *flowOf(&read.answer.Bill, k.Kind())
	read.answer.AskedAt, read.answer.Attempts = a.answer.AskedAt, a.answer.Attempts
	if !a.answer.Trustworthy() {
		read.answer.Outcome, read.answer.Message, read.answer.Bill = a.answer.Outcome, a.answer.Message, a.answer.Bill
		read.flow = a.flow
	}
	return a.differs(read)
}

// differs names the first column in which two answers differ; empty: none.
func (a answerScan) differs(b answerScan) string {
	other := answerColumns(&b.answer, &b.flow)
	for i, c := range answerColumns(&a.answer, &a.flow) {
		one, err := c.at.(driver.Valuer).Value()
		two, otherErr := other[i].at.(driver.Valuer).Value()
		if err != nil || otherErr != nil || asStored(one) != asStored(two) {
			return c.name
		}
	}
	return ""
}

// asStored: a server has no room for a NUL, and keeps U+FFFD.
func asStored(v driver.Value) driver.Value {
	if s, ok := v.(string); ok {
		return strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return v
}
