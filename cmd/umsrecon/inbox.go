package main

import (
	"context"
	"errors"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// inboxBatch bounds the notices of one transaction.
const inboxBatch = 256

// inbox commits notices, many in one transaction when they come fast: a sender
// is answered when its notice is on the disk, and one flush to the disk serves
// all that came while the last one lasted.
type inbox struct {
	letters chan letter
	closing chan struct{} // nothing is taken any more
	done    chan struct{} // nothing is being committed any more
}

var errInboxClosed = errors.New("the receiver is being closed")

type letter struct {
	notice reconcile.Notice
	kept   chan<- error // has room for the one answer
}

func newInbox(db *store.DB) *inbox {
	b := &inbox{letters: make(chan letter), closing: make(chan struct{}), done: make(chan struct{})}
	go b.work(db)
	return b
}

// put returns when the notice is committed, or was not.
func (b *inbox) put(ctx context.Context, n reconcile.Notice) error {
	kept := make(chan error, 1)
	select {
	case b.letters <- letter{n, kept}:
	case <-b.closing:
		return errInboxClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-kept:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the inbox when what it has taken is committed. A notice that comes
// while it closes is not kept, and its sender is told so. It is called once.
func (b *inbox) close() {
	close(b.closing)
	<-b.done
}

func (b *inbox) work(db *store.DB) {
	defer close(b.done)
	for {
		select {
		case first := <-b.letters:
			b.commit(db, b.more([]letter{first}))
		case <-b.closing:
			return
		}
	}
}

func (b *inbox) commit(db *store.DB, letters []letter) {
	notices := make([]reconcile.Notice, len(letters))
	for i, l := range letters {
		notices[i] = l.notice
	}
	// What was received is committed whatever becomes of its sender.
	_, err := db.SaveNotices(context.Background(), notices)
	for _, l := range letters {
		l.kept <- err
	}
}

// more adds the letters that are waiting already.
func (b *inbox) more(letters []letter) []letter {
	for len(letters) < inboxBatch {
		select {
		case l := <-b.letters:
			letters = append(letters, l)
		default:
			return letters
		}
	}
	return letters
}
