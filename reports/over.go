package reports

import (
	"fmt"
	"slices"
	"strings"
)

// listed is where the rows of a table stand: formulas of other sheets compute
// over them.
type listed struct {
	heads []string // Chinese, in order
	where []stretch
}

// mostSheets keeps a formula over all of them within the 8,192 characters that
// the format allows.
const mostSheets = 20

// rows is how many rows there are, an empty table's one line of words among them.
func (w listed) rows() (n int) {
	for _, s := range w.where {
		n += s.last - s.first + 1
	}
	return n
}

// sum adds up a column. when are pairs of another column's heading and what
// its cell must be, as SUMIFS has it: a cell, or words in quotes.
func (w listed) sum(head string, when ...string) string {
	return w.each(func(s stretch) string {
		if len(when) == 0 {
			return "SUM(" + w.span(s, head) + ")"
		}
		return "SUMIFS(" + w.span(s, head) + "," + w.conditions(s, when) + ")"
	})
}

// count counts the rows that fit.
func (w listed) count(when ...string) string {
	return w.each(func(s stretch) string { return "COUNTIFS(" + w.conditions(s, when) + ")" })
}

// each is empty, for no formula, where there are no rows or too many sheets.
func (w listed) each(one func(stretch) string) string {
	if len(w.where) > mostSheets {
		return ""
	}
	parts := make([]string, len(w.where))
	for i, s := range w.where {
		parts[i] = one(s)
	}
	return strings.Join(parts, "+")
}

func (w listed) conditions(s stretch, when []string) string {
	parts := slices.Clone(when)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = w.span(s, parts[i])
	}
	return strings.Join(parts, ",")
}

// span is a column of the rows of one sheet.
func (w listed) span(s stretch, head string) string {
	return fmt.Sprintf("'%s'!%s", s.sheet, fixed(slices.Index(w.heads, head)+1, s.first, s.last))
}

// quoted is a text as formulas have it.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
