package reconcile_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

// sender is the real one over the world's store and platform.
func (w *world) sender() *reconcile.Sender {
	client, err := chinaums.New(w.options)
	require.NoError(w, err)
	asks := gateway.New(func(string) *chinaums.Client { return client }, w.clock.Now)
	return &reconcile.Sender{
		Store: w.db, Clock: w.clock, Gateway: gateway.NewSender(asks, gateway.Words{SyncAccepted: []string{"SUCCESS"}}),
	}
}

func (w *world) completion() reconcile.Sending {
	w.ums.Put(w.paid(monday, "B1"))
	return reconcile.Sending{
		Kind: reconcile.SendCompletion, AuthCode: "987275", Amount: 500, MadeAt: w.clock.Now(),
		Key: reconcile.Key{
			BillKey:      reconcile.BillKey{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT", BillDay: monday, BillNo: "B1"},
			CompletionID: "C1",
		},
	}
}

func (w *world) strikes(name, op string) {
	require.NoError(w, w.ums.Misbehave(chinaumstest.Fault{Name: name, Op: op}))
}

func TestACompletionIsSentOnce(t *testing.T) {
	w := newWorld(t)
	want := w.completion()
	for range 3 {
		got, err := w.sender().Send(t.Context(), want)
		require.NoError(t, err)
		require.Equal(t, reconcile.SendingDone, got.State)
		require.Equal(t, 1, w.ums.Completed("C1"))
	}
	other := want
	other.Amount = 501
	_, err := w.sender().Send(t.Context(), other)
	require.ErrorIs(t, err, reconcile.ErrOtherSending)
	require.Equal(t, 1, w.ums.Completed("C1"))
}

// What UMS has already is found, not sent: the merchant's own system may have
// been first.
func TestACompletionThatUMSHasIsNotSent(t *testing.T) {
	w := newWorld(t)
	want := w.completion()
	bill := w.paid(monday, "B1")
	bill.Completions = map[string]chinaumstest.Flow{"C1": {TotalAmount: "500", Status: "TRADE_SUCCESS", PayTime: "2026-11-16 12:00:00"}}
	w.ums.Put(bill)
	got, err := w.sender().Send(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, reconcile.SendingDone, got.State)
	require.Zero(t, got.Attempts)
	require.Zero(t, w.ums.Completed("C1"))
}

// TestWhateverBecomesOfTheAnswer: for every misbehaviour of the platform, at the
// call itself, at the question after it, or at both, the completion is executed
// once in the end, and never while that is not known.
func TestWhateverBecomesOfTheAnswer(t *testing.T) {
	for _, m := range chinaumstest.Misbehaviours() {
		for _, op := range []string{chinaumstest.OpPreauthed, chinaumstest.OpQuery, ""} {
			t.Run(m.Name+" at "+op, func(t *testing.T) {
				w := newWorld(t)
				w.options.Timeout = 200 * time.Millisecond
				w.options.Auth = chinaums.AuthAccessToken
				want := w.completion()
				w.strikes(m.Name, op)
				first, _ := w.sender().Send(t.Context(), want)
				require.LessOrEqual(t, w.ums.Completed("C1"), 1)
				if first.State == reconcile.SendingDone {
					require.Equal(t, 1, w.ums.Completed("C1"))
				}
				w.ums.Behave()
				w.clock.set(w.clock.Now().Add(2 * time.Minute))
				got, err := w.sender().Send(t.Context(), want)
				require.NoError(t, err)
				require.Equal(t, reconcile.SendingDone, got.State)
				require.Equal(t, 1, w.ums.Completed("C1"))
			})
		}
	}
}

// A process that died while its request was under way leaves open whether UMS
// has it: it is asked, and asked again a minute later, before it is sent.
func TestACompletionThatWasUnderWay(t *testing.T) {
	w := newWorld(t)
	want := w.completion()
	stored, err := w.db.Intend(t.Context(), want)
	require.NoError(t, err)
	mine, err := w.db.Begin(t.Context(), stored, always, w.clock.Now())
	require.NoError(t, err)
	require.True(t, mine)

	_, err = w.sender().Send(t.Context(), want)
	require.ErrorIs(t, err, reconcile.ErrUnsure)
	require.ErrorContains(t, err, "may still be on its way")
	require.Zero(t, w.ums.Completed("C1"))
	w.clock.set(w.clock.Now().Add(time.Minute))
	got, err := w.sender().Send(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, 2, got.Attempts)
	require.Equal(t, 1, w.ums.Completed("C1"))
}

func TestManySendersOfOneCompletion(t *testing.T) {
	w := newWorld(t)
	want := w.completion()
	var all sync.WaitGroup
	for range 16 {
		sender := w.sender()
		all.Go(func() { _, _ = sender.Send(context.Background(), want) })
	}
	all.Wait()
	require.Equal(t, 1, w.ums.Completed("C1"))
	got, err := w.sender().Send(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, reconcile.SendingDone, got.State)
}

func TestACompletionThatUMSRefuses(t *testing.T) {
	w := newWorld(t)
	want := w.completion()
	bill := w.paid(monday, "B1")
	bill.AuthIDRespCd = "another"
	w.ums.Put(bill)
	got, err := w.sender().Send(t.Context(), want)
	require.ErrorIs(t, err, reconcile.ErrSendRefused)
	require.Equal(t, reconcile.SendingRefused, got.State)
	require.Equal(t, "INVALID_ORDER", got.Code)
	require.Zero(t, w.ums.Completed("C1"))

	unknown := want
	unknown.Key.BillNo, unknown.Key.CompletionID = "B9", "C9"
	_, err = w.sender().Send(t.Context(), unknown)
	require.ErrorIs(t, err, reconcile.ErrNotSent, "UMS has no such bill")
}

func TestAPayScoreOrderIsToldOnce(t *testing.T) {
	want := func(w *world) reconcile.Sending {
		return reconcile.Sending{
			Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: mid}}, FenOrderID: "F1", ServiceID: "500001",
			PaidAt: monday.Start().Add(10 * time.Hour), MadeAt: w.clock.Now(),
		}
	}
	w := newWorld(t)
	for range 2 {
		got, err := w.sender().Send(t.Context(), want(w))
		require.NoError(t, err)
		require.Equal(t, reconcile.SendingDone, got.State)
		require.Equal(t, 1, w.ums.Synced("F1"))
	}

	w = newWorld(t)
	w.strikes("reset", chinaumstest.OpSync)
	_, err := w.sender().Send(t.Context(), want(w))
	require.ErrorIs(t, err, reconcile.ErrUnsure)
	w.ums.Behave()
	w.clock.set(w.clock.Now().Add(time.Hour))
	_, err = w.sender().Send(t.Context(), want(w))
	require.ErrorIs(t, err, reconcile.ErrUnsure, "UMS cannot be asked about it")
	require.Equal(t, 1, w.ums.Synced("F1"))
	again := w.sender()
	again.Again = true
	got, err := again.Send(t.Context(), want(w))
	require.NoError(t, err)
	require.Equal(t, reconcile.SendingDone, got.State)
	require.Equal(t, 2, w.ums.Synced("F1"))
}

