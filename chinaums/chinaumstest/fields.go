package chinaumstest

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"
	"unicode/utf8"
)

// query is a request's body by the names of its fields.
type query map[string]string

// field is one that a page names (请求参数); max counts characters.
type field struct {
	name     string
	required bool
	max      int
	kind     func(json.RawMessage) (string, bool)
}

// queryFields are those of bills/query; billNo, about which the pages
// contradict each other, has the widest limit.
var queryFields = []field{
	{"requestTimestamp", true, 19, text}, {"mid", true, 15, text}, {"tid", true, 8, text}, {"instMid", true, 32, text},
	{"billNo", true, 32, text}, {"billDate", true, 10, text},
	{"msgId", false, 64, text}, {"srcReserve", false, 255, text},
	{"refundOrderId", false, 32, text}, {"authedOrderId", false, 32, text},
}

// text takes a JSON string; null is as good as an empty one.
func text(raw json.RawMessage) (s string, ok bool) { return s, json.Unmarshal(raw, &s) == nil }

// digits takes a whole number above zero, written as a JSON number or string.
func digits(raw json.RawMessage) (string, bool) {
	s, ok := text(raw)
	if !ok {
		s = string(raw)
	}
	return s, s == "" || wholeNumber.MatchString(s)
}

var wholeNumber = regexp.MustCompile(`^[1-9][0-9]*$`)

// nested takes any value as it stands.
func nested(raw json.RawMessage) (string, bool) { return string(raw), true }

// readFields reads a body; what could be read stands in the query, a refusal
// or not.
func readFields(body []byte, fields []field) (query, *refusal) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || !utf8.Valid(body) {
		return nil, badRequest("the body is not a JSON object")
	}
	q := query{}
	var fault *refusal
	for _, f := range fields {
		value, there := raw[f.name]
		if there {
			var ok bool
			if q[f.name], ok = f.kind(value); !ok {
				fault = badRequest("%s is not of its type", f.name)
			}
		}
		switch {
		case there && q[f.name] == "", !there && f.required:
			fault = badRequest("%s is missing or empty", f.name)
		case utf8.RuneCountInString(q[f.name]) > f.max:
			fault = badRequest("%s is longer than %d", f.name, f.max)
		}
	}
	if len(q) != len(raw) {
		fault = badRequest("a field is unknown")
	}
	return q, fault
}

// readQuery reads a body of bills/query.
func readQuery(body []byte, now time.Time, _ Config) (query, *refusal) {
	q, fault := readFields(body, queryFields)
	if fault != nil {
		return q, fault
	}
	return q, checkTimes(q, now)
}

func checkTimes(q query, now time.Time) *refusal {
	if _, err := strictTime(wireDate, q["billDate"]); err != nil {
		return badRequest("billDate is not yyyy-MM-dd")
	}
	at, err := strictTime(wireTime, q["requestTimestamp"])
	if err != nil {
		return badRequest("requestTimestamp is not yyyy-MM-dd HH:mm:ss")
	}
	if at.Sub(now).Abs() > maxSkew {
		return refuse("ABNORMAL_REQUEST_TIME", "requestTimestamp is not of now")
	}
	return nil
}

func strictTime(layout, s string) (time.Time, error) {
	t, err := time.ParseInLocation(layout, s, beijing)
	if err == nil && t.Format(layout) != s {
		err = errors.New("not as the layout has it")
	}
	return t, err
}
