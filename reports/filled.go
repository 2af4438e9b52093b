package reports

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Filled is a row of 对账差异表 in which people have written something.
type Filled struct {
	Sheet  string
	Row    int
	Hidden bool // by a filter or by hand: it counts as any other
	Entry  reconcile.Entry
	// Err is why the row cannot be read; the entry is then not whole.
	Err  error
	keys map[string]string // what stands in the key cells, by Chinese heading
}

// maxSwelling is how many times its size a workbook of more than 64 MiB may
// unpack to: sheets reach a few dozen times.
const maxSwelling = 200

// headingWithin is how many rows from the top are searched for the headings:
// people put rows of their own above a table.
const headingWithin = 20

// What a row is read back by: its cells by Chinese heading.
const (
	headCase, headVersion           = "差异编号", "核对码"
	headOutcome, headNote, headBy   = "处理方式", "处理说明", "处理人"
	headOn, headReviewer, headJudge = "处理日期", "复核人", "复核结果"
)

var handHeads = []string{headOutcome, headNote, headBy, headOn, headReviewer, headJudge}

// ReadFilled reads what people have filled in, in either language, however the
// rows and columns have been moved, and whoever saved the file. The error
// matches ErrNotOurs when it is not a discrepancies workbook, or one that has
// lost a heading. Rows in which nothing is filled in are left out; those that a
// filter hides are not. Of a formula the value is taken that was saved with it;
// a cell that is merged with another one is an error of its row.
func ReadFilled(path string) (rows []Filled, err error) {
	defer func() {
		if r := recover(); r != nil { // the reader's own faults on damaged files
			err = fmt.Errorf("workbook %q: %w: %v", path, ErrNotOurs, r)
		}
	}()
	if err := isXLSX(path); err != nil {
		return nil, fmt.Errorf("workbook %q: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("workbook %q: %w", path, err)
	}
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true, UnzipSizeLimit: min(4<<30, max(64<<20, maxSwelling*info.Size()))})
	if err != nil {
		return nil, fmt.Errorf("workbook %q: %w", path, err)
	}
	defer f.Close()
	sheets := 0
	for _, name := range f.GetSheetList() {
		if !isCaseSheet(name) {
			continue
		}
		sheets++
		faults, err := faultsOf(path, name)
		if err != nil {
			return nil, fmt.Errorf("workbook %q, sheet %q: %w", path, name, err)
		}
		found, err := readSheet(f, name, faults)
		if err != nil {
			return nil, fmt.Errorf("workbook %q, sheet %q: %w", path, name, err)
		}
		rows = append(rows, found...)
	}
	if sheets == 0 {
		return nil, fmt.Errorf("workbook %q: %w: it has no sheet %q", path, ErrNotOurs, caseSheet)
	}
	return rows, nil
}

// isXLSX tells by its first bytes what a file is that is no workbook of the
// kind that is read: people send what their program saved.
func isXLSX(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	switch {
	case err != nil && n == 0 && !errors.Is(err, io.EOF):
		return err
	case strings.HasPrefix(string(head[:n]), "PK\x03\x04") && holdsWorkbook(path):
		return nil
	case string(head) == "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": // OLE2: what .xls, .et and a password have in common
		return fmt.Errorf("%w: it is an .xls or .et file, or one with a password; save it as .xlsx without a password", ErrNotOurs)
	}
	return fmt.Errorf("%w: it is no .xlsx file; save it as .xlsx, not as CSV or anything else", ErrNotOurs)
}

// holdsWorkbook tells a workbook from other archives, an .ods file for one. What
// cannot be opened is for others to say.
func holdsWorkbook(path string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return true
	}
	defer z.Close()
	return slices.ContainsFunc(z.File, func(part *zip.File) bool { return strings.EqualFold(part.Name, "xl/workbook.xml") })
}