func always([]reconcile.Sibling) error { return nil }

// completed puts the bill with a completion of it that UMS has.
func (w *world) completed(id string, amount chinaumstest.Amount, status string) {
	bill := w.paid(monday, "B1")
	bill.Completions = map[string]chinaumstest.Flow{id: {TotalAmount: amount, Status: status, PayTime: "2026-11-16 12:00:00"}}
	w.ums.Put(bill)
}

// How a completion stands is read alike before anything is sent, whether it is
// only looked at or to be sent.
func TestHowACompletionStands(t *testing.T) {
	for name, test := range map[string]struct {
		amount chinaumstest.Amount
		status string
		want   error
		state  reconcile.SendingState
	}{
		"done":                {"500", "SUCCESS", nil, reconcile.SendingDone},
		"done, other amount":  {"400", "TRADE_SUCCESS", reconcile.ErrOtherAmount, reconcile.SendingDone},
		"failed":              {"500", "FAIL", reconcile.ErrSendRefused, reconcile.SendingRefused},
		"in process":          {"500", "PROCESSING", reconcile.ErrUnsure, reconcile.SendingUnsure},
		"what nobody knows":   {"500", "WHATEVER", reconcile.ErrUnsure, reconcile.SendingUnsure},
		"another one is done": {"", "", nil, ""},
	} {
		for call, do := range map[string]func(*reconcile.Sender, context.Context, reconcile.Sending) (reconcile.Sending, error){
			"look": (*reconcile.Sender).Look, "send": (*reconcile.Sender).Send,
		} {
			t.Run(name+", "+call, func(t *testing.T) {
				w := newWorld(t)
				want := w.completion()
				if test.status != "" {
					w.completed("C1", test.amount, test.status)
				}
				got, err := do(w.sender(), t.Context(), want)
				require.ErrorIs(t, err, test.want)
				stored, found, err := w.db.Stored(t.Context(), want)
				require.NoError(t, err)
				if test.state == "" { // it is due
					require.Equal(t, call == "send", found)
					require.Equal(t, map[string]int{"look": 0, "send": 1}[call], w.ums.Completed("C1"))
					return
				}
				require.Zero(t, w.ums.Completed("C1"), "nothing is sent")
				require.Equal(t, test.state, got.State)
				require.Equal(t, test.state, stored.State)
				require.Equal(t, test.amount, chinaumstest.Fen(int64(stored.Amount)))
				if test.want == reconcile.ErrOtherAmount {
					_, err = do(w.sender(), t.Context(), want)
					require.ErrorIs(t, err, reconcile.ErrOtherSending, "said each time")
				}
			})
		}
	}
}

