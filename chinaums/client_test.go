package chinaums_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const (
	appID  = "10037e6f6823b20801682b6a5e5a0006"
	secret = "marked-app-key"
)

var beijing = time.FixedZone("+08:00", 8*60*60)

// night is the instant that both sides take for now.
var night = time.Date(2026, 11, 20, 2, 30, 0, 0, beijing)

func now() time.Time { return night }

func testOptions(url string) chinaums.Options {
	return chinaums.Options{
		BaseURL: url, AppID: appID, AppKey: chinaums.NewSecret(secret), Now: now,
		Backoff: chinaums.Backoff{First: time.Millisecond, Max: 5 * time.Millisecond},
	}
}

func newClient(t *testing.T, o chinaums.Options) *chinaums.Client {
	t.Helper()
	c, err := chinaums.New(o)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdle)
	return c
}

// serve starts a handler and gives a client of it.
func serve(t *testing.T, h http.HandlerFunc, change func(*chinaums.Options)) *chinaums.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o := testOptions(server.URL)
	if change != nil {
		change(&o)
	}
	return newClient(t, o)
}

var query = chinaums.BillQuery{
	MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT",
	BillNo: "31942002269255200133896901", BillDate: time.Date(2026, 11, 19, 0, 0, 0, 0, beijing),
}

const unpaid = `{"errCode":"SUCCESS","mid":"898340149000005","tid":"00000001","instMid":"QRPAYDEFAULT",` +
	`"billNo":"31942002269255200133896901","billDate":"2026-11-19","billStatus":"UNPAID"}`

// script answers with one entry after the other, the last one for ever:
// "200 body" or "503 body".
func script(count *atomic.Int64, answers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		i := min(int(count.Add(1)), len(answers)) - 1
		var status int
		_, _ = fmt.Sscan(answers[i], &status)
		_, body, _ := strings.Cut(answers[i], " ")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestQueryIsSentAsThePageHasIt(t *testing.T) {
	var header http.Header
	var body []byte
	var path string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header, path = r.Header, r.Method+" "+r.URL.Path
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, unpaid)
	}, nil)
	full := query
	full.MsgID, full.SrcReserve, full.RefundOrderID, full.AuthedOrderID = "1", "<a&b>测试", "R1", "A1"
	_, err := c.QueryBill(t.Context(), full)
	require.NoError(t, err)
	require.Equal(t, "POST /v1/netpay/bills/query", path)
	require.Equal(t, `{"requestTimestamp":"2026-11-20 02:30:00","mid":"898340149000005","tid":"00000001","instMid":"QRPAYDEFAULT",`+
		`"billNo":"31942002269255200133896901","billDate":"2026-11-19","msgId":"1","srcReserve":"<a&b>测试","refundOrderId":"R1","authedOrderId":"A1"}`, string(body))
	require.Regexp(t, `^OPEN-BODY-SIG AppId="`+appID+`",Timestamp="20261120023000",Nonce="[0-9a-f]{32}",Signature="[A-Za-z0-9+/]{43}="$`, header.Get("Authorization"))
	require.Equal(t, "application/json; charset=utf-8", header.Get("Content-Type"))

	_, err = c.QueryBill(t.Context(), query)
	require.NoError(t, err)
	var sent map[string]any
	require.NoError(t, json.Unmarshal(body, &sent))
	require.Len(t, sent, 6, "optional fields without value are left out")
}

// The date and the timestamps that are sent are Beijing's, whatever zone the
// clock and the caller have.
func TestTimesAreBeijing(t *testing.T) {
	var got map[string]string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		_, _ = io.WriteString(w, unpaid)
	}, func(o *chinaums.Options) {
		o.Now = func() time.Time { return night.In(time.FixedZone("", -8*3600)) }
	})
	q := query
	q.BillDate = q.BillDate.UTC()
	_, err := c.QueryBill(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, "2026-11-20 02:30:00", got["requestTimestamp"])
	require.Equal(t, "2026-11-19", got["billDate"])
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	got, err := newClient(t, testOptions("http://"+l.Addr().String())).QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
	require.Equal(t, 4, got.Attempts)
	require.Nil(t, got.Raw)
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewTLSServer(script(new(atomic.Int64), "200 "+unpaid))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails on purpose
	t.Cleanup(server.Close)
	o := testOptions(server.URL)
	o.MaxAttempts = 1
	_, err := newClient(t, o).QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrUnavailable)
	require.ErrorContains(t, err, "certificate")

	o.Transport = server.Client().Transport
	_, err = newClient(t, o).QueryBill(t.Context(), query)
	require.NoError(t, err)
}

