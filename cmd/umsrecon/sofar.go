package main

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// soFar is a store that lets somebody who watches know how many of the orders
// answered so far look discrepant. It judges beside the asking, in a goroutine
// of its own: the asking does not wait for it, and what it finds is kept
// nowhere. What ties bills to each other, and causes, are not known yet: the
// figures that are published may be others.
type soFar struct {
	reconcile.Store
	db       answeredStore
	settings reconcile.Settings

	mu         sync.Mutex
	scope      reconcile.Scope
	waiting    map[reconcile.BillKey]bool
	discrepant map[reconcile.Key]bool
	wake       chan struct{}
}

type answeredStore interface {
	Answered(ctx context.Context, s reconcile.Scope, bills []reconcile.BillKey) iter.Seq2[reconcile.Family, error]
}

// lastLook is how long what is left may be judged when the asking is over.
const lastLook = 3 * time.Second

// watchSoFar begins to judge; stop ends it when nothing is left, or soon.
func watchSoFar(ctx context.Context, s reconcile.Store, db answeredStore, settings reconcile.Settings) (w *soFar, stop func()) {
	w = &soFar{
		Store: s, db: db, settings: settings, wake: make(chan struct{}, 1),
		waiting: map[reconcile.BillKey]bool{}, discrepant: map[reconcile.Key]bool{},
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); w.judge(ctx) }()
	return w, func() {
		defer cancel()
		close(w.wake)
		select {
		case <-ended:
		case <-time.After(lastLook):
			cancel()
			<-ended
		}
	}
}

// CountToAsk is asked when the books are loaded.
func (w *soFar) CountToAsk(ctx context.Context, s reconcile.Scope) (toAsk, reused int64, err error) {
	w.mu.Lock()
	w.scope = s
	w.mu.Unlock()
	return w.Store.CountToAsk(ctx, s)
}

// SaveAnswers leaves the bills to the judging.
func (w *soFar) SaveAnswers(ctx context.Context, runID string, answers []reconcile.Answered) error {
	if err := w.Store.SaveAnswers(ctx, runID, answers); err != nil {
		return err
	}
	w.mu.Lock()
	for _, a := range answers {
		w.waiting[a.Key.BillKey] = true
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// count is how many orders look discrepant.
func (w *soFar) count() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int64(len(w.discrepant))
}

// soFarBatch bounds what is judged at a time.
const soFarBatch = 500

func (w *soFar) judge(ctx context.Context) {
	for {
		bills, scope := w.next()
		if len(bills) == 0 {
			select {
			case _, more := <-w.wake:
				if !more {
					return
				}
				continue
			case <-ctx.Done():
				return
			}
		}
		for f, err := range w.db.Answered(ctx, scope, bills) {
			if err != nil {
				return // the run itself will say what is wrong
			}
			w.note(reconcile.Judge(f, w.settings, scope.Now))
		}
	}
}

func (w *soFar) next() ([]reconcile.BillKey, reconcile.Scope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var bills []reconcile.BillKey
	for b := range maps.Keys(w.waiting) {
		if bills = append(bills, b); len(bills) == soFarBatch {
			break
		}
	}
	for _, b := range bills {
		delete(w.waiting, b)
	}
	return slices.Clip(bills), w.scope
}

func (w *soFar) note(verdicts []reconcile.Verdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range verdicts {
		if v.Class == reconcile.Discrepant {
			w.discrepant[v.Key] = true
		} else {
			delete(w.discrepant, v.Key)
		}
	}
}
