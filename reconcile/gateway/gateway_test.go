package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

const (
	appID       = "10037e6f6823b20801682b6a5e5a0006"
	markedKey   = "marked-app-key"
	markedBuyer = "marked-buyer"
	maxAttempts = 3
)

var night = time.Date(2026, 11, 20, 2, 30, 0, 0, reconcile.Beijing)

func now() time.Time { return night }

var key = reconcile.Key{BillKey: reconcile.BillKey{
	MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT",
	BillDay: reconcile.MakeDay(2026, 11, 19), BillNo: "31942002269255200133896901",
}}

// paid is a bill whose every figure differs from every other.
func paid() chinaumstest.Bill {
	flow := func(base int64, status string) chinaumstest.Flow {
		return chinaumstest.Flow{
			MerOrderID: fmt.Sprintf("M%d", base), PaySeqID: fmt.Sprintf("P%d", base), TargetOrderID: fmt.Sprintf("T%d", base),
			TargetSys: "WXPay", Status: status, BuyerID: markedBuyer, BuyerUsername: markedBuyer,
			TotalAmount: chinaumstest.Fen(base + 1), BuyerPayAmount: chinaumstest.Fen(base + 2), InvoiceAmount: chinaumstest.Fen(base + 3),
			DiscountAmount: chinaumstest.Fen(base + 4), BuyerCashPayAmt: chinaumstest.Fen(base + 5), CouponAmount: chinaumstest.Fen(base + 6),
			PayTime: "2026-11-19 12:00:00", SettleDate: "2026-11-20",
		}
	}
	payment := flow(1000, "TRADE_SUCCESS")
	return chinaumstest.Bill{
		Key: chinaumstest.Key{
			MID: key.MID, TID: key.TID, InstMID: key.InstMID, BillNo: key.BillNo, BillDate: key.BillDay.String(),
		},
		BillStatus: "PAID", TotalAmount: "1908", CreateTime: "2026-11-19 11:59:00", SecureStatus: "ALL_COMPLETED",
		CompleteAmount: "1800", CardAttr: "DEBIT_CARD", BillPayment: &payment,
		Refunds:     map[string]chinaumstest.Flow{"R1": flow(2000, "SUCCESS")},
		Completions: map[string]chinaumstest.Flow{"A1": flow(3000, "PROCESSING")},
	}
}

func domainFlow(base int64, status string) reconcile.Flow {
	fen := func(n int64) reconcile.Amount { return reconcile.Some(reconcile.Fen(base + n)) }
	return reconcile.Flow{
		Present: true, Status: status,
		MerOrderID: fmt.Sprintf("M%d", base), PaySeqID: fmt.Sprintf("P%d", base), TargetOrderID: fmt.Sprintf("T%d", base), TargetSys: "WXPay",
		Total: fen(1), BuyerPay: fen(2), Invoice: fen(3), Discount: fen(4), BuyerCash: fen(5), Coupon: fen(6),
		PaidAt: time.Date(2026, 11, 19, 12, 0, 0, 0, reconcile.Beijing), SettleDay: reconcile.MakeDay(2026, 11, 20),
	}
}

func domainBill() reconcile.Bill {
	return reconcile.Bill{
		Status: "PAID", CreatedAt: time.Date(2026, 11, 19, 11, 59, 0, 0, reconcile.Beijing),
		Total: reconcile.Some(1908), SecureStatus: "ALL_COMPLETED", Completed: reconcile.Some(1800), CardAttr: "DEBIT_CARD",
		Payment: domainFlow(1000, "TRADE_SUCCESS"),
	}
}

// requireSameBill compares bills with their instants, whatever zone those are kept in.
func requireSameBill(t *testing.T, want, got reconcile.Bill) {
	t.Helper()
	for _, at := range []*time.Time{&want.CreatedAt, &want.Payment.PaidAt, &want.Refund.PaidAt, &want.Completion.PaidAt,
		&got.CreatedAt, &got.Payment.PaidAt, &got.Refund.PaidAt, &got.Completion.PaidAt} {
		*at = at.UTC()
	}
	require.Equal(t, want, got)
}

type world struct {
	sim     *chinaumstest.Gateway
	gateway *gateway.Gateway
}

func newWorld(t *testing.T, change func(*chinaums.Options)) world {
	t.Helper()
	sim := chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{appID: chinaums.NewSecret(markedKey)}, Now: now, SlowBy: time.Hour,
	})
	sim.Put(paid())
	server, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	o := chinaums.Options{
		BaseURL: server.URL, AppID: appID, AppKey: chinaums.NewSecret(markedKey), Now: now, MaxAttempts: maxAttempts,
		Backoff: chinaums.Backoff{First: time.Millisecond, Max: 2 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	client, err := chinaums.New(o)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdle)
	return world{sim, gateway.New(func(mid string) *chinaums.Client {
		return map[string]*chinaums.Client{key.MID: client}[mid]
	}, now)}
}

func requireNoSecrets(t *testing.T, a reconcile.Answer) {
	t.Helper()
	for _, secret := range []string{markedKey, markedBuyer, `Signature="`} {
		require.NotContains(t, a.Message, secret)
		require.NotContains(t, string(a.Raw), secret)
		require.NotContains(t, fmt.Sprintf("%+v", a), secret)
	}
}

