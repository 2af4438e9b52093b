package chinaumstest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

var nonce int

// fresh is a good request with a nonce of its own.
func fresh() *request {
	nonce++
	r := good()
	r.nonce = fmt.Sprint("fresh-", nonce)
	return r
}

// completion is a good one, as a request.
func completion() *request {
	r := fresh()
	r.path = chinaums.BillsPreauthedPath
	maps.Copy(r.fields, map[string]any{"authedOrderId": "A1", "authIdRespCd": "987275", "totalAmount": "1908"})
	return r
}

func paidSync() *request {
	r := fresh()
	r.path = chinaums.PayScoreSyncPath
	r.fields = map[string]any{
		"fenOrderId": "F1", "mid": key.MID, "serviceId": "500001", "type": "Order_Paid",
		"detail": map[string]any{"paidTime": "20261120023000"},
	}
	return r
}

func tokenRequest() *request {
	r := fresh()
	r.path, r.authorization = chinaums.TokenPath, new(string)
	r.fields = map[string]any{
		"appId": appID, "timestamp": r.timestamp, "nonce": r.nonce, "signMethod": "SHA256",
		"signature": chinaums.TokenSignature(appID, appKey, r.timestamp, r.nonce),
	}
	return r
}

func with(r *request, name string, value any) *request {
	r.fields[name] = value
	return r
}

func TestCompletion(t *testing.T) {
	g := newGateway()
	mine := paidBill()
	mine.Completions = map[string]chinaumstest.Flow{"A0": {TotalAmount: "1", Status: "FAIL"}}
	g.Put(mine)
	status, got := completion().send(g)
	require.Equal(t, 200, status)
	require.Equal(t, "SUCCESS", got["errCode"], got)
	require.Equal(t, "2026-11-20 02:30:00", got["responseTimestamp"])
	require.Equal(t, key.BillNo, got["billNo"])
	require.Equal(t, "987275", got["authIdRespCd"])
	require.Equal(t, "PAID", got["billStatus"])
	require.Empty(t, got["authedOrderId"], "as in the page's sample")
	block := got["authedBillPayment"].(map[string]any)
	require.Equal(t, "A1", block["merOrderId"])
	require.Equal(t, "1908", block["totalAmount"])
	require.EqualValues(t, 0, block["discountAmount"])
	require.Equal(t, 1, g.Completed("A1"))
	require.Zero(t, g.Completed("A0"))
	require.Len(t, mine.Completions, 1, "the bill of the caller stays his")

	_, asked := with(fresh(), "authedOrderId", "A1").send(g)
	require.Equal(t, "TRADE_SUCCESS", asked["authedBillPayment"].(map[string]any)["status"])
	for _, id := range []string{"A0", "A1"} {
		_, again := with(completion(), "authedOrderId", id).send(g)
		require.Equal(t, "DUP_ORDER", again["errCode"], id)
	}
	g.Put(paidBill())
	_, again := completion().send(g)
	require.Equal(t, "DUP_ORDER", again["errCode"], "an id stays used")
	require.Equal(t, 1, g.Completed("A1"))
	g.Put(paidBill())
	_, number := with(with(completion(), "totalAmount", 5), "authedOrderId", "A2").send(g)
	require.Equal(t, "SUCCESS", number["errCode"], "the page types it number")
}

// The completions of a bill are held against its total together.
func TestCompletionsSumToTheBillAtMost(t *testing.T) {
	for status, want := range map[string]string{
		"TRADE_SUCCESS": "OPERATION_NOT_ALLOWED", "PROCESSING": "OPERATION_NOT_ALLOWED", "FAIL": "SUCCESS", "TRADE_CLOSED": "SUCCESS",
	} {
		t.Run(status, func(t *testing.T) {
			g := newGateway()
			bill := paidBill()
			bill.Completions = map[string]chinaumstest.Flow{"A0": {TotalAmount: "1000", Status: status}}
			g.Put(bill)
			_, got := with(completion(), "totalAmount", "909").send(g)
			require.Equal(t, want, got["errCode"], got)
			if want != "SUCCESS" {
				require.Zero(t, g.Completed("A1"))
				_, got = with(completion(), "totalAmount", "908").send(g)
				require.Equal(t, "SUCCESS", got["errCode"], got)
			}
			require.Equal(t, 1, g.Completed("A1"))
		})
	}
}

