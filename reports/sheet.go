package reports

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

const lineHeight = 16.5 // points, of one line of text of size 10

// sheet is one sheet being streamed, row by row from the top.
type sheet struct {
	*book
	name   string
	stream *excelize.StreamWriter
	values []any // of the row being written
	row    int   // the last row written
	widths []float64
	used   float64 // points of the printed page that rows have taken
	table  bool
	again  func() // writes the headings of a list that goes on on a new page; nil: none
}

// layout is what has to be known of a sheet before its first row.
type layout struct {
	widths  []float64
	heading int    // the row repeated on every printed page, with all above it frozen; 0: none
	frozen  int    // columns frozen on the left
	folded  []int  // columns that a click unfolds, counted from 1
	tab     string // colour of the tab; empty: none
}

// sheet adds a sheet behind those that are there.
func (b *book) sheet(name string, l layout) *sheet {
	s := &sheet{book: b, name: name, widths: l.widths, table: l.heading > 0}
	if b.err != nil {
		return s
	}
	if b.sheets++; b.sheets == 1 {
		b.fail(b.file.SetSheetName("Sheet1", name))
	} else {
		_, err := b.file.NewSheet(name)
		b.fail(err)
	}
	s.paper(l)
	s.open(l)
	return s
}

// paper sets up printing. It comes before the stream: its settings stand
// above the rows in the file.
func (s *sheet) paper(l layout) {
	yes, size, wide, tall, landscape := true, 9, 1, 0, "landscape"
	side, ends, edge := 0.25, 0.5, 0.25
	f := s.file
	props := excelize.SheetPropsOptions{FitToPage: &yes}
	if l.tab != "" {
		opaque := "FF" + l.tab
		props.TabColorRGB = &opaque
	}
	s.fail(f.SetSheetProps(s.name, &props))
	s.fail(f.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &size, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}))
	s.fail(f.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &ends, Bottom: &ends, Header: &edge, Footer: &edge, Horizontally: &yes}))
	s.fail(f.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&C" + s.say("第 &P 页 / 共 &N 页") + "&R" + s.MadeAt.In(reconcile.Beijing).Format("2006-01-02 15:04")}))
	s.fail(f.SetSheetDimension(s.name, ""))
	if l.heading > 0 {
		s.fail(f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: s.name, RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, l.heading, l.heading)}))
	}
}

func (s *sheet) open(l layout) {
	if s.err != nil {
		return
	}
	stream, err := s.file.NewStreamWriter(s.name)
	if s.fail(err); err != nil {
		return
	}
	s.stream = stream
	for i, w := range slices.Backward(l.widths) {
		s.fail(stream.SetColWidth(i+1, i+1, w))
		if slices.Contains(l.folded, i+1) {
			s.fail(stream.SetColOutlineLevel(i+1, 1))
			s.fail(stream.SetColVisible(i+1, i+1, false))
		}
	}
	if len(l.folded) > 0 {
		s.outlined()
	}
	if l.heading > 0 {
		s.fail(stream.SetPanes(&excelize.Panes{Freeze: true, XSplit: l.frozen, YSplit: l.heading, TopLeftCell: at(l.frozen+1, l.heading+1), ActivePane: "bottomRight"}))
	}
}

// outlined says in the sheet's settings that columns are folded one deep:
// without it Excel draws no buttons to unfold them, and excelize has no option
// for it. It comes before the first row.
func (s *sheet) outlined() {
	part, there := s.file.Sheet.Load(fmt.Sprintf("xl/worksheets/sheet%d.xml", s.sheets))
	if !there {
		s.fail(fmt.Errorf("sheet %q is not part %d of the workbook", s.name, s.sheets))
		return
	}
	zero := false
	s.fail(s.file.SetSheetProps(s.name, &excelize.SheetPropsOptions{ZeroHeight: &zero})) // makes the settings
	reflect.ValueOf(part).Elem().FieldByName("SheetFormatPr").Elem().FieldByName("OutlineLevelCol").SetUint(1)
}

