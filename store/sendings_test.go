package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func sendingOf(o reconcile.Order) reconcile.Sending {
	return reconcile.Sending{Kind: reconcile.SendCompletion, Key: o.Key, AuthCode: "987275", Amount: o.Amount, By: "finance", MadeAt: now}
}

func syncOf(fenOrderID string) reconcile.Sending {
	return reconcile.Sending{
		Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: mid}}, FenOrderID: fenOrderID, ServiceID: "svc", PaidAt: now.Add(-time.Hour), MadeAt: now,
	}
}

func TestASendingIsStoredOnceAndBegunByOne(t *testing.T) {
	for name, want := range map[string]reconcile.Sending{"completion": sendingOf(completion("1", "C")), "sync": syncOf("F")} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			first, err := db.Intend(t.Context(), want)
			require.NoError(t, err)
			require.Equal(t, reconcile.SendingIntended, first.State)
			again, err := db.Intend(t.Context(), want)
			require.NoError(t, err)
			require.Equal(t, first, again)

			mine, err := db.Begin(t.Context(), first, always, now.Add(time.Second))
			require.NoError(t, err)
			require.True(t, mine)
			for _, stale := range []reconcile.Sending{first, again} {
				mine, err = db.Begin(t.Context(), stale, always, now)
				require.NoError(t, err)
				require.False(t, mine, "somebody else has begun it")
			}
			first.Attempts++
			require.NoError(t, db.Tell(t.Context(), first, reconcile.Told{State: reconcile.SendingUnsure, Code: "TIMEOUT", Message: "no answer", Raw: []byte("{}")}, now))
			other := want
			other.Amount, other.AuthCode, other.ServiceID = 1, "x", "y"
			stored, err := db.Intend(t.Context(), other)
			require.NoError(t, err)
			require.True(t, stored.Amount == want.Amount && stored.ServiceID == want.ServiceID, "what may be at UMS stands")
			require.Equal(t, reconcile.SendingUnsure, stored.State)
			require.Equal(t, 1, stored.Attempts)
			require.Equal(t, now.Add(time.Second), stored.SentAt)
			require.Equal(t, "TIMEOUT", stored.Code)
			require.Equal(t, 3, count(t, db, "sending_steps"))
			for _, statement := range []string{"UPDATE sending_steps SET state = 'done'", "DELETE FROM sending_steps"} {
				_, err := db.writer.Exec(statement)
				require.ErrorContains(t, err, "never rewritten")
			}
		})
	}
}

func TestDueCompletions(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	due := completion("1", "C")
	due.Status = reconcile.Processing
	done, otherDay, twice, conflict, vanished := completion("2", "C2"), due, due, due, due
	otherDay.CompletionID, otherDay.LedgerDay = "C3", day-1
	twice.CompletionID, conflict.CompletionID, vanished.CompletionID = "C4", "C5", "C6"
	conflict2 := conflict
	conflict2.Amount++
	load(t, db, run, "a", vanished, due)
	load(t, db, run, "a", due, done, otherDay, twice, twice, conflict, conflict2)
	got, err := db.DueCompletions(t.Context(), day)
	require.NoError(t, err)
	var ids []string
	for _, o := range got {
		ids = append(ids, o.CompletionID)
	}
	require.Equal(t, []string{"C", "C4"}, ids)
	require.Equal(t, due, got[0])
}

