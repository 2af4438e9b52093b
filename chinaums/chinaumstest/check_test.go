package chinaumstest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const appID = "10037e6f6823b20801682b6a5e5a0006"

var (
	beijing = time.FixedZone("+08:00", 8*60*60)
	night   = time.Date(2026, 11, 20, 2, 30, 0, 0, beijing)
	appKey  = chinaums.NewSecret("app-key")
	key     = chinaumstest.Key{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: "319420022692552001", BillDate: "2026-11-19"}
)

func newGateway() *chinaumstest.Gateway {
	g := chinaumstest.New(chinaumstest.Config{
		Keys: keys(), Now: func() time.Time { return night },
	})
	g.Put(paidBill())
	return g
}

func keys() map[string]chinaums.Secret { return map[string]chinaums.Secret{appID: appKey} }

func paidBill() chinaumstest.Bill {
	return chinaumstest.Bill{
		Key: key, BillStatus: "PAID", TotalAmount: "1908", CreateTime: "2026-11-19 11:59:00",
		BillPayment: &chinaumstest.Flow{
			MerOrderID: "3194200226925520010", PaySeqID: "00684900520N", TotalAmount: "1900", PayTime: "2026-11-19 12:00:00",
			SettleDate: "2026-11-20", Status: "TRADE_SUCCESS", TargetSys: "WXPay", BuyerID: "marked-buyer",
		},
		Refunds: map[string]chinaumstest.Flow{"R1": {TotalAmount: "8", Status: "SUCCESS"}},
	}
}

// request is one that the gateway accepts, open to be spoilt.
type request struct {
	method, path, contentType, body string
	fields                          map[string]any
	timestamp, nonce                string
	appID                           string
	signedBody                      *string // what is signed instead of the body
	authorization                   *string
}

func good() *request {
	return &request{
		method: http.MethodPost, path: "/v1/netpay/bills/query", contentType: "application/json",
		fields: map[string]any{
			"requestTimestamp": "2026-11-20 02:30:00", "mid": key.MID, "tid": key.TID, "instMid": key.InstMID,
			"billNo": key.BillNo, "billDate": key.BillDate,
		},
		timestamp: "20261120023000", nonce: "n1", appID: appID,
	}
}

func (r *request) send(g http.Handler) (status int, fields map[string]any) {
	body := r.body
	if body == "" {
		text, _ := json.Marshal(r.fields)
		body = string(text)
	}
	signed := body
	if r.signedBody != nil {
		signed = *r.signedBody
	}
	req := httptest.NewRequest(r.method, r.path, strings.NewReader(body))
	req.Header.Set("Content-Type", r.contentType)
	req.Header.Set("Authorization", chinaums.BodyAuthorization(r.appID, appKey, r.timestamp, r.nonce, []byte(signed)))
	if r.authorization != nil {
		req.Header.Set("Authorization", *r.authorization)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, req)
	text, _ := io.ReadAll(w.Body)
	_ = json.Unmarshal(text, &fields)
	return w.Code, fields
}

func TestGoodRequest(t *testing.T) {
	g := newGateway()
	for _, r := range []*request{
		good(),
		func() *request {
			r := good()
			r.nonce, r.contentType = "n2", "application/json; charset=UTF-8"
			return r
		}(),
		func() *request {
			r := good()
			r.nonce, r.timestamp = strings.Repeat("n", 128), "20261120021500"
			return r
		}(),
		func() *request { r := good(); r.nonce, r.timestamp = "n4", "20261120024500"; return r }(),
		func() *request {
			r := good()
			r.nonce = "n5"
			maps.Copy(r.fields, map[string]any{"msgId": "m", "srcReserve": "s", "refundOrderId": "R1", "authedOrderId": "A1"})
			return r
		}(),
	} {
		status, fields := r.send(g)
		require.Equal(t, 200, status)
		require.Equal(t, "SUCCESS", fields["errCode"], fields)
		require.Equal(t, "2026-11-20 02:30:00", fields["responseTimeStamp"])
	}
	require.Equal(t, 5, g.Total())
	require.Equal(t, 4, g.Count(chinaumstest.Question{Key: key}))
	require.Equal(t, 1, g.Count(chinaumstest.Question{Key: key, RefundOrderID: "R1", AuthedOrderID: "A1"}))
}