// write adds a row of cells from the first column on and returns its number.
// height is in lines of text.
func (s *sheet) write(height int, cells ...excelize.Cell) int {
	if s.err != nil {
		return s.row
	}
	points := min(lineHeight*float64(max(height, 1))+1.5, 400)
	if s.pageFull(points) {
		s.newPage()
		if again := s.again; again != nil {
			s.again = nil
			again()
			s.again = again
		}
	}
	s.values = s.values[:0]
	for i := range cells {
		s.values = append(s.values, &cells[i])
	}
	s.row++
	s.used += points
	s.fail(s.stream.SetRow(at(1, s.row), s.values, excelize.RowOpts{Height: points}))
	return s.row
}

// blank leaves rows empty.
func (s *sheet) blank(rows int) {
	s.row += rows
	s.used += float64(rows) * 15
}

// pageFull says whether rows of that height no longer fit on the printed
// page. Pages of blocks are broken by us, at the same row in every program;
// a table of unknown length is left to the printer.
func (s *sheet) pageFull(points float64) bool {
	return !s.table && s.used > 0 && s.used+points > s.pageHeight()
}

// pageHeight is what an A4 page in landscape holds between its margins, in
// points of the sheet, which is scaled down to the width of the page. It errs
// on the small side: programs disagree by a tenth.
func (s *sheet) pageHeight() float64 {
	const paperWidth, paperHeight = 806, 523
	var width float64
	for _, w := range s.widths {
		width += w*6 + 3.75
	}
	return paperHeight * max(1, width/paperWidth)
}

// keep starts a new page unless so many lines still fit on this one.
func (s *sheet) keep(lines int) {
	if s.pageFull(float64(lines) * (lineHeight + 1.5)) {
		s.newPage()
	}
}

// mergeAt joins the cells of the last row between two columns.
func (s *sheet) mergeAt(from, to int) {
	if s.err == nil && to > from {
		s.fail(s.stream.MergeCell(at(from, s.row), at(to, s.row)))
	}
}

// newPage starts the next row on a new page of the print.
func (s *sheet) newPage() {
	if s.err == nil {
		s.used = 0
		s.fail(s.stream.InsertPageBreak(at(1, s.row+1)))
	}
}

// wide writes a text across columns from the first one on, as high as it needs.
func (s *sheet) wide(text string, l look, columns int) {
	var width float64
	for _, w := range s.widths[:columns] {
		width += w
	}
	cells := make([]excelize.Cell, columns)
	for i := range cells {
		cells[i] = s.cell(nil, l)
	}
	cells[0] = s.cell(text, l)
	height := linesOf(text, width)
	if l.size > 12 {
		height++
	}
	s.write(height, cells...)
	s.mergeAt(1, columns)
}

// dropDown offers words (Chinese) in a range; nil offers nothing.
func (s *sheet) dropDown(where string, words []string) {
	if s.err != nil || words == nil {
		return
	}
	said := make([]string, len(words))
	for i, w := range words {
		said[i] = s.say(w)
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(where)
	s.fail(v.SetDropList(said))
	v.SetError(excelize.DataValidationErrorStyleStop, s.say("不在列表中"), s.say("请从下拉列表中选择。"))
	s.fail(s.file.AddDataValidation(s.name, v))
}

// finish ends the sheet; nothing can be added to it after.
func (s *sheet) finish() {
	if s.err == nil {
		s.fail(s.stream.Flush())
	}
}

// at is the name of a cell: at(1, 3) is A3.
func at(column, row int) string { return columnName(column) + strconv.Itoa(row) }

func columnName(column int) (name string) {
	for ; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// fixed is a range of one column as charts want it, such as $C$4:$C$9.
func fixed(column, from, to int) string {
	name := columnName(column)
	return fmt.Sprintf("$%s$%d:$%s$%d", name, from, name, to)
}

// span is a range of one column, such as C4:C9.
func span(column, from, to int) string { return at(column, from) + ":" + at(column, to) }
