package chinaums_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

var completion = chinaums.Completion{
	MID: query.MID, TID: query.TID, InstMID: query.InstMID, BillNo: query.BillNo, BillDate: query.BillDate,
	AuthedOrderID: "31942026112002300000000001", AuthIDRespCd: "987275", TotalAmount: 1908,
}

const completed = `{"errCode":"SUCCESS","errMsg":"","responseTimestamp":"2026-11-20 02:30:01","mid":"898340149000005","tid":"00000001",` +
	`"instMid":"QRPAYDEFAULT","authIdRespCd":"987275","authedBillPayment":{"merOrderId":"31942026112002300000000001","totalAmount":"1908",` +
	`"buyerPayAmount":"954","discountAmount":0,"buyerId":"marked-buyer","payTime":"2026-11-20 02:30:01","status":"TRADE_SUCCESS"},` +
	`"billNo":"31942002269255200133896901","billDate":"2026-11-19","billStatus":"PAID","authedOrderId":"","cardAttr":""}`

func TestCompletionIsSentAsThePageHasIt(t *testing.T) {
	var body, path string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body, path = string(text), r.Method+" "+r.URL.Path
		_, _ = io.WriteString(w, completed)
	}, nil)
	full := completion
	full.MsgID, full.SrcReserve, full.AuthedDesc = "1", "<a&b>", "完成"
	got, err := c.CompletePreauth(t.Context(), full)
	require.NoError(t, err)
	require.Equal(t, "POST /v1/netpay/bills/preauthed", path)
	require.Equal(t, `{"requestTimestamp":"2026-11-20 02:30:00","mid":"898340149000005","tid":"00000001","instMid":"QRPAYDEFAULT",`+
		`"billNo":"31942002269255200133896901","billDate":"2026-11-19","authedOrderId":"31942026112002300000000001","authIdRespCd":"987275",`+
		`"totalAmount":"1908","msgId":"1","srcReserve":"<a&b>","authedDesc":"完成"}`, body)
	require.Equal(t, "PAID", got.BillStatus)
	require.Equal(t, "TRADE_SUCCESS", got.AuthedBillPayment.Status)
	require.Equal(t, chinaums.Amount{Fen: 954, Known: true}, got.AuthedBillPayment.BuyerPayAmount)
	require.Equal(t, chinaums.Amount{Known: true}, got.AuthedBillPayment.DiscountAmount)
	require.Equal(t, "2026-11-20 02:30:01", got.RespondedAt.Format("2006-01-02 15:04:05"))
	require.Equal(t, 1, got.Attempts)
	require.NotContains(t, string(got.Raw), "marked-buyer")

	_, err = c.CompletePreauth(t.Context(), completion)
	require.NoError(t, err)
	var sent map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	require.Len(t, sent, 9, "optional fields without value are left out")
}

func TestWhatBecameOfACompletion(t *testing.T) {
	changed := func(old, new string) string { return "200 " + strings.Replace(completed, old, new, 1) }
	unsure := chinaums.ErrUnsure
	tests := []struct {
		name, answer string
		want         error // nil: done
	}{
		{"done", "200 " + completed, nil},
		{"the other spelling of the time", changed("responseTimestamp", "responseTimeStamp"), nil},
		{"authedOrderId echoed", changed(`"authedOrderId":""`, `"authedOrderId":"31942026112002300000000001"`), nil},
		{"no echo at all", `200 {"errCode":"SUCCESS"}`, nil},
		{"NO_ORDER", `200 {"errCode":"NO_ORDER"}`, chinaums.ErrNoOrder},
		{"INVALID_ORDER", `200 {"errCode":"INVALID_ORDER"}`, chinaums.ErrRefused},
		{"BAD_SIGN", `200 {"errCode":"BAD_SIGN"}`, chinaums.ErrRejected},
		{"412 1000", `412 {"errCode":"1000","errInfo":"x"}`, chinaums.ErrRejected},
		{"NO_ORDER about another bill", `200 {"errCode":"NO_ORDER","billNo":"other"}`, unsure},
		{"BAD_SIGN about another bill", `200 {"errCode":"BAD_SIGN","billNo":"other"}`, unsure},
		{"INVALID_ORDER with an echo that is no string", `200 {"errCode":"INVALID_ORDER","mid":1}`, unsure},
		{"NO_ORDER that is not HTTP 200", `404 {"errCode":"NO_ORDER"}`, unsure},
		{"SUCCESS with HTTP 500", "500 " + completed, unsure},
		{"SUCCESS with HTTP 400", "400 " + completed, unsure},
		{"another bill", changed(`"tid":"00000001"`, `"tid":"00000002"`), unsure},
		{"another completion", changed(`"authedOrderId":""`, `"authedOrderId":"A2"`), unsure},
		{"authedOrderId is a number", changed(`"authedOrderId":""`, `"authedOrderId":1`), unsure},
		{"nonsense amount", changed(`"954"`, `"9.54"`), unsure},
		{"nonsense time", changed(`"responseTimestamp":"2026-11-20 02:30:01"`, `"responseTimestamp":"now"`), unsure},
		{"cut", "200 " + completed[:100], unsure},
		{"HTML", "200 <html>", unsure},
		{"an array", "200 []", unsure},
		{"nothing", "200 ", unsure},
		{"no errCode", `200 {"mid":"898340149000005"}`, unsure},
		{"DUP_ORDER", `200 {"errCode":"DUP_ORDER"}`, unsure},
		{"unknown code", `200 {"errCode":"WHAT"}`, unsure},
		{"HTTP 500", "500 x", unsure},
		{"HTTP 429", "429 x", unsure},
		{"9200", `412 {"errCode":"9200"}`, unsure},
		{"HTTP 401 with an unknown code", `401 {"errCode":"1401","errInfo":"认证失败"}`, unsure},
		{"HTTP 302", "302 x", unsure},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var count atomic.Int64
			got, err := serve(t, script(&count, test.answer), nil).CompletePreauth(t.Context(), completion)
			require.EqualValues(t, 1, count.Load(), "never sent again")
			require.Equal(t, 1, got.Attempts)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, test.want)
			var e *chinaums.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "bills/preauthed", e.Op)
			require.NotEmpty(t, e.Reason())
			require.NotContains(t, fmt.Sprintf("%v %s", err, got.Raw), "marked-buyer")
			require.Empty(t, got.BillStatus, "no half an answer beside an error")
			require.Nil(t, got.AuthedBillPayment)
			require.Equal(t, test.name == "nothing", got.Raw == nil)
		})
	}
}

