package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// stmtHeader says in which cell of a row each column stands; -1: in none.
type stmtHeader struct {
	cells []string
	at    [stmtCount]int
}

// header finds the columns among the headings of a file.
func (st *Statements) header(cells []string) (stmtHeader, []HeaderFault) {
	h, faults := stmtHeader{cells: make([]string, len(cells))}, []HeaderFault(nil)
	for i, c := range cells {
		h.cells[i] = strings.TrimSpace(c)
	}
	for c := range stmtCount {
		h.at[c] = -1
		for i, heading := range h.cells {
			if st.heads(c, heading) {
				if h.at[c] >= 0 {
					faults = append(faults, HeaderFault{Column: c.String(), Heading: heading, Problem: fmt.Sprintf("heading %q stands twice, in columns %d and %d", heading, h.at[c]+1, i+1)})
				}
				h.at[c] = i
			}
		}
		if problem := st.absent(c, h); problem != "" {
			looked := st.headings[c]
			if looked == "" {
				looked = c.String()
			}
			faults = append(faults, HeaderFault{Column: c.String(), Heading: looked, Problem: problem, DidYouMean: nearest(looked, h.cells)})
		}
	}
	return h, faults
}

// heads says whether a heading is that of a column: the configured one, else
// our own name, unless the configuration gives it to another column.
func (st *Statements) heads(c stmtColumn, heading string) bool {
	if configured := st.headings[c]; configured != "" {
		return heading == configured
	}
	return Fold(heading) == c.String() && !slices.Contains(st.headings[:], heading)
}

// absent is what is wrong when a header does not have a column.
func (st *Statements) absent(c stmtColumn, h stmtHeader) string {
	there := func(c stmtColumn) bool { return h.at[c] >= 0 }
	switch {
	case there(c):
	case st.headings[c] != "":
		return fmt.Sprintf("no column %q, which the configuration names for %s", st.headings[c], c)
	case c == stmtType || c == stmtAmount:
		return fmt.Sprintf("no column %s, and the configuration names none for it", c)
	case c == stmtMerOrderID && !there(stmtReference):
		return "neither a column reference nor mer_order_id, and the configuration names none for them"
	case c == stmtMID && st.source.Defaults.MID == "":
		return "no column mid, and no default for it in the configuration"
	case c == stmtSettleDate && !st.books.dated():
		return "no column settle_date, and no {date} in the path that would say it"
	}
	return ""
}

// stmtReader takes the rows of a statement.
type stmtReader struct {
	of            *Statements
	day           reconcile.Day // that the source was read for; zero: it is not per day
	header        stmtHeader
	line          func(reconcile.StatementLine) error
	bad           func(reconcile.BadRow) error
	rows, invalid int64
}

// record passes on what one record says.
func (p *stmtReader) record(f file, headings []string, rec record) error {
	if !slices.Equal(p.header.cells, headings) {
		p.header, _ = p.of.header(headings)
	}
	h := p.header
	if p.of.total(h, rec) {
		return nil
	}
	p.rows++
	r := stmtRow{of: p.of, header: h, day: p.day}
	switch why := rec.flaw.words(f.census.encoding); {
	case rec.why.EN != "":
		r.column, r.why = rec.column, rec.why
	case why.EN != "":
		r.why = why
	case rec.quote != quoteSound:
		r.why = rec.quote.words()
	case len(rec.cells) != len(h.cells):
		r.why = say("有 %d 列，表头有 %d 列", "has %d columns, the header has %d", len(rec.cells), len(h.cells))
	default:
		r.rec = rec
		if l := r.read(); r.why.EN == "" {
			l.Source = reconcile.Source{File: f.name, Line: rec.line}
			return p.line(l)
		}
	}
	p.invalid++
	return p.bad(reconcile.BadRow{Source: reconcile.Source{File: f.name, Line: rec.line}, Column: r.column, Reason: r.why, Damaged: r.damaged, Raw: rec.raw()})
}

// total says whether a record is the trailer that the configuration names.
func (st *Statements) total(h stmtHeader, rec record) bool {
	if st.source.Trailer == "" || rec.flaw != flawless || rec.quote != quoteSound || rec.why.EN != "" {
		return false
	}
	if at := h.at[stmtType]; at < len(rec.cells) {
		if _, mapped := st.types[Fold(strings.TrimSpace(rec.cells[at]))]; mapped {
			return false
		}
	}
	first := slices.IndexFunc(rec.cells, func(c string) bool { return strings.TrimSpace(c) != "" })
	return first >= 0 && strings.HasPrefix(strings.TrimSpace(rec.cells[first]), st.source.Trailer)
}

