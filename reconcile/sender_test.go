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
