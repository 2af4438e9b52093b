package reports

import (
	"fmt"
	"iter"
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// formatRows is the number of rows that a sheet is given at most: one less
// than the format has.
const formatRows = 1_048_575

// headingRow is the row of the column headings: below the title and the
// line that says what the sheet is about.
const headingRow = 3

// column is one column of a table of T.
type column[T any] struct {
	head   string // Chinese, the key of the other language
	width  float64
	look   look
	value  func(row T, number int64) any // nil: to be filled in by hand
	sum    bool                          // the totals add it up; its values are Amounts
	tint   func(row T, l look) look      // nil: as look says
	pick   []string                      // Chinese words of a drop-down; nil: none
	key    bool                          // says which row it is: read back, it must be as it was written
	folded bool                          // out of sight, and out of print, until somebody unfolds it
}

// table is a list with a heading, a filter and totals, which goes on in
// another sheet when one is full.
type table[T any] struct {
	name  string // of the sheet, Chinese
	title string
	info  string
	empty string // Chinese: what one row says when there is none
	// optional: there is no sheet when there is no row.
	optional bool
	frozen   int // columns
	columns  []column[T]
	// kind gives every kind a line of totals of its own: figures are not
	// added across kinds. Empty is none; nil: there are no kinds.
	kind       func(T) reconcile.Kind
	kindColumn int // counted from 1
}

// part is the table's share of one sheet.
type part struct {
	s      *sheet
	sums   columnSums
	first  int // the first row of data
	styles []int
	// of the row being written
	cells   []excelize.Cell
	amounts []columnAmount
}

// columnAmount is what a row adds to a column's sum.
type columnAmount struct {
	column int // from 0
	fen    reconcile.Fen
}

// stretch is where the rows of a table stand on one sheet.
type stretch struct {
	sheet       string
	first, last int
}

// write streams the rows into as many sheets as they need and returns the
// sums of all, by kind too, and where they stand.
func (t table[T]) write(b *book, rows iter.Seq2[T, error]) (all columnSums, where listed) {
	all = columnSums{}
	for _, c := range t.columns {
		where.heads = append(where.heads, c.head)
	}
	var p *part
	sheets := 1
	if !t.optional {
		p = t.begin(b, 1)
	}
	for row, err := range rows {
		b.fail(err)
		if b.err != nil {
			return all, where
		}
		if p == nil {
			p = t.begin(b, 1)
		}
		if p.s.row+1+len(reconcile.Kinds) >= b.rowLimit() {
			where.where = append(where.where, t.end(p))
			sheets++
			p = t.begin(b, sheets)
		}
		amounts := t.line(p, row, all.rows("")+1)
		for _, sums := range []columnSums{all, p.sums} {
			b.fail(sums.add("", amounts))
			if t.kind != nil && t.kind(row) != "" {
				b.fail(sums.add(t.kind(row), amounts))
			}
		}
	}
	if p == nil {
		return all, where
	}
	if all.rows("") == 0 {
		p.s.wide(b.say(t.empty), lookCalm, min(8, len(t.columns)))
	}
	where.where = append(where.where, t.end(p))
	return all, where
}

func (t table[T]) begin(b *book, n int) *part {
	l := layout{widths: make([]float64, len(t.columns)), heading: headingRow, frozen: t.frozen}
	heads, height := make([]excelize.Cell, len(t.columns)), 1
	info := t.info
	for i, c := range t.columns {
		l.widths[i] = c.width
		if c.folded {
			l.folded = append(l.folded, i+1)
		}
		head := lookHead
		if c.byHand() {
			head = lookHead.filled(fillWarn)
		}
		heads[i] = b.cell(b.say(c.head), head)
		height = max(height, linesOf(b.say(c.head), c.width))
	}
	name := b.say(t.name)
	if n > 1 {
		name = fmt.Sprintf("%s %d", name, n)
	}
	p := &part{s: b.sheet(name, l), sums: columnSums{}, cells: make([]excelize.Cell, len(t.columns))}
	for _, c := range t.columns {
		p.styles = append(p.styles, b.style(c.look))
	}
	p.s.write(2, b.cell(t.title, lookTitle))
	if len(l.folded) > 0 {
		info += "    " + b.say("次要列已折叠，不打印：点左上角 2 展开、1 收起")
	}
	p.s.write(1, b.cell(info, lookInfo))
	p.s.write(height, heads...)
	p.first = p.s.row + 1
	return p
}

// byHand says whether a person fills the column in.
func (c column[T]) byHand() bool { return c.look.fill == fillInput }

// line writes one row and returns what it adds to the sums, until the next row.
func (t table[T]) line(p *part, row T, number int64) []columnAmount {
	height := 1
	p.amounts = p.amounts[:0]
	for i, c := range t.columns {
		var v any
		if c.value != nil {
			v = c.value(row, number)
		}
		style := p.styles[i]
		if c.tint != nil {
			style = p.s.style(c.tint(row, c.look))
		}
		p.cells[i] = excelize.Cell{StyleID: style, Value: cellValue(v)}
		if s, ok := p.cells[i].Value.(string); ok && c.look.wrap {
			height = max(height, linesOf(s, c.width))
		}
		if a, ok := v.(reconcile.Amount); ok && c.sum {
			p.amounts = append(p.amounts, columnAmount{i, a.Fen})
		}
	}
	p.s.write(height, p.cells...)
	return p.amounts
}

// end writes the totals, the filter and the drop-downs, closes the sheet, and
// says where the rows are.
func (t table[T]) end(p *part) stretch {
	last := p.s.row
	if p.sums.rows("") > 0 {
		t.foot(p, last)
		for i, c := range t.columns {
			p.s.dropDown(span(i+1, p.first, last), c.pick)
		}
	}
	if p.s.err == nil {
		p.s.fail(p.s.file.AutoFilter(p.s.name, at(1, headingRow)+":"+at(len(t.columns), last), nil))
	}
	p.s.finish()
	return stretch{p.s.name, p.first, last}
}

// foot writes a line of totals per kind where rows of several kinds stand on
// the sheet, and one that follows the filter.
func (t table[T]) foot(p *part, last int) {
	label := "合计（筛选后）"
	if p.sums.kinds() > 1 {
		label = "合计（筛选后；请先按类型筛选）"
		for _, k := range reconcile.Kinds {
			t.footOfKind(p, k, last)
		}
	}
	t.footLine(p, label, "", fmt.Sprintf("SUBTOTAL(102,%s)", span(1, p.first, last)), func(column int) string {
		return fmt.Sprintf("SUBTOTAL(109,%s)", span(column, p.first, last))
	})
}

func (t table[T]) footOfKind(p *part, k reconcile.Kind, last int) {
	if p.sums.rows(k) == 0 {
		return
	}
	word, among := p.s.say(kindWord(k)), span(t.kindColumn, p.first, last)
	t.footLine(p, "合计："+kindWord(k), k, fmt.Sprintf("COUNTIF(%s,%q)", among, word), func(column int) string {
		return fmt.Sprintf("SUMIF(%s,%q,%s)", among, word, span(column, p.first, last))
	})
}

func (t table[T]) footLine(p *part, label string, k reconcile.Kind, count string, sum func(column int) string) {
	cells := make([]excelize.Cell, len(t.columns))
	for i, c := range t.columns {
		cells[i] = p.s.cell(nil, lookText.total())
		if c.sum {
			cells[i] = p.s.formula(sum(i+1), p.sums[k].fen[i], lookMoney.total())
		}
	}
	cells[0] = p.s.formula(count, p.sums.rows(k), lookCount.total())
	cells[1] = p.s.cell(p.s.say(label), look{edge: true}.total())
	p.s.write(1, cells...)
	p.s.mergeAt(2, t.labelEnd())
}

// labelEnd is the last column that the words of a line of totals can take.
func (t table[T]) labelEnd() int {
	first := slices.IndexFunc(t.columns, func(c column[T]) bool { return c.sum })
	if first < 0 {
		first = len(t.columns)
	}
	return min(8, first)
}

// columnSums holds, by kind, the sums of a table's columns; those of all rows
// stand under the empty kind.
type columnSums map[reconcile.Kind]*struct {
	count int64
	fen   map[int]reconcile.Fen
}

func (c columnSums) rows(k reconcile.Kind) int64 {
	if c[k] == nil {
		return 0
	}
	return c[k].count
}

// kinds is the number of kinds that have rows.
func (c columnSums) kinds() (n int) {
	for k := range c {
		if k != "" {
			n++
		}
	}
	return n
}

// add counts one row; reconcile.ErrOverflow when a sum gets too large.
func (c columnSums) add(k reconcile.Kind, amounts []columnAmount) error {
	if c[k] == nil {
		c[k] = &struct {
			count int64
			fen   map[int]reconcile.Fen
		}{fen: map[int]reconcile.Fen{}}
	}
	c[k].count++
	for _, a := range amounts {
		sum, err := c[k].fen[a.column].Add(a.fen)
		if err != nil {
			return err
		}
		c[k].fen[a.column] = sum
	}
	return nil
}
