package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	maxWorkbook = 4 << 30 // unpacked, in bytes
	// maxSwelling is how many times its size a workbook may unpack to: sheets
	// reach a few dozen times, what packs tighter was made to do harm. Small
	// ones may do as they please.
	maxSwelling   = 200
	smallWorkbook = 64 << 20
	maxInMemory   = 16 << 20 // of one part; larger ones are unpacked to a temporary file
)

// scanWorkbook reads a workbook through, for its hash.
func scanWorkbook(ctx context.Context, path string, r io.Reader) error {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	switch string(head[:n]) {
	case "PK\x03\x04":
	case "\xd0\xcf\x11\xe0":
		return fmt.Errorf("%q: %w: it is an old Excel workbook, or one with a password; save it as .xlsx without one", path, ErrNotWorkbook)
	case "":
		return fmt.Errorf("%q: %w: it is empty", path, ErrNotWorkbook)
	default:
		return fmt.Errorf("%q: %w; set ledger.format to what it is", path, ErrNotWorkbook)
	}
	_, err = io.Copy(io.Discard, readerOf(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return r.Read(p)
	}))
	return err
}

type readerOf func([]byte) (int, error)

func (f readerOf) Read(p []byte) (int, error) { return f(p) }

// workbookTable is one sheet of a workbook. It is gone through twice at the
// same time, once for the values as they are stored and once as they are
// shown: a value that is not shown as it is stored is no text.
type workbookTable struct {
	file          string
	stored, shown sheetRows
	closing       []func() error // the last first
	row           int            // the last one read
	from1904      bool
	width         int
	marks         sheetMarks
	above         []record   // to be passed on before those of the sheet
	before        []sheetRow // to be read again, before those of the sheet
	ahead         *sheetRow
}

// sheetRows are the functions of an *excelize.Rows. The workbook itself stays
// out of the table: all methods of what becomes an interface are linked, and
// with those of a workbook its formula engine, 4 MB of it.
type sheetRows struct {
	next    func() bool
	columns func(...excelize.Options) ([]string, error)
	err     func() error
}

func (t *workbookTable) rows(book *excelize.File, sheet string) (sheetRows, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return sheetRows{}, fmt.Errorf("%w: sheet %q: %w", ErrNotWorkbook, sheet, err)
	}
	t.closing = append(t.closing, rows.Close)
	return sheetRows{rows.Next, rows.Columns, rows.Error}, nil
}

type sheetRow struct {
	no            int
	stored, shown []string
}

// openWorkbook opens a sheet; "" is the first.
func openWorkbook(r io.Reader, file, sheet string) (_ *workbookTable, err error) {
	t := &workbookTable{file: file}
	defer func() {
		if p := recover(); p != nil {
			err = t.panicked(p)
		}
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if t.marks, err = wholeSheets(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotWorkbook, err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: unpackedLimit(int64(len(data))), UnzipXMLSizeLimit: maxInMemory})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotWorkbook, err)
	}
	t.closing = append(t.closing, book.Close)
	sheets := book.GetSheetList()
	switch {
	case len(sheets) == 0:
		return nil, fmt.Errorf("%w: it has no sheet", ErrNotWorkbook)
	case sheet == "":
		sheet = sheets[0]
	case !slices.Contains(sheets, sheet):
		return nil, &HeaderError{File: file, Line: 1, Faults: []HeaderFault{{
			Heading: sheet, Problem: fmt.Sprintf("no sheet %q", sheet), DidYouMean: nearest(sheet, sheets),
		}}}
	}
	props, err := book.GetWorkbookProps()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotWorkbook, err)
	}
	t.from1904 = props.Date1904 != nil && *props.Date1904
	if t.stored, err = t.rows(book, sheet); err == nil {
		t.shown, err = t.rows(book, sheet)
	}
	return t, err
}

func (t *workbookTable) panicked(p any) error {
	return fmt.Errorf("%q: %w: row %d cannot be read (%v)", t.file, ErrNotWorkbook, t.row+1, p)
}

