package reconcile

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
}

// Missed says whether a control of the source was not met.
func (l Load) Missed() bool {
	for _, c := range l.Controls {
		if c.Missed.EN != "" {
			return true
		}
	}
	return false
}

// ControlMissed says whether a source that the run read does not hold what it
// says itself.
func (s *Summary) ControlMissed() bool {
	for _, l := range s.Loads {
		if l.Missed() {
			return true
		}
	}
	return false
}
