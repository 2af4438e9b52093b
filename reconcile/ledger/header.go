package ledger

import (
	"fmt"
	"slices"
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
// word for word, else our own name in upper or lower case, unless the
// configuration gives that heading to another column.
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
	return found
}

func (b *Books) headingFault(c column, found []int, there []string) HeaderFault {
	f := HeaderFault{Column: c.String(), Heading: b.headings[c]}
	if f.Heading == "" {
		f.Heading = f.Column
	}
	switch {
	case len(found) > 1:
		f.Problem = fmt.Sprintf("heading %q stands twice, in columns %d and %d", there[found[0]], found[0]+1, found[1]+1)
		return f
	case len(found) == 1:
		return HeaderFault{}
	case b.headings[c] != "":
		f.Problem = fmt.Sprintf("no column %q, which the configuration names for %s", f.Heading, c)
	case c == colTotal && b.refundsAlone(there) && c.likeliest(f.Heading, b.unnamed(there)) == "":
		return HeaderFault{}
	case c.required():
		f.Problem = fmt.Sprintf("no column %s, and the configuration names none for it", c)
	case b.source.Defaults.of(c) == "" && (c == colMID || c == colTID || c == colInstMID):
		f.Problem = fmt.Sprintf("no column %s, and no default for it in the configuration", c)
	default:
		return HeaderFault{}
	}
	f.DidYouMean = c.likeliest(f.Heading, b.unnamed(there))
	return f
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

// firstHeader reads the header of a file and settles the separator of rr.
// io.EOF: there is none.
func (b *Books) firstHeader(rr *recordReader, file string) (header, error) {
	rr.sep = separators[0]
	rec, err := rr.next()
	if err != nil {
		return header{}, err
	}
	if rec.flaw == flawNUL {
		return header{}, fmt.Errorf("%q: %w: its header holds NUL bytes; save it as CSV in UTF-8 or GB18030", file, ErrNotText)
	}
	var least []HeaderFault
	for _, sep := range separators {
		cells, quote, _ := split(rec.text, sep, nil)
		h, faults := b.header(cells)
		if faults = slices.Concat(unreadable(rec, quote), faults); len(faults) == 0 {
			rr.sep, rr.width, rr.dateAt = sep, len(h.cells), h.at[colBillDate]
			return h, nil
		}
		if least == nil || len(faults) < len(least) {
			least = faults
		}
	}
	return header{}, &HeaderError{File: file, Line: rec.line, Faults: least}
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