func (t *workbookTable) close() error {
	var errs []error
	for _, f := range slices.Backward(t.closing) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// header is the first row in which every column is found; of a sheet without
// one, what the row that comes nearest to it lacks.
func (t *workbookTable) header(b *Books, file string) (header, error) {
	var above []record
	var least *HeaderError
	for range titleRows {
		r, err := t.take()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header{}, err
		}
		h, err := b.headerOf(r.stored, file, r.no)
		if err == nil {
			t.above = noTitles(above, h, func(rec record) []string { return rec.cells })
			return h, nil
		}
		var fault *HeaderError
		if errors.As(err, &fault) && (least == nil || len(fault.Faults) < len(least.Faults)) {
			least = fault
		}
		above = append(above, record{line: r.no, text: strings.Join(r.stored, "\t"), cells: r.stored})
	}
	if least == nil {
		return header{}, io.EOF
	}
	return header{}, least
}

func (t *workbookTable) under(h header) { t.width = len(h.cells) }

func (t *workbookTable) next() (record, error) {
	if len(t.above) > 0 {
		rec := t.above[0]
		t.above = t.above[1:]
		return rec, nil
	}
	r, err := t.take()
	if err != nil {
		return record{}, err
	}
	_, err = t.peek()
	if err != nil && !errors.Is(err, io.EOF) {
		return record{}, err
	}
	rec := record{line: r.no, text: strings.Join(r.stored, "\t"), last: err != nil, serials: true, from1904: t.from1904}
	rec.cells = fill(r.stored, t.width)
	rec.numbers = make([]bool, len(rec.cells))
	for i, v := range rec.cells {
		rec.numbers[i] = i < len(r.shown) && v != r.shown[i] && numeric(v) || len(v) > exactDigits && t.marks.long.has(r.no, i)
	}
	rec.stored = t.storedAs(r, rec.numbers)
	return rec, nil
}

// storedAs says of each cell of a row what its text does not; nil: nothing.
func (t *workbookTable) storedAs(r sheetRow, numbers []bool) (stored []storage) {
	for i, number := range numbers {
		as := storage(0)
		switch {
		case t.marks.formulas.has(r.no, i):
			as = storedFormula
		case number && i < len(r.shown) && dateLike(r.shown[i]):
			as = storedDate
		}
		if as == 0 {
			continue
		}
		if stored == nil {
			stored = make([]storage, len(numbers))
		}
		stored[i] = as
	}
	return stored
}

// dateLike says whether a number is shown as a date or a time: with their
// words, or with a mark between two figures or letters that no amount has there.
func dateLike(shown string) bool {
	if strings.ContainsAny(shown, "/:年月日时") {
		return true
	}
	i := strings.LastIndexByte(shown, '-')
	return i > 0 && i < len(shown)-1 && shown[i+1] != ' ' && shown[i-1] != ' ' && !exponential(shown)
}

// numeric says whether a text could be a number of a workbook.
func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.eE+-") == ""
}

func (t *workbookTable) take() (sheetRow, error) {
	r, err := t.peek()
	t.ahead = nil
	return r, err
}

// peek is the next row that is not blank, or io.EOF.
func (t *workbookTable) peek() (sheetRow, error) {
	for t.ahead == nil {
		if len(t.before) > 0 {
			t.ahead, t.before = &t.before[0], t.before[1:]
			break
		}
		r, err := t.read()
		if err != nil {
			return sheetRow{}, err
		}
		if strings.TrimSpace(strings.Join(r.stored, "")) != "" {
			t.ahead = &r
		}
	}
	return *t.ahead, nil
}

func (t *workbookTable) read() (r sheetRow, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = t.panicked(p)
		}
	}()
	if more, also := t.stored.next(), t.shown.next(); !more || !also {
		if err := errors.Join(t.stored.err(), t.shown.err()); err != nil {
			return sheetRow{}, t.panicked(err)
		}
		return sheetRow{}, io.EOF
	}
	stored, err := t.stored.columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return sheetRow{}, t.panicked(err)
	}
	shown, err := t.shown.columns()
	if err != nil {
		return sheetRow{}, t.panicked(err)
	}
	for i, v := range stored {
		if (v == "0" || v == "1") && i < len(shown) && logical(shown[i]) {
			stored[i] = shown[i] // as which it is kept tells it from a number
		}
	}
	t.row++
	return sheetRow{t.row, stored, shown}, nil
}
