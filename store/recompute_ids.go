package store

import (
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// placeName names a row by where it stands.
func placeName(s reconcile.Source) string { return fmt.Sprintf("line %d of %q", s.Line, s.File) }

// badRowIDs: the id of the case of a bad row is made from its text.
func badRowIDs(t *tx, all *findings) error {
	of := all.rule("bad rows that are not those that were read")
	return t.each("SELECT b.case_id, l.scope, "+badRowColumns(&reconcile.BadRow{}).list("b")+" FROM bad_rows AS b JOIN loads AS l USING (load_id) ORDER BY b.bad_row_id", nil, func(row scanner) error {
		var id, scope string
		var r reconcile.BadRow
		if err := row.Scan(append([]any{&id, &scope}, badRowColumns(&r).pointers()...)...); err != nil {
			return err
		}
		if id != reconcile.RowCaseID(scope, r) && !strings.ContainsRune(r.Raw, '\uFFFD') { // what a server had no room for
			of.see(placeName(r.Source))
		}
		return nil
	})
}

// lineIDs: a line of a statement has a digest of all that it says, and the id of
// its case is made from it, too. A time is kept in milliseconds, and the digest
// was made from all of it: those of a statement with a fraction in any of its
// times say nothing.
func lineIDs(t *tx, all *findings) error {
	const broken = "that are not those that were read"
	ids, digests := all.rule("statement lines with a case "+broken), all.readings("statement lines", broken)
	err := t.each("SELECT CAST(load_id AS TEXT), digest, case_id, "+statementList("")+" FROM statement_lines ORDER BY line_id", nil, func(row scanner) error {
		var load, digest, id string
		var l reconcile.StatementLine
		if err := row.Scan(append([]any{&load, &digest, &id}, statementColumns(&l).pointers()...)...); err != nil {
			return err
		}
		if id != l.StatementCaseID() {
			ids.see(placeName(l.Source))
		}
		differs := ""
		if digest != lineDigest(l) {
			differs = placeName(l.Source)
		}
		g := digests.of(load)
		g.see(differs)
		g.silent = g.silent || l.PaidAt.Nanosecond() > 0
		return nil
	})
	digests.judge()
	return err
}

// caseIDs: the id of the case of an order is made from its key and the code.
func caseIDs(t *tx, all *findings) error {
	of := all.rule("cases that are about another order, or of another code, than their ids")
	return t.each("SELECT c.case_id, c.code, "+keyColumns(&reconcile.Key{}).list("o")+` FROM cases AS c JOIN orders AS o USING (order_id)
		WHERE c.scope = '' AND c.notice_id IS NULL AND c.covers = 0 ORDER BY c.case_id`, nil, func(row scanner) error {
		var id string
		var code reconcile.Code
		var k reconcile.Key
		if err := row.Scan(append([]any{&id, (*word)(&code)}, keyColumns(&k).pointers()...)...); err != nil {
			return err
		}
		if id != reconcile.CaseID(k, code) {
			of.see(fmt.Sprintf("%s, %s of %s", id, code, billName(k)))
		}
		return nil
	})
}
