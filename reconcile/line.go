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
}

// Lines yields lines until the first error.
type Lines = iter.Seq2[Line, error]
