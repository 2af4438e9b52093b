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
	of     *Statements
	day    reconcile.Day // that the source was read for; zero: it is not per day
	header stmtHeader
	line   func(reconcile.StatementLine) error
}

// record passes on what one record says.
func (s *stmtReader) record(p *pass, f file, headings []string, rec record) error {
	if !slices.Equal(s.header.cells, headings) {
		s.header, _ = s.of.header(headings)
	}
	if p.trailing(f, s, rec) {
		return nil
	}
	p.load.Rows++
	from := reconcile.Source{File: f.name, Line: rec.line}
	r := stmtRow{of: s.of, header: s.header, day: s.day, rec: rec}
	r.column, r.why = f.broken(s.header.cells, rec, s, "statement")
	if r.why.EN != "" {
		p.counted.add(reconcile.Amount{}, true)
	} else {
		l := r.read()
		r.named(l)
		p.counted.add(r.written(s.sumOf()))
		if r.why.EN == "" {
			l.Source = from
			return s.line(l)
		}
	}
	p.load.Invalid++
	return p.bad(reconcile.BadRow{Source: from, Column: r.column, Reason: r.why, Damaged: r.damaged, Raw: rec.raw(), Names: r.names})
}

// certain: it has a type that is mapped.
func (s *stmtReader) certain(rec record) bool {
	at := s.header.at[stmtType]
	if at >= len(rec.cells) {
		return false
	}
	_, mapped := s.of.types[Fold(strings.TrimSpace(rec.cells[at]))]
	return mapped
}

// likely: it has a type of any kind, and an amount.
func (s *stmtReader) likely(rec record) bool {
	return rec.filled(s.header.at[stmtType]) && rec.filled(s.header.at[stmtAmount])
}

func (s *stmtReader) sumAt() int { return s.header.at[s.sumOf()] }

func (s *stmtReader) sumOf() stmtColumn {
	if c := slices.Index(stmtNames[:], s.of.source.Control.SumOf); c >= 0 {
		return stmtColumn(c)
	}
	return stmtAmount
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
	failed  [stmtCount]bool
	names   reconcile.LineNames
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
	r.failed[c] = r.failed[c] || why.EN != ""
	if r.why.EN != "" || why.EN == "" {
		return
	}
	if r.why, r.damaged, r.column = why, damaged, c.String(); r.header.at[c] >= 0 {
		r.column = r.header.cells[r.header.at[c]]
	}
}

func (r *stmtRow) read() (l reconcile.StatementLine) {
	d := r.of.source.Defaults
	for c, at := range r.header.at {
		if at < 0 {
			continue
		}
		switch c, as := stmtColumn(c), r.rec.nature(at).stored; {
		case as == storedFormula:
			r.wrong(c, unsaved, false)
		case as == storedDate && c != stmtSettleDate && c != stmtPaidAt:
			r.wrong(c, strayDate(r.cell(c)), false)
		}
	}
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

// named keeps what the line is known by, but for what is wrong itself.
func (r *stmtRow) named(l reconcile.StatementLine) {
	sound := func(c stmtColumn, id string) string {
		if r.failed[c] {
			return ""
		}
		return id
	}
	r.names = reconcile.LineNames{
		MID: sound(stmtMID, l.MID), Kind: l.Kind,
		Reference: sound(stmtReference, l.Reference), MerOrderID: sound(stmtMerOrderID, l.MerOrderID),
	}
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

// written is an amount as it stands there, with its sign; failed: it could not
// be read.
func (r *stmtRow) written(c stmtColumn) (a reconcile.Amount, failed bool) {
	cell := strings.Trim(r.cell(c), asciiBlanks)
	if cell == "" {
		return a, r.header.at[c] >= 0 && r.nature(c).stored == storedFormula
	}
	fen, why := r.of.source.Unit.minused(cell, r.nature(c))
	return reconcile.Some(fen), why.EN != ""
}
