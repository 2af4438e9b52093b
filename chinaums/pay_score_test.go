package chinaums_test

import (
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

var paidSync = chinaums.PaidSync{
	FenOrderID: "F1", MID: query.MID, ServiceID: "500001", PaidTime: night.Add(-time.Hour), Accepted: []string{"SUCCESS", "0000"}, Refused: []string{"ORDER_CLOSED"},
}

func TestSyncIsSentAsThePageHasIt(t *testing.T) {
	for asText, detail := range map[bool]string{
		false: `{"paidTime":"20261120013000"}`, true: `"{\"paidTime\":\"20261120013000\"}"`,
	} {
		var body, path string
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			body, path = string(text), r.Method+" "+r.URL.Path
			_, _ = io.WriteString(w, `{"respCode":"SUCCESS","respDesc":"成功"}`)
		}, nil)
		p := paidSync
		p.DetailAsText, p.PaidTime = asText, p.PaidTime.UTC()
		got, err := c.SyncPayScore(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, "POST /v1/inip/corporate-wallet/wechat-pay-point/order/sync", path)
		require.Equal(t, `{"fenOrderId":"F1","mid":"898340149000005","serviceId":"500001","type":"Order_Paid","detail":`+detail+`}`, body)
		require.Equal(t, chinaums.SyncAnswer{RespCode: "SUCCESS", RespDesc: "成功", Attempts: 1, Raw: []byte(`{"respCode":"SUCCESS","respDesc":"成功"}`)}, got)
	}
}

func TestWhatBecameOfASync(t *testing.T) {
	unsure := chinaums.ErrUnsure
	tests := []struct {
		name, answer, code string
		want               error
	}{
		{"accepted", `200 {"respCode":"SUCCESS"}`, "SUCCESS", nil},
		{"another accepted one", `200 {"respCode":"0000"}`, "0000", nil},
		{"with a blank", `200 {"respCode":"SUCCESS "}`, "SUCCESS", nil},
		{"one that says no", `200 {"respCode":"ORDER_CLOSED","respDesc":"x"}`, "ORDER_CLOSED", chinaums.ErrRefused},
		{"one that surely says no", `200 {"respCode":"BAD_SIGN"}`, "BAD_SIGN", chinaums.ErrRejected},
		{"another that surely says no", `200 {"respCode":"INVALID_ORDER"}`, "INVALID_ORDER", chinaums.ErrRefused},
		{"one that nobody knows", `200 {"respCode":"OK"}`, "OK", unsure},
		{"a number", `200 {"respCode":1}`, "1", unsure},
		{"case matters", `200 {"respCode":"success"}`, "success", unsure},
		{"a word that leaves it open", `200 {"respCode":"TIMEOUT"}`, "TIMEOUT", unsure},
		{"accepted, with HTTP 500", `500 {"respCode":"SUCCESS"}`, "SUCCESS", unsure},
		{"another respCode with HTTP 400", `400 {"respCode":"X"}`, "X", unsure},
		{"empty", `200 {"respCode":"","respDesc":""}`, "", unsure},
		{"missing", `200 {}`, "", unsure},
		{"an object", `200 {"respCode":{}}`, "", unsure},
		{"BAD_SIGN of the layer in front", `200 {"errCode":"BAD_SIGN"}`, "BAD_SIGN", chinaums.ErrRejected},
		{"412 1000", `412 {"errCode":"1000","errInfo":"x"}`, "1000", chinaums.ErrRejected},
		{"BAD_SIGN with HTTP 500", `500 {"errCode":"BAD_SIGN"}`, "BAD_SIGN", unsure},
		{"9200", `412 {"errCode":"9200"}`, "9200", unsure},
		{"SUCCESS is not its word", `200 {"errCode":"SUCCESS"}`, "SUCCESS", unsure},
		{"NO_ORDER is not its word", `200 {"errCode":"NO_ORDER"}`, "NO_ORDER", unsure},
		{"INVALID_ORDER is not its word", `200 {"errCode":"INVALID_ORDER"}`, "INVALID_ORDER", unsure},
		{"unknown errCode", `401 {"errCode":"1401","errInfo":"认证失败"}`, "1401", unsure},
		{"HTML", "200 <html>", "", unsure},
		{"HTTP 503", "503 x", "", unsure},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var count atomic.Int64
			got, err := serve(t, script(&count, test.answer), nil).SyncPayScore(t.Context(), paidSync)
			require.EqualValues(t, 1, count.Load())
			require.Equal(t, 1, got.Attempts)
			require.Equal(t, test.code, got.RespCode)
			require.NotNil(t, got.Raw)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, test.want)
			var e *chinaums.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "order/sync", e.Op)
			require.NotEmpty(t, e.Reason())
		})
	}
	open := paidSync
	open.Accepted = nil
	_, err := serve(t, script(new(atomic.Int64), `200 {"respCode":"SUCCESS"}`), nil).SyncPayScore(t.Context(), open)
	require.ErrorIs(t, err, unsure, "nobody said what means success")
}

