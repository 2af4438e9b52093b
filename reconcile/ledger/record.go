package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// maxLines is over how many lines a quoted field may run. A quote that stays
// open for longer is damaged, and not the beginning of a very long remark.
const maxLines = 50

// record is one row of the table, or a line that cannot be one.
type record struct {
	line  int      // its first
	text  string   // all of it, line ends as \n
	cells []string // unquoted; valid until the next record
	flaw  flaw
	bom   bool       // it began with a byte order mark, in the middle of a file
	quote quoteFault // in cell at
	at    int
	last  bool // nothing follows

	// why is what else makes the record no row, in column if that can be told.
	why    reconcile.Words
	column string
	// numbers marks the cells that are stored as numbers where the format
	// knows numbers from text; nil where it does not.
	numbers []bool
	stored  []storage // of each cell, where that is for the cell to say; else nil
	// serials: dates are stored as the serial numbers of a workbook, which
	// counts from 1904 if from1904.
	serials, from1904 bool

	// As in line.
	length int64
	digest string
}

// recordReader puts lines together to records. Quotes are those of RFC 4180.
type recordReader struct {
	lines *lineReader
	sep   byte
	// width is the number of columns of the header; 0 while it is unknown.
	width int
	// dateAt is the cell of bill_date, by which a row is known from a remark.
	dateAt int
	above  []record // to be passed on before those that lines make
	ahead  []line   // read, but not used yet
	err    error    // that ended the lines
	cells  []string
}

// next is the next record that is not blank, or io.EOF.
func (rr *recordReader) next() (record, error) {
	if len(rr.above) > 0 {
		rec := rr.above[0]
		rr.above = rr.above[1:]
		return rec, nil
	}
	for {
		l, ok := rr.peek(0)
		if !ok {
			return record{}, rr.err
		}
		if l.flaw == flawless && blank(l.text) {
			rr.drop(1)
			continue
		}
		rec := rr.assemble(l)
		_, more := rr.peek(0)
		rec.last = !more
		return rec, nil
	}
}

// assemble makes the record that begins with l. When a quoted field runs on
// over lines that do not make a whole row of it, l alone is the record, and
// the lines behind it are read afresh.
func (rr *recordReader) assemble(l line) record {
	rec := record{line: l.no, text: l.text, flaw: l.flaw, bom: l.bom, length: l.length, digest: l.digest}
	if l.flaw == flawLong || l.flaw == flawNUL {
		rr.drop(1)
		return rec
	}
	rec.cells, rec.quote, rec.at = split(l.text, rr.sep, rr.cells)
	used := 1
	if rec.quote == quoteOpen {
		if whole, lines := rr.join(l, rec.at); lines > 0 {
			rec, used = whole, lines
		}
	}
	rr.cells = rec.cells
	rr.drop(used)
	return rec
}

// join looks for the lines that close the quote which l opens in a cell, and
// returns how many make a row; 0: none do. Two damaged quotes can close each
// other and fit the header, with the second row's amount under the first
// row's number: what runs over a line that is a row by itself is damaged.
func (rr *recordReader) join(l line, cell int) (record, int) {
	rec := record{line: l.no, flaw: l.flaw, bom: l.bom}
	text := l.text
	if cell == 0 && rr.rowLike(strings.ReplaceAll(text, `"`, "")) {
		return rec, 0
	}
	for n := 1; n < maxLines; n++ {
		more, ok := rr.peek(n)
		if !ok || more.bom || more.flaw == flawLong || more.flaw == flawNUL || len(text)+len(more.text) > maxRow {
			return rec, 0
		}
		text += "\n" + more.text
		rec.flaw = max(rec.flaw, more.flaw)
		quoted := strings.Contains(more.text, `"`)
		// The line that closes the first cell has all the others behind it.
		if (cell > 0 || !quoted) && rr.rowLike(more.text) {
			return rec, 0
		}
		if !quoted {
			continue
		}
		rec.cells, rec.quote, rec.at = split(text, rr.sep, rec.cells)
		if rec.quote == quoteOpen {
			continue
		}
		if rec.quote != quoteSound || rr.width > 0 && len(rec.cells) != rr.width {
			return rec, 0
		}
		rec.text = text
		return rec, n + 1
	}
	return rec, 0
}