// A record that a killed process left under way becomes what is true, also by a
// look, and also where other figures are wanted now.
func TestALookTakesUpWhatWasUnderWay(t *testing.T) {
	for _, amount := range []reconcile.Fen{500, 600} {
		w := newWorld(t)
		want := w.completion()
		stored, err := w.db.Intend(t.Context(), want)
		require.NoError(t, err)
		_, err = w.db.Begin(t.Context(), stored, always, w.clock.Now())
		require.NoError(t, err)
		w.completed("C1", "500", "TRADE_SUCCESS")
		want.Amount = amount
		_, err = w.sender().Look(t.Context(), want)
		require.Equal(t, amount != 500, err != nil)
		if err != nil {
			require.ErrorIs(t, err, reconcile.ErrOtherSending)
		}
		got, _, err := w.db.Stored(t.Context(), want)
		require.NoError(t, err)
		require.Equal(t, reconcile.SendingDone, got.State)
		require.EqualValues(t, 500, got.Amount)
	}
}

// A request that never arrived is known not to have, once it had time to: the
// bill is free again, whatever becomes of that completion.
func TestACompletionThatNeverArrivedFreesItsBill(t *testing.T) {
	w := newWorld(t)
	lost := w.completion()
	w.strikes("lost-request", chinaumstest.OpPreauthed)
	_, err := w.sender().Send(t.Context(), lost)
	require.ErrorIs(t, err, reconcile.ErrUnsure)
	w.ums.Behave()
	_, err = w.sender().Look(t.Context(), lost)
	require.ErrorIs(t, err, reconcile.ErrUnsure)

	w.clock.set(w.clock.Now().Add(2 * time.Minute))
	got, err := w.sender().Look(t.Context(), lost)
	require.NoError(t, err)
	require.Equal(t, reconcile.SendingIntended, got.State)
	other := lost
	other.Key.CompletionID, other.Amount, other.Another = "C2", 1908, true
	_, err = w.sender().Send(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 1, w.ums.Completed("C2"))
	require.Zero(t, w.ums.Completed("C1"))
}

