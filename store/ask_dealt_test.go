package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// dealing is a run with so many orders on a server, and a worker of another
// process. A lease of an hour runs out in no test, one of a moment in each.
func dealing(t *testing.T, orders int, a reconcile.Asking) (db, other *DB, run string, theRun, worker reconcile.Questions) {
	onlyOnServer(t)
	db, other = openTwice(t)
	run = begin(t, db, day)
	var all []reconcile.Order
	for i := range orders {
		all = append(all, payment(fmt.Sprintf("%04d", i)))
	}
	load(t, db, run, "a", all...)
	theRun, err := db.ToAsk(t.Context(), scope(run), a)
	require.NoError(t, err)
	t.Cleanup(theRun.Close)
	asks, err := other.Asks(t.Context())
	require.NoError(t, err)
	require.Equal(t, run, asks)
	worker = other.Join(t.Context(), run, a)
	t.Cleanup(worker.Close)
	return db, other, run, theRun, worker
}

func next(t *testing.T, q reconcile.Questions, refrain ...string) (found []reconcile.Question) {
	found, err := q.Next(t.Context(), reconcile.Refrain{Merchants: refrain})
	require.NoError(t, err)
	return found
}

func resting(t *testing.T, q reconcile.Questions, refrain ...string) (more bool) {
	_, more, err := q.Rest(t.Context(), reconcile.Refrain{Merchants: refrain})
	require.NoError(t, err)
	return more
}

func answer(t *testing.T, db *DB, run string, found ...reconcile.Question) {
	var answers []reconcile.Answered
	for _, q := range found {
		answers = append(answers, reconcile.Answered{Key: q.Key, Answer: paid(q.Key.BillNo), Lease: q.Lease, Again: q.Again})
	}
	require.NoError(t, db.SaveAnswers(t.Context(), run, answers))
}

func answersAbout(t *testing.T, db *DB, q reconcile.Question) int {
	all, err := db.Answers(t.Context(), q.Key)
	require.NoError(t, err)
	return len(all)
}

func TestQuestionsAreDealtOnce(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 100, reconcile.Asking{Lease: time.Hour})
	seen := map[reconcile.Key]bool{}
	for i := range 7 { // 16 at a time
		from, of := theRun, db
		if i%2 == 1 {
			from, of = worker, other
		}
		found := next(t, from)
		for j, q := range found {
			require.Equal(t, fmt.Sprintf("%04d", i*16+j), q.Key.BillNo, "in their turn")
			require.False(t, seen[q.Key])
			seen[q.Key] = true
		}
		answer(t, of, run, found...)
	}
	require.Len(t, seen, 100)
	require.Empty(t, next(t, theRun))
	require.False(t, resting(t, theRun))
	all, err := theRun.End(t.Context(), reconcile.Queries{ToAsk: 100})
	require.NoError(t, err)
	require.Equal(t, reconcile.Queries{ToAsk: 100, Sent: 100, Attempts: 100}, all)
	asks, err := other.Asks(t.Context())
	require.NoError(t, err)
	require.Empty(t, asks)
}

func TestQuestionsOfOneThatDies(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 16, reconcile.Asking{Lease: time.Hour})
	worker.(*dealt).stop() // it renews no lease any more
	held := next(t, worker)
	require.Len(t, held, 16)
	require.Empty(t, next(t, theRun))
	require.True(t, resting(t, theRun), "others hold them")

	require.NoError(t, db.change(t.Context(), "UPDATE questions SET free_ms = "+nowMS+" - 1", nil))
	taken := next(t, theRun)
	require.Len(t, taken, 16, "the lease has run out")
	answer(t, db, run, taken[0])
	answer(t, other, run, held[:2]...)
	require.Equal(t, 1, answersAbout(t, db, held[0]), "it came too late")
	require.Zero(t, answersAbout(t, db, held[1]), "somebody else asks")
	answer(t, db, run, taken[1:]...)
	require.Equal(t, 1, answersAbout(t, db, held[1]))
	require.False(t, resting(t, theRun))
}

