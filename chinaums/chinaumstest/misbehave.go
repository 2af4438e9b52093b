package chinaumstest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Misbehaviour is one way in which the platform may go wrong.
type Misbehaviour struct {
	Name     string
	Sentence string // what the simulator does
}

type misbehaviour struct {
	Misbehaviour
	bend func(*reply)
	// refuses: it comes instead of what was asked for, which is not done. All
	// others bend the answer to what was done.
	refuses   bool
	callsOnly bool // it does not strike the token endpoint
}

func (m misbehaviour) refusing() misbehaviour {
	m.refuses = true
	return m
}

func (m misbehaviour) onCalls() misbehaviour {
	m.callsOnly = true
	return m
}

// Misbehaviours lists every misbehaviour, by what it touches.
func Misbehaviours() []Misbehaviour {
	all := make([]Misbehaviour, len(misbehaviours))
	for i, m := range misbehaviours {
		all[i] = m.Misbehaviour
	}
	return all
}

var misbehaviours = slices.Concat(transportFaults, codeFaults, bodyFaults, fieldFaults)

func named(name, sentence string, bend func(*reply)) misbehaviour {
	return misbehaviour{Misbehaviour: Misbehaviour{name, sentence}, bend: bend}
}

// transportFaults spoil the answer around its body.
var transportFaults = []misbehaviour{
	named("lost-request", "Resets the connection before it does anything.", func(a *reply) { a.reset = true }).refusing(),
	named("reset", "Resets the connection without an answer; what was asked for is done.", func(a *reply) { a.reset = true }),
	named("slow", "Waits for longer than any client before it answers.", func(a *reply) { a.slow = true }),
	named("redirect", "Answers HTTP 302 to another path.", func(a *reply) {
		*a = page(http.StatusFound, "moved")
		a.header["Location"] = "/v2/netpay/bills/query"
	}),
	named("http-500", "Answers HTTP 500 with a page of HTML.", func(a *reply) { *a = page(500, "Internal Server Error") }),
	named("http-503", "Answers HTTP 503 with a page of HTML.", func(a *reply) { *a = page(503, "Service Unavailable") }),
	named("http-429", "Answers HTTP 429 with Retry-After: 1.", func(a *reply) {
		*a = page(http.StatusTooManyRequests, "Too Many Requests")
		a.header["Retry-After"] = "1"
	}),
	named("http-403", "Answers HTTP 403 with a page of HTML.", func(a *reply) { *a = page(403, "Forbidden") }).refusing(),
	named("gateway-9200", "Answers HTTP 412 with errCode 9200, as the gateway does at times.", func(a *reply) {
		*a = gatewayLayer(http.StatusPreconditionFailed, "9200", "服务调用异常")
	}),
	named("clock-skew", "Has a clock that is off, so the Timestamp of every request looks wrong: HTTP 412, errCode 1000.", func(a *reply) {
		*a = gatewayLayer(http.StatusPreconditionFailed, "1000", "时间戳不合法")
	}).refusing(),
	named("token-refused", "Refuses the access token, or the signature, though it is good: HTTP 401, errCode 1401.", func(a *reply) {
		*a = gatewayLayer(http.StatusUnauthorized, notAuthentic, "认证失败")
	}).refusing().onCalls(),
}

func page(status int, text string) reply {
	return reply{
		status: status,
		header: map[string]string{"Content-Type": "text/html"},
		raw:    []byte("<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>"),
	}
}

// codeFaults answer with another code than the truth, echo in place. Those
// that say no plainly have done nothing.
var codeFaults = []misbehaviour{
	coded("order-processing", "ORDER_PROCESSING", "订单处理中"),
	coded("net-error", "NET_ERROR", "网络异常"),
	coded("timeout-code", "TIMEOUT", "超时"),
	coded("internal-error", "INTERNAL_ERROR", "系统异常"),
	coded("discarded", "TXN_DISCARDED", "交易被丢弃"),
	coded("invalid-response", "INVALID_RESPONSE", "下游应答异常"),
	coded("invalid-order", "INVALID_ORDER", "订单状态不合法").refusing(),
	coded("target-fail", "TARGET_FAIL", "目标系统失败"),
	coded("bad-request", "BAD_REQUEST", "请求不合法").refusing(),
	coded("abnormal-time", "ABNORMAL_REQUEST_TIME", "请求时间异常").refusing(),
	coded("bad-sign", "BAD_SIGN", "签名错误").refusing(),
	coded("denied-ip", "DENIED_IP", "IP 不允许").refusing(),
	coded("no-merchant", "NO_MERCHANT", "商户不存在").refusing(),
	coded("inactive-merchant", "INACTIVE_MERCHANT", "商户未启用").refusing(),
	coded("unknown-code", "E_NOBODY_KNOWS", "未知错误"),
}

func coded(name, code, text string) misbehaviour {
	return named(name, "Answers errCode "+code+" whatever the bill.", func(a *reply) {
		echo := business(code, text, Question{Op: a.op}, time.Time{}).fields
		delete(echo, stampName(a.op))
		for _, field := range []string{stampName(a.op), "mid", "tid", "instMid", "billNo", "billDate"} {
			if value, there := a.fields[field]; there {
				echo[field] = value
			}
		}
		*a = reply{status: http.StatusOK, fields: echo}
	})
}

// bodyFaults spoil the bytes of the body.
var bodyFaults = []misbehaviour{
	named("cut-body", "Sends the first two thirds of the body.", func(a *reply) {
		whole := a.body()
		a.raw = whole[:len(whole)*2/3]
	}),
	named("garbled-body", "Sends a body with = for : and no quotes.", func(a *reply) {
		a.raw = bytes.ReplaceAll(bytes.ReplaceAll(a.body(), []byte(":"), []byte("=")), []byte(`"`), nil)
	}),
	named("html-body", "Sends a page of HTML with HTTP 200.", func(a *reply) { *a = page(http.StatusOK, "系统维护") }),
	named("huge-body", "Sends an answer of more than 2 MiB.", func(a *reply) {
		a.set("billDesc", strings.Repeat("x", 2<<20))
	}),
	named("trailing-garbage", "Sends something behind the JSON.", func(a *reply) { a.raw = append(a.body(), "}ok"...) }),
	named("empty-body", "Sends HTTP 200 without a body.", func(a *reply) { a.raw = []byte{} }),
	named("not-an-object", "Sends a JSON array.", func(a *reply) { a.raw = []byte("[]") }),
	named("twice", "Says totalAmount, or the code where there is none, twice with different values.", func(a *reply) {
		a.raw = append([]byte(`{"`+a.sure()+`":"1",`), a.body()[1:]...)
	}),
}

// sure is a field that the body has.
func (a *reply) sure() string {
	for _, name := range []string{"totalAmount", "respCode"} {
		if _, there := a.fields[name]; there {
			return name
		}
	}
	return "errCode"
}

// set changes a field of a body that is still an object.
func (a *reply) set(name string, value any) {
	if a.fields != nil {
		a.fields[name] = value
	}
}

// numbers turns amounts into JSON numbers, at every depth.
func numbers(fields map[string]any) {
	for name, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			numbers(v)
		case string:
			if strings.HasSuffix(name, "Amount") || name == "buyerCashPayAmt" || name == "installmentNumber" {
				fields[name] = json.Number(v)
			}
		}
	}
}
