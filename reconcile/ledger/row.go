package ledger

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// values are the cells of a row, understood one by one.
type values struct {
	text   [columnCount]string // ids and texts; empty: not in the row
	amount [columnCount]reconcile.Amount
	day    [columnCount]reconcile.Day
	at     [columnCount]time.Time
	status reconcile.Status
}

// wholeRow stands where a problem is not of one column.
const wholeRow = columnCount

// problem is one thing that is wrong with a row.
type problem struct {
	column  column
	words   reconcile.Words
	damaged bool
}

// rowReader understands rows under one header. It is used for one row at a time.
type rowReader struct {
	books    *Books
	header   header
	fromDay  reconcile.Day // that the source was read for; zero: it is not per day
	problems []problem     // of the present row
	out      []reading     // of the present row
}

// read turns the cells of a row into values, and notes every problem.
func (r *rowReader) read(rec record) (v values) {
	r.problems = r.problems[:0]
	for c := range columnCount {
		if r.header.at[c] < 0 {
			v.text[c] = r.books.source.Defaults.of(c)
			continue
		}
		cell := rec.cells[r.header.at[c]]
		if rec.nature(r.header.at[c]).stored == storedFormula {
			r.problem(c, unsaved, false)
			continue
		}
		if strings.Trim(cell, asciiBlanks) == "" {
			v.text[c] = r.books.source.Defaults.of(c)
			continue
		}
		r.cell(&v, c, cell, rec.nature(r.header.at[c]))
	}
	r.fill(&v, rec)
	return v
}

// fill takes what a row leaves out about its terminal from its merchant.
func (r *rowReader) fill(v *values, rec record) {
	for _, c := range []column{colTID, colInstMID} {
		at := r.header.at[c]
		if at >= 0 && strings.Trim(rec.cells[at], asciiBlanks) != "" || r.failed(c) {
			continue
		}
		if own := r.books.source.Terminals[v.text[colMID]].of(c); own != "" {
			v.text[c] = own
		}
	}
}

func (r *rowReader) cell(v *values, c column, cell string, n nature) {
	if n.stored != 0 && r.misstored(c, cell, n.stored) {
		return
	}
	var why reconcile.Words
	damaged := false
	switch c {
	case colBillNo, colMID, colTID, colInstMID, colRefundID, colAuthedID:
		v.text[c] = cell
		why, damaged = ident(c, cell, n)
	case colTotal, colBuyerPay, colCoupon, colRefundAmount, colAuthedAmount:
		v.amount[c].Fen, why = r.books.source.Unit.amountOf(strings.Trim(cell, asciiBlanks), n)
		v.amount[c].Known = true
	case colBillDate, colSettleDate:
		v.day[c], why = dateOf(strings.Trim(cell, asciiBlanks), n)
	case colPaidAt, colServiceStart, colServiceEnd:
		v.at[c], why = instantOf(strings.Trim(cell, asciiBlanks), r.books.source.Location, n)
	case colStatus:
		v.status, why = r.books.status(cell)
	default:
		v.text[c] = strings.TrimSpace(cell)
		why = plain(v.text[c])
	}
	if why.EN != "" {
		r.problem(c, why, damaged)
	}
}

// misstored notes a value that its database or workbook does not hold as it was
// meant.
func (r *rowReader) misstored(c column, cell string, as storage) bool {
	name := quotedName(r.heading(c))
	switch {
	case as == storedBlob:
		r.problem(c, say("以二进制 (BLOB) 存储，无法确知其文字；请存为 TEXT，或在 ledger.query 中写 CAST(%s AS TEXT)", "is stored as a BLOB, whose text nobody can be sure of; store it as TEXT, or write CAST(%s AS TEXT) in ledger.query", name), false)
	case as == storedDate && (c.textual() || c.money()):
		r.problem(c, strayDate(cell), c.identifies())
	case as == storedReal && c.textual():
		r.problem(c, say("%s 以浮点数 (REAL) 存储，编号的数字可能已丢失；请将列 %s 存为 TEXT", "%s is stored as a binary fraction (REAL), which does not keep the digits of an id; store column %s as TEXT", shown(cell), name), true)
	default:
		return false
	}
	return true
}

func (b *Books) status(cell string) (reconcile.Status, reconcile.Words) {
	word := strings.TrimSpace(cell)
	if s, ok := b.statuses[word]; ok {
		return s, reconcile.Words{}
	}
	if s, ok := b.statuses[Fold(word)]; ok {
		return s, reconcile.Words{}
	}
	return "", say("状态 %s 没有对应关系（请在配置 ledger.statuses 中添加）", "status %s is not mapped (try: ledger.statuses in the configuration)", shown(word))
}

func (r *rowReader) problem(c column, why reconcile.Words, damaged bool) {
	r.problems = append(r.problems, problem{c, why, damaged})
}

// failed says whether a problem of the column was noted: what follows from
// the column then says nothing new.
func (r *rowReader) failed(c column) bool {
	return slices.ContainsFunc(r.problems, func(p problem) bool { return p.column == c })
}

// heading is what the merchant calls a column; our name where the ledger has
// no such column.
func (r *rowReader) heading(c column) string {
	switch {
	case c == wholeRow:
		return ""
	case r.header.at[c] < 0:
		return c.String()
	}
	return r.header.cells[r.header.at[c]]
}

// complaint joins every problem of the row; the first one names the column. A
// damaged identifier goes before everything else, because without it the row
// cannot be told from others.
func (r *rowReader) complaint() (heading string, reason reconcile.Words, damaged bool) {
	sort.SliceStable(r.problems, func(i, j int) bool { return r.problems[i].damaged && !r.problems[j].damaged })
	first := r.problems[0]
	reason = first.words
	for _, p := range r.problems[1:] {
		reason.ZH += fmt.Sprintf("；列 %q：%s", r.heading(p.column), p.words.ZH)
		reason.EN += fmt.Sprintf("; column %q: %s", r.heading(p.column), p.words.EN)
	}
	return r.heading(first.column), reason, first.damaged
}