func TestSyncThatIsNotSent(t *testing.T) {
	var count atomic.Int64
	c := serve(t, script(&count, `200 {"respCode":"SUCCESS"}`), nil)
	for name, change := range map[string]func(*chinaums.PaidSync){
		"fenOrderId is empty": func(p *chinaums.PaidSync) { p.FenOrderID = "" }, "mid is empty": func(p *chinaums.PaidSync) { p.MID = " " },
		"serviceId is empty":             func(p *chinaums.PaidSync) { p.ServiceID = "" },
		"fenOrderId is longer than 32":   func(p *chinaums.PaidSync) { p.FenOrderID = strings.Repeat("F", 33) },
		"fenOrderId is not UTF-8":        func(p *chinaums.PaidSync) { p.FenOrderID = "\xff" },
		"paidTime is empty":              func(p *chinaums.PaidSync) { p.PaidTime = time.Time{} },
		"order/sync: paidTime 2026-11-2": func(p *chinaums.PaidSync) { p.PaidTime = night.Add(61 * time.Second) },
	} {
		p := paidSync
		change(&p)
		_, err := c.SyncPayScore(t.Context(), p)
		require.ErrorIs(t, err, chinaums.ErrBadQuery)
		require.ErrorContains(t, err, name)
	}
	require.Zero(t, count.Load())
	p := paidSync
	p.PaidTime = night.Add(time.Minute)
	_, err := c.SyncPayScore(t.Context(), p)
	require.NoError(t, err)
}

func TestSyncAgainstTheSimulator(t *testing.T) {
	for _, asText := range []bool{false, true} {
		for fault, want := range map[string]struct {
			err    error
			synced int
		}{
			"": {nil, 1}, "reset": {chinaums.ErrUnsure, 1}, "lost-request": {chinaums.ErrUnsure, 0}, "cut-body": {chinaums.ErrUnsure, 1},
			"twice": {chinaums.ErrUnsure, 1}, "missing-code": {chinaums.ErrUnsure, 1}, "trailing-blank": {nil, 1}, "net-error": {chinaums.ErrUnsure, 1},
			"invalid-order": {chinaums.ErrRefused, 0}, "clock-skew": {chinaums.ErrRejected, 0},
		} {
			t.Run(fmt.Sprint(asText, " ", fault), func(t *testing.T) {
				s := simulate(t, func(c *chinaumstest.Config) { c.DetailAsText = asText })
				if fault != "" {
					require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: fault}))
				}
				p := paidSync
				p.DetailAsText = asText
				_, err := s.client(t, nil).SyncPayScore(t.Context(), p)
				require.ErrorIs(t, err, want.err)
				require.Equal(t, want.synced, s.Synced("F1"))
			})
		}
	}
	s := simulate(t, func(c *chinaumstest.Config) { c.DetailAsText = true })
	_, err := s.client(t, nil).SyncPayScore(t.Context(), paidSync)
	require.ErrorIs(t, err, chinaums.ErrRejected, "an object where a string is to be")
	wrong := s.client(t, func(o *chinaums.Options) { o.AppKey = chinaums.NewSecret("wrong") })
	_, err = wrong.SyncPayScore(t.Context(), paidSync)
	require.ErrorIs(t, err, chinaums.ErrRejected)
	require.Zero(t, s.Synced("F1"))
}

func TestParsePaidTime(t *testing.T) {
	for text, want := range map[string]string{
		"20091225091010": "2009-12-25 09:10:10", "20091225": "2009-12-25 23:59:59", "20240229": "2024-02-29 23:59:59", "20091225000000": "2009-12-25 00:00:00",
	} {
		got, err := chinaums.ParsePaidTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Format("2006-01-02 15:04:05"))
		_, offset := got.Zone()
		require.Equal(t, 8*3600, offset)
	}
	for _, text := range []string{
		"", "2009", "20230229", "20091325", "2009122509101", "200912250910100", "2009122509101O", "2009-12-25", "2009-12-25 09:10:10",
		"20091225246060", "20091225240000", " 20091225", "20091225.5", "00000101", "20091225091010.5", "+0091225",
	} {
		_, err := chinaums.ParsePaidTime(text)
		require.ErrorIs(t, err, chinaums.ErrBadQuery, text)
	}
}

func TestCheckPaidTime(t *testing.T) {
	at := func(minutes int) time.Time { return night.Add(time.Duration(minutes) * time.Minute).UTC() }
	none := time.Time{}
	tests := []struct {
		name                           string
		paid, now, service, completion time.Time
		want                           string // empty: it holds
	}{
		{"all in order", at(-1), at(0), at(-60), at(-2), ""},
		{"a minute ahead", at(1), at(0), at(-60), at(-2), ""},
		{"more than a minute ahead", at(1).Add(time.Second), at(0), none, none, "paidTime 2026-11-20 02:31:01 is more than 60 s after now, 2026-11-20 02:30:00"},
		{"nothing known", at(-1), at(0), none, none, ""},
		{"nothing to pay for", none, at(0), none, none, "paidTime is empty"},
		{"completed at the start", at(-1), at(0), at(-2), at(-2), "service start 2026-11-20 02:28:00 is not before the order was completed, 2026-11-20 02:28:00"},
		{"completed before the start", at(-1), at(0), at(-2), at(-3), "service start"},
		{"start unknown", at(-1), at(0), none, at(-2), ""},
		{"completion unknown", at(-1), at(0), at(-2), none, ""},
		{"paid before the start, completion unknown", at(-1), at(0), at(5), none, "paidTime 2026-11-20 02:29:00 is not after the service start, 2026-11-20 02:35:00"},
		{"paid at the start, completion unknown", at(-1), at(0), at(-1), none, "is not after the service start"},
		{"paid when completed", at(-2), at(0), none, at(-2), "paidTime 2026-11-20 02:28:00 is not after the order was completed, 2026-11-20 02:28:00"},
		{"paid before completed", at(-3), at(0), at(-60), at(-2), "is not after"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := chinaums.CheckPaidTime(test.paid, test.now, test.service, test.completion)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, chinaums.ErrBadQuery)
			require.ErrorContains(t, err, test.want)
		})
	}
}