func TestNoCompletionOfABillThatIsNotPaid(t *testing.T) {
	for status, want := range map[string]string{"UNPAID": "OPERATION_NOT_ALLOWED", "PAID": "SUCCESS"} {
		g := newGateway()
		bill := paidBill()
		bill.BillStatus = status
		g.Put(bill)
		_, got := completion().send(g)
		require.Equal(t, want, got["errCode"], got)
	}
}

func TestCompletionRefusals(t *testing.T) {
	tests := map[string]struct {
		field string
		value any
		code  string
	}{
		"another bill":         {"billNo", "3194none", "NO_ORDER"},
		"another code":         {"authIdRespCd", "1", "INVALID_ORDER"},
		"more than the bill":   {"totalAmount", "1909", "OPERATION_NOT_ALLOWED"},
		"nothing":              {"totalAmount", "0", "BAD_REQUEST"},
		"negative":             {"totalAmount", "-1", "BAD_REQUEST"},
		"fraction":             {"totalAmount", 19.08, "BAD_REQUEST"},
		"beyond the page":      {"totalAmount", "100000001", "BAD_REQUEST"},
		"no amount":            {"totalAmount", nil, "BAD_REQUEST"},
		"no id":                {"authedOrderId", "", "BAD_REQUEST"},
		"id too long":          {"authedOrderId", strings.Repeat("3", 33), "BAD_REQUEST"},
		"no code":              {"authIdRespCd", "", "BAD_REQUEST"},
		"bill number of 32":    {"billNo", strings.Repeat("3", 32), "BAD_REQUEST"},
		"text too long":        {"authedDesc", strings.Repeat("完", 256), "BAD_REQUEST"},
		"empty optional":       {"authedDesc", "", "BAD_REQUEST"},
		"field of a query":     {"refundOrderId", "R1", "BAD_REQUEST"},
		"old":                  {"requestTimestamp", "2026-11-20 02:14:59", "ABNORMAL_REQUEST_TIME"},
		"date of another kind": {"billDate", "20261119", "BAD_REQUEST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newGateway()
			bill := paidBill()
			bill.AuthIDRespCd = "987275"
			g.Put(bill)
			status, got := with(completion(), test.field, test.value).send(g)
			require.Equal(t, 200, status)
			require.Equal(t, test.code, got["errCode"], got)
			require.Zero(t, g.Completed("A1"))
			_, asked := fresh().send(g)
			require.NotContains(t, asked, "authIdRespCd", "no query tells it")
		})
	}
	g := chinaumstest.New(chinaumstest.Config{Keys: keys(), Now: func() time.Time { return night }, Merchants: []string{"another"}})
	_, got := completion().send(g)
	require.Equal(t, "NO_MERCHANT", got["errCode"])
	_, got = paidSync().send(g)
	require.Equal(t, "NO_MERCHANT", got["respCode"])
}

func TestSync(t *testing.T) {
	detail := func(v any) any { text, _ := json.Marshal(v); return string(text) }
	paid := func(s string) map[string]any { return map[string]any{"paidTime": s} }
	tests := []struct {
		name   string
		field  string
		value  any
		asText bool
		code   string
	}{
		{"object", "detail", paid("20261120023000"), false, "SUCCESS"},
		{"a minute ahead", "detail", paid("20261120023100"), false, "SUCCESS"},
		{"more than a minute ahead", "detail", paid("20261120023101"), false, "BAD_REQUEST"},
		{"date", "detail", paid("20261119"), false, "SUCCESS"},
		{"date of today, its last second", "detail", paid("20261120"), false, "BAD_REQUEST"},
		{"another layout", "detail", paid("2026-11-19"), false, "BAD_REQUEST"},
		{"text where an object is taken", "detail", detail(paid("20261120023000")), false, "BAD_REQUEST"},
		{"text", "detail", detail(paid("20261120023000")), true, "SUCCESS"},
		{"object where text is taken", "detail", paid("20261120023000"), true, "BAD_REQUEST"},
		{"text that is no object", "detail", "20261120023000", true, "BAD_REQUEST"},
		{"no detail", "detail", nil, false, "BAD_REQUEST"},
		{"empty detail", "detail", map[string]any{}, false, "BAD_REQUEST"},
		{"more in the detail", "detail", map[string]any{"paidTime": "20261119", "x": "y"}, false, "BAD_REQUEST"},
		{"another type", "type", "Order_Closed", false, "BAD_REQUEST"},
		{"no service", "serviceId", "", false, "BAD_REQUEST"},
		{"id too long", "fenOrderId", strings.Repeat("F", 33), false, "BAD_REQUEST"},
		{"unknown field", "requestTimestamp", "2026-11-20 02:30:00", false, "BAD_REQUEST"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := chinaumstest.New(chinaumstest.Config{Keys: keys(), Now: func() time.Time { return night }, DetailAsText: test.asText})
			status, got := with(paidSync(), test.field, test.value).send(g)
			require.Equal(t, 200, status)
			require.Equal(t, test.code, got["respCode"], got)
			require.NotContains(t, got, "errCode")
			want := 0
			if test.code == "SUCCESS" {
				want = 1
			}
			require.Equal(t, want, g.Synced("F1"))
		})
	}
	g := newGateway()
	forged := paidSync()
	forged.signedBody = new(string)
	_, got := forged.send(g)
	require.Equal(t, "BAD_SIGN", got["errCode"], "the layer in front says errCode")
	require.NotContains(t, got, "respCode")
}

