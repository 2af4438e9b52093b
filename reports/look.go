package reports

import "github.com/xuri/excelize/v2"

const fontName = "微软雅黑"

// Colours are never alone: the cell says the same in words.
const (
	inkAlarm   = "FFFFFF"
	fillAlarm  = "C00000"
	fillHead   = "D9E1F2"
	fillBlock  = "1F3864"
	inkBlock   = "FFFFFF"
	fillTotal  = "F2F2F2"
	fillInput  = "FFF9DB"
	fillGrave  = "FFC7CE"
	inkGrave   = "9C0006"
	fillWarn   = "FFEB9C"
	inkWarn    = "7F4F00"
	fillMild   = "DDEBF7"
	inkMild    = "1F3864"
	inkQuiet   = "595959"
	edgeColour = "BFBFBF"
)

// Number formats. 49 is the built-in text format: ids stay ids.
const (
	formatMoney   = "#,##0.00;[Red]-#,##0.00"
	formatCount   = "#,##0"
	formatDay     = "yyyy-mm-dd"
	formatInstant = "yyyy-mm-dd hh:mm:ss"
	formatText    = "@"
)

// look is how a cell looks; the zero look is plain text without an edge.
type look struct {
	format     string
	align      string
	fill, ink  string
	size       float64 // points; 0: 10
	bold       bool
	wrap, edge bool
	shrink     bool // a number too wide is drawn smaller, not as #####
}

var (
	lookTitle  = look{size: 16, bold: true}
	lookInfo   = look{ink: inkQuiet}
	lookAlarm  = look{bold: true, fill: fillAlarm, ink: inkAlarm, wrap: true, size: 11}
	lookCalm   = look{bold: true, fill: "E2EFDA", ink: "375623", wrap: true}
	lookBlock  = look{bold: true, fill: fillBlock, ink: inkBlock, size: 11}
	lookHead   = look{bold: true, fill: fillHead, align: "center", wrap: true, edge: true}
	lookText   = look{format: formatText, wrap: true, edge: true}
	lookID     = look{format: formatText, wrap: true, edge: true}
	lookWord   = look{format: formatText, wrap: true, edge: true, align: "center"}
	lookMoney  = look{format: formatMoney, align: "right", edge: true, shrink: true}
	lookCount  = look{format: formatCount, align: "right", edge: true, shrink: true}
	lookDay    = look{format: formatDay, align: "center", edge: true, shrink: true}
	lookTime   = look{format: formatInstant, align: "center", edge: true, shrink: true}
	lookRemark = look{wrap: true, ink: inkQuiet}
)

func (l look) filled(fill string) look { l.fill = fill; return l }
func (l look) inked(ink string) look   { l.ink = ink; return l }
func (l look) wrapped() look           { l.wrap = true; return l }
func (l look) strong() look            { l.bold = true; return l }
func (l look) total() look             { l.bold, l.fill = true, fillTotal; return l }

// style is the workbook's number for a look.
func (b *book) style(l look) int {
	if id, ok := b.looks[l]; ok || b.err != nil {
		return id
	}
	s := &excelize.Style{
		Font:      &excelize.Font{Family: fontName, Size: 10, Bold: l.bold, Color: l.ink},
		Alignment: &excelize.Alignment{Horizontal: l.align, Vertical: "center", WrapText: l.wrap, ShrinkToFit: l.shrink},
	}
	if l.size > 0 {
		s.Font.Size = l.size
	}
	if l.fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
	}
	if l.edge {
		for _, side := range []string{"left", "right", "top", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Style: 1, Color: edgeColour})
		}
	}
	switch l.format {
	case "":
	case formatText:
		s.NumFmt = 49
	default:
		s.CustomNumFmt = &l.format
	}
	id, err := b.file.NewStyle(s)
	b.fail(err)
	b.looks[l] = id
	return id
}
