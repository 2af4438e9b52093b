package reconcile

import (
	"cmp"
	"slices"
	"sort"
)

// paired are the settlement lines of a bill with the line of a statement that
// each has; the rest of those lines belong to no block of the bill.
type paired struct {
	settled []SettleLine
	lines   []*StatementLine // of each settled; nil: none
	bad     []*BadRow        // of each settled without a line: one that names it and was not understood; nil: none
	unnamed []StatementLine  // refunds under ids that the ledger does not know
	left    []StatementLine
}

// pair gives each settlement line of a bill at most one line of a statement,
// and each of those to one settlement line at most: by reference, then by
// merchant order number, told apart by kind and amount.
func pair(f Family, c Calendar) paired {
	p := paired{settled: settleLines(f, c)}
	lines := sorted(f.Statement, compareLines)
	p.lines, p.left = assign(len(p.settled), lines, func(l StatementLine, i int) int { return l.fits(p.settled[i]) })
	p.absorb()
	bad := sorted(f.BadLines, compareBad)
	p.bad, _ = assign(len(p.settled), bad, func(r BadRow, i int) int {
		if p.lines[i] != nil {
			return 0
		}
		return r.Names.fits(p.settled[i])
	})
	return p
}

func sorted[T any](lines []T, compare func(a, b T) int) []T {
	lines = slices.Clone(lines)
	sort.SliceStable(lines, func(i, j int) bool { return compare(lines[i], lines[j]) < 0 })
	return lines
}

// assign gives each of so many blocks at most one of the lines that fit it, the
// best first; the rest is left. 0 is no fit.
func assign[T any](blocks int, lines []T, fits func(line T, block int) int) (of []*T, left []T) {
	type match struct{ line, block, score int }
	var matches []match
	for i, l := range lines {
		for j := range blocks {
			if score := fits(l, j); score > 0 {
				matches = append(matches, match{i, j, score})
			}
		}
	}
	sort.SliceStable(matches, func(i, j int) bool { return matches[j].score < matches[i].score })
	of = make([]*T, blocks)
	taken := make([]bool, len(lines))
	for _, m := range matches {
		if !taken[m.line] && of[m.block] == nil {
			taken[m.line], of[m.block] = true, &lines[m.line]
		}
	}
	for i, l := range lines {
		if !taken[i] {
			left = append(left, l)
		}
	}
	return of, left
}

func compareLines(a, b StatementLine) int {
	return cmp.Or(slices.Compare(a.name(), b.name()), cmp.Compare(a.basis(), b.basis()), cmp.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line))
}

func compareBad(a, b BadRow) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// fits is how well a line fits a settlement line; 0: not at all.
func (l StatementLine) fits(s SettleLine) int {
	if (l.Kind == Refund) != (s.Kind == Refund) || !s.mayBeStated() {
		return 0
	}
	score := 1 + s.named(l.Reference, l.MerOrderID)
	if l.Amount == s.amount().Fen {
		score += 2
	}
	if l.SettleDay == s.SettleDay {
		score++
	}
	return score
}

// fits is how well what could be read of a line fits a settlement line; 0: it
// does not name it, or contradicts it.
func (n LineNames) fits(s SettleLine) int {
	if n.Kind != "" && (n.Kind == Refund) != (s.Kind == Refund) || n.MID != "" && n.MID != s.Key.MID || !s.mayBeStated() {
		return 0
	}
	return s.named(n.Reference, n.MerOrderID)
}

func (l SettleLine) mayBeStated() bool {
	return !l.unnamed() && (l.State == SettleCounted || l.State == SettleUndetermined)
}

// named is how well the two numbers of a line of a statement name the
// settlement line: by reference, else by merchant order number; 0: not at all.
func (l SettleLine) named(reference, merOrderID string) int {
	switch {
	case reference != "" && reference == l.Reference:
		return 8
	case merOrderID != "" && (merOrderID == l.MerOrderID || merOrderID == l.Key.RefundID || merOrderID == l.Key.CompletionID):
		return 4
	}
	return 0
}

// absorb takes the refunds that UMS made under ids that the ledger does not
// know out of what is left: as many as it gave back.
func (p *paired) absorb() {
	i := slices.IndexFunc(p.settled, SettleLine.unnamed)
	if i < 0 {
		return
	}
	rest := p.settled[i].Refund
	p.left = slices.DeleteFunc(p.left, func(l StatementLine) bool {
		if l.Kind != Refund || rest.Known && l.Amount > rest.Fen {
			return false
		}
		rest.Fen -= l.Amount
		p.unnamed = append(p.unnamed, l)
		return true
	})
}
