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
		for _, name := range c.names() {
			for i, heading := range l.headings {
				if found[c] < 0 && !taken[i] && bare(heading) == name {
					found[c], taken[i] = i, true
				}
			}
		}
	}
	g.byContent(l, &found, taken)
	for c, at := range found {
		c := column(c)
		switch {
		case at < 0 && c.required() && !(c == colTotal && (found[colRefundAmount] >= 0 || found[colAuthedAmount] >= 0)):
			g.Missing = append(g.Missing, c.String())
		case at >= 0 && l.count(at) > 1:
			g.doubt("the heading %s stands %d times; the one in column %d was taken for %s. Where another is meant, write its number behind the #", shown(l.headings[at]), l.count(at), at+1, c)
			g.Columns[c.String()] = l.numbered(at)
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

// count is how often the heading of a column stands there.
func (l look) count(at int) (n int) {
	for _, h := range l.headings {
		if h == l.headings[at] {
			n++
		}
	}
	return n
}

// numbered is the heading of a column that stands there more than once, as nth
// understands it.
func (l look) numbered(at int) string {
	n := 0
	for _, h := range l.headings[:at+1] {
		if h == l.headings[at] {
			n++
		}
	}
	return fmt.Sprintf("%s#%d", l.headings[at], n)
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
