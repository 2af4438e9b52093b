package chinaums_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
)

func TestEachAttemptIsSignedAnew(t *testing.T) {
	var mu sync.Mutex
	var count atomic.Int64
	seen := map[string]bool{}
	stamps := map[string]bool{}
	clock := night
	answer := script(&count, "503 x", "200 <html>", "200 "+unpaid)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen[r.Header.Get("Authorization")] = true
		stamps[string(body)] = true
		mu.Unlock()
		answer(w, r)
	}, func(o *chinaums.Options) {
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			clock = clock.Add(time.Second)
			return clock
		}
	})
	got, err := c.QueryBill(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, 3, got.Attempts)
	require.Len(t, seen, 3)
	require.Len(t, stamps, 3, "requestTimestamp is of the attempt")
}

func TestRetries(t *testing.T) {
	wrong := strings.Replace(unpaid, `"tid":"00000001"`, `"tid":"00000002"`, 1)
	noOrder := `{"errCode":"NO_ORDER","errMsg":"没有订单"}`
	tests := []struct {
		name     string
		answers  []string
		attempts int
		want     error // nil: an answer
		code     string
	}{
		{"at once", []string{"200 " + unpaid}, 1, nil, "SUCCESS"},
		{"after HTTP 500", []string{"500 x", "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"after 9200 as a string", []string{`412 {"errCode":"9200","errInfo":"x"}`, "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"after 9200 as a number", []string{`412 {"errCode":9200,"errInfo":"x"}`, "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"after NET_ERROR", []string{`200 {"errCode":"NET_ERROR"}`, "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"after a cut body", []string{"200 " + unpaid[:50], "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"after trailing garbage", []string{"200 " + unpaid + "x", "200 " + unpaid}, 2, nil, "SUCCESS"},
		{"on the last attempt", []string{"500 x", "500 x", "500 x", "200 " + unpaid}, 4, nil, "SUCCESS"},
		{"one attempt too late", []string{"500 x", "500 x", "500 x", "500 x", "200 " + unpaid}, 4, chinaums.ErrUnavailable, ""},
		{"TIMEOUT for ever", []string{`200 {"errCode":"TIMEOUT","errMsg":"x"}`}, 4, chinaums.ErrUnavailable, "TIMEOUT"},
		{"HTML for ever", []string{"200 <html>"}, 4, chinaums.ErrMalformed, ""},
		{"HTTP 429 for ever", []string{"429 x"}, 4, chinaums.ErrUnavailable, ""},
		{"garbled, then unavailable", []string{"200 x", "200 x", "200 x", "503 x"}, 4, chinaums.ErrUnavailable, ""},
		{"NO_ORDER", []string{"200 " + noOrder}, 1, chinaums.ErrNoOrder, "NO_ORDER"},
		{"NO_ORDER after a retry", []string{"503 x", "200 " + noOrder}, 2, chinaums.ErrNoOrder, "NO_ORDER"},
		{"NO_ORDER about another bill", []string{`200 {"errCode":"NO_ORDER","billNo":"other"}`}, 1, chinaums.ErrWrongKey, "NO_ORDER"},
		{"NO_ORDER with an echo that is no string", []string{`200 {"errCode":"NO_ORDER","billNo":5}`}, 1, chinaums.ErrMalformed, "NO_ORDER"},
		{"NO_ORDER that is not HTTP 200", []string{"404 " + noOrder}, 1, chinaums.ErrRejected, "NO_ORDER"},
		{"ORDER_PROCESSING", []string{`200 {"errCode":"ORDER_PROCESSING"}`}, 1, chinaums.ErrProcessing, "ORDER_PROCESSING"},
		{"INVALID_ORDER", []string{`200 {"errCode":"INVALID_ORDER"}`}, 1, chinaums.ErrRefused, "INVALID_ORDER"},
		{"unknown code", []string{`200 {"errCode":"WHAT"}`}, 1, chinaums.ErrRefused, "WHAT"},
		{"BAD_SIGN", []string{`200 {"errCode":"BAD_SIGN"}`}, 1, chinaums.ErrRejected, "BAD_SIGN"},
		{"BAD_SIGN with an echo that is no string", []string{`200 {"errCode":"BAD_SIGN","mid":1}`}, 1, chinaums.ErrRejected, "BAD_SIGN"},
		{"412 1000", []string{`412 {"errCode":"1000","errInfo":"x"}`}, 1, chinaums.ErrRejected, "1000"},
		{"HTTP 404", []string{"404 x"}, 1, chinaums.ErrRejected, ""},
		{"another bill", []string{"200 " + wrong}, 1, chinaums.ErrWrongKey, "SUCCESS"},
		{"another bill, and broken beside", []string{"200 " + strings.Replace(wrong, `"billStatus":"UNPAID"`, `"totalAmount":"x"`, 1)}, 1, chinaums.ErrWrongKey, "SUCCESS"},
		{"a required field is missing", []string{"200 " + strings.Replace(unpaid, "billStatus", "x", 1)}, 1, chinaums.ErrMalformed, "SUCCESS"},
		{"SUCCESS alone", []string{`200 {"errCode":"SUCCESS"}`}, 1, chinaums.ErrMalformed, "SUCCESS"},
		{"no errCode", []string{`200 {"mid":"898340149000005"}`}, 1, chinaums.ErrMalformed, ""},
		{"an array", []string{`200 []`}, 1, chinaums.ErrMalformed, ""},
		{"a field twice", []string{`200 {"errCode":"NO_ORDER","errCode":"SUCCESS"}`}, 1, chinaums.ErrMalformed, ""},
		{"SUCCESS with HTTP 500", []string{"500 " + unpaid}, 4, chinaums.ErrUnavailable, "SUCCESS"},
		{"SUCCESS with HTTP 400", []string{"400 " + unpaid}, 1, chinaums.ErrRejected, "SUCCESS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var count atomic.Int64
			got, err := serve(t, script(&count, test.answers...), nil).QueryBill(t.Context(), query)
			require.Equal(t, test.attempts, got.Attempts)
			require.EqualValues(t, test.attempts, count.Load())
			require.Equal(t, test.code, got.ErrCode)
			if test.want == nil {
				require.NoError(t, err)
				require.Equal(t, "UNPAID", got.BillStatus)
				require.Equal(t, unpaid, string(got.Raw))
				return
			}
			require.ErrorIs(t, err, test.want)
			var e *chinaums.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "bills/query", e.Op)
			require.Equal(t, test.code, e.Code)
			require.NotEmpty(t, e.Reason())
			require.Empty(t, got.BillStatus, "no half an answer beside an error")
			require.NotNil(t, got.Raw)
		})
	}
}

func TestTooLarge(t *testing.T) {
	padded := func(n int) string {
		return strings.Replace(unpaid, "{", `{"memo":"`+strings.Repeat("x", n-len(unpaid)-len(`"memo":"",`))+`",`, 1)
	}
	for size, want := range map[int]error{2000: nil, 2001: chinaums.ErrMalformed} {
		var count atomic.Int64
		body := padded(size)
		require.Len(t, body, size)
		c := serve(t, script(&count, "200 "+body), func(o *chinaums.Options) { o.MaxBody = 2000 })
		got, err := c.QueryBill(t.Context(), query)
		if want == nil {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, want)
		require.Equal(t, 4, got.Attempts)
		require.Nil(t, got.Raw)
	}
}

// A body that ends before its Content-Length is cut, not unavailable.
func TestBodyShorterThanAnnounced(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(unpaid)+100))
		_, _ = io.WriteString(w, unpaid)
	}, nil)
	got, err := c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrMalformed)
	require.Equal(t, 4, got.Attempts)
}
