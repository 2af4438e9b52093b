package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// askList are the questions of a file: they lie in a temporary table, so that
// hours of asking hold up neither the writer nor the log.
type askList struct {
	db    *DB
	conn  *sql.Conn
	after int // the last one taken from the table
	ended bool
	again []reconcile.Question // to be asked for the last time now
	later []reconcile.Question // and after a pause
	pause time.Duration
}

func (db *DB) askList(ctx context.Context, s reconcile.Scope, _ reconcile.Asking) (reconcile.Questions, error) {
	conn, err := db.conn(ctx, db.readers)
	if err != nil {
		return nil, err
	}
	if err := db.within(ctx, conn.BeginTx, func(t *tx) error { return listToAsk(t, s) }); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &askList{db: db, conn: conn}, nil
}

// Next takes the next of the table, and behind it those that were put off.
func (l *askList) Next(ctx context.Context, r reconcile.Refrain) (found []reconcile.Question, err error) {
	for len(found) == 0 && !r.All && !l.ended {
		if found, err = l.next(ctx); err != nil {
			return nil, fmt.Errorf("orders to ask: %w", err)
		}
		found = slices.DeleteFunc(found, func(q reconcile.Question) bool { return r.From(q.Key.MID) })
	}
	if len(found) == 0 {
		found, l.again = l.again, nil
	}
	return slices.DeleteFunc(found, func(q reconcile.Question) bool { return r.From(q.Key.MID) }), nil
}

func (l *askList) next(ctx context.Context) ([]reconcile.Question, error) {
	keys, err := nextToAsk(ctx, l.conn, l.after)
	if err != nil {
		return nil, l.db.told(err)
	}
	l.after += len(keys)
	l.ended = len(keys) < askBatch
	questions := make([]reconcile.Question, len(keys))
	for i, k := range keys {
		questions[i].Key = k
	}
	return questions, nil
}

// Later remembers a question that is put off.
func (l *askList) Later(_ context.Context, q reconcile.Question, pause time.Duration) error {
	l.later, l.pause = append(l.later, q), max(l.pause, pause)
	return nil
}

// Leave is for workers: the run itself keeps what it hears.
func (l *askList) Leave(context.Context, reconcile.Question) error { return nil }

// Rest turns to what was put off.
func (l *askList) Rest(_ context.Context, r reconcile.Refrain) (time.Duration, bool, error) {
	l.again, l.later = slices.DeleteFunc(l.later, func(q reconcile.Question) bool { return r.From(q.Key.MID) }), nil
	return l.pause, len(l.again) > 0, nil
}

// End has nothing to add: nobody else asks.
func (l *askList) End(_ context.Context, mine reconcile.Queries) (reconcile.Queries, error) {
	return mine, nil
}

// Close drops the table, which would go with the connection, too.
func (l *askList) Close() {
	_, _ = l.conn.ExecContext(context.Background(), dropAsking)
	_ = l.conn.Close()
}