// isCaseSheet knows the sheet, and those in which it goes on, by name.
func isCaseSheet(name string) bool {
	return slices.ContainsFunc([]Language{ZH, EN}, func(l Language) bool {
		rest, is := strings.CutPrefix(name, l.say(caseSheet))
		return is && strings.Trim(rest, " 0123456789") == ""
	})
}

func readSheet(f *excelize.File, name string, faults cellFaults) ([]Filled, error) {
	props, err := f.GetWorkbookProps()
	if err != nil {
		return nil, err
	}
	r := rowReader{keys: keyColumns(&book{}), from1904: props.Date1904 != nil && *props.Date1904}
	rows, err := f.Rows(name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Filled
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", n, err)
		}
		if r.places == nil {
			if r.places, err = placesIn(cells); err != nil {
				return nil, err
			}
			if r.places == nil && n == headingWithin {
				return nil, fmt.Errorf("%w: no heading %q in its first %d rows", ErrNotOurs, headCase, n)
			}
			continue
		}
		r.shown = func(column int) (string, error) {
			return f.GetCellValue(name, at(column+1, n), excelize.Options{RawCellValue: false})
		}
		if one, is := r.read(cells, faults[n]); is {
			one.Sheet, one.Row, one.Hidden = name, n, rows.GetRowOpts().Hidden
			found = append(found, one)
		}
	}
	if r.places == nil {
		return nil, fmt.Errorf("%w: no heading %q", ErrNotOurs, headCase)
	}
	return found, rows.Error()
}

// placesIn finds the columns by their headings; nil when this is not the row
// of headings. Other columns are nobody's business.
func placesIn(cells []string) (map[string]int, error) {
	places := map[string]int{}
	for i, text := range cells {
		head := headOf(strings.TrimSpace(text))
		if head == "" {
			continue
		}
		if _, twice := places[head]; twice {
			return nil, fmt.Errorf("%w: two columns are headed %q", ErrNotOurs, text)
		}
		places[head] = i
	}
	if _, is := places[headCase]; !is {
		return nil, nil
	}
	for _, head := range readHeads() {
		if _, there := places[head]; !there {
			return nil, fmt.Errorf("%w: there is no column %q (%s)", ErrNotOurs, head, EN.say(head))
		}
	}
	return places, nil
}

// headOf is the Chinese heading that a text is, in either language; empty when
// it is none of those read back.
func headOf(text string) string {
	for _, head := range readHeads() {
		if text == head || text == EN.say(head) {
			return head
		}
	}
	return ""
}

func readHeads() []string {
	heads := append([]string{headCase, headVersion}, handHeads...)
	for _, c := range keyColumns(&book{}) {
		heads = append(heads, c.head)
	}
	return heads
}

func keyColumns(b *book) []lineColumn {
	return slices.DeleteFunc(b.caseColumns(0), func(c lineColumn) bool { return !c.key })
}

// Unchanged says whether the key cells of the row are what the case shows, or
// what it showed before its condition was over; the error matches ErrKeyEdited
// and names the cell.
func (f *Filled) Unchanged(l reconcile.Line) error {
	err := f.shows(l)
	if err == nil || !over(l.Case) {
		return err
	}
	l.Case.State, l.Case.Gone = reconcile.StateOpen, false
	if f.shows(l) == nil {
		return nil
	}
	return err
}

// shows holds the key cells against those of a line.
func (f *Filled) shows(l reconcile.Line) error {
	for _, c := range keyColumns(&book{}) {
		want := plainValue(c.value(l, 0))
		if is := f.keys[c.head]; is != want {
			return fmt.Errorf("%w: %s is %q in the file, %q in the database", ErrKeyEdited, c.head, is, want)
		}
	}
	return nil
}

// plainValue is a value as rowReader.plain reads it back.
func plainValue(v any) string {
	switch v := v.(type) {
	case reconcile.Amount:
		if v.Known {
			return v.Fen.Yuan()
		}
		return ""
	case reconcile.Day:
		if v == 0 {
			return ""
		}
		return v.String()
	case string:
		return strings.TrimSpace(clean(v))
	}
	return ""
}
