package ledger

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// header says in which cell of a row each of our columns stands.
type header struct {
	cells    []string            // all headings
	at       [columnCount]int    // -1: not in the header
	headings [columnCount]string // as the merchant writes them
}

// header finds the columns among the headings of a file. The faults are all
// that is wrong, in the order of our columns.
func (b *Books) header(cells []string) (header, []HeaderFault) {
	there := make([]string, len(cells))
	for i, c := range cells {
		there[i] = strings.TrimSpace(c)
	}
	if b.columns != nil {
		return header{cells: there}, b.columns(there)
	}
	h, faults := header{cells: there}, []HeaderFault(nil)
	for c := range columnCount {
		found := b.find(c, there)
		h.at[c] = -1
		if len(found) > 0 {
			h.at[c], h.headings[c] = found[0], there[found[0]]
		}
		if f := b.headingFault(c, found, there); f.Problem != "" {
			faults = append(faults, f)
		}
	}
	return h, faults
}

// find lists the cells that hold the heading of a column: the configured one
// word for word, where none is the nth of that name (金额#2), else our own
// name in upper or lower case, unless the configuration gives that heading to
// another column.
func (b *Books) find(c column, there []string) (found []int) {
	for i, heading := range there {
		switch configured := b.headings[c]; {
		case configured != "":
			if heading == configured {
				found = append(found, i)
			}
		case Fold(heading) == c.String() && !slices.Contains(b.headings[:], heading):
			found = append(found, i)
		}
	}
	if found == nil {
		return nth(b.headings[c], there)
	}
	return found
}

// nth is the cell that a heading with a number names: 金额#2 is the second of
// the headings 金额.
func nth(heading string, there []string) []int {
	i := strings.LastIndexByte(heading, '#')
	if i < 0 {
		return nil
	}
	n, err := strconv.Atoi(heading[i+1:])
	if err != nil {
		return nil
	}
	for at, h := range there {
		if h == heading[:i] {
			if n--; n == 0 {
				return []int{at}
			}
		}
	}
	return nil
}

func (b *Books) headingFault(c column, found []int, there []string) HeaderFault {
	f := HeaderFault{Column: c.String(), Heading: b.headings[c]}
	if f.Heading == "" {
		f.Heading = f.Column
	}
	switch {
	case len(found) > 1:
		heading := there[found[0]]
		f.Problem = fmt.Sprintf("heading %q stands twice, in columns %d and %d; write %s: %q or %q for the one that is meant", heading, found[0]+1, found[1]+1, c, heading+"#1", heading+"#2")
		return f
	case len(found) == 1:
		return HeaderFault{}
	case b.headings[c] != "":
		f.Problem = fmt.Sprintf("no column %q, which the configuration names for %s", f.Heading, c)
	case c == colTotal && b.refundsAlone(there) && c.likeliest(f.Heading, b.unnamed(there)) == "":
		return HeaderFault{}
	case c.required():
		f.Problem = fmt.Sprintf("no column %s, and the configuration names none for it", c)
	case b.missing(c, there):
		f.Problem = fmt.Sprintf("no column %s, and no default for it in the configuration", c)
	default:
		return HeaderFault{}
	}
	if b.unwritten(c, there) {
		return HeaderFault{}
	}
	if f.DidYouMean = c.likeliest(f.Heading, b.unnamed(there)); c == colTotal && b.refundsAlone(there) {
		f.Problem += "; in a table of refunds or completions alone it may be any column, and may be empty"
	}
	f.unlike = f.DidYouMean == ""
	return f
}

// unwritten: JSON lines leave out what is null, and on a day without refunds no
// line has the key of a refund. A key that may be missing is empty then, unless
// another one stands there that people use for it.
func (b *Books) unwritten(c column, there []string) bool {
	needed := c.required() && !(c == colTotal && b.refundsAlone(there)) || b.missing(c, there)
	if b.source.Format != JSONL || b.headings[c] == "" || needed {
		return false
	}
	return !slices.ContainsFunc(b.unnamed(there), func(heading string) bool { return slices.Contains(c.names(), bare(heading)) })
}

// missing: nothing says what a column of the terminal is where a row does not.
func (b *Books) missing(c column, there []string) bool {
	if !c.terminal() || b.source.Defaults.of(c) != "" {
		return false
	}
	if c == colMID || len(b.source.Terminals) == 0 || len(b.find(colMID, there)) != 1 {
		return true
	}
	for _, d := range b.source.Terminals {
		if d.of(c) == "" {
			return true
		}
	}
	return false
}

