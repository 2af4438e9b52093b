package reconcile

import (
	"context"
	"slices"
	"time"
)

// Question is an order to be asked about.
type Question struct {
	Key   Key
	Again bool // its bill was locked at UMS, and this is the last time
	// Lease is who holds the question, of a store that deals questions out to
	// several processes; empty: it is nobody else's.
	Lease string
}

// Questions are those of one run. A store that several processes share deals
// each question to one of them at a time; when that one dies, to another.
// One goroutine uses it at a time.
type Questions interface {
	// Next takes the next questions in their turn, but for the merchants whom
	// the process refrains from; none: there are none at present.
	Next(ctx context.Context, r Refrain) ([]Question, error)
	// Later puts a question off that was asked, for the last time after a pause.
	// SaveAnswers has been told so.
	Later(ctx context.Context, q Question, pause time.Duration) error
	// Leave gives a question back that a worker asked in vain: the run itself asks
	// it, and its answer counts, whatever it is.
	Leave(ctx context.Context, q Question) error
	// Rest is called when everything taken is answered or given up. It gives back
	// what was given up, and says whether there may be more to ask, and how soon.
	Rest(ctx context.Context, r Refrain) (pause time.Duration, more bool, err error)
	// End takes away what is left: nobody asks it. It completes what this process
	// knows by what all have asked. It is for the run whose questions they are.
	End(ctx context.Context, mine Queries) (Queries, error)
	// Close gives back what this process holds.
	Close()
}

// Refrain is whom a process asks about no more.
type Refrain struct {
	All       bool
	Merchants []string // in order
}

// From says whether a merchant is among them.
func (r Refrain) From(mid string) bool {
	if r.All {
		return true
	}
	_, found := slices.BinarySearch(r.Merchants, mid)
	return found
}

// Answered is an answer and the order it is about.
type Answered struct {
	Key    Key
	Answer Answer
	Lease  string // of the question; where there is one, the answer counts only while it is held
	Again  bool   // of the question
}

// PutOff says whether UMS had the bill locked, so that the question is asked for
// the last time after a pause.
func (a Answered) PutOff() bool { return a.Answer.Outcome == InProcess && !a.Again }
