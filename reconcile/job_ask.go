package reconcile

import "context"

// ask puts the open orders to UMS, oldest first, and commits each answer.
func (n *night) ask(ctx context.Context) error {
	toAsk, reused, err := n.Store.CountToAsk(ctx, n.scope)
	if err != nil {
		return err
	}
	n.sum.Queries.ToAsk, n.sum.Queries.Reused = toAsk, reused
	questions, err := n.Store.ToAsk(ctx, n.scope, n.Asking) // also where there are none: those of a run before are over
	if err != nil {
		return err
	}
	defer questions.Close()
	if n.NoQuery || toAsk == 0 {
		return nil
	}
	a := &asking{
		Asking: n.Asking, questions: questions, gateway: n.Gateway, store: n.Store, clock: n.Clock, halt: n.halt,
		progress: n.Progress, runID: n.sum.RunID, total: toAsk, began: n.Clock.Now(),
	}
	err = a.all(ctx)
	n.sum.Queries.Sent, n.sum.Queries.Attempts = a.done+a.waiting, a.attempts
	if err != nil {
		return err
	}
	n.sum.Queries, err = questions.End(context.WithoutCancel(ctx), n.sum.Queries)
	return err
}