// unnamed are the headings that are no column's yet.
func (b *Books) unnamed(there []string) []string {
	return slices.DeleteFunc(slices.Clone(there), func(heading string) bool {
		_, ours := columnNamed(Fold(heading))
		return ours || heading == "" || slices.Contains(b.headings[:], heading)
	})
}

// likeliest is the heading that a column may have got a new name by: one that
// is mistyped, one that people use for it, or one that holds the old one.
func (c column) likeliest(heading string, free []string) string {
	if near := nearest(heading, free); near != "" {
		return near
	}
	for _, there := range free[:min(len(free), 1000)] {
		if slices.Contains(c.names(), bare(there)) {
			return there
		}
	}
	for _, there := range free[:min(len(free), 1000)] {
		short, long := bare(heading), bare(there)
		if len(short) > len(long) {
			short, long = long, short
		}
		if utf8.RuneCountInString(short) > 1 && strings.Contains(long, short) {
			return there
		}
	}
	return ""
}

// refundsAlone: a table of refunds or completions, which has an amount of its
// own, can do without that of the payment.
func (b *Books) refundsAlone(there []string) bool {
	return len(b.find(colRefundAmount, there)) == 1 || len(b.find(colAuthedAmount, there)) == 1
}

// of is the default of a column; empty where it has none.
func (d Defaults) of(c column) string {
	switch c {
	case colMID:
		return d.MID
	case colTID:
		return d.TID
	case colInstMID:
		return d.InstMID
	}
	return ""
}

// separators that a ledger may have; the first is the rule, the others are
// recognised by a header whose columns are found that way alone.
var separators = []byte{',', '\t', ';', '|'}

// firstHeader finds the header of a text and settles the separator of rr: the
// first of the top lines in which every column is found; of a text without
// one, it says what the line that comes nearest to it lacks. io.EOF: there is
// no line.
func (b *Books) firstHeader(rr *recordReader, file string) (header, error) {
	rr.sep = separators[0]
	var above []record
	var least *HeaderError
	for range titleRows {
		rec, err := rr.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header{}, err
		}
		if rec.flaw == flawNUL && least == nil {
			return header{}, fmt.Errorf("%q: %w: its header holds NUL bytes; save it as CSV in UTF-8 or GB18030", file, ErrNotText)
		}
		h, faults := b.separated(rr, rec)
		if len(faults) == 0 {
			rr.above = noTitles(above, h, func(r record) []string { cells, _, _ := split(r.text, rr.sep, nil); return cells })
			return h, nil
		}
		if least == nil || len(faults) < len(least.Faults) {
			least = b.headerError(file, rec.line, h.cells, faults)
		}
		rec.cells = nil
		above = append(above, rec)
	}
	if least == nil {
		return header{}, io.EOF
	}
	return header{}, least
}

// separated takes a line for the header, with the separator that fits best;
// one without a fault is settled.
func (b *Books) separated(rr *recordReader, rec record) (best header, least []HeaderFault) {
	for _, sep := range separators {
		cells, quote, _ := split(rec.text, sep, nil)
		h, faults := b.header(cells)
		if faults = slices.Concat(unreadable(rec, quote), faults); len(faults) == 0 {
			rr.sep, rr.width, rr.dateAt = sep, len(h.cells), h.at[colBillDate]
			return h, nil
		}
		if least == nil || len(faults) < len(least) {
			best, least = h, faults
		}
	}
	return best, least
}

// titleRows is how many rows are looked at for the header: titles that people
// and programs write may stand above it.
const titleRows = 10

// noTitles are, of the records above a header, those that fill more than half
// of its cells: they may be orders under another header, and are bad rows.
func noTitles(above []record, h header, cells func(record) []string) (rows []record) {
	for _, rec := range above {
		if rec.flaw == flawless && 2*filled(cells(rec)) <= filled(h.cells) {
			continue
		}
		rec.why = say("在表头之上，且不像标题（文件可能由多个文件拼接而成）", "stands above the header and is no title; files may have been joined")
		rows = append(rows, rec)
	}
	return rows
}

func filled(cells []string) (n int) {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// unreadable is the fault of a header that is damaged as a line.
func unreadable(rec record, quote quoteFault) []HeaderFault {
	problem := ""
	switch {
	case rec.flaw == flawLong:
		problem = "the header is longer than 1 MiB"
	case rec.flaw == flawEncoded:
		problem = "the header holds bytes that its encoding does not define"
	case quote != quoteSound:
		problem = "in the header, " + quote.words().EN
	default:
		return nil
	}
	return []HeaderFault{{Problem: problem}}
}
