package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// columns finds ours among the headings: by name, and where no name fits by
// what stands in the cells.
func (g *Guess) columns(l look) (found [columnCount]int) {
	taken := map[int]bool{}
	for c := range columnCount {
		found[c] = -1
		for i, heading := range l.headings {
			if !taken[i] && slices.Contains(c.names(), bare(heading)) {
				found[c], taken[i] = i, true
				break
			}
		}
	}
	for _, c := range []column{colBillNo, colBillDate, colTotal, colStatus} {
		for i := range l.headings {
			if found[c] < 0 && !taken[i] && l.headings[i] != "" && l.looksLike(c, i) {
				found[c], taken[i] = i, true
				g.doubt("%s was taken for %s by its content alone", shown(l.headings[i]), c)
			}
		}
	}
	for c, at := range found {
		c := column(c)
		switch {
		case at < 0 && c.required():
			g.Missing = append(g.Missing, c.String())
		case at >= 0 && l.headings[at] != c.String():
			g.Columns[c.String()] = l.headings[at]
		}
	}
	for i, heading := range l.headings {
		if !taken[i] && heading != "" {
			g.Unused = append(g.Unused, heading)
		}
	}
	return found
}

func (g *Guess) doubt(format string, values ...any) {
	g.Doubtful = append(g.Doubtful, fmt.Sprintf(format, values...))
}

// cellsOf are the cells of a column that are not empty.
func (l look) cellsOf(at int) (cells []string) {
	for _, r := range l.rows {
		if c := strings.TrimSpace(r.cells[at]); c != "" {
			cells = append(cells, c)
		}
	}
	return cells
}

// looksLike says whether every cell of a column could be one of ours.
func (l look) looksLike(c column, at int) bool {
	filled, different := 0, map[string]bool{}
	for _, r := range l.rows {
		cell, n, fits := strings.TrimSpace(r.cells[at]), r.nature(at), false
		if cell == "" {
			continue
		}
		filled++
		different[cell] = true
		switch c {
		case colBillNo:
			fits = len(cell) >= 20 && sane(cell)
		case colBillDate:
			_, why := dateOf(cell, n)
			fits = why.EN == ""
		case colTotal:
			_, why := Yuan.amountOf(cell, n)
			_, dated := date(cell)
			fits = why.EN == "" && dated.EN != "" && len(cell) < 12
		case colStatus:
			_, known := statusWords[Fold(cell)]
			fits = known
		}
		if !fits {
			return false
		}
	}
	return filled > 0 && (c != colBillNo || len(different) > filled/2)
}

// unit is told by the heading, or by a decimal point.
func (g *Guess) unit(l look, found [columnCount]int) {
	g.Unit = Fen
	for c, at := range found {
		if at < 0 || !column(c).money() {
			continue
		}
		if strings.Contains(l.headings[at], "元") || slices.ContainsFunc(l.cellsOf(at), func(s string) bool { return strings.Contains(s, ".") }) {
			g.Unit = Yuan
			return
		}
		if strings.Contains(l.headings[at], "分") {
			return
		}
	}
	g.doubt("no amount has a decimal point: is the unit fen, or whole yuan?")
}

// statuses sorts the words of the status column.
func (g *Guess) statuses(l look, found [columnCount]int) {
	at := found[colStatus]
	if at < 0 {
		return
	}
	words, ofRefund := map[string]reconcile.Status{}, map[string]bool{}
	for _, r := range l.rows {
		word := strings.TrimSpace(r.cells[at])
		if word == "" {
			continue
		}
		refund := (filledAt(r, found[colRefundID]) || filledAt(r, found[colAuthedID])) && !filledAt(r, found[colTotal])
		if _, seen := words[word]; seen && refund != ofRefund[word] {
			words[word] = ""
			continue
		}
		words[word], ofRefund[word] = meaning(word, refund), refund
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if status := words[word]; status != "" {
			g.Statuses[status] = append(g.Statuses[status], word)
		} else {
			g.Unknown = append(g.Unknown, word)
		}
	}
}

func filledAt(r record, at int) bool { return at >= 0 && strings.TrimSpace(r.cells[at]) != "" }

// meaning is the status that a word most likely stands for; none: nobody
// knows. The same word means another thing of a refund.
func meaning(word string, refund bool) reconcile.Status {
	s := statusWords[Fold(word)]
	if !refund {
		return s
	}
	switch s {
	case reconcile.Paid, reconcile.Refunded:
		return reconcile.Success
	case reconcile.Unpaid:
		return reconcile.Processing
	case reconcile.Closed:
		return reconcile.Failed
	}
	return s
}
