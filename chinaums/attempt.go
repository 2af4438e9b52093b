package chinaums

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// attempt is what one request brought.
type attempt struct {
	op         string // of the request; empty: the call's own
	status     int    // 0: no response came
	body       []byte // nil: none, or too large to keep
	fields     object // nil: the body is not a JSON object
	code       string // errCode of the body
	text       string // errMsg or errInfo of the body
	err        error  // why there are no fields
	retryAfter time.Duration
	class      Class
	unsent     bool // surely no connection was made, so nothing left this machine
}

// post makes one attempt: a fresh timestamp, nonce and signature over the very
// bytes that go out, or the token where there is one.
func (c *Client) post(ctx context.Context, path string, t *token, build func(time.Time) []byte) attempt {
	now := c.options.Now()
	body := build(now)
	if t != nil {
		return c.send(ctx, path, body, tokenAuthorization(c.options.TokenHeader, c.options.AppID, t)).without(t.text)
	}
	return c.send(ctx, path, body,
		BodyAuthorization(c.options.AppID, c.options.AppKey, HeaderTimestamp(now), newNonce(), body))
}

// send makes one attempt with a body and an Authorization header; empty: none.
func (c *Client) send(ctx context.Context, path string, body []byte, authorization string) attempt {
	timed, cancel := c.toItsEnd(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return attempt{err: err, class: ClassRejected}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "umsrecon")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	var line connecting
	got := c.receive(req.WithContext(httptrace.WithClientTrace(timed, line.trace())))
	got.unsent = got.err != nil && line.failed()
	got.class = Classify(got.status, got.code, got.err)
	return got
}

// connecting watches whether a request got a connection. A dial, a name look-up,
// a proxy or a TLS handshake that fails ends before that.
type connecting struct{ wanted, got atomic.Bool }

func (c *connecting) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}
}

// failed is false where nothing is known: a transport that tells nothing may
// have sent everything.
func (c *connecting) failed() bool { return c.wanted.Load() && !c.got.Load() }

// encodeBody is a request as it goes out. Encoding strings never fails.
func encodeBody(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// without hides a token that the platform repeats in its answer.
func (a attempt) without(s Secret) attempt {
	text := s.reveal()
	a.text = strings.ReplaceAll(a.text, text, masked)
	a.code = strings.ReplaceAll(a.code, text, masked)
	if bytes.Contains(a.body, []byte(text)) {
		a.body = bytes.ReplaceAll(a.body, []byte(text), []byte(masked))
	}
	return a
}

// toItsEnd bounds one attempt. When ctx ends, the attempt may still come to its
// end for Grace: what the platform has been asked is worth hearing.
func (c *Client) toItsEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.options.Timeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.options.Grace, cancel) })
	return timed, func() { stop(); cancel() }
}

func (c *Client) receive(req *http.Request) attempt {
	resp, err := c.http.Do(req)
	if err != nil {
		return attempt{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	got := attempt{status: resp.StatusCode, retryAfter: retryAfter(resp.Header.Get("Retry-After"), c.options.Now())}
	if got.body, got.err = readBody(resp.Body, c.options.MaxBody); got.err != nil {
		return got
	}
	got.parse()
	return got
}

func (a *attempt) parse() {
	if a.fields, a.err = parseObject(a.body); a.err == nil {
		a.code, a.text = a.fields.codeAndText()
	}
}

func readBody(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case int64(len(body)) > limit:
		return nil, errTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF):
		return body, errCut
	}
	return body, err
}

// retryAfter reads the header's seconds or date; 0 when it says nothing.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// cause says what the attempt ended in: the platform's words, or ours where
// there are none.
func (a attempt) cause() string {
	var late interface{ Timeout() bool }
	var inURL *url.Error
	switch {
	case a.err == nil && a.class == ClassMalformed:
		return "errCode is missing or of the wrong type"
	case a.err == nil:
		return a.text
	case errors.As(a.err, &late) && late.Timeout() && a.unsent:
		return "no connection in time"
	case errors.As(a.err, &late) && late.Timeout():
		return "no answer in time"
	case errors.As(a.err, &inURL):
		return inURL.Err.Error()
	}
	return a.err.Error()
}

// pauses grow twofold with jitter, heed a Retry-After within the limit, and end
// when they and the requests would take longer than they may. How long a request
// waits for its turn is a matter of how many others do, and takes none away.
type pauses struct {
	backoff.ExponentialBackOff
	atLeast time.Duration
	paused  time.Duration
	most    time.Duration
	call    *exchange
}

func newPauses(b Backoff, call *exchange) *pauses {
	return &pauses{call: call, most: b.Elapsed, ExponentialBackOff: backoff.ExponentialBackOff{
		InitialInterval: b.First, MaxInterval: b.Max, Multiplier: 2, RandomizationFactor: 0.5,
	}}
}

// NextBackOff is the next pause.
func (p *pauses) NextBackOff() time.Duration {
	next := min(max(p.ExponentialBackOff.NextBackOff(), p.atLeast), p.MaxInterval)
	if p.paused += next; p.paused+p.call.took > p.most {
		return backoff.Stop
	}
	return next
}
