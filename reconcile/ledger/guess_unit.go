package ledger

import (
	"fmt"
	"strings"
)

// unit is told by the amounts that were seen, and where all are whole numbers
// by their headings; else it stays a question.
func (g *Guess) unit(l look, found [columnCount]int) {
	amounts, decimals, largest, heading := 0, 0, "", Unit("")
	for c, at := range found {
		if at < 0 || !column(c).money() {
			continue
		}
		for _, cell := range l.cellsOf(at) {
			amounts++
			if strings.Contains(cell, ".") {
				decimals++
			}
			if digits(cell) && (len(cell) > len(largest) || len(cell) == len(largest) && cell > largest) {
				largest = cell
			}
		}
		if heading == "" {
			heading = unitOf(l.headings[at])
		}
	}
	switch {
	case amounts == 0:
		g.doubt("no amount was seen: is amount_unit fen or yuan?")
	case decimals == amounts:
		g.Unit, g.Units = Yuan, fmt.Sprintf("all %d amounts have decimals", amounts)
	case decimals > 0:
		g.Unit, g.Units = Yuan, fmt.Sprintf("%d of %d amounts have decimals", decimals, amounts)
	case heading != "":
		g.Unit, g.Units = heading, "a heading says so"
	default:
		g.Unit = Fen
		g.Units = fmt.Sprintf("look at this: all %d amounts are whole numbers: fen, or whole yuan? write yuan if %s means %s.00 yuan", amounts, largest, largest)
	}
}

// unitOf is the unit that a heading names; none: it names none.
func unitOf(heading string) Unit {
	name := Fold(heading)
	switch {
	case strings.Contains(name, "元"), strings.Contains(name, "yuan"):
		return Yuan
	case strings.Contains(name, "分"), strings.Contains(name, "fen"):
		return Fen
	}
	return ""
}
