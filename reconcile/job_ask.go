package reconcile

import (
	"context"
	"iter"
	"sync"
	"time"
)

// ask puts the open orders to UMS, oldest first, and commits each answer.
func (n *night) ask(ctx context.Context) error {
	toAsk, reused, err := n.Store.CountToAsk(ctx, n.scope)
	if err != nil {
		return err
	}
	n.sum.Queries.ToAsk, n.sum.Queries.Reused = toAsk, reused
	if n.NoQuery || toAsk == 0 {
		return nil
	}
	asking := &asking{night: n, total: toAsk, began: n.Clock.Now()}
	if err := asking.round(ctx, n.keys(ctx)); err != nil {
		return err
	}
	return asking.again(ctx)
}

// keys yields what to ask; the error of the store ends it.
func (n *night) keys(ctx context.Context) iter.Seq2[Key, error] {
	return n.Store.ToAsk(ctx, n.scope)
}

// asking is the questions of one run.
type asking struct {
	*night
	total, done, failed int64
	began               time.Time
	later               []Key // ORDER_PROCESSING: to be asked once more
}

// round asks every key with the configured number in flight, and commits the
// answers as they come, many in one transaction when they come fast.
func (a *asking) round(ctx context.Context, keys iter.Seq2[Key, error]) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The workers go on asking while a batch is written; a kill loses what has
	// come meanwhile, so that it is bounded.
	feed, answers := make(chan Key), make(chan Answered, min(commitBatch, 8*a.Asking.Concurrency))
	var feedErr error
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(feed)
		feedErr = a.feed(ctx, keys, feed)
	})
	for range max(1, a.Asking.Concurrency) {
		workers.Go(func() { a.work(ctx, feed, answers) })
	}
	go func() { workers.Wait(); close(answers) }()
	if err := a.commit(ctx, answers); err != nil {
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
	return nil
}

func (a *asking) feed(ctx context.Context, keys iter.Seq2[Key, error], feed chan<- Key) error {
	for key, err := range keys {
		if err != nil {
			return err
		}
		if a.pastDeadline() {
			a.halt.everybody("the time for asking was over")
			return nil
		}
		select {
		case feed <- key:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (a *asking) pastDeadline() bool {
	return a.Asking.Deadline > 0 && a.Clock.Now().Sub(a.began) >= a.Asking.Deadline
}

func (a *asking) work(ctx context.Context, feed <-chan Key, answers chan<- Answered) {
	for key := range feed {
		if !a.halt.admit(key.MID) {
			continue
		}
		answer := a.Gateway.Ask(ctx, key)
		a.halt.heard(key.MID, answer)
		if answer.Outcome == NotQueried {
			if ctx.Err() == nil {
				a.halt.everybody(answer.Message)
			}
			continue
		}
		answers <- Answered{Key: key, Answer: answer}
	}
}

// commitBatch bounds the answers of one transaction.
const commitBatch = 256

// commit writes answers until the workers are done. It takes whatever has
// come while the last transaction was written, so that a slow disk makes the
// batches larger and never the answers wait for more to come.
func (a *asking) commit(ctx context.Context, answers <-chan Answered) error {
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
		if err := a.Store.SaveAnswers(kept, a.sum.RunID, batch); err != nil {
			return err
		}
		a.count(batch)
	}
	return nil
}

func (a *asking) count(batch []Answered) {
	for _, b := range batch {
		a.sum.Queries.Attempts += int64(b.Answer.Attempts)
		if b.Answer.Outcome == InProcess {
			a.later = append(a.later, b.Key)
		}
		if !b.Answer.Trustworthy() {
			a.failed++
		}
	}
	a.done += int64(len(batch))
	a.sum.Queries.Sent = a.done
	if a.Progress != nil {
		a.Progress(Progress{Done: a.done, Total: a.total, Attempts: a.sum.Queries.Attempts, Failed: a.failed})
	}
}

// again asks once more about bills that UMS had locked, when they have had
// time to be released.
func (a *asking) again(ctx context.Context) error {
	if len(a.later) == 0 || a.pastDeadline() {
		return nil
	}
	if err := a.Clock.Sleep(ctx, a.Asking.ProcessingPause); err != nil {
		return ErrInterrupted
	}
	later := a.later
	a.done -= int64(len(later))
	a.failed -= int64(len(later))
	a.later = nil
	return a.round(ctx, func(yield func(Key, error) bool) {
		for _, k := range later {
			if !yield(k, nil) {
				return
			}
		}
	})
}