// One bill, several completions: each on its own, none while another is in
// doubt, all together no more than the bill.
func TestCompletionsOfOneBill(t *testing.T) {
	w := newWorld(t)
	first := w.completion()
	another := func(id string, amount reconcile.Fen) reconcile.Sending {
		s := first
		s.Key.CompletionID, s.Amount, s.Another = id, amount, true
		return s
	}
	w.strikes("lost-request", chinaumstest.OpPreauthed)
	_, err := w.sender().Send(t.Context(), first)
	require.ErrorIs(t, err, reconcile.ErrUnsure)
	w.ums.Behave()
	_, err = w.sender().Send(t.Context(), another("C2", 100))
	require.ErrorIs(t, err, reconcile.ErrBlocked)
	require.ErrorContains(t, err, "while another completion of the bill is in doubt: C1, 5.00 yuan")
	require.Zero(t, w.ums.Completed("C2"))

	w.clock.set(w.clock.Now().Add(2 * time.Minute))
	_, err = w.sender().Send(t.Context(), first)
	require.NoError(t, err)
	_, err = w.sender().Send(t.Context(), another("C2", 1409))
	require.ErrorIs(t, err, reconcile.ErrBlocked)
	require.ErrorContains(t, err, "would sum to 19.09 yuan, the bill is 19.08; no more than 14.08 is left")
	require.Zero(t, w.ums.Completed("C2"))
	_, err = w.sender().Send(t.Context(), another("C2", 1408))
	require.NoError(t, err, "what was never sent may be corrected")
	require.Equal(t, 1, w.ums.Completed("C2"))

	w = newWorld(t)
	first = w.completion()
	_, err = w.sender().Send(t.Context(), another("C3", 1909))
	require.ErrorIs(t, err, reconcile.ErrBlocked, "alone it is more than the bill")
	_, err = w.sender().Send(t.Context(), first)
	require.NoError(t, err)
	same := another("C4", 500)
	same.Another = false
	_, err = w.sender().Send(t.Context(), same)
	require.ErrorContains(t, err, "beside one that may be the same: the bill has C1 of 5.00 yuan")
	require.Zero(t, w.ums.Completed("C4"))
}

// Where there is no connection nothing was sent, and that is what is recorded.
func TestWithoutAConnectionASendingIsIntended(t *testing.T) {
	w := newWorld(t)
	sync := reconcile.Sending{
		Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: mid}}, FenOrderID: "F1", ServiceID: "500001",
		PaidAt: monday.Start().Add(10 * time.Hour), MadeAt: w.clock.Now(),
	}
	url := w.options.BaseURL
	w.options.BaseURL = "http://127.0.0.1:1"
	got, err := w.sender().Send(t.Context(), sync)
	require.ErrorIs(t, err, reconcile.ErrNotSent)
	require.NotErrorIs(t, err, reconcile.ErrUnsure)
	require.Equal(t, reconcile.SendingIntended, got.State)
	stored, _, err := w.db.Stored(t.Context(), sync)
	require.NoError(t, err)
	require.Zero(t, stored.Attempts)
	require.Equal(t, reconcile.SendingIntended, stored.State)
	_, err = w.sender().Send(t.Context(), w.completion())
	require.ErrorIs(t, err, reconcile.ErrNotAsked)

	w.options.BaseURL = url
	w.strikes("reset", chinaumstest.OpSync)
	_, err = w.sender().Send(t.Context(), sync)
	require.ErrorIs(t, err, reconcile.ErrUnsure)
	w.options.BaseURL = "http://127.0.0.1:1"
	again := w.sender()
	again.Again = true
	_, err = again.Send(t.Context(), sync)
	require.ErrorIs(t, err, reconcile.ErrNotSent)
	stored, _, err = w.db.Stored(t.Context(), sync)
	require.NoError(t, err)
	require.Equal(t, reconcile.SendingUnsure, stored.State, "the first request may have arrived")
}

// Three refusals of its credentials stop a merchant, and no other.
func TestAMerchantThatIsRefusedIsStopped(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.ums.Misbehave(chinaumstest.Fault{Name: "bad-sign"}))
	sender := w.sender()
	sender.Gateway = reconcile.Halting(sender.Gateway)
	sync := func(mid, id string) reconcile.Sending {
		return reconcile.Sending{
			Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: mid}}, FenOrderID: id, ServiceID: "500001",
			PaidAt: monday.Start(), MadeAt: w.clock.Now(),
		}
	}
	for _, id := range []string{"F1", "F2", "F3"} {
		_, err := sender.Send(t.Context(), sync(mid, id))
		require.ErrorIs(t, err, reconcile.ErrSendRefused)
	}
	asked := w.ums.Total()
	got, err := sender.Send(t.Context(), sync(mid, "F4"))
	require.ErrorIs(t, err, reconcile.ErrNotAsked)
	require.ErrorContains(t, err, "was stopped after 3 refusals in a row: BAD_SIGN")
	require.Equal(t, reconcile.SendingIntended, got.State)
	_, err = sender.Look(t.Context(), w.completion())
	require.ErrorIs(t, err, reconcile.ErrNotAsked)
	require.Equal(t, asked, w.ums.Total(), "nothing more was said")

	w.ums.Behave()
	_, err = sender.Send(t.Context(), sync("898340149000006", "F5"))
	require.NoError(t, err)
}
