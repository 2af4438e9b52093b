package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/umsrecon/umsrecon/reconcile"
)

// dealt are the questions of a server, which lie in the table questions: every
// process that has joined holds some of them on a lease, which it renews while
// it lives. What a process holds when it dies is free when the lease has run
// out, by the server's clock.
type dealt struct {
	db    *DB
	run   string
	me    string        // who holds its questions
	most  int           // questions taken at a time
	lease time.Duration // of a question
	mark  int64         // the last answer before the asking began
	isRun bool          // and not a worker
	after int64         // the turn of the last one taken
	quiet int           // looks in a row that found nobody who asks
	total int64         // questions of a run when its asking began
	bound Bounds        // of a run
	asked counted       // by all, of a run
	step  int64         // turns that come and go in one transaction
	stop  func()        // ends the renewing of leases
}

// How those who hold questions are called: the run itself, and workers.
const (
	theRun  = "run "
	aWorker = "worker "
)

const (
	nowMS = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

	// An array is worked out once, whatever the plan.
	takeQuestions = `
WITH taken AS (
UPDATE questions AS q SET worker = :me, free_ms = ` + nowMS + ` + :lease
FROM orders AS o
WHERE o.order_id = q.order_id AND q.order_id = ANY (ARRAY (
  SELECT order_id FROM questions
  WHERE run_id = :run AND nth > :after AND for_run <= :is_run AND free_ms <= ` + nowMS + ` AND ` + refrained + `
  ORDER BY nth LIMIT :most FOR UPDATE SKIP LOCKED))
RETURNING q.nth, q.again, o.mid, o.tid, o.inst_mid, o.bill_day, o.bill_no, o.refund_id, o.completion_id)
SELECT nth, again, mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id FROM taken ORDER BY nth`

	// Those whose answers are being saved go anyway; to wait for them could end in
	// a deadlock.
	notSaved = "SELECT order_id FROM questions WHERE worker = :me FOR UPDATE SKIP LOCKED"

	renewQuestions = "UPDATE questions SET free_ms = " + nowMS + " + :lease WHERE order_id IN (" + notSaved + ")"
	leaveQuestions = "UPDATE questions SET worker = '', free_ms = 0 WHERE order_id IN (" + notSaved + ")"
	putOffQuestion = "UPDATE questions SET worker = '', free_ms = " + nowMS + " + :pause WHERE worker = :me AND order_id = :order"
	leaveToTheRun  = "UPDATE questions SET worker = '', free_ms = 0, for_run = 1 WHERE worker = :me AND order_id = :order"

	refrained = "mid NOT IN (SELECT no.value FROM json_each(:refrain) AS no)"

	lookAtQuestions = `SELECT EXISTS (SELECT 1 FROM questions WHERE run_id = :run),
  EXISTS (SELECT 1 FROM questions WHERE run_id = :run AND NOT :all AND for_run <= :is_run AND ` + refrained + `),
  EXISTS (SELECT 1 FROM questions WHERE run_id = :run AND worker NOT IN ('', :me) AND free_ms > ` + nowMS + `)`

	endQuestions   = "DELETE FROM questions WHERE run_id = ?"
	endSome        = "DELETE FROM questions WHERE run_id = :run" + inTurns
	lastAnswer     = "SELECT coalesce(max(answer_id), 0) FROM answers"
	askedByAll     = "SELECT count(DISTINCT order_id), coalesce(sum(attempts), 0) FROM answers WHERE run_id = ? AND answer_id > ?"
	whoAsks        = "SELECT q.run_id FROM questions AS q JOIN runs AS r ON r.run_id = q.run_id AND r.status IN ('running', 'interrupted') WHERE q.for_run = 0 AND q.free_ms <= " + nowMS + " ORDER BY q.nth LIMIT 1"
	countQuestions = "SELECT count(*) FROM questions"
)

func (db *DB) dealt(ctx context.Context, s reconcile.Scope, a reconcile.Asking) (reconcile.Questions, error) {
	d := db.dealer(theRun, s.RunID, a)
	return d, d.open(ctx, s)
}

// Asks is the run that has questions for anybody at present; empty: none has.
// Only runs on a server have.
func (db *DB) Asks(ctx context.Context) (runID string, err error) {
	if err := db.row(ctx, whoAsks, nil, &runID); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for a run that asks: %w", err)
	}
	return runID, nil
}

// Join takes part in the asking of a run.
func (db *DB) Join(ctx context.Context, runID string, a reconcile.Asking) reconcile.Questions {
	d := db.dealer(aWorker, runID, a)
	d.renewing(ctx)
	return d
}

func (db *DB) dealer(who, run string, a reconcile.Asking) *dealt {
	return &dealt{db: db, run: run, me: who + uuid.NewString(), step: fillStep, bound: Bounds{run, a.PerSecond, a.Requests}, isRun: who == theRun, most: min(max(16, 2*a.Concurrency), 1000), lease: cmp.Or(a.Lease, 30*time.Second)}
}

