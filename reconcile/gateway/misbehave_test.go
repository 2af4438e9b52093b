package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

func TestEveryMisbehaviour(t *testing.T) {
	type expectation struct {
		outcome  reconcile.Outcome
		attempts int
		message  string
	}
	retried := expectation{reconcile.QueryFailed, maxAttempts, ""}
	garbled := expectation{reconcile.Malformed, maxAttempts, ""}
	found := expectation{reconcile.Found, 1, ""}
	once := func(o reconcile.Outcome, message string) expectation { return expectation{o, 1, message} }
	want := map[string]expectation{
		"lost-request": retried, "token-refused": once(reconcile.Rejected, "1401"),
		"reset": retried, "slow": {reconcile.QueryFailed, maxAttempts, "no answer in time"}, "http-500": {reconcile.QueryFailed, maxAttempts, "HTTP 500"},
		"http-503": {reconcile.QueryFailed, maxAttempts, "HTTP 503"}, "http-429": {reconcile.QueryFailed, maxAttempts, "HTTP 429"},
		"gateway-9200": {reconcile.QueryFailed, maxAttempts, "9200"}, "net-error": {reconcile.QueryFailed, maxAttempts, "NET_ERROR"},
		"timeout-code": {reconcile.QueryFailed, maxAttempts, "TIMEOUT"}, "internal-error": {reconcile.QueryFailed, maxAttempts, "INTERNAL_ERROR"},
		"discarded": retried, "invalid-response": retried,

		"cut-body": garbled, "garbled-body": garbled, "html-body": garbled, "trailing-garbage": garbled, "empty-body": garbled,
		"huge-body": {reconcile.Malformed, maxAttempts, "too large"},

		"redirect": once(reconcile.Rejected, "HTTP 302"), "http-403": once(reconcile.Rejected, "HTTP 403"), "clock-skew": once(reconcile.Rejected, "1000"),
		"bad-request": once(reconcile.Rejected, "BAD_REQUEST"), "abnormal-time": once(reconcile.Rejected, "ABNORMAL_REQUEST_TIME"),
		"bad-sign": once(reconcile.Rejected, "BAD_SIGN"), "denied-ip": once(reconcile.Rejected, "DENIED_IP"),
		"no-merchant": once(reconcile.Rejected, "NO_MERCHANT"), "inactive-merchant": once(reconcile.Rejected, "INACTIVE_MERCHANT"),

		"order-processing": once(reconcile.InProcess, "ORDER_PROCESSING"), "unknown-code": once(reconcile.Refused, "E_NOBODY_KNOWS"),
		"invalid-order": once(reconcile.Refused, "INVALID_ORDER"), "target-fail": once(reconcile.Refused, "TARGET_FAIL"),

		"wrong-echo": once(reconcile.WrongKey, "billNo"), "nonsense-amount": once(reconcile.Malformed, "totalAmount"),
		"fraction-amount": once(reconcile.Malformed, "totalAmount"), "negative-amount": once(reconcile.Malformed, "totalAmount"),
		"impossible-date": once(reconcile.Malformed, "billPayment.settleDate"), "missing-status": once(reconcile.Malformed, "billStatus is missing"),
		"missing-payment": once(reconcile.Malformed, "billPayment is missing"), "missing-echo": once(reconcile.Malformed, "tid is missing"),
		"missing-code": once(reconcile.Malformed, "errCode is missing"), "not-an-object": once(reconcile.Malformed, "not a JSON object"),
		"twice": once(reconcile.Malformed, "totalAmount"),

		"numbers": found, "errmsg-on-success": found, "stamp-spelling": found, "trailing-blank": found, "case-twin": found,
		"regress": found, // an answer that is whole and wrong can only be judged by its history
	}
	for _, m := range chinaumstest.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			expected, listed := want[m.Name]
			require.True(t, listed, "the table does not know it")
			w := newWorld(t, func(o *chinaums.Options) {
				if m.Name == "slow" {
					o.Timeout = 50 * time.Millisecond
				}
			})
			require.NoError(t, w.sim.Misbehave(chinaumstest.Fault{Name: m.Name}))
			got := w.gateway.Ask(t.Context(), key)
			require.Equal(t, expected.outcome, got.Outcome, got.Message)
			require.Equal(t, expected.attempts, got.Attempts)
			require.Equal(t, expected.attempts, w.sim.Total())
			require.Contains(t, got.Message, expected.message)
			requireNoSecrets(t, got)
			requireReadAgain(t, got)
			switch {
			case m.Name == "regress":
				require.Equal(t, "UNPAID", got.Bill.Status)
				require.False(t, got.Bill.Paid())
			case got.Outcome == reconcile.Found:
				requireSameBill(t, domainBill(), got.Bill)
			default:
				require.NotEmpty(t, got.Message)
				require.Equal(t, reconcile.Bill{}, got.Bill)
			}
		})
	}
	require.Len(t, chinaumstest.Misbehaviours(), len(want))
}

// requireReadAgain: what is kept of an answer says the same once more.
func requireReadAgain(t *testing.T, got reconcile.Answer) {
	t.Helper()
	if got.Raw == nil {
		return
	}
	again := gateway.Again(key, got.Raw)
	require.Equal(t, got.Code, again.Code)
	if got.Trustworthy() {
		again.AskedAt, again.Attempts, again.Raw = got.AskedAt, got.Attempts, got.Raw
		require.Equal(t, got, again)
	}
}

// What passes away by itself is healed by the retries.
func TestMisbehaviourThatPasses(t *testing.T) {
	for _, name := range strings.Fields("reset http-500 http-503 http-429 gateway-9200 net-error timeout-code internal-error cut-body garbled-body html-body huge-body") {
		w := newWorld(t, nil)
		require.NoError(t, w.sim.Misbehave(chinaumstest.Fault{Name: name, First: maxAttempts - 1}))
		got := w.gateway.Ask(t.Context(), key)
		require.Equal(t, reconcile.Found, got.Outcome, name)
		require.Equal(t, maxAttempts, got.Attempts, name)
		requireSameBill(t, domainBill(), got.Bill)
	}
}