// TestLeaseIsRenewed: who lives keeps what he holds, however long an answer takes.
func TestLeaseIsRenewed(t *testing.T) {
	_, _, _, theRun, worker := dealing(t, 16, reconcile.Asking{Lease: time.Second})
	require.Len(t, next(t, worker), 16)
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		require.Empty(t, next(t, theRun))
	}
	worker.Close()
	require.Len(t, next(t, theRun), 16, "given back")
}

// TestQuestionsOfARunTakenUp: a worker keeps what it holds of a run that was
// killed, what the run itself held is free at once, and what was answered is gone.
func TestQuestionsOfARunTakenUp(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 48, reconcile.Asking{Lease: time.Hour})
	theRun.(*dealt).stop()
	mine, theirs := next(t, theRun), next(t, worker)
	answer(t, db, run, mine[0])
	answer(t, other, run, theirs[0])
	again, err := db.ToAsk(t.Context(), scope(run), reconcile.Asking{Concurrency: 100})
	require.NoError(t, err)
	defer again.Close()
	found := next(t, again)
	require.Equal(t, "0001", found[0].Key.BillNo)
	require.Equal(t, "0032", found[15].Key.BillNo)
	require.Len(t, found, 15+16)
	answer(t, db, run, mine[1])
	require.Zero(t, answersAbout(t, db, mine[1]), "the run before is over")
	answer(t, other, run, theirs[1])
	require.Equal(t, 1, answersAbout(t, db, theirs[1]))
}

// TestQuestionsLeftToTheRun: what a worker asked in vain is for the run alone.
func TestQuestionsLeftToTheRun(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 1, reconcile.Asking{Lease: time.Hour})
	q := next(t, worker)[0]
	require.NoError(t, worker.Leave(t.Context(), q))
	require.Empty(t, next(t, worker))
	asks, err := other.Asks(t.Context())
	require.NoError(t, err)
	require.Empty(t, asks)
	require.True(t, resting(t, theRun))
	answer(t, db, run, next(t, theRun)...)
	require.False(t, resting(t, worker))
}

// TestQuestionsOfARunThatIsOver: nobody asks for a run that failed, and a run whose
// questions another has taken away has not asked everything.
func TestQuestionsOfARunThatIsOver(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 20, reconcile.Asking{Lease: time.Hour})
	answer(t, other, run, next(t, worker)...)
	require.NoError(t, db.EndRun(t.Context(), run, reconcile.RunInterrupted, "x", now))
	asks, err := other.Asks(t.Context())
	require.NoError(t, err)
	require.Equal(t, run, asks, "it is taken up again")
	_, err = db.BeginRun(t.Context(), day, now)
	require.NoError(t, err)
	require.NoError(t, db.EndRun(t.Context(), run, reconcile.RunFailed, "x", now))
	asks, err = other.Asks(t.Context())
	require.NoError(t, err)
	require.Empty(t, asks)
	_, err = theRun.End(t.Context(), reconcile.Queries{})
	require.ErrorIs(t, err, reconcile.ErrInterrupted)
}

// TestOneThatStandsStill: the server gives up on a process that stands still while
// it saves answers; the others go on.
func TestOneThatStandsStill(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 32, reconcile.Asking{Lease: time.Hour})
	held := next(t, worker)
	err := other.besideOthers(t.Context(), 300*time.Millisecond, func(t1 *tx) error {
		s := newSaving(t1, run)
		if err := s.saveOnServer(reconcile.Answered{Key: held[0].Key, Answer: paid("x"), Lease: held[0].Lease}); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return db.write(ctx, func(*tx) error { return nil }) // waits until the server has given up
	})
	require.ErrorIs(t, err, reconcile.ErrInterrupted)
	require.Zero(t, answersAbout(t, db, held[0]))
	answer(t, db, run, next(t, theRun)...)
}