func TestRefusals(t *testing.T) {
	set := func(name string, value any) func(*request) {
		return func(r *request) { r.fields[name] = value }
	}
	text := func(s string) *string { return &s }
	tests := []struct {
		name   string
		spoil  func(*request)
		status int
		code   string
	}{
		{"path", func(r *request) { r.path = "/v1/netpay/bills" }, 404, "NO_SERVICE"},
		{"method", func(r *request) { r.method = http.MethodPut }, 405, "BAD_REQUEST"},
		{"content type", func(r *request) { r.contentType = "text/plain" }, 415, "BAD_REQUEST"},
		{"no content type", func(r *request) { r.contentType = "" }, 415, "BAD_REQUEST"},
		{"charset", func(r *request) { r.contentType = "application/json; charset=gbk" }, 415, "BAD_REQUEST"},
		{"body too large", func(r *request) { r.body = strings.Repeat(" ", 65<<10) }, 413, "BAD_REQUEST"},
		{"no authorization", func(r *request) { r.authorization = text("") }, 401, "BAD_SIGN"},
		{"another scheme", func(r *request) { r.authorization = text(`OPEN-ACCESS-TOKEN AccessToken="x"`) }, 401, "BAD_SIGN"},
		{"nothing signed", func(r *request) {
			r.authorization = text(`OPEN-BODY-SIG AppId="` + appID + `",Timestamp="20261120023000",Nonce="n1",Signature=""`)
		}, 401, "BAD_SIGN"},
		{"timestamp too old", func(r *request) { r.timestamp = "20261120021459" }, 412, "1000"},
		{"timestamp too new", func(r *request) { r.timestamp = "20261120024501" }, 412, "1000"},
		{"timestamp as in the body", func(r *request) { r.timestamp = "2026-11-20 02:30:00" }, 412, "1000"},
		{"timestamp of 13 digits", func(r *request) { r.timestamp = "2026112002300" }, 412, "1000"},
		{"no timestamp", func(r *request) { r.timestamp = "" }, 412, "1000"},
		{"UTC", func(r *request) { r.timestamp = "20261119183000" }, 412, "1000"},
		{"no nonce", func(r *request) { r.nonce = "" }, 400, "BAD_REQUEST"},
		{"nonce too long", func(r *request) { r.nonce = strings.Repeat("n", 129) }, 400, "BAD_REQUEST"},
		{"unknown app id", func(r *request) { r.appID = "other" }, 200, "INVALID_MSGSRC"},
		{"other bytes signed", func(r *request) { r.signedBody = text("{}") }, 200, "BAD_SIGN"},
		{"not JSON", func(r *request) { r.body = "{" }, 200, "BAD_REQUEST"},
		{"an array", func(r *request) { r.body = "[]" }, 200, "BAD_REQUEST"},
		{"null", func(r *request) { r.body = "null" }, 200, "BAD_REQUEST"},
		{"a number for a string", set("mid", 898340149000005), 200, "BAD_REQUEST"},
		{"unknown field", set("more", "x"), 200, "BAD_REQUEST"},
		{"another case", func(r *request) { delete(r.fields, "mid"); r.fields["MID"] = key.MID }, 200, "BAD_REQUEST"},
		{"empty optional field", set("refundOrderId", ""), 200, "BAD_REQUEST"},
		{"null optional field", set("msgId", nil), 200, "BAD_REQUEST"},
		{"mid too long", set("mid", strings.Repeat("8", 16)), 200, "BAD_REQUEST"},
		{"tid too long", set("tid", "000000001"), 200, "BAD_REQUEST"},
		{"billNo too long", set("billNo", strings.Repeat("3", 33)), 200, "BAD_REQUEST"},
		{"msgId too long", set("msgId", strings.Repeat("3", 65)), 200, "BAD_REQUEST"},
		{"srcReserve too long", set("srcReserve", strings.Repeat("测", 256)), 200, "BAD_REQUEST"},
		{"refundOrderId too long", set("refundOrderId", strings.Repeat("3", 33)), 200, "BAD_REQUEST"},
		{"authedOrderId too long", set("authedOrderId", strings.Repeat("3", 33)), 200, "BAD_REQUEST"},
		{"billDate compact", set("billDate", "20261119"), 200, "BAD_REQUEST"},
		{"billDate impossible", set("billDate", "2026-02-30"), 200, "BAD_REQUEST"},
		{"requestTimestamp compact", set("requestTimestamp", "20261120023000"), 200, "BAD_REQUEST"},
		{"requestTimestamp old", set("requestTimestamp", "2026-11-20 02:14:59"), 200, "ABNORMAL_REQUEST_TIME"},
	}
	for _, name := range []string{"requestTimestamp", "mid", "tid", "instMid", "billNo", "billDate"} {
		for _, value := range []any{nil, ""} {
			tests = append(tests, struct {
				name   string
				spoil  func(*request)
				status int
				code   string
			}{"required " + name, set(name, value), 200, "BAD_REQUEST"})
		}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGateway()
			r := good()
			test.spoil(r)
			status, fields := r.send(g)
			require.Equal(t, test.status, status, fields)
			require.Equal(t, test.code, fields["errCode"], fields)
			require.Equal(t, 1, g.Total())
			require.Equal(t, test.code, g.Requests()[0].Refusal)
			require.Zero(t, g.Count(chinaumstest.Question{Key: key}), "refused requests do not count as asked")
		})
	}
}

func TestNonceIsUsedOnce(t *testing.T) {
	g := newGateway()
	forged := good()
	forged.signedBody = new(string)
	_, fields := forged.send(g)
	require.Equal(t, "BAD_SIGN", fields["errCode"])
	_, fields = good().send(g)
	require.Equal(t, "SUCCESS", fields["errCode"], "a forged request uses no nonce up")
	status, fields := good().send(g)
	require.Equal(t, 400, status)
	require.Equal(t, "BAD_REQUEST", fields["errCode"])
}

func TestMerchants(t *testing.T) {
	for served, code := range map[string]string{key.MID: "SUCCESS", "898340149000006": "NO_MERCHANT"} {
		g := chinaumstest.New(chinaumstest.Config{
			Keys: keys(), Now: func() time.Time { return night }, Merchants: []string{served},
		})
		g.Put(paidBill())
		_, fields := good().send(g)
		require.Equal(t, code, fields["errCode"])
		require.Equal(t, key.BillNo, fields["billNo"])
	}
}
