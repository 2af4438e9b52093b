package chinaums

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Amount is money in whole fen that the platform may or may not have stated.
// Absent is not zero: the zero Amount is absent.
type Amount struct {
	Fen   int64
	Known bool
}

// maxAmount is a hundred billion yuan: what lies beyond is nonsense, and the
// sums of amounts below it cannot overflow.
const maxAmount = 10_000_000_000_000

// object is a JSON object by the exact spelling of its names. encoding/json
// would fold their case when it fills a struct, and let "TotalAmount"
// overwrite "totalAmount".
type object map[string]json.RawMessage

// parseObject splits a JSON object into its fields, which are parts of body.
// Not JSON, or with anything behind it, is errNotJSON; JSON of another shape, or
// a name that stands twice, matches ErrMalformed.
func parseObject(body []byte) (object, error) {
	if !json.Valid(body) {
		return nil, errNotJSON
	}
	return splitObject(body)
}

// splitObject is parseObject of what is JSON.
func splitObject(body []byte) (object, error) {
	i := blanks(body, 0)
	if body[i] != '{' {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrMalformed)
	}
	fields := make(object, 32)
	for i = blanks(body, i+1); body[i] != '}'; {
		end := stringEnd(body, i)
		name := string(unquoted(body[i:end]))
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%w: %q stands in it twice", ErrMalformed, printable(name))
		}
		start := blanks(body, blanks(body, end)+1) // behind the colon
		i, _ = valueEnd(body, start)
		fields[name] = body[start:i]
		if i = blanks(body, i); body[i] == ',' {
			i = blanks(body, i+1)
		}
	}
	return fields, nil
}

// absent says whether the field has no value: not there, null, or "".
func (o object) absent(name string) bool {
	v := o[name]
	return v == nil || string(v) == "null" || string(v) == `""`
}

// text is a string field; anything but a string or an absent value is not ok.
func (o object) text(name string) (s string, ok bool) {
	if o.absent(name) {
		return "", true
	}
	if o[name][0] != '"' {
		return "", false
	}
	return string(unquoted(o[name])), true
}

// code is a code, which may be a JSON number; empty when absent or of another
// type.
func (o object) code(name string) string {
	s, ok := o.text(name)
	if raw := string(o[name]); !ok && strings.Trim(raw, "0123456789") == "" {
		s = raw
	}
	return strings.TrimSpace(s)
}

// codeAndText are errCode, and errMsg, or errInfo of the gateway's layer.
func (o object) codeAndText() (code, text string) {
	for _, name := range []string{"errMsg", "errInfo"} {
		if s, ok := o.text(name); ok && s != "" {
			return o.code("errCode"), s
		}
	}
	return o.code("errCode"), ""
}

// reader takes typed values out of an object and keeps the first fault, which
// matches ErrMalformed and names the field by its path.
type reader struct {
	object
	path  string
	fault *error
}

func (r reader) fail(name, format string, args ...any) {
	if *r.fault == nil {
		*r.fault = fmt.Errorf("%w: %s%s %s", ErrMalformed, r.path, name, fmt.Sprintf(format, args...))
	}
}

// str is a string; absent is empty.
func (r reader) str(name string) string {
	s, ok := r.text(name)
	if !ok {
		r.fail(name, "is not a string")
	}
	return s
}

// word is a string of an enumeration, without the blanks that the page's own
// sample has around it.
func (r reader) word(name string) string { return strings.TrimSpace(r.str(name)) }

// free is text that nobody decides by: a scalar of any type is kept as it
// stands.
func (r reader) free(name string) string {
	s, ok := r.text(name)
	if ok {
		return s
	}
	if c := r.object[name][0]; c == '{' || c == '[' {
		r.fail(name, "is not a text")
		return ""
	}
	return string(r.object[name])
}

// digits are the digits of a whole number written as a JSON string or number;
// empty when absent or not such a number.
func (r reader) digits(name string) string {
	if r.absent(name) {
		return ""
	}
	s, ok := r.text(name)
	if !ok {
		s = string(r.object[name])
	}
	if s == "" || len(s) > 1 && s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		r.fail(name, "is not a whole number of digits alone: %.40q", s)
		return ""
	}
	return s
}

// amount is money in whole fen, as a JSON string or number; signs, decimals,
// exponents, blanks and leading zeros are faults.
func (r reader) amount(name string) Amount {
	s := r.digits(name)
	if s == "" {
		return Amount{}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxAmount {
		r.fail(name, "is out of range: %.40q", s)
		return Amount{}
	}
	return Amount{Fen: n, Known: true}
}

// count is a small whole number; absent is 0.
func (r reader) count(name string) int {
	s := r.digits(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		r.fail(name, "is out of range: %.40q", s)
	}
	return int(n)
}

// moment is an instant written as yyyy-MM-dd HH:mm:ss; absent is zero.
func (r reader) moment(name string) time.Time {
	return r.time(name, bodyTime, "a time such as 2020-02-26 13:52:09")
}

// date is a date written as yyyy-MM-dd, given as its first instant; absent is
// zero.
func (r reader) date(name string) time.Time {
	return r.time(name, bodyDate, "a date such as 2020-02-26")
}

func (r reader) time(name, layout, want string) time.Time {
	s := r.str(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(layout, s, beijing)
	// time.Parse also takes one-digit hours and fractions of a second.
	if err != nil || t.Format(layout) != s || t.Year() < 1 {
		r.fail(name, "is not %s: %.40q", want, s)
		return time.Time{}
	}
	return t
}

// block is a nested object; nil when absent.
func (r reader) block(name string) *reader {
	if r.absent(name) {
		return nil
	}
	fields, err := splitObject(r.object[name])
	if err != nil {
		r.fail(name, "is not an object without repeated names")
		return nil
	}
	return &reader{object: fields, path: r.path + name + ".", fault: r.fault}
}

// require demands that fields have a value.
func (r reader) require(names ...string) {
	for _, name := range names {
		if r.absent(name) {
			r.fail(name, "is missing")
		}
	}
}