// args are also those of renewing, beside what else goes on: nothing in them changes.
// They stand in fifteen places, and would be copied to each.
//
//go:noinline
func (d *dealt) args(more named) named {
	args := named{"run": d.run, "me": d.me, "lease": d.lease.Milliseconds(), "is_run": flag(d.isRun)}
	maps.Copy(args, more)
	return args
}

// Next takes questions that nobody holds, or whose lease has run out: behind those
// it took last and, when there are none, from the beginning.
func (d *dealt) Next(ctx context.Context, r reconcile.Refrain) (taken []reconcile.Question, err error) {
	if r.All {
		return nil, nil
	}
	for first := true; first || len(taken) == 0 && d.after > 0; first = false {
		if !first {
			d.after = 0
		}
		if taken, err = d.take(ctx, r); err != nil {
			return nil, fmt.Errorf("orders to ask: %w", err)
		}
	}
	return taken, nil
}

func (d *dealt) take(ctx context.Context, r reconcile.Refrain) (taken []reconcile.Question, err error) {
	args := d.args(named{"refrain": list(r.Merchants), "most": d.most, "after": d.after})
	err = d.db.rows(ctx, takeQuestions, args, func(row scanner) error {
		q := reconcile.Question{Lease: d.me}
		err := row.Scan(append([]any{&d.after, (*flag)(&q.Again)}, keyColumns(&q.Key).pointers()...)...)
		taken = append(taken, q)
		return err
	}, nil)
	return taken, err
}

// Later gives a question back for anybody to ask after the pause.
func (d *dealt) Later(ctx context.Context, q reconcile.Question, pause time.Duration) error {
	if err := d.giveBack(ctx, putOffQuestion, q, named{"pause": pause.Milliseconds()}); err != nil {
		return fmt.Errorf("put a question off: %w", err)
	}
	return nil
}

// Leave gives a question back for the run itself.
func (d *dealt) Leave(ctx context.Context, q reconcile.Question) error {
	if err := d.giveBack(ctx, leaveToTheRun, q, named{}); err != nil {
		return fmt.Errorf("leave a question to the run: %w", err)
	}
	return nil
}

func (d *dealt) giveBack(ctx context.Context, query string, q reconcile.Question, args named) error {
	order, err := d.db.orderID(ctx, q.Key)
	if err != nil {
		return err
	}
	args["order"] = order
	return d.db.change(ctx, query, d.args(args))
}

// How soon to look again whether there are questions: others answer theirs, or
// die.
const soon = 100 * time.Millisecond

// looks is how many in a row must find nobody who asks, before those questions
// are left that this process refrains from: one that has just given some back may
// be looking for others.
const looks = 20

// Rest waits for what others hold: they may die.
func (d *dealt) Rest(ctx context.Context, r reconcile.Refrain) (time.Duration, bool, error) {
	if err := d.db.change(ctx, leaveQuestions, d.args(nil)); err != nil {
		return 0, false, fmt.Errorf("give questions back: %w", err)
	}
	var left, mine, others flag
	args := d.args(named{"refrain": list(r.Merchants), "all": flag(r.All)})
	if err := d.db.row(ctx, lookAtQuestions, args, &left, &mine, &others); err != nil {
		return 0, false, fmt.Errorf("look for questions: %w", err)
	}
	if d.quiet++; bool(mine || others) {
		d.quiet = 0
	}
	return soon, bool(left) && d.quiet < looks, nil
}

// End takes the questions of the run away, in steps as they came. Answers that
// others were waiting for count no more. Where questions are gone that nobody has
// answered, another run has taken them away, and this one does not hold the database any more.
func (d *dealt) End(ctx context.Context, mine reconcile.Queries) (reconcile.Queries, error) {
	left, err := d.takeAway(ctx)
	if err != nil {
		return mine, fmt.Errorf("end the asking: %w", err)
	}
	err = d.db.write(ctx, func(t *tx) error {
		r, err := t.result(endQuestions, d.run)
		if err != nil {
			return err
		}
		last, err := r.RowsAffected()
		if err != nil {
			return err
		}
		if err := t.row(askedByAll, d.run, d.mark).Scan(&mine.Sent, &mine.Attempts); err != nil {
			return err
		}
		if left+last+mine.Sent < d.total {
			return fmt.Errorf("%w: another run has begun", reconcile.ErrInterrupted)
		}
		return nil
	})
	if err != nil {
		return mine, fmt.Errorf("end the asking: %w", err)
	}
	return mine, nil
}

// Close gives back what is still held, and renews no lease any more. Where it
// cannot, the leases run out.
func (d *dealt) Close() {
	d.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = d.db.change(ctx, leaveQuestions, d.args(nil))
}

// renewing renews the leases until Close. Where the server cannot be reached
// they run out, and others take the questions.
func (d *dealt) renewing(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var renewed sync.WaitGroup
	renewed.Go(func() {
		pulse := time.NewTicker(d.lease / 3)
		defer pulse.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-pulse.C:
			}
			_ = d.db.change(ctx, renewQuestions, d.args(nil))
		}
	})
	d.stop = func() { cancel(); renewed.Wait() }
}
