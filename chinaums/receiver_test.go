package chinaums_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const (
	noticeKey    = "marked-notice-key"
	contractPath = "/ums/contract/marked-path-secret"
)

var received = time.Date(2026, 11, 19, 10, 0, 5, 0, time.UTC)

// box is a sink that keeps what it gets.
type box struct {
	mu   sync.Mutex
	got  []chinaums.Received
	told []string // by Refused
	err  error
}

func (b *box) sink(_ context.Context, r chinaums.Received) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, r)
	return b.err
}

func (b *box) refused(why chinaums.Refusal, path string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, fmt.Sprintf("%s, %s: %s", why, path, err))
}

func receive(t *testing.T, change func(*chinaums.ReceiverOptions)) (*box, *httptest.Server) {
	t.Helper()
	b := &box{}
	o := chinaums.ReceiverOptions{
		Path: "/ums/notice", ContractPath: chinaums.NewSecret(contractPath), AllowMD5: true,
		Key: func(mid string) (chinaums.Secret, bool) {
			return chinaums.NewSecret(noticeKey), mid == "898340149000005"
		},
		Sink: b.sink, Refused: b.refused, Now: func() time.Time { return received },
	}
	if change != nil {
		change(&o)
	}
	handler, err := chinaums.NewReceiver(o)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return b, server
}

func noticeOf(id string) map[string]string {
	return chinaumstest.BillNotice(id, chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: "B1", BillDate: "2026-11-19"},
		BillStatus: "PAID", TotalAmount: "1908", BillPayment: &chinaumstest.Flow{Status: "TRADE_SUCCESS", PayTime: "2026-11-19 10:00:00", BuyerID: "marked-buyer"},
	})
}

// with is a notice with one more parameter, or another value of one.
func with(name, value string) map[string]string {
	params := noticeOf("N")
	params[name] = value
	return params
}

func signed(params map[string]string, key, signType string) string {
	form := url.Values{}
	for name, value := range chinaumstest.Sign(params, chinaums.NewSecret(key), signType) {
		form.Set(name, value)
	}
	return form.Encode()
}

const asForm = "application/x-www-form-urlencoded"

