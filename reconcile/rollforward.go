package reconcile

import "fmt"

// RollForward carries the open and proposed cases of the whole database from
// the previous run to this one.
type RollForward struct {
	Opening  Sum `json:"opening"`
	New      Sum `json:"new"`
	Reopened Sum `json:"reopened"`
	Revalued Sum `json:"revalued"` // the count of cases revalued, and the net change of their stakes
	Cleared  Sum `json:"cleared"`
	Resolved Sum `json:"resolved"`
	Closing  Sum `json:"closing"`
}

// AgeBand counts pending cases by the days since they were first seen.
type AgeBand struct {
	From, To int // days, inclusive; To −1 is open-ended
	Sum      Sum
}

// AgeBands are the bands of the workbook: 0–1, 2–3, 4–7, 8–30, over 30 days.
func AgeBands() []AgeBand {
	return []AgeBand{{From: 0, To: 1}, {From: 2, To: 3}, {From: 4, To: 7}, {From: 8, To: 30}, {From: 31, To: -1}}
}

// count adds an event to the movement of pending cases.
func (r *RollForward) count(e Event) {
	switch {
	case (e.Kind == EventRevalued || e.Kind == EventWithdrawn && e.Delta != 0) && e.Was.Pending():
		r.Revalued.Count++
		r.Revalued.Fen += e.Delta
	case e.State.Pending() && e.Was == "":
		r.New.Count++
		r.New.Fen += e.Stake
	case e.State.Pending() && !e.Was.Pending():
		r.Reopened.Count++
		r.Reopened.Fen += e.Stake
	case !e.State.Pending() && e.Was.Pending():
		r.Cleared.Count++
		r.Cleared.Fen += e.Stake
	}
}

func (r RollForward) check() error {
	count := r.Opening.Count + r.New.Count + r.Reopened.Count - r.Cleared.Count - r.Resolved.Count
	fen := r.Opening.Fen + r.New.Fen + r.Reopened.Fen + r.Revalued.Fen - r.Cleared.Fen - r.Resolved.Fen
	if count != r.Closing.Count || fen != r.Closing.Fen {
		return fmt.Errorf("%w: cases roll forward to %d of %s yuan, the database holds %d of %s",
			ErrBooksOpen, count, fen.Yuan(), r.Closing.Count, r.Closing.Fen.Yuan())
	}
	return nil
}
