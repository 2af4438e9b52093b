package alert

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Kind is a chat robot's, or a webhook's.
type Kind string

// The kinds. A Webhook takes {"title", "text"} as JSON and answers with any 2xx.
const (
	WeCom    Kind = "wecom"
	DingTalk Kind = "dingtalk"
	Feishu   Kind = "feishu"
	Webhook  Kind = "webhook"
)

// Bytes of text that a channel takes: 企业微信 2048 of a text message; 钉钉 and 飞书
// about 20 KB of a request, where every character may become six bytes.
var longestText = map[Kind]int{WeCom: 2048, DingTalk: 4096, Feishu: 4096, Webhook: 16384}

// ErrRefused is matched by what Send returns when the channel took the message
// for a wrong one; it would do so again.
var ErrRefused = errors.New("refused")

// Robot is a channel over HTTP. Its URL and its secret are in no error and no
// print of it.
type Robot struct {
	kind        Kind
	url, secret string
	client      *http.Client
}

// NewRobot makes a channel; secret is what 钉钉 and 飞书 sign with, empty where the
// robot does not sign.
func NewRobot(kind Kind, url, secret string) *Robot {
	return &Robot{kind: kind, url: url, secret: secret, client: newClient()}
}

func (r Robot) String() string { return string(r.kind) }

// Format keeps what is secret out of every verb.
func (r Robot) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.kind)) }

// Send sends one message. It was taken when the answer is HTTP 200 and its
// errcode or code is 0.
func (r *Robot) Send(ctx context.Context, m Message, now time.Time) error {
	target, body := r.request(cut(m.Title+"\n"+m.Text, longestText[r.kind]), m, now)
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := post(ctx, r.client, target, encoded)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", r.kind, err)
	case r.kind == Webhook && status/100 == 2:
		return nil
	case status != http.StatusOK:
		return fmt.Errorf("%s: HTTP %d", r.kind, status)
	}
	return r.taken(answer)
}

func (r *Robot) request(text string, m Message, now time.Time) (target string, body map[string]any) {
	content := map[string]string{"content": text}
	switch r.kind {
	case DingTalk:
		return withQuery(r.url, dingTalkSign(r.secret, now)), map[string]any{"msgtype": "text", "text": content}
	case Feishu:
		body = map[string]any{"msg_type": "text", "content": map[string]string{"text": text}}
		if r.secret != "" {
			body["timestamp"], body["sign"] = strconv.FormatInt(now.Unix(), 10), feishuSign(r.secret, now.Unix())
		}
		return r.url, body
	case Webhook:
		return r.url, map[string]any{"title": m.Title, "text": cut(m.Text, longestText[Webhook])}
	}
	return r.url, map[string]any{"msgtype": "text", "text": content}
}

// taken reads the answer's own code: errcode of 企业微信 and 钉钉, code of 飞书.
func (r *Robot) taken(answer []byte) error {
	var a struct {
		ErrCode, Code *int64
		ErrMsg, Msg   string
	}
	code := &a.ErrCode
	if r.kind == Feishu {
		code = &a.Code
	}
	if json.Unmarshal(answer, &a) != nil || *code == nil {
		return fmt.Errorf("%s: the answer has no code", r.kind)
	}
	if **code != 0 {
		return fmt.Errorf("%s: %w, code %d: %s", r.kind, ErrRefused, **code, r.hide(cut(clean(a.ErrMsg+a.Msg), longestReason)))
	}
	return nil
}

// hide takes the robot's own secrets out of what its server says.
func (r *Robot) hide(s string) string {
	hidden := []string{r.url, "***"}
	if r.secret != "" {
		hidden = append(hidden, r.secret, "***")
	}
	if u, err := url.Parse(r.url); err == nil {
		for _, values := range u.Query() {
			for _, v := range values {
				if v != "" {
					hidden = append(hidden, v, "***")
				}
			}
		}
	}
	return strings.NewReplacer(hidden...).Replace(s)
}

// dingTalkSign is the query that 钉钉 wants of a robot that signs; its sign is
// base64 of HMAC-SHA256 over "milliseconds\nsecret".
func dingTalkSign(secret string, now time.Time) url.Values {
	if secret == "" {
		return nil
	}
	ms := strconv.FormatInt(now.UnixMilli(), 10)
	return url.Values{"timestamp": {ms}, "sign": {mac(secret, ms+"\n"+secret)}}
}

// feishuSign is base64 of HMAC-SHA256 with the key "seconds\nsecret" over nothing.
func feishuSign(secret string, seconds int64) string {
	return mac(strconv.FormatInt(seconds, 10)+"\n"+secret, "")
}

func mac(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func withQuery(target string, more url.Values) string {
	if len(more) == 0 {
		return target
	}
	if strings.Contains(target, "?") {
		return target + "&" + more.Encode()
	}
	return target + "?" + more.Encode()
}