func TestQuestionsThatAreRefrainedFrom(t *testing.T) {
	_, other, run, theRun, worker := dealing(t, 20, reconcile.Asking{Lease: time.Hour})
	mid := payment("0").MID
	found := next(t, theRun)
	require.True(t, resting(t, theRun, mid), "a worker may ask")
	require.Len(t, next(t, worker), 16, "what the run gave back")
	require.Empty(t, next(t, theRun, mid))
	answer(t, other, run, found...)
	for range looks - 1 {
		require.True(t, resting(t, worker, mid), "another may be about to ask")
	}
	require.False(t, resting(t, worker, mid))
	require.True(t, resting(t, theRun))
	none, err := theRun.Next(t.Context(), reconcile.Refrain{All: true})
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = theRun.End(t.Context(), reconcile.Queries{})
	require.NoError(t, err)
	require.False(t, resting(t, worker))
}

// TestQuestionsPutOff: a bill that UMS had locked is asked once more, by anybody,
// when the pause is over.
func TestQuestionsPutOff(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 1, reconcile.Asking{Lease: time.Hour})
	q := next(t, worker)[0]
	locked := reconcile.Answered{Key: q.Key, Lease: q.Lease, Answer: reconcile.Answer{Outcome: reconcile.InProcess, AskedAt: now, Attempts: 1}}
	require.NoError(t, other.SaveAnswers(t.Context(), run, []reconcile.Answered{locked}))
	require.NoError(t, worker.Later(t.Context(), q, time.Hour))
	require.Equal(t, 1, answersAbout(t, db, q))
	require.Empty(t, next(t, theRun))
	require.True(t, resting(t, theRun))
	require.NoError(t, worker.Later(t.Context(), q, -time.Hour), "which is not held any more, and stays as it is")
	require.Empty(t, next(t, theRun))
	require.NoError(t, db.change(t.Context(), "UPDATE questions SET free_ms = 0", nil))
	again := next(t, theRun)
	require.Len(t, again, 1)
	require.True(t, again[0].Again)
	locked.Lease, locked.Again = again[0].Lease, true
	require.NoError(t, db.SaveAnswers(t.Context(), run, []reconcile.Answered{locked}))
	require.Equal(t, 2, answersAbout(t, db, q))
	require.False(t, resting(t, theRun), "and not a third time")
}

// TestAnswersAreSavedBesideEachOther: while one process saves answers others may,
// and who else writes waits for all of them.
func TestAnswersAreSavedBesideEachOther(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 32, reconcile.Asking{Lease: time.Hour})
	mine, theirs := next(t, theRun), next(t, worker)
	written := make(chan error, 1)
	require.NoError(t, db.beside(t.Context(), func(t1 *tx) error {
		go func() { written <- other.write(context.WithoutCancel(t.Context()), func(*tx) error { return nil }) }()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := newSaving(t1, run).saveOnServer(reconcile.Answered{Key: mine[0].Key, Answer: paid("x"), Lease: mine[0].Lease}); err != nil {
			return err
		}
		require.NoError(t, other.readers.PingContext(ctx))
		select {
		case err := <-written:
			t.Errorf("a writer did not wait: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		return nil
	}))
	require.NoError(t, <-written)
	answer(t, other, run, theirs...)
	require.Equal(t, 1, answersAbout(t, db, theirs[0]))
}

// TestQuestionsOfARunThatDoesNotAsk: what workers hold of a run that goes on without
// asking does not count any more.
func TestQuestionsOfARunThatDoesNotAsk(t *testing.T) {
	db, other, run, theRun, worker := dealing(t, 40, reconcile.Asking{Lease: time.Hour})
	theRun.(*dealt).stop()
	held := next(t, worker)
	quiet := scope(run)
	quiet.NoQuery = true
	none, err := db.ToAsk(t.Context(), quiet, reconcile.Asking{})
	require.NoError(t, err)
	defer none.Close()
	require.Empty(t, next(t, none))
	answer(t, other, run, held...)
	require.Zero(t, answersAbout(t, db, held[0]))
	require.False(t, resting(t, worker))
	all, err := none.End(t.Context(), reconcile.Queries{})
	require.NoError(t, err)
	require.Equal(t, reconcile.Queries{}, all)
}