// Nothing below TLS 1.2 is spoken, whoever offers it.
func TestOldTLSIsRefused(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(script(&asked, "200 "+unpaid))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	o := testOptions(server.URL)
	o.MaxAttempts = 1
	_, err := newClient(t, o).QueryBill(t.Context(), query)
	require.ErrorContains(t, err, "protocol version")
	require.Zero(t, asked.Load())
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(script(&elsewhere, "200 "+unpaid))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		got, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		}, nil).QueryBill(t.Context(), query)
		require.ErrorIs(t, err, chinaums.ErrRejected)
		require.Equal(t, 1, got.Attempts)
	}
	require.Zero(t, elsewhere.Load())
}

func TestBadQueryIsNotSent(t *testing.T) {
	var count atomic.Int64
	budget := chinaums.NewBudget(10)
	c := serve(t, script(&count, "200 "+unpaid), func(o *chinaums.Options) { o.Budget = budget })
	for name, change := range map[string]func(*chinaums.BillQuery){
		"mid": func(q *chinaums.BillQuery) { q.MID = "" }, "tid": func(q *chinaums.BillQuery) { q.TID = " " },
		"instMid": func(q *chinaums.BillQuery) { q.InstMID = "" }, "billNo": func(q *chinaums.BillQuery) { q.BillNo = "" },
		"billDate": func(q *chinaums.BillQuery) { q.BillDate = time.Time{} }, "UTF-8": func(q *chinaums.BillQuery) { q.RefundOrderID = "\xff" },
	} {
		q := query
		change(&q)
		_, err := c.QueryBill(t.Context(), q)
		require.ErrorIs(t, err, chinaums.ErrBadQuery)
		require.ErrorContains(t, err, name)
	}
	long := query
	long.BillNo = strings.Repeat("3", 40)
	_, err := c.QueryBill(t.Context(), long)
	require.ErrorIs(t, err, chinaums.ErrWrongKey, "lengths are not refused here")
	require.EqualValues(t, 1, count.Load())
	require.EqualValues(t, 1, budget.Taken())
}

func TestErrorsShowNoSecrets(t *testing.T) {
	hostile := `{"errCode":"\u001b[31mX","errMsg":"` + strings.Repeat("长", 5000) + `","buyerId":"marked-buyer"}`
	for _, answer := range []string{"200 " + hostile, "500 marked-body", "403 marked-body", "200 marked-body", `200 {"errCode":"SUCCESS","buyerId":"marked-buyer"}`} {
		c := serve(t, script(new(atomic.Int64), answer), nil)
		got, err := c.QueryBill(t.Context(), query)
		require.Error(t, err)
		printed := fmt.Sprintf("%v|%+v|%#v|%s|%s", err, err, got, got.ErrMsg, got.ErrCode)
		require.NotContains(t, printed, "marked-")
		require.NotContains(t, printed, secret)
		require.NotContains(t, printed, "Signature=")
		require.NotContains(t, err.Error(), "\x1b")
		require.Less(t, len(err.Error()), 1000)
		require.NotContains(t, string(got.Raw), "marked-buyer")
	}
}

func TestAgainstTheSimulator(t *testing.T) {
	g := chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{appID: chinaums.NewSecret(secret)}, Now: now})
	server, err := g.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	c := newClient(t, testOptions(server.URL))
	_, err = c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrNoOrder)

	key := chinaumstest.Key{MID: query.MID, TID: query.TID, InstMID: query.InstMID, BillNo: query.BillNo, BillDate: "2026-11-19"}
	g.Put(chinaumstest.Bill{
		Key: key, BillStatus: "PAID", TotalAmount: "1908",
		BillPayment: &chinaumstest.Flow{TotalAmount: "1908", PayTime: "2026-11-19 12:00:00", Status: "TRADE_SUCCESS", BuyerID: "marked-buyer"},
		Refunds:     map[string]chinaumstest.Flow{"R1": {TotalAmount: "8", Status: "SUCCESS"}},
		Completions: map[string]chinaumstest.Flow{"A1": {TotalAmount: "9", Status: "SUCCESS"}},
	})
	plain, err := c.QueryBill(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, chinaums.Amount{Fen: 1908, Known: true}, plain.TotalAmount)
	require.Nil(t, plain.RefundBillPayment)
	require.Nil(t, plain.AuthedBillPayment)
	require.False(t, bytes.Contains(plain.Raw, []byte("marked-buyer")))

	refund := query
	refund.RefundOrderID = "R1"
	got, err := c.QueryBill(t.Context(), refund)
	require.NoError(t, err)
	require.EqualValues(t, 8, got.RefundBillPayment.TotalAmount.Fen)
	authed := query
	authed.AuthedOrderID = "A1"
	got, err = c.QueryBill(t.Context(), authed)
	require.NoError(t, err)
	require.EqualValues(t, 9, got.AuthedBillPayment.TotalAmount.Fen)
	require.Nil(t, got.RefundBillPayment)
}
