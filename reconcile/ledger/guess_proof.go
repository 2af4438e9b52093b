package ledger

import (
	"maps"
	"slices"
	"strings"
)

// prove reads the rows by what is proposed, and tells of those that would be
// bad: how many, and the first of each column.
func (g *Guess) prove(l look) {
	if g.Missing != nil {
		return
	}
	b, err := New(Source{Pattern: "any", Unit: g.Unit, Columns: g.Columns, Defaults: Defaults{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT"}})
	if err != nil {
		g.doubt("%v", err)
		return
	}
	h, faults := b.header(l.headings)
	for _, f := range faults {
		g.doubt("%s", f)
	}
	if faults != nil {
		return
	}
	for status, words := range g.Statuses {
		for _, w := range words {
			b.statuses[Fold(strings.TrimSpace(w))] = status
		}
	}
	bad, first := map[column]int{}, map[column]string{}
	r := &rowReader{books: b, header: h}
	for _, rec := range l.rows {
		v := r.read(rec)
		r.orders(&v)
		for _, p := range r.problems {
			if p.column == colStatus && v.status == "" {
				break // it is asked about
			}
			if bad[p.column]++; bad[p.column] == 1 {
				first[p.column] = p.words.EN
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(bad)) {
		g.doubt("%d of the %d rows looked at would be invalid: column %q: %s", bad[c], len(l.rows), r.heading(c), first[c])
	}
}
