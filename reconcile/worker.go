package reconcile

import "context"

// Worker takes part in the asking of runs of other processes, on a store that
// they share. Loading, judging and publishing are not its business.
type Worker struct {
	Gateway Gateway
	Store   WorkerStore
	Clock   Clock
	Asking  Asking // but for its deadline, which is the run's
	// Progress is that of a Job; its total is not known.
	Progress func(Progress)

	halt *halt // what stopped it in a run; nil: nothing yet
}

// WorkerStore is a store that processes share.
type WorkerStore interface {
	answerStore
	// Join takes part in the asking of a run; Questions.End is not for who joins.
	Join(ctx context.Context, runID string, a Asking) Questions
}

// Worked is what a worker did for a run.
type Worked struct {
	Orders   int64 // that it has answers about
	Attempts int64 // HTTP requests
}

// Stopped is why it stopped before the end of the run, in part or altogether; none:
// it did not.
func (w *Worker) Stopped() []string {
	if w.halt == nil {
		return nil
	}
	return w.halt.reasons()
}

// Work asks questions of a run until the run has none left. Where it has to stop
// before, because UMS does not answer it or refuses a merchant, others may go on, and
// it waits for them. It may be called again for the same run, when it has returned an
// error: ErrInterrupted when ctx ends, or that of the store.
func (w *Worker) Work(ctx context.Context, runID string) (done Worked, err error) {
	if w.halt == nil {
		w.halt = newHalt()
	}
	questions := w.Store.Join(ctx, runID, w.Asking)
	defer questions.Close()
	a := &asking{
		Asking: w.Asking, questions: questions, gateway: w.Gateway, store: w.Store, clock: w.Clock, halt: w.halt, helps: true,
		progress: w.Progress, runID: runID, began: w.Clock.Now(),
	}
	a.Deadline = 0
	err = a.all(ctx)
	return Worked{Orders: a.done, Attempts: a.attempts}, err
}
