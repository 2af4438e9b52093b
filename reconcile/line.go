package reconcile

import "iter"

// Line is one case or note with everything a report shows of it.
type Line struct {
	Case   Case
	Order  Order   // zero for a bad ledger row
	Answer *Answer // the last trustworthy one; nil: none
	Last   *Answer // the last one of any outcome; nil: never asked
	Others []Code  // the order's other codes that are still alive, in table order
	// NoLongerAsked: the order lies beyond the lookback.
	NoLongerAsked bool
	Row           *BadRow // when the case is about a bad ledger row
	// Notice is what the case is about when it is about a notice that no order
	// carries; of several that were not verified, the first.
	Notice *Notice
	// Statement is the line of a statement that the case is about when no order
	// carries it; nil also when the statement has it no longer.
	Statement *StatementLine
	// Noticed is what the last verified notice about the order says, in the
	// platform's words; empty: there is none.
	Noticed string
}

// Lines yields lines until the first error.
type Lines = iter.Seq2[Line, error]
