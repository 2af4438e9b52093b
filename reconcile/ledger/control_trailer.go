package ledger

import (
	"fmt"
	"slices"
	"strings"
)

// rowKind tells the rows of a table from the rows of totals behind them.
type rowKind interface {
	// certain: the record is a row, well or ill, wherever it stands.
	certain(rec record) bool
	// likely: it is one even behind the first row of totals.
	likely(rec record) bool
	// sumAt is the cell of the column that is summed; -1: there is none.
	sumAt() int
}

// trailing says whether a record belongs to the trailer, and takes its
// figures.
func (p *pass) trailing(f file, k rowKind, rec record) bool {
	word := p.books.source.Control.Trailer
	if word == "" || rec.flaw != flawless || rec.quote != quoteSound || rec.why.EN != "" || k.certain(rec) {
		return false
	}
	at := firstFilled(rec.cells)
	begins := at >= 0 && strings.HasPrefix(strings.TrimSpace(rec.cells[at]), word)
	if !begins && (p.counted.behind == nil || k.likely(rec)) {
		return false
	}
	if p.counted.behind == nil {
		p.counted.behind = &stated{from: fmt.Sprintf("%s:%d", f.name, rec.line)}
	}
	p.counted.behind.cells(rec.cells, at, k.sumAt(), p.books.source.Unit)
	p.counted.behind.blank = p.counted.behind.blank || slices.Contains(rec.stored, storedFormula)
	return true
}

// certain: it has a bill date.
func (r *rowReader) certain(rec record) bool { return r.dated(rec) }

// likely: it has something in the place of a bill date, and a status.
func (r *rowReader) likely(rec record) bool {
	return rec.filled(r.header.at[colBillDate]) && rec.filled(r.header.at[colStatus])
}

func (r *rowReader) sumAt() int { return r.header.at[r.books.sumOf()] }

// dated says whether a record has a bill date.
func (r *rowReader) dated(rec record) bool {
	at := r.header.at[colBillDate]
	if at >= len(rec.cells) {
		return false
	}
	_, why := dateOf(strings.Trim(rec.cells[at], asciiBlanks), rec.nature(at))
	return why.EN == ""
}

// filled says whether there is something in a cell.
func (rec record) filled(at int) bool {
	return at >= 0 && at < len(rec.cells) && strings.TrimSpace(rec.cells[at]) != ""
}

func firstFilled(cells []string) int {
	for i, c := range cells {
		if strings.TrimSpace(c) != "" {
			return i
		}
	}
	return -1
}

// trailerWords are how trailers begin that nobody configured.
var trailerWords = []string{"合计", "总计", "小计", "总笔数", "总金额", "共计", "汇总", "total"}