func send(t *testing.T, to, contentType, body string) (status int, word string) {
	t.Helper()
	resp, err := http.Post(to, contentType, strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
	return resp.StatusCode, string(answer)
}

func TestReceiverAnswers(t *testing.T) {
	other := noticeOf("N")
	other["mid"] = "898340149000006"
	contract := string(chinaumstest.ContractNotice("C", "898340149000005", "A1", true, received))
	foreign := string(chinaumstest.ContractNotice("C", "898340149000006", "A1", true, received))
	faulty := noticeOf("N")
	faulty["totalAmount"] = "19.08"
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		verified                bool
		why                     string
	}{
		"a notice signed with MD5":           {"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""), 200, true, ""},
		"a notice signed with SHA256":        {"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, "SHA256"), 200, true, ""},
		"a field that cannot be read":        {"/ums/notice", asForm, signed(faulty, noticeKey, ""), 200, true, ""},
		"signed with another key":            {"/ums/notice", asForm, signed(noticeOf("N"), "another", ""), 200, false, "signature does not hold"},
		"not signed":                         {"/ums/notice", asForm, "notifyId=N&mid=898340149000005", 200, false, "signature does not hold"},
		"an & in a value":                    {"/ums/notice", asForm, signed(with("memo", "Marks & Spencer"), noticeKey, ""), 200, true, ""},
		"a field in a value":                 {"/ums/notice", asForm, signed(with("memo", "&refundAmount=1"), noticeKey, ""), 200, false, "several fields"},
		"a name that reads as two":           {"/ums/notice", asForm, signed(with("memo=&merName", "x"), noticeKey, ""), 200, false, "several fields"},
		"no id":                              {"/ums/notice", asForm, signed(with("notifyId", " "), noticeKey, ""), 200, false, "no id"},
		"no mid":                             {"/ums/notice", asForm, signed(with("mid", ""), noticeKey, ""), 200, false, "no mid"},
		"a mid that is not plain":            {"/ums/notice", asForm, signed(with("mid", "89834014900000%"), noticeKey, ""), 200, false, "letters and digits"},
		"another merchant":                   {"/ums/notice", asForm, signed(other, noticeKey, ""), 200, false, "not one of ours"},
		"nothing that can be read":           {"/ums/notice", asForm, "a=1&a=2", 400, false, "cannot be read"},
		"a contract notice":                  {contractPath, "application/json", contract, 200, true, ""},
		"another merchant's contract":        {contractPath, "application/json", foreign, 200, false, "not one of ours"},
		"a contract notice without mid":      {contractPath, "application/json", strings.Replace(contract, `"mid":"898340149000005",`, "", 1), 200, false, "no mid"},
		"a contract notice without id":       {contractPath, "application/json", strings.Replace(contract, `"id":"C",`, "", 1), 200, false, "no id"},
		"a contract notice on the open path": {"/ums/notice", "application/json", contract, 200, false, "on the path of payment notices"},
		"a payment notice on the other":      {contractPath, asForm, signed(noticeOf("N"), noticeKey, ""), 200, false, "on the path of contract notices"},
	} {
		t.Run(name, func(t *testing.T) {
			b, server := receive(t, nil)
			status, word := send(t, server.URL+c.path, c.contentType, c.body)
			require.Equal(t, c.status, status)
			require.Equal(t, map[bool]string{true: "SUCCESS", false: "FAILED"}[c.verified], word)
			require.Len(t, b.got, 1)
			require.Equal(t, c.verified, b.got[0].Verified)
			require.Contains(t, b.got[0].Why, c.why)
			require.Equal(t, c.why == "", b.got[0].Why == "")
			require.Equal(t, received, b.got[0].At)
			require.Equal(t, map[bool]string{true: "contract", false: "notice"}[c.path == contractPath], b.got[0].Path)
			require.NotContains(t, fmt.Sprintf("%v", b.told), "marked")
			require.Equal(t, c.verified, len(b.told) == 0)
		})
	}
}

func TestReceiverKeepsNothingOf(t *testing.T) {
	good := signed(noticeOf("N"), noticeKey, "")
	for name, c := range map[string]struct {
		path, method, body string
		status             int
		told               string
	}{
		"a path that goes on":      {contractPath + "x", http.MethodPost, good, 404, "path, : it is none of ours"},
		"a part of the path":       {"/ums", http.MethodPost, good, 404, "path, : it is none of ours"},
		"the path of another case": {strings.ToUpper(contractPath), http.MethodPost, good, 404, "path, : it is none of ours"},
		"another path":             {"/elsewhere", http.MethodPost, good, 404, "path, : it is none of ours"},
		"a path that begins alike": {contractPath[:len(contractPath)-1], http.MethodPost, good, 404, "path, : it is none of ours"},
		"another method":           {"/ums/notice", http.MethodGet, "", 405, "method, notice: it is not POST"},
		"far too much":             {"/ums/notice", http.MethodPost, strings.Repeat("x", 70<<10), 413, "too large, notice: the body is larger than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			b, server := receive(t, nil)
			req, err := http.NewRequest(c.method, server.URL+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, resp.StatusCode)
			require.Equal(t, "FAILED", string(answer))
			require.Empty(t, b.got)
			require.True(t, resp.Close)
			require.Equal(t, []string{c.told}, b.told)
			if c.status == 405 {
				require.Equal(t, "POST", resp.Header.Get("Allow"))
			}
		})
	}
}

func TestReceiverMD5CanBeForbidden(t *testing.T) {
	b, server := receive(t, func(o *chinaums.ReceiverOptions) { o.AllowMD5 = false })
	_, word := send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""))
	require.Equal(t, "FAILED", word)
	_, word = send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, "SHA256"))
	require.Equal(t, "SUCCESS", word)
	require.Len(t, b.got, 2)
}

// A notice that is not kept is not answered SUCCESS: the platform sends it again.
func TestReceiverSinkThatFails(t *testing.T) {
	b, server := receive(t, nil)
	b.err = errors.New("the disk is full")
	status, word := send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""))
	require.Equal(t, 500, status)
	require.Equal(t, "FAILED", word)
	require.Equal(t, []string{"not kept, notice: keep the notice: the disk is full"}, b.told)

	_, server = receive(t, func(o *chinaums.ReceiverOptions) {
		o.SinkTimeout = time.Millisecond
		o.Sink = func(ctx context.Context, _ chinaums.Received) error { <-ctx.Done(); return ctx.Err() }
	})
	status, word = send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""))
	require.Equal(t, 500, status)
	require.Equal(t, "FAILED", word)
}