func TestFound(t *testing.T) {
	w := newWorld(t, nil)
	plain := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Found, plain.Outcome)
	require.Equal(t, "SUCCESS", plain.Code)
	require.Empty(t, plain.Message)
	require.Equal(t, 1, plain.Attempts)
	require.Equal(t, night, plain.AskedAt)
	require.Contains(t, string(plain.Raw), `"buyerId":"***"`)
	requireSameBill(t, domainBill(), plain.Bill)
	requireNoSecrets(t, plain)

	refund := key
	refund.RefundID = "R1"
	want := domainBill()
	want.Refund = domainFlow(2000, "SUCCESS")
	requireSameBill(t, want, w.gateway.Ask(t.Context(), refund).Bill)

	completion := key
	completion.CompletionID = "A1"
	want = domainBill()
	want.Completion = domainFlow(3000, "PROCESSING")
	requireSameBill(t, want, w.gateway.Ask(t.Context(), completion).Bill)

	unknownRefund := key
	unknownRefund.RefundID = "R2"
	requireSameBill(t, domainBill(), w.gateway.Ask(t.Context(), unknownRefund).Bill)
}

func TestAbsentStaysAbsent(t *testing.T) {
	w := newWorld(t, nil)
	w.sim.Put(chinaumstest.Bill{Key: paid().Key, BillStatus: "UNPAID"})
	got := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Found, got.Outcome)
	require.Equal(t, reconcile.Bill{Status: "UNPAID"}, got.Bill)

	w.sim.Put(chinaumstest.Bill{Key: paid().Key, BillStatus: "SOMETHING_NEW", TotalAmount: "0"})
	got = w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Bill{Status: "SOMETHING_NEW", Total: reconcile.Some(0)}, got.Bill)
}

func TestNoOrder(t *testing.T) {
	w := newWorld(t, nil)
	w.sim.Delete(paid().Key)
	got := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.NoOrder, got.Outcome)
	require.True(t, got.Trustworthy())
	require.Equal(t, "NO_ORDER", got.Code)
	require.Contains(t, got.Message, "NO_ORDER")
	require.Equal(t, reconcile.Bill{}, got.Bill)
	require.NotNil(t, got.Raw)
}

func TestWithoutCredentials(t *testing.T) {
	w := newWorld(t, nil)
	other := key
	other.MID = "898340149000006"
	got := w.gateway.Ask(t.Context(), other)
	require.Equal(t, reconcile.Rejected, got.Outcome)
	require.Contains(t, got.Message, other.MID)
	require.Zero(t, got.Attempts)
	require.Zero(t, w.sim.Total())
}

func TestWrongKeyOfTheMerchant(t *testing.T) {
	w := newWorld(t, func(o *chinaums.Options) { o.AppKey = chinaums.NewSecret(markedKey + "-mistyped") })
	got := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Rejected, got.Outcome)
	require.Equal(t, "BAD_SIGN", got.Code)
	requireNoSecrets(t, got)

	w = newWorld(t, func(o *chinaums.Options) { o.AppID = "unknown" })
	got = w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Rejected, got.Outcome)
	require.Equal(t, "INVALID_MSGSRC", got.Code)

	w = newWorld(t, func(o *chinaums.Options) { o.Now = func() time.Time { return night.Add(time.Hour) } })
	got = w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.Rejected, got.Outcome)
	require.Equal(t, "1000", got.Code)
}

func TestNotQueried(t *testing.T) {
	w := newWorld(t, func(o *chinaums.Options) { o.Budget = chinaums.NewBudget(1) })
	require.Equal(t, reconcile.Found, w.gateway.Ask(t.Context(), key).Outcome)
	got := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.NotQueried, got.Outcome)
	require.Equal(t, "request budget of the run (gateway.max_requests_per_run) is used up", got.Message)
	require.Zero(t, got.Attempts)
	require.Equal(t, 1, w.sim.Total())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got = newWorld(t, nil).gateway.Ask(ctx, key)
	require.Equal(t, reconcile.NotQueried, got.Outcome)
	require.Contains(t, got.Message, "stopped")
	require.Nil(t, got.Raw)
}

// Once a request was made, the end of the budget is a failed query: the
// attempts were cut short, the order was asked about.
func TestBudgetEndsBetweenAttempts(t *testing.T) {
	w := newWorld(t, func(o *chinaums.Options) { o.Budget = chinaums.NewBudget(2) })
	require.NoError(t, w.sim.Misbehave(chinaumstest.Fault{Name: "net-error"}))
	got := w.gateway.Ask(t.Context(), key)
	require.Equal(t, reconcile.QueryFailed, got.Outcome)
	require.Equal(t, 2, got.Attempts)
	require.Contains(t, got.Message, "NET_ERROR")
	require.Contains(t, got.Message, "budget")
}

func TestIncompleteKeyIsAboutThatOrderAlone(t *testing.T) {
	w := newWorld(t, nil)
	for _, change := range []func(*reconcile.Key){
		func(k *reconcile.Key) { k.TID = "" }, func(k *reconcile.Key) { k.BillDay = 0 }, func(k *reconcile.Key) { k.BillNo = "" },
	} {
		k := key
		change(&k)
		got := w.gateway.Ask(t.Context(), k)
		require.Equal(t, reconcile.Refused, got.Outcome)
		require.Contains(t, got.Message, "is empty")
		require.Zero(t, got.Attempts)
	}
	require.Zero(t, w.sim.Total())
}
