package store

import (
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

			mine, err := db.Begin(t.Context(), first, now.Add(time.Second))
			require.NoError(t, err)
			require.True(t, mine)
			for _, stale := range []reconcile.Sending{first, again} {
				mine, err = db.Begin(t.Context(), stale, now)
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
				_, err := db.Begin(t.Context(), s, now)
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
			require.Contains(t, message, "was: authorisation 987275")
		})
	}
}

// A bill has one completion, unless a person wants another.
func TestABillHasOneCompletion(t *testing.T) {
	db := open(t)
	first, err := db.Intend(t.Context(), sendingOf(completion("1", "C")))
	require.NoError(t, err)
	second := sendingOf(completion("1", "C2"))
	got, err := db.Intend(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, first, got)
	second.Another = true
	got, err = db.Intend(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "C2", got.Key.CompletionID)
	elsewhere, err := db.Intend(t.Context(), sendingOf(completion("2", "C3")))
	require.NoError(t, err)
	require.Equal(t, "C3", elsewhere.Key.CompletionID)
}

// What was done stays done, and a late answer says nothing about a later attempt.
func TestWhatWasToldIsNotOverwritten(t *testing.T) {
	db := open(t)
	s, err := db.Intend(t.Context(), syncOf("F"))
	require.NoError(t, err)
	first := s
	for range 2 {
		mine, err := db.Begin(t.Context(), s, now)
		require.NoError(t, err)
		require.True(t, mine)
		s.State, s.Attempts = reconcile.SendingUnderWay, s.Attempts+1
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
