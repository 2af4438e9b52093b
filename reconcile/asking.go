package reconcile

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Asking bounds the questions of one run.
type Asking struct {
	Concurrency int           // questions in flight; at least 1
	Deadline    time.Duration // of the asking; 0: none
	// ProcessingPause is how long an ORDER_PROCESSING bill is left alone
	// before it is asked once more.
	ProcessingPause time.Duration
	// Lease is how long a process that has died, or was cut off, holds questions
	// that several share; 0: 30 s.
	Lease time.Duration
	// What all who ask for the run may send together, which the gateway sees to: a
	// store that processes share tells it those who join.
	PerSecond float64
	Requests  int64 // 0: no limit
}

// answerStore keeps answers: SaveAnswers of a Store.
type answerStore interface {
	SaveAnswers(ctx context.Context, runID string, answers []Answered) error
}

// asking is the questions of one run, as far as this process asks them.
type asking struct {
	Asking
	questions Questions
	gateway   Gateway
	store     answerStore
	clock     Clock
	halt      *halt
	progress  func(Progress) // nil: nobody wants to know
	runID     string
	began     time.Time
	helps     bool // the run is another process's

	total, done, failed, attempts int64
	waiting                       int64 // were locked at UMS, and are asked once more

	looked time.Time // when it was looked up last how far all have come
	others Progress  // what the others had asked then
}

// all asks until there are no questions left, or it has to stop.
func (a *asking) all(ctx context.Context) error {
	for {
		if err := a.round(ctx); err != nil {
			return err
		}
		pause, more, err := a.questions.Rest(ctx, a.halt.refrain())
		if err == nil {
			a.tell(ctx, !more)
		}
		if err != nil || !more {
			return err
		}
		if a.late() {
			return nil
		}
		if err := a.clock.Sleep(ctx, pause); err != nil {
			return ErrInterrupted
		}
	}
}

// round asks what there is at present with the configured number in flight, and
// commits the answers as they come, many in one transaction when they come fast.
func (a *asking) round(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The workers go on asking while a batch is written; a kill loses what has
	// come meanwhile, so that it is bounded.
	feed, answers := make(chan Question), make(chan Answered, min(commitBatch, 8*a.Concurrency))
	var feedErr error
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(feed)
		feedErr = a.feed(ctx, feed)
	})
	for range max(1, a.Concurrency) {
		workers.Go(func() { a.work(ctx, feed, answers) })
	}
	go func() { workers.Wait(); close(answers) }()
	given, err := a.commit(ctx, answers)
	if err != nil {
		stop()
		for range answers { // let the workers end
		}
		return err
	}
	if feedErr != nil {
		return feedErr
	}
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return a.giveBack(ctx, given)
}

func (a *asking) feed(ctx context.Context, feed chan<- Question) error {
	for {
		questions, err := a.questions.Next(ctx, a.halt.refrain())
		if err != nil || len(questions) == 0 {
			return err
		}
		for _, q := range questions {
			if a.late() {
				return nil
			}
			select {
			case feed <- q:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// late says whether the time for asking is over, and stops the asking then.
func (a *asking) late() bool {
	if a.Deadline == 0 || a.clock.Now().Sub(a.began) < a.Deadline {
		return false
	}
	a.halt.everybody("the time for asking was over")
	return true
}

func (a *asking) work(ctx context.Context, feed <-chan Question, answers chan<- Answered) {
	for q := range feed {
		if !a.halt.admit(q.Key.MID) {
			continue
		}
		answer := a.gateway.Ask(ctx, q.Key)
		a.halt.heard(q.Key.MID, answer)
		if answer.Outcome == NotQueried {
			if ctx.Err() == nil {
				a.halt.everybody(answer.Message)
			}
			continue
		}
		answers <- Answered{Key: q.Key, Answer: answer, Lease: q.Lease, Again: q.Again}
	}
}

// commitBatch bounds the answers of one transaction.
const commitBatch = 256

// given are questions that go back.
type given struct {
	later []Question // to be asked for the last time after a pause
	left  []Question // to the run, of a worker
}

// commit writes answers until the workers are done. It takes whatever has
// come while the last transaction was written, so that a slow disk makes the
// batches larger and never the answers wait for more to come.
func (a *asking) commit(ctx context.Context, answers <-chan Answered) (back given, err error) {
	kept := context.WithoutCancel(ctx) // what was answered is committed even when interrupted
	batch := make([]Answered, 0, commitBatch)
	for first := range answers {
		batch = append(batch[:0], first)
		for more := true; more && len(batch) < commitBatch; {
			select {
			case next, ok := <-answers:
				if more = ok; ok {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		batch = a.inVain(batch, &back)
		if err := a.store.SaveAnswers(kept, a.runID, batch); err != nil {
			return back, err
		}
		a.count(batch, &back)
		a.tell(kept, false)
	}
	return back, nil
}

// inVain takes out what a worker has not heard: that may be the fault of where
// it stands, or of its keys, and is not held against an order.
func (a *asking) inVain(batch []Answered, back *given) []Answered {
	return slices.DeleteFunc(batch, func(b Answered) bool {
		left := a.helps && (b.Answer.Outcome == QueryFailed || b.Answer.Outcome == Rejected)
		if left {
			a.attempts += int64(b.Answer.Attempts)
			back.left = append(back.left, Question{Key: b.Key, Again: b.Again, Lease: b.Lease})
		}
		return left
	})
}

// count takes note of a batch that is committed.
func (a *asking) count(batch []Answered, back *given) {
	for _, b := range batch {
		a.attempts += int64(b.Answer.Attempts)
		if b.PutOff() {
			a.waiting++
			back.later = append(back.later, Question{Key: b.Key, Again: true, Lease: b.Lease})
			continue
		}
		if b.Again {
			a.waiting--
		}
		a.done++
		if !b.Answer.Trustworthy() {
			a.failed++
		}
	}
}

func (a *asking) giveBack(ctx context.Context, g given) error {
	for _, q := range g.later {
		if err := a.questions.Later(ctx, q, a.ProcessingPause); err != nil {
			return err
		}
	}
	for _, q := range g.left {
		if err := a.questions.Leave(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
