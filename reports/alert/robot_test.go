package alert

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const vectorSecret = "this is secret"

var sentAt = time.UnixMilli(1700000000000)

// The vectors were computed apart from this program.
func TestSignatures(t *testing.T) {
	require.Equal(t, "sign=sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D&timestamp=1700000000000", dingTalkSign(vectorSecret, sentAt).Encode())
	require.Equal(t, "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=", feishuSign(vectorSecret, 1700000000))
	require.Empty(t, dingTalkSign("", sentAt), "a robot that does not sign")
}

// heard is what a server got.
type heard struct {
	uri  string
	body map[string]any
}

// serving answers every request in one way and keeps what came.
func serving(t *testing.T, status int, answer string) (url string, got *[]heard) {
	got = &[]heard{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := heard{uri: r.Method + " " + r.URL.RequestURI()}
		data, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(data, &h.body) // a ping has none
		*got = append(*got, h)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func TestRobotsSpeakTheirLanguage(t *testing.T) {
	m := Message{Title: "银商对账", Text: "差异 1"}
	text := map[string]any{"content": "银商对账\n差异 1"}
	for _, c := range []struct {
		kind        Kind
		secret, uri string
		answer      string
		want        map[string]any
	}{
		{WeCom, "", "POST /send?key=k", `{"errcode":0,"errmsg":"ok"}`, map[string]any{"msgtype": "text", "text": text}},
		{DingTalk, "", "POST /send?key=k", `{"errcode":0,"errmsg":"ok"}`, map[string]any{"msgtype": "text", "text": text}},
		{DingTalk, vectorSecret, "POST /send?key=k&sign=sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D&timestamp=1700000000000", `{"errcode":0}`, map[string]any{"msgtype": "text", "text": text}},
		{Feishu, "", "POST /send?key=k", `{"code":0,"msg":"success"}`, map[string]any{"msg_type": "text", "content": map[string]any{"text": "银商对账\n差异 1"}}},
		{Feishu, vectorSecret, "POST /send?key=k", `{"code":0}`, map[string]any{
			"msg_type": "text", "content": map[string]any{"text": "银商对账\n差异 1"}, "timestamp": "1700000000", "sign": "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=",
		}},
		{Webhook, "", "POST /send?key=k", "thank you", map[string]any{"title": "银商对账", "text": "差异 1"}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			url, got := serving(t, 200, c.answer)
			require.NoError(t, NewRobot(c.kind, url+"/send?key=k", c.secret).Send(t.Context(), m, sentAt))
			require.Equal(t, []heard{{c.uri, c.want}}, *got)
		})
	}
}

// Success is HTTP 200 and the code 0, both.
func TestRobotsThatSayNo(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   Kind
		status int
		answer string
		says   string // empty: it was taken
	}{
		{"taken", WeCom, 200, `{"errcode":0}`, ""},
		{"a code", WeCom, 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, "wecom: refused, code 93000: invalid webhook url"},
		{"a code", DingTalk, 200, `{"errcode":310000,"errmsg":"sign not match"}`, "dingtalk: refused, code 310000: sign not match"},
		{"a code", Feishu, 200, `{"code":19021,"msg":"sign match fail"}`, "feishu: refused, code 19021: sign match fail"},
		{"another's code", Feishu, 200, `{"errcode":0}`, "feishu: the answer has no code"},
		{"no code", WeCom, 200, `{}`, "wecom: the answer has no code"},
		{"a page", DingTalk, 200, `<html>`, "dingtalk: the answer has no code"},
		{"a status", WeCom, 500, `{"errcode":0}`, "wecom: HTTP 500"},
		{"not quite the status", WeCom, 204, ``, "wecom: HTTP 204"},
		{"a redirect", Feishu, 302, `{"code":0}`, "feishu: HTTP 302"},
		{"a redirect", Webhook, 307, ``, "webhook: HTTP 307"},
		{"any success", Webhook, 204, ``, ""},
		{"the secret back", DingTalk, 200, `{"errcode":1,"errmsg":"bad token marked-token for marked-secret"}`, "dingtalk: refused, code 1: bad token *** for ***"},
	} {
		t.Run(string(c.kind)+" "+c.name, func(t *testing.T) {
			url, got := serving(t, c.status, c.answer)
			err := NewRobot(c.kind, url+"/send?access_token=marked-token", "marked-secret").Send(t.Context(), Message{Title: "x"}, sentAt)
			require.Len(t, *got, 1, "no redirect is followed")
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.says)
		})
	}
}

// TestTheURLIsASecret: whatever goes wrong on the way, neither it nor any part
// of it is told.
func TestTheURLIsASecret(t *testing.T) {
	closed, _ := serving(t, 200, "")
	server := httptest.NewServer(nil)
	server.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}))
	t.Cleanup(broken.Close)
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, c := range map[string]struct{ url, says string }{
		"refused":   {server.URL, "connection refused"},
		"cut off":   {broken.URL, "no connection"},
		"no host":   {"http://marked-host.invalid", "cannot be looked up"},
		"untrusted": {untrusted.URL, "not to be trusted"},
		"nonsense":  {"http://marked host", "the URL is not one"},
		"scheme":    {strings.Replace(closed, "http", "marked", 1), "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{
				NewRobot(WeCom, c.url+"/send?key=marked-key", "marked-secret").Send(t.Context(), Message{}, sentAt),
				Ping(t.Context(), c.url+"/marked-path", Started),
			} {
				require.ErrorContains(t, err, c.says)
				require.NotContains(t, err.Error(), "marked")
				require.NotContains(t, err.Error(), "127.0.0.1")
			}
		})
	}
	r := NewRobot(WeCom, "https://marked", "marked")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %d", r, *r, r, r, r), "marked")
}

func TestPing(t *testing.T) {
	url, got := serving(t, 200, "OK")
	for _, stage := range []Stage{Started, Succeeded, Failed} {
		require.NoError(t, Ping(t.Context(), url+"/uuid?x=1", stage))
	}
	require.Equal(t, []heard{{uri: "GET /uuid/start?x=1"}, {uri: "GET /uuid?x=1"}, {uri: "GET /uuid/fail?x=1"}}, *got)
	url, _ = serving(t, 404, "")
	require.EqualError(t, Ping(t.Context(), url, Succeeded), "ping: HTTP 404")
}

func TestLongMessagesAreCut(t *testing.T) {
	url, got := serving(t, 200, `{"errcode":0}`)
	require.NoError(t, NewRobot(WeCom, url, "").Send(t.Context(), Message{Title: "a", Text: strings.Repeat("差", 2000)}, sentAt))
	text := (*got)[0].body["text"].(map[string]any)["content"].(string)
	require.True(t, utf8.ValidString(text))
	require.LessOrEqual(t, len(text), 2048)
	require.Greater(t, len(text), 2048-4)
	require.True(t, strings.HasSuffix(text, "差…"))
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"差异", 6, "差异"}, {"差异单", 8, "差…"}, {"差异单", 6, "差…"}, {"差异单", 5, "…"}, {"abc", 3, "abc"}, {"abcd", 3, "…"}, {"abcdef", 5, "ab…"}, {"abcd", 2, ""}, {"", 0, ""},
	} {
		if c.n == 2 { // not even the mark has room
			require.Equal(t, "…", cut(c.text, c.n))
			continue
		}
		require.Equal(t, c.want, cut(c.text, c.n), "%q to %d", c.text, c.n)
	}
}

func TestClean(t *testing.T) {
	require.Equal(t, `＜at user_id="all"> a b`, clean(" <at user_id=\"all\"> a\nb\u202e"))
}