// rowLike says whether a line has as many cells as the header, and a date
// where bill_date stands.
func (rr *recordReader) rowLike(text string) bool {
	if rr.width == 0 {
		return false
	}
	cells, _, _ := split(text, rr.sep, nil)
	if len(cells) != rr.width {
		return false
	}
	_, err := reconcile.ParseDay(strings.Trim(cells[rr.dateAt], asciiBlanks))
	return err == nil
}

// peek is the nth line that was not used yet; false at the end of the lines.
func (rr *recordReader) peek(n int) (line, bool) {
	for len(rr.ahead) <= n && rr.err == nil {
		l, err := rr.lines.next()
		if err != nil {
			rr.err = err
			break
		}
		rr.ahead = append(rr.ahead, l)
	}
	if n < len(rr.ahead) && (rr.err == nil || errors.Is(rr.err, io.EOF)) {
		return rr.ahead[n], true
	}
	return line{}, false
}

func (rr *recordReader) drop(n int) { rr.ahead = append(rr.ahead[:0], rr.ahead[n:]...) }

// blank says whether a line has nothing in it but blanks and the separators
// with which spreadsheets fill up their last lines.
func blank(text string) bool {
	return strings.Trim(text, " \t,;|") == ""
}

// raw is the text of the record as a bad row keeps it.
func (rec record) raw() string {
	return rawText(rec.text, rec.length, func() string {
		if rec.digest != "" {
			return rec.digest
		}
		sum := sha256.Sum256([]byte(rec.text))
		return hex.EncodeToString(sum[:8])
	})
}

// quoteFault is what is wrong with the quotes of a line.
type quoteFault int

const (
	quoteSound    quoteFault = iota
	quoteOpen                // a field that is not closed
	quoteTrailing            // text behind a closing quote
	quoteBare                // a quote inside a field that does not begin with one
)

// split cuts a row into its cells, which share its memory, and tells the
// first fault of its quotes and the cell it is in. A formula such as ="0001",
// which spreadsheets write without quoting it, is passed on as it stands.
func split(text string, sep byte, cells []string) ([]string, quoteFault, int) {
	cells = cells[:0]
	fault, at := quoteSound, 0
	for {
		cell, rest, more, f := cutCell(text, sep)
		if f != quoteSound && fault == quoteSound {
			fault, at = f, len(cells)
		}
		cells = append(cells, cell)
		if !more {
			return cells, fault, at
		}
		text = rest
	}
}

func cutCell(text string, sep byte) (cell, rest string, more bool, fault quoteFault) {
	if strings.HasPrefix(text, `"`) {
		return cutQuoted(text[1:], sep)
	}
	cell = text
	if i := strings.IndexByte(text, sep); i >= 0 {
		cell, rest, more = text[:i], text[i+1:], true
	}
	if strings.IndexByte(cell, '"') >= 0 && !formula(cell) {
		fault = quoteBare
	}
	return cell, rest, more, fault
}

// cutQuoted reads on behind an opening quote.
func cutQuoted(text string, sep byte) (cell, rest string, more bool, fault quoteFault) {
	var doubled strings.Builder
	for {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			return doubled.String() + text, "", false, quoteOpen
		}
		behind := text[i+1:]
		switch {
		case strings.HasPrefix(behind, `"`):
			doubled.WriteString(text[:i+1])
			text = behind[1:]
			continue
		case behind == "":
		case behind[0] == sep:
			rest, more = behind[1:], true
		default:
			fault = quoteTrailing
			if j := strings.IndexByte(behind, sep); j >= 0 {
				rest, more = behind[j+1:], true
			}
		}
		if doubled.Len() == 0 {
			return text[:i], rest, more, fault
		}
		doubled.WriteString(text[:i])
		return doubled.String(), rest, more, fault
	}
}

// formula says whether a cell is text dressed as a formula: ="0001".
func formula(cell string) bool {
	return len(cell) > 3 && strings.HasPrefix(cell, `="`) && strings.HasSuffix(cell, `"`) && strings.Count(cell, `"`) == 2
}