func TestDueSyncs(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	score := func(billNo string) reconcile.Order {
		o := payment(billNo)
		o.FenOrderID = "F" + billNo
		return o
	}
	due, unpaid, synced, unasked := score("1"), score("2"), score("3"), score("4")
	unpaid.Status = reconcile.Unpaid
	load(t, db, run, "a", due, unpaid, synced, unasked, payment("5"), score("6"))
	for _, o := range []reconcile.Order{due, unpaid, synced, payment("5")} {
		save(t, db, run, o.Key, paid("seq"+o.BillNo))
	}
	save(t, db, run, score("6").Key, reconcile.Answer{Outcome: reconcile.NoOrder, AskedAt: now})
	s, err := db.Intend(t.Context(), syncOf("F3"))
	require.NoError(t, err)
	require.Zero(t, subjects(t, db, scope(run))[synced.Key].Synced)
	require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: reconcile.SendingDone}, now))
	_, err = db.writer.Exec("UPDATE sendings SET sent_at = made_at")
	require.NoError(t, err)
	require.Equal(t, now, subjects(t, db, scope(run))[synced.Key].Synced)
	require.Zero(t, subjects(t, db, scope(run))[due.Key].Synced)

	got, err := db.DueSyncs(t.Context(), day)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, due, got[0].Order)
	require.Equal(t, now.Add(-12*time.Hour), got[0].Answer.Bill.Payment.PaidAt)

	sent, err := db.SendingsOf(t.Context(), due.BillKey)
	require.NoError(t, err)
	require.Empty(t, sent)
	_, err = db.Intend(t.Context(), sendingOf(completion("1", "C")))
	require.NoError(t, err)
	sent, err = db.SendingsOf(t.Context(), due.BillKey)
	require.NoError(t, err)
	require.Len(t, sent, 1)
}

// A sending of which nothing can be at UMS takes the figures that are wanted
// now; what they were is kept.
func TestASendingIsCorrectedWhileNothingIsAtUMS(t *testing.T) {
	for name, refused := range map[string]bool{"never sent": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			s, err := db.Intend(t.Context(), sendingOf(completion("1", "C")))
			require.NoError(t, err)
			if refused {
				_, err := db.Begin(t.Context(), s, always, now)
				require.NoError(t, err)
				s.Attempts++
				require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: reconcile.SendingRefused}, now))
			}
			want := sendingOf(completion("1", "C"))
			want.AuthCode = "other"
			got, err := db.Intend(t.Context(), want)
			require.NoError(t, err)
			require.Equal(t, "other", got.AuthCode)
			var message string
			require.NoError(t, db.readers.QueryRow("SELECT message FROM sending_steps ORDER BY step_id DESC LIMIT 1").Scan(&message))
			require.Contains(t, message, "authorisation 987275")
		})
	}
}

// A completion whose id was made up is the one that the bill has already; one
// that somebody named is its own.
func TestACompletionWithAMadeUpID(t *testing.T) {
	db := open(t)
	intend := func(billNo, id string, amount reconcile.Fen, made bool) reconcile.Sending {
		s := sendingOf(completion(billNo, id))
		s.Amount, s.IDMade = amount, made
		got, err := db.Intend(t.Context(), s)
		require.NoError(t, err)
		return got
	}
	first := intend("1", "C", 500, false)
	require.Equal(t, first, intend("1", "M1", 500, true))
	require.Equal(t, "C2", intend("1", "C2", 300, false).Key.CompletionID)
	require.Equal(t, "C2", intend("1", "M2", 300, true).Key.CompletionID, "the same figures")
	require.Equal(t, "M3", intend("2", "M3", 500, true).Key.CompletionID, "another bill")

	renewed := intend("2", "M4", 400, true)
	require.Equal(t, "M3", renewed.Key.CompletionID)
	require.EqualValues(t, 400, renewed.Amount, "it was never sent: the amount was mistyped")
	_, err := db.Begin(t.Context(), renewed, always, now)
	require.NoError(t, err)
	require.EqualValues(t, 400, intend("2", "M5", 500, true).Amount, "it may be at UMS")
}

// An id that was never sent, and never for this bill, is free for another one.
func TestABillNumberThatWasMistyped(t *testing.T) {
	db := open(t)
	_, err := db.Intend(t.Context(), sendingOf(completion("wrong", "C")))
	require.NoError(t, err)
	want := sendingOf(completion("1", "C"))
	got, err := db.Intend(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, want.Key, got.Key)
	stored, found, err := db.Stored(t.Context(), want)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, got, stored)
}