// A sender who does not come to an end is cut off, and so is one that says less
// than it promised.
func TestReceiverCutsOffSlowSenders(t *testing.T) {
	b, server := receive(t, func(o *chinaums.ReceiverOptions) { o.ReadTimeout = 50 * time.Millisecond })
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /ums/notice HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\nmid=", asForm)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
	require.True(t, resp.Close)
	require.Empty(t, b.got)
	require.Equal(t, []string{"too slow, notice: the body did not come within 50ms"}, b.told)

	_, word := send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""))
	require.Equal(t, "SUCCESS", word, "others are served")
}

func TestReceiverTurnsAwayTooManyAtATime(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	_, server := receive(t, func(o *chinaums.ReceiverOptions) {
		o.MaxInFlight = 1
		o.Sink = func(context.Context, chinaums.Received) error { entered <- struct{}{}; <-leave; return nil }
	})
	first := make(chan string)
	go func() {
		resp, err := http.Post(server.URL+"/ums/notice", asForm, strings.NewReader(signed(noticeOf("N"), noticeKey, "")))
		if err != nil {
			first <- err.Error()
			return
		}
		defer resp.Body.Close()
		answer, _ := io.ReadAll(resp.Body)
		first <- string(answer)
	}()
	<-entered
	status, word := send(t, server.URL+"/ums/notice", asForm, signed(noticeOf("N"), noticeKey, ""))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "FAILED", word)
	close(leave)
	require.Equal(t, "SUCCESS", <-first)
}

// A sender who is slow with its body does not take the place of another.
func TestReceiverSlowSendersHoldNoPlace(t *testing.T) {
	_, server := receive(t, func(o *chinaums.ReceiverOptions) { o.MaxInFlight = 1 })
	body := signed(noticeOf("N"), noticeKey, "")
	var slow []net.Conn
	for range 3 {
		conn := dial(t, server)
		_, err := io.WriteString(conn, postHead("/ums/notice", len(body))+body[:len(body)/2])
		require.NoError(t, err)
		slow = append(slow, conn)
	}
	status, word := send(t, server.URL+"/ums/notice", asForm, body)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "SUCCESS", word)
	for _, conn := range slow { // each in its time
		_, err := io.WriteString(conn, body[len(body)/2:])
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.False(t, resp.Close)
	}
}

func TestReceiverOptions(t *testing.T) {
	whole := chinaums.ReceiverOptions{
		Path: "/n", Key: func(string) (chinaums.Secret, bool) { return chinaums.Secret{}, false },
		Sink: func(context.Context, chinaums.Received) error { return nil }, Now: time.Now,
	}
	_, err := chinaums.NewReceiver(whole)
	require.NoError(t, err)
	for name, change := range map[string]func(*chinaums.ReceiverOptions){
		"no path":                 func(o *chinaums.ReceiverOptions) { o.Path = "" },
		"no keys":                 func(o *chinaums.ReceiverOptions) { o.Key = nil },
		"no sink":                 func(o *chinaums.ReceiverOptions) { o.Sink = nil },
		"no clock":                func(o *chinaums.ReceiverOptions) { o.Now = nil },
		"a contract path for all": func(o *chinaums.ReceiverOptions) { o.ContractPath = chinaums.NewSecret("/contract") },
		"a secret that is short":  func(o *chinaums.ReceiverOptions) { o.ContractPath = chinaums.NewSecret("/c/123456789012345") },
		"a negative limit":        func(o *chinaums.ReceiverOptions) { o.MaxBody = -1 },
		"one path for both": func(o *chinaums.ReceiverOptions) {
			o.Path = contractPath
			o.ContractPath = chinaums.NewSecret(contractPath)
		},
		"a contract path without /": func(o *chinaums.ReceiverOptions) { o.ContractPath = chinaums.NewSecret("0123456789abcdef") },
	} {
		o := whole
		change(&o)
		_, err := chinaums.NewReceiver(o)
		require.ErrorIs(t, err, chinaums.ErrOptions, name)
		require.NotContains(t, err.Error(), "marked", name)
	}
}