// stmtRow is one row being understood; the first thing that is wrong is kept.
type stmtRow struct {
	of      *Statements
	header  stmtHeader
	day     reconcile.Day
	rec     record
	column  string
	why     reconcile.Words
	damaged bool
}

func (r *stmtRow) cell(c stmtColumn) string {
	if r.header.at[c] < 0 {
		return ""
	}
	return r.rec.cells[r.header.at[c]]
}

// nature is what the format says of the cell of a column that is there.
func (r *stmtRow) nature(c stmtColumn) nature { return r.rec.nature(r.header.at[c]) }

func (r *stmtRow) wrong(c stmtColumn, why reconcile.Words, damaged bool) {
	if r.why.EN != "" || why.EN == "" {
		return
	}
	if r.why, r.damaged, r.column = why, damaged, c.String(); r.header.at[c] >= 0 {
		r.column = r.header.cells[r.header.at[c]]
	}
}

func (r *stmtRow) read() (l reconcile.StatementLine) {
	d := r.of.source.Defaults
	l.MID, l.TID = r.id(stmtMID, colMID, d.MID), r.id(stmtTID, colTID, d.TID)
	l.Reference, l.MerOrderID = r.id(stmtReference, colMID, ""), r.id(stmtMerOrderID, colMID, "")
	l.Kind = r.kind()
	r.money(&l)
	l.SettleDay = r.day
	if cell := strings.Trim(r.cell(stmtSettleDate), asciiBlanks); cell != "" {
		day, why := dateOf(cell, r.nature(stmtSettleDate))
		r.wrong(stmtSettleDate, why, false)
		l.SettleDay = day
	}
	if cell := strings.Trim(r.cell(stmtPaidAt), asciiBlanks); cell != "" {
		at, why := instantOf(cell, r.of.source.Location, r.nature(stmtPaidAt))
		r.wrong(stmtPaidAt, why, false)
		l.PaidAt = at
	}
	switch {
	case l.Reference == "" && l.MerOrderID == "":
		r.wrong(stmtReference, say("参考号与商户订单号均为空", "neither a reference nor a merchant order number"), false)
	case l.MID == "":
		r.wrong(stmtMID, say("没有商户号", "no mid"), false)
	case l.SettleDay == 0:
		r.wrong(stmtSettleDate, say("没有清算日期", "no settle date"), false)
	}
	return l
}

// id is an identifier, checked as those of a ledger are; as says of what kind.
func (r *stmtRow) id(c stmtColumn, as column, without string) string {
	cell := strings.Trim(r.cell(c), asciiBlanks)
	if cell == "" {
		return without
	}
	why, damaged := ident(as, cell, r.nature(c))
	r.wrong(c, why, damaged)
	return cell
}

func (r *stmtRow) kind() reconcile.Kind {
	word := strings.TrimSpace(r.cell(stmtType))
	kind, ok := r.of.types[Fold(word)]
	if !ok {
		r.wrong(stmtType, say("交易类型 %s 没有对应关系（请在配置 statement.types 中添加）", "type %s is not mapped (try: statement.types in the configuration)", shown(word)), false)
	}
	return kind
}

// money reads amount, fee and net. A refund may be written with a sign or
// without one, its fee and net as its amount is.
func (r *stmtRow) money(l *reconcile.StatementLine) {
	amount, minus := r.amount(stmtAmount, l.Kind)
	if !amount.Known {
		r.wrong(stmtAmount, say("金额为空", "the amount is empty"), false)
	}
	l.Amount = amount.Fen
	var feeMinus, netMinus bool
	l.Fee, feeMinus = r.amount(stmtFee, l.Kind)
	l.Net, netMinus = r.amount(stmtNet, l.Kind)
	if l.Kind != reconcile.Refund {
		return
	}
	if feeMinus || !minus {
		l.Fee.Fen = -l.Fee.Fen
	}
	if netMinus || !minus {
		l.Net.Fen = -l.Net.Fen
	}
}

// amount is the size of an amount, and whether a refund has it with a minus.
func (r *stmtRow) amount(c stmtColumn, kind reconcile.Kind) (a reconcile.Amount, minus bool) {
	cell := strings.Trim(r.cell(c), asciiBlanks)
	if cell == "" {
		return a, false
	}
	if kind == reconcile.Refund {
		cell, minus = strings.CutPrefix(cell, "-")
	}
	fen, why := r.of.source.Unit.amountOf(cell, r.nature(c))
	r.wrong(c, why, false)
	return reconcile.Some(fen), minus
}
