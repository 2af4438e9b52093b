package reports

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// cellLimit is the number of characters that a cell is given at most; Excel
// takes 32,767 UTF-16 units.
const cellLimit = 16_000

// cell turns a domain value into a cell.
func (b *book) cell(v any, l look) excelize.Cell {
	return excelize.Cell{StyleID: b.style(l), Value: cellValue(v)}
}

// cellValue is a domain value as excelize takes it. Absent amounts, no day, the
// zero instant and nil are nil: an empty cell keeps its look.
func cellValue(v any) any {
	switch v := v.(type) {
	case reconcile.Fen:
		return yuan(v)
	case reconcile.Amount:
		if v.Known {
			return yuan(v.Fen)
		}
	case reconcile.Day:
		if v != 0 {
			return serial(v)
		}
	case time.Time:
		if !v.IsZero() {
			return serialTime(v)
		}
	case string:
		if v != "" {
			return clean(v)
		}
	default:
		return v
	}
	return nil
}

// formula is a cell that computes, with the value that readers without an
// engine show.
func (b *book) formula(f string, v any, l look) excelize.Cell {
	c := b.cell(v, l)
	c.Formula = f
	return c
}

// yuan is the double nearest to an amount: a division of two whole numbers is
// rounded once, so up to 2^53 fen it reads back to the fen.
func yuan(f reconcile.Fen) float64 { return float64(f) / 100 }

var epoch = reconcile.MakeDay(1899, time.December, 30)

// serial is a date as spreadsheets count it. A date before March 1900, which
// they count differently, is text.
func serial(d reconcile.Day) any {
	if d < reconcile.MakeDay(1900, time.March, 1) {
		return d.String()
	}
	return int64(d - epoch)
}

// serialTime is an instant in Beijing as spreadsheets count it, to the second.
func serialTime(t time.Time) any {
	day := reconcile.DayOf(t)
	whole, ok := serial(day).(int64)
	if !ok {
		return t.In(reconcile.Beijing).Format(time.DateTime)
	}
	seconds := int64(t.Sub(day.Start()) / time.Second)
	return float64(whole*86400+seconds) / 86400
}

// clean makes any text fit for a cell: control characters are shown as their
// pictures, what XML cannot hold becomes U+FFFD, and a text too long for a
// cell ends in a mark.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return '␀' + r
		case r == 0x7f:
			return '␡'
		case r >= 0x80 && r < 0xa0, r == 0xfffe, r == 0xffff:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return cut(s, cellLimit)
}

// cut shortens a text to n characters, the last of which says so.
func cut(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// widthOf is how many columns of a fixed pitch a text takes: a Chinese
// character takes two.
func widthOf(s string) (w int) {
	for _, r := range s {
		if w++; r >= 0x2e80 || (r >= 0x2018 && r <= 0x2027) {
			w++
		}
	}
	return w
}

// linesOf is how many lines a text takes in a column of the given width.
func linesOf(s string, width float64) int {
	lines := 0
	for line := range strings.SplitSeq(s, "\n") {
		lines += max(1, int((float64(widthOf(line))*1.08+width-1.5)/(width-0.5)))
	}
	return lines
}
