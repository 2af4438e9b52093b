package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// question is what a request asked about.
type question struct{ billNo, billDate, refund string }

// wireAnswer is one answer that went out whole, as someone reads it who knows the
// vendor's page and none of our code.
type wireAnswer struct {
	trusted    bool // it tells of the bill that was asked about, whole
	none       bool // trusted, and there is no such bill
	processing bool // ask again later
	paid       bool // trusted, and the money came
	total      string
	nth        int // question of all
}

// tap stands between the program and the simulator and writes down what went
// over the wire. A request that the program gave up may be served still when
// the program is gone, so what was written down is read under the lock.
type tap struct {
	behind http.Handler
	delay  time.Duration // of every answer

	mu       sync.Mutex
	asked    map[question]int
	answered map[question][]wireAnswer
	times    []time.Time
}

func newTap(behind http.Handler) *tap {
	return &tap{behind: behind, asked: map[question]int{}, answered: map[question][]wireAnswer{}}
}

func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var asked map[string]string
	query := strings.HasSuffix(r.URL.Path, "/bills/query") && json.Unmarshal(body, &asked) == nil
	q := question{asked["billNo"], asked["billDate"], asked["refundOrderId"]}
	t.mu.Lock()
	nth := len(t.times)
	t.times = append(t.times, now)
	if query {
		t.asked[q]++
	}
	t.mu.Unlock()
	seen := &overheard{ResponseWriter: w}
	time.Sleep(t.delay)
	t.behind.ServeHTTP(seen, r)
	if query {
		heard := seen.read(asked)
		if r.Context().Err() != nil {
			heard = wireAnswer{} // the program has hung up
		}
		heard.nth = nth
		t.mu.Lock()
		t.answered[q] = append(t.answered[q], heard)
		t.mu.Unlock()
	}
}

// requests are the times of every request so far, those for tokens too.
func (t *tap) requests() []time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.times)
}

// askedAbout is how often a question was asked.
func (t *tap) askedAbout(q question) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked[q]
}

// told are the answers to a question that went out, in the order in which it was
// asked: one that is too long is still going out when the question is asked again.
func (t *tap) told(q question) []wireAnswer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(slices.Values(t.answered[q]), func(a, b wireAnswer) int { return a.nth - b.nth })
}

// last is the last of them, or one that is not to be trusted.
func (t *tap) last(q question) (last wireAnswer) {
	if told := t.told(q); len(told) > 0 {
		last = told[len(told)-1]
	}
	return last
}

// mostInASecond is the largest number of requests that any second saw.
func (t *tap) mostInASecond() int {
	times := t.requests()
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// overheard is a response on its way.
type overheard struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (o *overheard) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

func (o *overheard) Write(p []byte) (int, error) {
	o.body.Write(p)
	return o.ResponseWriter.Write(p)
}

// Hijack lets the simulator reset a connection.
func (o *overheard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return o.ResponseWriter.(http.Hijacker).Hijack()
}

// read reads the answer by the vendor's page. What is larger than a MiB, or
// says a name twice, is nobody's answer.
func (o *overheard) read(asked map[string]string) wireAnswer {
	fields, ok := plainObject(o.body.Bytes())
	if !ok || o.status != http.StatusOK || o.body.Len() > 1<<20 {
		return wireAnswer{}
	}
	echo := true
	for _, name := range []string{"mid", "tid", "instMid", "billNo", "billDate"} {
		echo = echo && fields[name] == asked[name]
	}
	a := wireAnswer{processing: word(fields["errCode"]) == "ORDER_PROCESSING"}
	switch code := word(fields["errCode"]); {
	case !echo:
	case code == "NO_ORDER":
		a.trusted, a.none = true, true
	case code == "SUCCESS":
		a.success(fields)
	}
	return a
}

func (a *wireAnswer) success(fields map[string]any) {
	status := word(fields["billStatus"])
	payment, _ := fields["billPayment"].(map[string]any)
	if a.trusted = status != ""; status == "PAID" || status == "REFUND" {
		_, timeErr := time.Parse(time.DateTime, word(payment["payTime"]))
		settles, dated := payment["settleDate"]
		_, dateErr := time.Parse(time.DateOnly, word(settles))
		a.paid = whole(fields["totalAmount"]) && whole(payment["totalAmount"]) && timeErr == nil && word(payment["status"]) != "" && (!dated || dateErr == nil)
		a.trusted, a.total = a.paid, digits(fields["totalAmount"])
	}
	if total, there := fields["totalAmount"]; there && !whole(total) {
		a.trusted, a.paid = false, false
	}
}

func word(v any) string { s, _ := v.(string); return strings.TrimSpace(s) }

// digits are those of an amount written as text or as a number.
func digits(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	s, _ := v.(string)
	return s
}

func whole(v any) bool { s := digits(v); return s != "" && strings.Trim(s, "0123456789") == "" }

// plainObject reads one JSON object in which no name stands twice and behind
// which there is nothing.
func plainObject(body []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	fields := map[string]any{}
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		var value any
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		if _, twice := fields[name.(string)]; twice {
			return nil, false
		}
		fields[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return fields, err == io.EOF
}
