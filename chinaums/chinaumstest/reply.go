package chinaumstest

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// beijing is the platform's zone.
var beijing = time.FixedZone("+08:00", 8*60*60)

const (
	wireTime = "2006-01-02 15:04:05"
	wireDate = "2006-01-02"
)

// reply is what goes back, open to be bent by misbehaviours.
type reply struct {
	op     string // of the question
	status int
	header map[string]string
	fields map[string]any // the body as an object
	raw    []byte         // the body instead, unless nil
	slow   bool
	reset  bool
}

// business is an answer of the business layer: HTTP 200, a code in words, and
// the echo of what could be read of the request, where its interface has one.
func business(code, text string, q Question, now time.Time) reply {
	switch q.Op {
	case OpSync:
		return reply{op: q.Op, status: http.StatusOK, fields: map[string]any{"respCode": code, "respDesc": text}}
	case OpToken:
		return gatewayLayer(http.StatusOK, code, text)
	}
	fields := map[string]any{"errCode": code, "errMsg": text, stampName(q.Op): now.In(beijing).Format(wireTime)}
	for name, value := range asMap(q.Key) {
		if value != "" {
			fields[name] = value
		}
	}
	return reply{op: q.Op, status: http.StatusOK, fields: fields}
}

// stampName is how the pages spell the time of an answer.
func stampName(op string) string {
	if op == OpPreauthed {
		return "responseTimestamp"
	}
	return "responseTimeStamp"
}

// gatewayLayer is an answer of the layer in front: errInfo beside the code, no
// echo.
func gatewayLayer(status int, code, text string) reply {
	return reply{status: status, fields: map[string]any{"errCode": code, "errInfo": text}}
}

func (a reply) body() []byte {
	if a.raw != nil {
		return a.raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(a.fields)
	return bytes.TrimSpace(b.Bytes())
}

func (g *Gateway) write(w http.ResponseWriter, r *http.Request, a reply) {
	if a.slow {
		g.config.Sleep(r.Context(), g.config.SlowBy)
	}
	if a.reset {
		reset(w)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body())
}

// reset ends the connection without an answer, with a TCP reset where it can.
func reset(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}