// What counts against a bill beside a completion that is about to be sent.
func TestSiblings(t *testing.T) {
	db := open(t)
	booked, waiting := completion("1", "L1"), completion("1", "L2")
	waiting.Status = reconcile.Processing
	load(t, db, begin(t, db, day), "a", booked, waiting, completion("2", "L3"), payment("1"))
	send := func(billNo, id string, state reconcile.SendingState) {
		s, err := db.Intend(t.Context(), sendingOf(completion(billNo, id)))
		require.NoError(t, err)
		_, err = db.Begin(t.Context(), s, always, now)
		require.NoError(t, err)
		s.Attempts++
		require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: state, Amount: reconcile.Some(400)}, now))
	}
	send("1", "L2", reconcile.SendingDone)
	send("1", "S1", reconcile.SendingUnsure)
	send("1", "S2", reconcile.SendingRefused)
	send("2", "S3", reconcile.SendingDone)
	mine, err := db.Intend(t.Context(), sendingOf(completion("1", "mine")))
	require.NoError(t, err)
	stop := fmt.Errorf("%w: here", reconcile.ErrBlocked)
	begun, err := db.Begin(t.Context(), mine, func(got []reconcile.Sibling) error {
		require.Equal(t, []reconcile.Sibling{
			{ID: "L1", Amount: booked.Amount, Booked: true},
			{ID: "L2", Amount: 400, Booked: true},
			{ID: "S1", Amount: booked.Amount, Doubt: true},
		}, got)
		return stop
	}, now)
	require.Equal(t, stop, err)
	require.False(t, begun)
	stored, _, err := db.Stored(t.Context(), mine)
	require.NoError(t, err)
	require.Equal(t, mine, stored, "nothing was begun")
}

// An attempt of which nothing left this machine does not count.
func TestTakeBack(t *testing.T) {
	for before, after := range map[reconcile.SendingState]reconcile.SendingState{
		reconcile.SendingIntended: reconcile.SendingIntended,
		reconcile.SendingRefused:  reconcile.SendingIntended,
		reconcile.SendingUnsure:   reconcile.SendingUnsure,
	} {
		t.Run(string(before), func(t *testing.T) {
			db := open(t)
			s, err := db.Intend(t.Context(), syncOf("F"))
			require.NoError(t, err)
			if before != reconcile.SendingIntended {
				_, err = db.Begin(t.Context(), s, always, now)
				require.NoError(t, err)
				s.Attempts, s.SentAt, s.State = 1, now, before
				require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: before}, now))
			}
			_, err = db.Begin(t.Context(), s, always, now.Add(time.Hour))
			require.NoError(t, err)
			require.NoError(t, db.TakeBack(t.Context(), s, reconcile.Told{Message: "no connection"}, now))
			got, _, err := db.Stored(t.Context(), s)
			require.NoError(t, err)
			s.State, s.Message = after, "no connection"
			require.Equal(t, s, got)
		})
	}
}

// Who read a sending before an attempt was taken back and made anew has no
// right to it, though state and number are the same again.
func TestAnAttemptThatWasMadeAnew(t *testing.T) {
	db := open(t)
	before, err := db.Intend(t.Context(), syncOf("F"))
	require.NoError(t, err)
	begin := func(s reconcile.Sending, at time.Time) bool {
		mine, err := db.Begin(t.Context(), s, always, at)
		require.NoError(t, err)
		return mine
	}
	require.True(t, begin(before, now))
	stale, _, err := db.Stored(t.Context(), before)
	require.NoError(t, err)
	require.NoError(t, db.TakeBack(t.Context(), before, reconcile.Told{Message: "no connection"}, now))
	require.True(t, begin(before, now.Add(time.Minute)))
	require.False(t, begin(stale, now.Add(2*time.Minute)))
}

// Completions in doubt belong to the day of their ledger row, else of their bill.
func TestDoubtfulCompletions(t *testing.T) {
	db := open(t)
	row, other := completion("1", "C1"), completion("2", "C2")
	other.LedgerDay = day - 1
	load(t, db, begin(t, db, day), "a", row, other)
	for _, o := range []reconcile.Order{row, other, completion("3", "C3"), completion("4", "C4")} {
		s, err := db.Intend(t.Context(), sendingOf(o))
		require.NoError(t, err)
		if o.CompletionID != "C4" {
			_, err = db.Begin(t.Context(), s, always, now)
			require.NoError(t, err)
		}
	}
	got, err := db.DoubtfulCompletions(t.Context(), day)
	require.NoError(t, err)
	var ids []string
	for _, s := range got {
		ids = append(ids, s.Key.CompletionID)
	}
	require.Equal(t, []string{"C1", "C3"}, ids)
}

