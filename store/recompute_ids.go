package store

import (
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// badRowIDs: the id of the case of a bad row is made from its text.
func badRowIDs(t *tx) error {
	return t.each("SELECT b.case_id, l.scope, "+badRowColumns(&reconcile.BadRow{}).list("b")+" FROM bad_rows AS b JOIN loads AS l USING (load_id)", nil, func(row scanner) error {
		var id, scope string
		var r reconcile.BadRow
		if err := row.Scan(append([]any{&id, &scope}, badRowColumns(&r).pointers()...)...); err != nil {
			return err
		}
		if id != reconcile.RowCaseID(scope, r) && !strings.ContainsRune(r.Raw, '\uFFFD') { // what a server had no room for
			return damaged("the bad row at line %d of %q is not the one that was read", r.Line, r.File)
		}
		return nil
	})
}

// lineIDs: a line of a statement has a digest of all that it says, and the id of
// its case is made from it, too. A time with a fraction is kept in milliseconds,
// and the digest was made from all of it.
func lineIDs(t *tx) error {
	return t.each("SELECT digest, case_id, "+statementList("")+" FROM statement_lines", nil, func(row scanner) error {
		var digest, id string
		var l reconcile.StatementLine
		if err := row.Scan(append([]any{&digest, &id}, statementColumns(&l).pointers()...)...); err != nil {
			return err
		}
		if id != l.StatementCaseID() || digest != lineDigest(l) && l.PaidAt.Nanosecond() == 0 {
			return damaged("line %d of %q is not the one that was read", l.Source.Line, l.Source.File)
		}
		return nil
	})
}

// caseIDs: the id of the case of an order is made from its key and the code.
func caseIDs(t *tx) error {
	return t.each("SELECT c.case_id, c.code, "+keyColumns(&reconcile.Key{}).list("o")+` FROM cases AS c JOIN orders AS o USING (order_id)
		WHERE c.scope = '' AND c.notice_id IS NULL AND c.covers = 0`, nil, func(row scanner) error {
		var id string
		var code reconcile.Code
		var k reconcile.Key
		if err := row.Scan(append([]any{&id, (*word)(&code)}, keyColumns(&k).pointers()...)...); err != nil {
			return err
		}
		if id != reconcile.CaseID(k, code) {
			return damaged("case %s is not about %s of its order", id, code)
		}
		return nil
	})
}

// rows holds payments against the fingerprints of their rows. Those of a load of
// which most do not agree say nothing: another version has made them, or times
// have fractions that are not kept. Nor do those that may have had a refund's
// amount without its id.
func (r Readers) rows(t *tx) error {
	const query = " FROM orders AS o WHERE o.refund_id = '' AND o.completion_id = '' AND o.status NOT IN ('part_refunded', 'refunded') ORDER BY o.load_id"
	var of loadRows
	err := t.each("SELECT o.load_id, o.row_hash, "+orderList("o")+query, nil, func(row scanner) error {
		var load int64
		var print string
		var o reconcile.Order
		if err := row.Scan(append([]any{&load, &print}, orderColumns(&o).pointers()...)...); err != nil {
			return err
		}
		if load != of.load {
			if err := of.judge(); err != nil {
				return err
			}
			of = loadRows{load: load}
		}
		of.see(o, r.Row(o, print))
		return nil
	})
	return errors.Join(err, of.judge())
}

// loadRows are the payments of one load.
type loadRows struct {
	load                    int64
	agree, differ, fraction int
	first                   reconcile.Order // that differs
}

func (l *loadRows) see(o reconcile.Order, agrees bool) {
	if o.PaidAt.Nanosecond()+o.ServiceStart.Nanosecond()+o.ServiceEnd.Nanosecond() > 0 {
		l.fraction++
	}
	if agrees {
		l.agree++
		return
	}
	if l.differ++; l.differ == 1 {
		l.first = o
	}
}

func (l loadRows) judge() error {
	if l.differ == 0 || l.fraction > 0 || l.differ >= l.agree {
		return nil
	}
	return damaged("bill %q of %s, at line %d of %q, is not as the books had it", l.first.BillNo, l.first.BillDay, l.first.Source.Line, l.first.Source.File)
}

// answers holds the columns of answers against the words that they were
// read from, as far as these are kept. What did not come with status 200 has only
// its code from there.
func (r Readers) answers(t *tx) error {
	return t.each("SELECT a.answer_id, "+keyColumns(&reconcile.Key{}).list("o")+", "+answerList("a")+", a.body FROM answers AS a CROSS JOIN orders AS o ON o.order_id = a.order_id WHERE a.body IS NOT NULL", nil, func(row scanner) error {
		var id int64
		var k reconcile.Key
		var a, read answerScan
		if err := row.Scan(append(append(append([]any{&id}, keyColumns(&k).pointers()...), a.pointers()...), (*body)(&a.answer.Raw))...); err != nil {
			return err
		}
		read.answer = r.Answer(k, a.answer.Raw)
		read.flow = *flowOf(&read.answer.Bill, k.Kind())
		read.answer.AskedAt, read.answer.Attempts = a.answer.AskedAt, a.answer.Attempts
		if !a.answer.Trustworthy() {
			read.answer.Outcome, read.answer.Message, read.answer.Bill = a.answer.Outcome, a.answer.Message, a.answer.Bill
			read.flow = a.flow
		}
		if column := a.differs(read); column != "" {
			return damaged("%s of answer %d, about bill %q of %s, is not what its words say", column, id, k.BillNo, k.BillDay)
		}
		return nil
	})
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
