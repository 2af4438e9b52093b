package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// laying is a run with so many orders on a server, whose questions nobody has laid
// out yet, ten at a time when somebody does.
func laying(t *testing.T, orders int) (d *dealt, other *DB, run string) {
	onlyOnServer(t)
	db, other := openTwice(t)
	run = begin(t, db, day)
	var all []reconcile.Order
	for i := range orders {
		all = append(all, payment(fmt.Sprintf("%04d", i)))
	}
	load(t, db, run, "a", all...)
	return inTens(db, run), other, run
}

func inTens(db *DB, run string) *dealt {
	d := db.dealer(theRun, run, reconcile.Asking{Lease: time.Hour})
	d.step = 10
	return d
}

func questionsThere(t *testing.T, db *DB) (n int) {
	require.NoError(t, db.write(t.Context(), func(t *tx) error { return t.row(countQuestions).Scan(&n) }))
	return n
}

// TestQuestionsComeAndGoInSteps: another writer comes in between any two of them,
// and workers, who ask what is there, wait for what is to come.
func TestQuestionsComeAndGoInSteps(t *testing.T) {
	d, other, run := laying(t, 200)
	for _, q := range []string{ // every step takes long enough for another writer to ask for his turn
		"CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END'",
		"CREATE TRIGGER questions_slowly AFTER INSERT OR DELETE ON questions FOR EACH STATEMENT EXECUTE FUNCTION slowly()",
	} {
		require.NoError(t, d.db.change(t.Context(), q, nil))
	}
	watched := func(change func() error) (counts []int) {
		done := make(chan error, 1)
		require.NoError(t, other.write(t.Context(), func(*tx) error { // its first step waits for this writer, who comes next again
			go func() { done <- change() }()
			time.Sleep(50 * time.Millisecond)
			return nil
		}))
		for {
			counts = append(counts, questionsThere(t, other))
			select {
			case err := <-done:
				require.NoError(t, err)
				return counts
			default:
			}
		}
	}
	worker := other.Join(t.Context(), run, reconcile.Asking{Lease: time.Hour})
	t.Cleanup(worker.Close)
	asked := 0
	come := watched(func() error { return d.open(t.Context(), scope(run)) })
	t.Cleanup(d.Close)
	requireSteps(t, 200, come)
	asked += len(next(t, worker))
	require.Equal(t, 16, asked)
	gone := watched(func() error {
		_, err := d.End(t.Context(), reconcile.Queries{})
		return err
	})
	requireSteps(t, 200, gone)
	require.Zero(t, questionsThere(t, other))
}

// requireSteps: who counts has seen some of them there, and others not.
func requireSteps(t *testing.T, all int, counts []int) {
	partly := func(n int) bool { return n > 1 && n < all }
	require.True(t, slices.ContainsFunc(counts, partly), "%v", counts)
}

// TestKilledWhileQuestionsAreLaidOut: workers ask what is there, and wait for the
// rest until the lease of the last question is over; taken up, the run lays out the rest.
func TestKilledWhileQuestionsAreLaidOut(t *testing.T) {
	d, other, run := laying(t, 200)
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	died := make(chan error, 1)
	there := 0
	for first := true; there < 20; first = false {
		require.NoError(t, other.write(t.Context(), func(t1 *tx) error { // nothing is laid out meanwhile
			if first {
				go func() { died <- d.open(ctx, scope(run)) }()
				time.Sleep(50 * time.Millisecond)
			}
			err := t1.row(countQuestions).Scan(&there)
			if there >= 20 {
				kill()
			}
			return err
		}))
	}
	require.Error(t, <-died)
	require.Less(t, there, 200)
	worker := other.Join(t.Context(), run, reconcile.Asking{Lease: time.Hour})
	t.Cleanup(worker.Close)
	held := next(t, worker)
	require.Equal(t, "0000", held[0].Key.BillNo)
	answer(t, other, run, held...)

	again := inTens(d.db, run)
	require.NoError(t, again.open(t.Context(), scope(run)))
	t.Cleanup(again.Close)
	require.Equal(t, 200-len(held), questionsThere(t, other))
	asked := askAll(t, d.db, run, again, func() bool { return false })
	require.Equal(t, 200-len(held), asked)
	_, err := again.End(t.Context(), reconcile.Queries{})
	require.NoError(t, err)
}

// askAll asks what there is to ask until nothing is left, and nothing more comes.
func askAll(t *testing.T, db *DB, run string, q reconcile.Questions, more func() bool) (asked int) {
	for {
		found := next(t, q)
		answer(t, db, run, found...)
		if asked += len(found); len(found) == 0 && !resting(t, q) && !more() {
			return asked
		}
	}
}

// TestAnswersWhileQuestionsAreLaidOut: what a worker answers while a run that was
// killed is taken up is asked by nobody again.
func TestAnswersWhileQuestionsAreLaidOut(t *testing.T) {
	d, other, run := laying(t, 400)
	require.NoError(t, d.open(t.Context(), scope(run)))
	worker := other.Join(t.Context(), run, reconcile.Asking{Lease: time.Hour})
	t.Cleanup(worker.Close)
	found := next(t, worker)
	d.Close() // it is killed

	var helping sync.WaitGroup
	laidOut := make(chan struct{})
	helped := len(found)
	helping.Go(func() {
		for _, q := range found { // one by one, while the list is made and laid out
			answer(t, other, run, q)
		}
		helped += askAll(t, other, run, worker, func() bool {
			select {
			case <-laidOut:
				return false
			default:
				return true
			}
		})
	})
	again := inTens(d.db, run)
	require.NoError(t, again.open(t.Context(), scope(run)))
	t.Cleanup(again.Close)
	close(laidOut)
	mine := askAll(t, d.db, run, again, func() bool { return false })
	helping.Wait()
	require.Equal(t, 400, mine+helped)
	var most int
	require.NoError(t, d.db.row(t.Context(), "SELECT max(n) FROM (SELECT count(*) AS n FROM answers GROUP BY order_id) AS each", nil, &most))
	require.Equal(t, 1, most, "answers about an order")
	all, err := again.End(t.Context(), reconcile.Queries{})
	require.NoError(t, err)
	require.LessOrEqual(t, all.Sent, int64(400))
}