func TestCompletionThatIsNotSent(t *testing.T) {
	var count atomic.Int64
	c := serve(t, script(&count, "200 "+completed), nil)
	for name, change := range map[string]func(*chinaums.Completion){
		"mid": func(p *chinaums.Completion) { p.MID = "" }, "billNo": func(p *chinaums.Completion) { p.BillNo = "" },
		"billDate":                 func(p *chinaums.Completion) { p.BillDate = time.Time{} },
		"authedOrderId":            func(p *chinaums.Completion) { p.AuthedOrderID = " " },
		"longer than 32":           func(p *chinaums.Completion) { p.AuthedOrderID = strings.Repeat("3", 33) },
		"authIdRespCd":             func(p *chinaums.Completion) { p.AuthIDRespCd = "" },
		"totalAmount is 0":         func(p *chinaums.Completion) { p.TotalAmount = 0 },
		"totalAmount is -1":        func(p *chinaums.Completion) { p.TotalAmount = -1 },
		"totalAmount is 100000000": func(p *chinaums.Completion) { p.TotalAmount = 100_000_000_000_000 },
		"UTF-8":                    func(p *chinaums.Completion) { p.AuthedDesc = "\xff" },
	} {
		p := completion
		change(&p)
		got, err := c.CompletePreauth(t.Context(), p)
		require.ErrorIs(t, err, chinaums.ErrBadQuery)
		require.ErrorContains(t, err, name)
		require.Zero(t, got.Attempts)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.CompletePreauth(stopped, completion)
	require.ErrorIs(t, err, chinaums.ErrStopped)
	broke := serve(t, script(&count, "200 "+completed), func(o *chinaums.Options) { o.Budget = chinaums.NewBudget(0) })
	_, err = broke.CompletePreauth(t.Context(), completion)
	require.ErrorIs(t, err, chinaums.ErrBudget)
	require.Zero(t, count.Load())
	long := completion
	long.AuthedOrderID = strings.Repeat("测", 32)
	_, err = c.CompletePreauth(t.Context(), long)
	require.NoError(t, err, "characters are counted, not bytes")
}

func TestCompletionWhoseContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	got, err := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}, func(o *chinaums.Options) { o.Grace = time.Millisecond }).CompletePreauth(ctx, completion)
	require.ErrorIs(t, err, chinaums.ErrUnsure, "it was sent")
	require.NotErrorIs(t, err, chinaums.ErrStopped)
	require.Equal(t, 1, got.Attempts)

	ctx, cancel = context.WithCancel(t.Context())
	_, err = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		_, _ = io.WriteString(w, completed)
	}, nil).CompletePreauth(ctx, completion)
	require.NoError(t, err, "what was asked is heard")
}

