package reconcile

import (
	"context"
	"time"
)

// Progress is how far the asking has come.
type Progress struct {
	Done, Total int64 // orders answered, and to be asked
	Attempts    int64 // HTTP requests so far
	Failed      int64 // orders without a trustworthy answer so far
}

// Plus is what two have come to together; the total is the first one's.
func (p Progress) Plus(o Progress) Progress {
	return Progress{Done: p.Done + o.Done, Total: p.Total, Attempts: p.Attempts + o.Attempts, Failed: p.Failed + o.Failed}
}

func (p Progress) without(o Progress) Progress {
	return p.Plus(Progress{Done: -o.Done, Attempts: -o.Attempts, Failed: -o.Failed})
}

// shared are questions that other processes ask, too.
type shared interface {
	// AskedByAll is how far all of them have come together. It may be called
	// beside the methods of Questions.
	AskedByAll(ctx context.Context) (Progress, error)
}

// betweenLooks is how often it is looked up what others have asked.
const betweenLooks = 3 * time.Second

// tell says how far the asking has come: what others had asked at the last look,
// and what this process has until now. last: there is nothing left.
func (a *asking) tell(ctx context.Context, last bool) {
	if a.progress == nil {
		return
	}
	mine := Progress{Done: a.done, Total: a.total, Attempts: a.attempts, Failed: a.failed}
	if all, ok := a.questions.(shared); ok && !a.helps && (last || a.clock.Now().Sub(a.looked) >= betweenLooks) {
		a.looked = a.clock.Now()
		if p, err := all.AskedByAll(ctx); err == nil { // what is wrong with the database, the asking itself will say
			a.others = p.without(mine)
		}
	}
	a.progress(mine.Plus(a.others))
}