func TestFenOrder(t *testing.T) {
	db := open(t)
	row := payment("1")
	row.FenOrderID = "F1"
	load(t, db, begin(t, db, day), "a", row)
	elsewhere := syncOf("F1")
	elsewhere.Key.MID = "another"
	_, err := db.Intend(t.Context(), elsewhere)
	require.NoError(t, err)
	rows, mids, err := db.FenOrder(t.Context(), "F1")
	require.NoError(t, err)
	require.Equal(t, []reconcile.Order{row}, rows)
	require.Equal(t, []string{mid, "another"}, mids)
	_, mids, err = db.FenOrder(t.Context(), "F2")
	require.NoError(t, err)
	require.Empty(t, mids)
	for name, want := range map[string]bool{mid: true, "another": false} {
		has, err := db.HasMerchant(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, has)
	}
}

// What was done stays done, and a late answer says nothing about a later attempt.
func TestWhatWasToldIsNotOverwritten(t *testing.T) {
	db := open(t)
	s, err := db.Intend(t.Context(), syncOf("F"))
	require.NoError(t, err)
	first := s
	for range 2 {
		mine, err := db.Begin(t.Context(), s, always, now)
		require.NoError(t, err)
		require.True(t, mine)
		s.State, s.Attempts, s.SentAt = reconcile.SendingUnderWay, s.Attempts+1, now
	}
	first.Attempts = 1
	state := func() reconcile.SendingState {
		got, err := db.Intend(t.Context(), syncOf("F"))
		require.NoError(t, err)
		return got.State
	}
	require.NoError(t, db.Tell(t.Context(), first, reconcile.Told{State: reconcile.SendingRefused}, now))
	require.Equal(t, reconcile.SendingUnderWay, state(), "it is about an earlier attempt")
	require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: reconcile.SendingDone}, now))
	require.NoError(t, db.Tell(t.Context(), s, reconcile.Told{State: reconcile.SendingRefused}, now))
	require.Equal(t, reconcile.SendingDone, state())
}

// TestToldAgain: where the reply to a COMMIT was lost the same is told again.
// Nothing is done twice, whatever others have made of it meanwhile.
func TestToldAgain(t *testing.T) {
	for name, raw := range map[string][]byte{"with words": []byte("{}"), "without": nil} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			before, err := db.Intend(t.Context(), syncOf("F"))
			require.NoError(t, err)
			begin := func(s reconcile.Sending, at time.Time) reconcile.Sending {
				mine, err := db.Begin(t.Context(), s, always, at)
				require.NoError(t, err)
				require.True(t, mine)
				s.State, s.SentAt, s.Attempts = reconcile.SendingUnderWay, at, s.Attempts+1
				return s
			}
			stored := func() reconcile.Sending {
				got, _, err := db.Stored(t.Context(), before)
				require.NoError(t, err)
				return got
			}
			begin(before, now)
			back := reconcile.Told{Message: "no connection", Raw: raw}
			require.NoError(t, db.TakeBack(t.Context(), before, back, now))
			theirs := begin(stored(), now.Add(time.Second))
			require.NoError(t, db.TakeBack(t.Context(), before, back, now))
			require.Equal(t, theirs, stored(), "the attempt of another")
			require.Equal(t, 4, count(t, db, "sending_steps"))

			unsure := reconcile.Told{State: reconcile.SendingUnsure, Raw: raw}
			refused := reconcile.Told{State: reconcile.SendingRefused, Raw: raw}
			for _, told := range []reconcile.Told{unsure, refused, unsure} {
				require.NoError(t, db.Tell(t.Context(), theirs, told, now))
			}
			require.Equal(t, reconcile.SendingRefused, stored().State)
			require.Equal(t, 6, count(t, db, "sending_steps"))
			require.NoError(t, db.Tell(t.Context(), theirs, unsure, now.Add(time.Second)))
			require.Equal(t, reconcile.SendingUnsure, stored().State, "it is another step")
			require.Equal(t, 7, count(t, db, "sending_steps"))
		})
	}
}

func always([]reconcile.Sibling) error { return nil }