func TestCompletionAgainstTheSimulator(t *testing.T) {
	tests := []struct {
		fault    string
		change   func(*chinaums.Completion)
		want     error
		executed int
	}{
		{"", nil, nil, 1},
		{"numbers", nil, nil, 1},
		{"stamp-spelling", nil, nil, 1},
		{"trailing-blank", nil, nil, 1},
		{"lost-request", nil, chinaums.ErrUnsure, 0},
		{"reset", nil, chinaums.ErrUnsure, 1},
		{"slow", nil, chinaums.ErrUnsure, 1},
		{"http-500", nil, chinaums.ErrUnsure, 1},
		{"cut-body", nil, chinaums.ErrUnsure, 1},
		{"wrong-echo", nil, chinaums.ErrUnsure, 1},
		{"twice", nil, chinaums.ErrUnsure, 1},
		{"nonsense-amount", nil, chinaums.ErrUnsure, 1},
		{"impossible-date", nil, chinaums.ErrUnsure, 1},
		{"order-processing", nil, chinaums.ErrUnsure, 1},
		{"target-fail", nil, chinaums.ErrUnsure, 1},
		{"bad-sign", nil, chinaums.ErrRejected, 0},
		{"clock-skew", nil, chinaums.ErrRejected, 0},
		{"invalid-order", nil, chinaums.ErrRefused, 0},
		{"token-refused", nil, chinaums.ErrUnsure, 0},
		{"", func(p *chinaums.Completion) { p.BillNo = "3194none" }, chinaums.ErrNoOrder, 0},
		{"", func(p *chinaums.Completion) { p.AuthIDRespCd = "1" }, chinaums.ErrRefused, 0},
		{"", func(p *chinaums.Completion) { p.TotalAmount = 1909 }, chinaums.ErrRefused, 0},
		{"", func(p *chinaums.Completion) { p.TotalAmount = 100_000_001 }, chinaums.ErrRejected, 0},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.fault, " ", test.want), func(t *testing.T) {
			s := simulate(t, nil)
			c := s.client(t, func(o *chinaums.Options) {
				if test.fault == "slow" {
					o.Timeout = 30 * time.Millisecond
				}
			})
			if test.fault != "" {
				require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: test.fault}))
			}
			p := completion
			if test.change != nil {
				test.change(&p)
			}
			_, err := c.CompletePreauth(t.Context(), p)
			require.ErrorIs(t, err, test.want)
			require.Equal(t, 1, s.Total())
			require.Equal(t, test.executed, s.Completed(p.AuthedOrderID))
		})
	}
}

func TestCompletionIsFoundByItsQuery(t *testing.T) {
	s := simulate(t, nil)
	c := s.client(t, nil)
	_, err := c.CompletePreauth(t.Context(), completion)
	require.NoError(t, err)
	ask := query
	ask.AuthedOrderID = completion.AuthedOrderID
	got, err := c.QueryBill(t.Context(), ask)
	require.NoError(t, err)
	require.EqualValues(t, 1908, got.AuthedBillPayment.TotalAmount.Fen)
	require.Equal(t, "TRADE_SUCCESS", got.AuthedBillPayment.Status)

	_, err = c.CompletePreauth(t.Context(), completion)
	require.ErrorIs(t, err, chinaums.ErrUnsure, "DUP_ORDER may be about the first one")
	require.ErrorContains(t, err, "DUP_ORDER")
	require.Equal(t, 1, s.Completed(completion.AuthedOrderID))
}

func TestCompletionWithATokenThatIsRefused(t *testing.T) {
	s := simulate(t, nil)
	c := s.client(t, withToken)
	_, err := c.QueryBill(t.Context(), query)
	require.NoError(t, err)
	s.RevokeTokens()
	got, err := c.CompletePreauth(t.Context(), completion)
	require.NoError(t, err)
	require.Equal(t, 2, got.Attempts)
	require.Equal(t, 2, s.Tokens(appID))
	require.Equal(t, 1, s.Completed(completion.AuthedOrderID))

	require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: "token-refused"}))
	again := completion
	again.AuthedOrderID = "3194again"
	got, err = c.CompletePreauth(t.Context(), again)
	require.ErrorIs(t, err, chinaums.ErrRejected, "refused unread, twice")
	require.Equal(t, 2, got.Attempts)
	require.Zero(t, s.Completed(again.AuthedOrderID))
}

// A refusal that does not say that it is about the token may come from behind
// the platform: nothing is sent again.
func TestCompletionWithATokenIsNotSentAgainOnSuspicion(t *testing.T) {
	for _, answer := range []string{"403 <html>", `400 {"errCode":"8888","errInfo":"x"}`, "302 x"} {
		var tokens, calls atomic.Int64
		c := serve(t, tokenServer(&tokens, &calls, `200 {"errCode":"0000","accessToken":"t","expiresIn":3600}`, answer), withToken)
		_, err := c.CompletePreauth(t.Context(), completion)
		require.ErrorIs(t, err, chinaums.ErrUnsure)
		require.EqualValues(t, 1, calls.Load())
		require.EqualValues(t, 1, tokens.Load())
	}
}