func TestRequestsSayWhatWasAsked(t *testing.T) {
	g := newGateway()
	fresh().send(g)
	completion().send(g)
	paidSync().send(g)
	tokenRequest().send(g)
	seen := g.Requests()
	require.Equal(t, chinaumstest.Question{Key: key}, seen[0].Question)
	require.Equal(t, chinaumstest.Question{Key: key, AuthedOrderID: "A1", Op: chinaumstest.OpPreauthed}, seen[1].Question)
	require.Equal(t, chinaumstest.Question{Key: chinaumstest.Key{MID: key.MID}, FenOrderID: "F1", Op: chinaumstest.OpSync}, seen[2].Question)
	require.Equal(t, chinaumstest.Question{Op: chinaumstest.OpToken}, seen[3].Question)
	require.Equal(t, 4, g.Total())
	require.Equal(t, 1, g.Count(seen[1].Question))
}

// Each misbehaviour strikes each interface: what refuses has done nothing, all
// others bend the answer to what was done.
func TestMisbehaviourOfCallsThatChangeSomething(t *testing.T) {
	refuses := map[string]bool{
		"lost-request": true, "token-refused": true, "http-403": true, "clock-skew": true, "bad-sign": true, "bad-request": true, "abnormal-time": true,
		"denied-ip": true, "no-merchant": true, "inactive-merchant": true, "invalid-order": true,
	}
	for _, m := range chinaumstest.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			g := chinaumstest.New(chinaumstest.Config{Keys: keys(), Now: func() time.Time { return night }, SlowBy: time.Nanosecond})
			g.Put(paidBill())
			require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: m.Name}))
			for _, r := range []*request{completion(), paidSync(), tokenRequest()} {
				aborted := func() (aborted bool) {
					defer func() { aborted = recover() != nil }()
					r.send(g)
					return false
				}()
				require.Equal(t, m.Name == "reset" || m.Name == "lost-request", aborted)
			}
			want := 1
			if refuses[m.Name] {
				want = 0
			}
			require.Equal(t, want, g.Completed("A1"))
			require.Equal(t, want, g.Synced("F1"))
			if m.Name == "token-refused" {
				want = 1 // the token endpoint is not struck
			}
			require.Equal(t, want, g.Tokens(appID))
		})
	}
}

func TestFaultOfOneInterface(t *testing.T) {
	g := newGateway()
	require.Error(t, g.Misbehave(chinaumstest.Fault{Name: "http-500", Op: "bills"}))
	require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "http-500", Op: chinaumstest.OpPreauthed, BillNo: key.BillNo}))
	status, _ := fresh().send(g)
	require.Equal(t, 200, status)
	status, _ = completion().send(g)
	require.Equal(t, 500, status)
	g.Behave()
	require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "http-500", Op: chinaumstest.OpQuery}))
	status, _ = fresh().send(g)
	require.Equal(t, 500, status)
	status, _ = tokenRequest().send(g)
	require.Equal(t, 200, status)
}

func TestReadBillsWithAnAuthorisation(t *testing.T) {
	bills, err := chinaumstest.ReadBills(strings.NewReader(`[{"mid":"1","tid":"2","instMid":"3","billNo":"4","billDate":"2026-11-19","authIdRespCd":"5"}]`))
	require.NoError(t, err)
	require.Equal(t, "5", bills[0].AuthIDRespCd)
}
