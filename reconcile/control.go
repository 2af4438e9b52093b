package reconcile

import "slices"

// Control is what the maker of a source says of its rows, held against what
// was read.
type Control struct {
	From  string `json:"from"`  // the file that says it, with the line of a trailer
	Count *int64 `json:"count"` // nil: not stated
	Sum   *Fen   `json:"sum_fen"`
	Rows  int64  `json:"rows"` // read, good and bad
	Total Fen    `json:"total_fen"`
	// Missed says what does not agree; no Words: all that is stated does.
	Missed Words `json:"missed"`
	// Open says what could not be compared: neither met nor missed.
	Open Words `json:"open,omitzero"`
}

// Suspected says whether a source that the run read is suspect as a whole.
func (s *Summary) Suspected() bool {
	return slices.ContainsFunc(s.Loads, func(l Load) bool { return len(l.Suspect) > 0 })
}

// Met says whether all that is stated agrees.
func (c Control) Met() bool { return c.Missed.EN == "" && c.Open.EN == "" }

// Missed says whether a control of the source was not met.
func (l Load) Missed() bool {
	return slices.ContainsFunc(l.Controls, func(c Control) bool { return c.Missed.EN != "" })
}

// ControlMissed says whether a source that the run read does not hold what it
// says itself.
func (s *Summary) ControlMissed() bool {
	return slices.ContainsFunc(s.Loads, Load.Missed) || slices.ContainsFunc(s.Statements, Load.Missed)
}
