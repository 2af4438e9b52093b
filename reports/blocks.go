package reports

import (
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Blocks that the first pages of both workbooks share.

func instant(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(reconcile.Beijing).Format("2006-01-02 15:04:05")
}

// head is the title and pairs of name and value, two pairs a row.
func (s *sheet) head(title string, pairs [][2]string) {
	s.wide(title, look{size: 16, bold: true, align: "center"}, len(s.widths))
	half := (len(s.widths) + 1) / 2
	for i := 0; i < len(pairs); i += 2 {
		cells := make([]excelize.Cell, len(s.widths))
		for j := range cells {
			cells[j] = s.cell(nil, look{})
		}
		cells[0] = s.cell(s.say(pairs[i][0])+s.say("：")+pairs[i][1], look{})
		if i+1 < len(pairs) {
			cells[half] = s.cell(s.say(pairs[i+1][0])+s.say("：")+pairs[i+1][1], look{})
		}
		s.write(1, cells...)
		s.mergeAt(1, half)
		s.mergeAt(half+1, len(s.widths))
	}
	s.blank(1)
}

// block opens a part of the page; its title never stands alone at the foot.
func (s *sheet) block(title string) { s.whole(title, 7) }

// whole opens a part of so many lines, its title among them, that no page
// break cuts in two.
func (s *sheet) whole(title string, lines int) {
	s.keep(lines)
	s.wide(s.say(title), lookBlock, len(s.widths))
}

// headRow is a row of headings; an empty one belongs to the heading on its
// left, for mergeAt.
func (s *sheet) headRow(heads ...string) {
	height := 1
	for i, h := range heads {
		height = max(height, linesOf(s.say(h), s.widths[i]))
	}
	s.write(height, s.headCells(heads...)...)
}

func (s *sheet) headCells(heads ...string) []excelize.Cell {
	cells := make([]excelize.Cell, len(heads))
	for i, h := range heads {
		cells[i] = s.cell(s.say(h), lookHead)
	}
	return cells
}

// signatures is where 制表 and 复核 sign.
func (s *sheet) signatures() {
	s.blank(1)
	line := s.say("制表：") + "________________    " + s.say("复核：") + "________________    " + s.say("日期：") + "________________"
	s.wide(line, look{align: "right"}, len(s.widths))
	s.blank(1)
}

// chart is one series of this sheet's cells.
type chart struct {
	kind        excelize.ChartType
	column      int // where its left edge stands
	title       string
	labels      int // column of the categories
	values      int // column of the values, below their heading
	first, last int // rows
	width       uint
	height      uint // both in pixels
	format      string
}

// draw puts a native chart over the rows that follow the current one.
func (s *sheet) draw(c chart) {
	if s.err != nil {
		return
	}
	gap, vary, colour := uint(60), false, []string{"2F5597"}
	small := excelize.Font{Family: fontName, Size: 9, Color: "404040"}
	s.fail(s.file.AddChart(s.name, at(c.column, s.row+1), &excelize.Chart{
		Type: c.kind,
		Series: []excelize.ChartSeries{{
			Name: s.ref("$" + columnName(c.values) + fmt.Sprintf("$%d", c.first-1)), Categories: s.ref(fixed(c.labels, c.first, c.last)), Values: s.ref(fixed(c.values, c.first, c.last)),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: colour},
		}},
		VaryColors: &vary,
		Title:      excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.title, Font: &excelize.Font{Family: fontName, Size: 11, Bold: true}}}},
		Legend:     excelize.ChartLegend{Position: "none"},
		Dimension:  excelize.ChartDimension{Width: c.width, Height: c.height},
		XAxis:      excelize.ChartAxis{ReverseOrder: c.kind == excelize.Bar, TickLabelPosition: excelize.ChartTickLabelLow, Font: small},
		YAxis:      excelize.ChartAxis{MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}, Font: small},
		PlotArea:   excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: c.format}},
		Format:     excelize.GraphicOptions{Positioning: "oneCell"},
		GapWidth:   &gap,
	}))
}

// ref is a range of this sheet as charts name it.
func (s *sheet) ref(cells string) string { return "'" + s.name + "'!" + cells }
