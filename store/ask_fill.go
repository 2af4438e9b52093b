package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store/postgres"
)

// filling lays out the questions of a run. Which they are is worked out beside
// everybody else, in a temporary table; they go over, as those of runs before
// go away, in steps: who else writes waits for one of them at most.
//
// The last question is there first, and the run holds it: as long as it does
// others wait for more. Where the run is killed they ask what is there, and it
// lays out the rest when it is taken up.
type filling struct {
	*dealt
	conn  *sql.Conn // of the temporary table
	scope named
	last  int64 // turn
}

// fillStep is some twentieth of a second of a server.
const fillStep = 2000

const (
	makeListed = "CREATE TEMP TABLE listed (nth INTEGER PRIMARY KEY, order_id INTEGER, mid TEXT)"
	dropListed = "DROP TABLE IF EXISTS temp.listed"
	fillListed = `
INSERT INTO listed (order_id, mid)
SELECT order_id, mid FROM (` + toAskQuery + `) AS due CROSS JOIN orders USING (order_id)
ORDER BY turn, ledger_day, mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id`
	lastListed = "SELECT coalesce(max(nth), 0) FROM listed"

	// What workers hold of a run that is taken up again stays theirs, if it is still
	// to be asked. A run before this one is over: one at a time holds the database.
	freeUnlisted = `UPDATE questions SET worker = '', free_ms = 0 WHERE order_id IN (
  SELECT order_id FROM questions AS q WHERE worker <> '' AND NOT EXISTS (SELECT 1 FROM listed WHERE listed.order_id = q.order_id) FOR UPDATE SKIP LOCKED)`
	forgetAll  = "DELETE FROM questions WHERE " + forgotten
	forgetSome = forgetAll + inTurns
	forgotten  = "(run_id <> :run OR worker = '' OR worker LIKE '" + theRun + "%' AND worker <> :me OR free_ms <= " + nowMS + ")"
	inTurns    = " AND nth > :above AND nth <= :upto"

	// A worker may have answered since the list was made.
	fillSome = "INSERT INTO questions (order_id, run_id, nth, mid) SELECT o.order_id, :run, o.nth, o.mid FROM listed AS o WHERE " + notAnswered + inTurns + `
ON CONFLICT (order_id) DO NOTHING`

	fillLast = "INSERT INTO questions AS questions (order_id, run_id, nth, mid, worker, free_ms) SELECT order_id, :run, nth, mid, :me, " + nowMS + ` + :lease FROM listed AS o WHERE nth = :last AND ` + notAnswered + `
ON CONFLICT (order_id) DO UPDATE SET run_id = excluded.run_id, nth = excluded.nth, worker = excluded.worker, free_ms = excluded.free_ms, again = 0, for_run = 0
WHERE ` + `(questions.run_id <> :run OR questions.worker = '' OR questions.worker LIKE '` + theRun + `%' OR questions.free_ms <= ` + nowMS + ")"

	turnsThere = "SELECT coalesce(min(nth), 1) - 1, coalesce(max(nth), 0) FROM questions"
	turnsOfRun = turnsThere + " WHERE run_id = :run"
)

// open lays out the questions of a run. After an error nothing needs to be closed.
func (d *dealt) open(ctx context.Context, s reconcile.Scope) error {
	err := d.db.write(ctx, func(t *tx) error {
		return errors.Join(t.row(lastAnswer).Scan(&d.mark), t.state(d.bound))
	})
	if err != nil {
		return err
	}
	d.renewing(ctx)
	if err = d.fill(ctx, s); err != nil {
		d.Close()
	}
	return err
}

// fill is called while the leases of what this process holds are renewed.
func (d *dealt) fill(ctx context.Context, s reconcile.Scope) (err error) {
	f := &filling{dealt: d, scope: scopeArgs(s)}
	if f.conn, err = d.db.conn(ctx, d.db.writer); err != nil {
		return err
	}
	defer func() {
		_, _ = f.conn.ExecContext(context.WithoutCancel(ctx), dropListed)
		_ = f.conn.Close()
	}()
	for _, part := range []func(context.Context) error{f.list, f.begin, f.forget, f.layOut} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if err := d.db.analyse(ctx, "questions"); err != nil {
		return err
	}
	return d.db.change(ctx, leaveQuestions, d.args(nil))
}

// list works out which questions there are; it changes nothing, and waits for nobody.
func (f *filling) list(ctx context.Context) error {
	begin := func(ctx context.Context, _ *sql.TxOptions) (*sql.Tx, error) {
		return f.conn.BeginTx(ctx, &sql.TxOptions{Isolation: postgres.Alone})
	}
	err := f.db.within(ctx, begin, func(t *tx) error {
		for _, query := range []string{dropListed, makeListed} {
			if _, err := t.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		if _, err := t.ExecContext(ctx, fillListed, f.scope.args()...); err != nil {
			return err
		}
		return errors.Join(t.row(lastListed).Scan(&f.last), t.analyse("listed"))
	})
	if err != nil {
		return err
	}
	_, err = f.conn.ExecContext(ctx, freeUnlisted)
	return f.db.told(err)
}

func (f *filling) begin(ctx context.Context) error {
	return f.write(ctx, func(t *tx) error {
		return t.exec(fillLast, f.args(named{"last": f.last, "fresh": f.scope["fresh"]}).args()...)
	})
}

// forget takes away what was there before, and counts what stays.
func (f *filling) forget(ctx context.Context) error {
	var above, upto int64
	if err := f.db.row(ctx, turnsThere, nil, &above, &upto); err != nil {
		return err
	}
	if _, err := f.inSteps(ctx, f.conn.BeginTx, forgetSome, f.args(nil), above, upto); err != nil {
		return err
	}
	return f.write(ctx, func(t *tx) error { // what was given back meanwhile
		return errors.Join(t.exec(forgetAll, f.args(nil).args()...), t.row(countQuestions).Scan(&f.total))
	})
}

func (f *filling) layOut(ctx context.Context) error {
	added, err := f.inSteps(ctx, f.conn.BeginTx, fillSome, f.args(named{"fresh": f.scope["fresh"]}), 0, f.last)
	f.total += added
	return err
}

// write is one step, of the connection that has the list.
func (f *filling) write(ctx context.Context, fn func(*tx) error) error {
	return f.db.within(ctx, f.conn.BeginTx, fn)
}

// takeAway takes away what is left of the run's questions, but for those that
// somebody gives back meanwhile, and says how many there were.
func (d *dealt) takeAway(ctx context.Context) (left int64, err error) {
	var above, upto int64
	if err := d.db.row(ctx, turnsOfRun, d.args(nil), &above, &upto); err != nil {
		return 0, err
	}
	return d.inSteps(ctx, d.db.writer.BeginTx, endSome, d.args(nil), above, upto)
}

type beginner func(context.Context, *sql.TxOptions) (*sql.Tx, error)

// inSteps changes the questions of some turns, and says how many there were.
func (d *dealt) inSteps(ctx context.Context, begin beginner, query string, args named, above, upto int64) (changed int64, err error) {
	for ; above < upto && err == nil; above += d.step {
		args["above"], args["upto"] = above, min(above+d.step, upto)
		err = d.db.within(ctx, begin, func(t *tx) error {
			r, err := t.result(query, args.args()...)
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			changed += n
			return err
		})
	}
	return changed, err
}
