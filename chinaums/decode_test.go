package chinaums

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func readerOf(t *testing.T, body string) reader {
	t.Helper()
	fields, err := parseObject([]byte(body))
	require.NoError(t, err)
	var fault error
	return reader{object: fields, fault: &fault}
}

func TestAmount(t *testing.T) {
	known := func(n int64) *Amount { return &Amount{Fen: n, Known: true} }
	tests := []struct {
		raw  string
		want *Amount // nil: malformed
	}{
		{`"1908"`, known(1908)},
		{`1908`, known(1908)},
		{`0`, known(0)},
		{`"0"`, known(0)},
		{`10000000000000`, known(10_000_000_000_000)},
		{`"10000000000000"`, known(10_000_000_000_000)},
		{`null`, &Amount{}},
		{`""`, &Amount{}},
		{`10000000000001`, nil},
		{`"9223372036854775808"`, nil},
		{`"99999999999999999999999999"`, nil},
		{`-1`, nil},
		{`-0`, nil},
		{`"+1"`, nil},
		{`"-1"`, nil},
		{`1.0`, nil},
		{`"19.08"`, nil},
		{`1e3`, nil},
		{`"1e3"`, nil},
		{`1E3`, nil},
		{`"007"`, nil},
		{`"00"`, nil},
		{`" 1"`, nil},
		{`"1 "`, nil},
		{`" "`, nil},
		{`"1,908"`, nil},
		{`"１９"`, nil},
		{`"0x10"`, nil},
		{`"1_000"`, nil},
		{`"19元"`, nil},
		{`true`, nil},
		{`{}`, nil},
		{`["1"]`, nil},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			r := readerOf(t, `{"a":`+test.raw+`}`)
			got := r.amount("a")
			if test.want == nil {
				require.ErrorIs(t, *r.fault, ErrMalformed)
				require.Contains(t, (*r.fault).Error(), ": a ")
				require.Equal(t, Amount{}, got)
				return
			}
			require.NoError(t, *r.fault)
			require.Equal(t, *test.want, got)
		})
	}
	r := readerOf(t, `{}`)
	require.Equal(t, Amount{}, r.amount("a"))
	require.NoError(t, *r.fault)
}

func TestTimes(t *testing.T) {
	at := time.Date(2020, 2, 26, 13, 52, 9, 0, beijing)
	for raw, want := range map[string]time.Time{
		`"2020-02-26 13:52:09"`: at,
		`""`:                    {},
		`null`:                  {},
	} {
		r := readerOf(t, `{"t":`+raw+`}`)
		require.True(t, want.Equal(r.moment("t")), raw)
		require.NoError(t, *r.fault, raw)
	}
	for _, bad := range []string{
		`"2020-02-30 13:52:09"`, `"2021-02-29 00:00:00"`, `"2020-02-26 24:00:00"`, `"2020-02-26 13:52:60"`,
		`"2020-02-26 9:52:09"`, `"2020-02-26 13:52:09.5"`, `"2020-02-26 13:52:09,5"`, `"2020-02-26T13:52:09"`,
		`"2020-02-26 13:52:09 "`, `" 2020-02-26 13:52:09"`, `"2020-02-26"`, `"20200226135209"`, `"0000-01-01 00:00:00"`, `1582696329`, `"x"`, `" "`,
	} {
		r := readerOf(t, `{"t":`+bad+`}`)
		require.True(t, r.moment("t").IsZero(), bad)
		require.ErrorIs(t, *r.fault, ErrMalformed, bad)
	}

	r := readerOf(t, `{"d":"2020-02-29","none":"","bad":"2021-02-29"}`)
	require.Equal(t, time.Date(2020, 2, 29, 0, 0, 0, 0, beijing), r.date("d"))
	require.True(t, r.date("none").IsZero())
	require.NoError(t, *r.fault)
	require.True(t, r.date("bad").IsZero())
	require.ErrorIs(t, *r.fault, ErrMalformed)
	for _, bad := range []string{`"20200229"`, `"2020-2-29"`, `"2020-02-29 00:00:00"`, `"0000-00-00"`} {
		r := readerOf(t, `{"d":`+bad+`}`)
		r.date("d")
		require.ErrorIs(t, *r.fault, ErrMalformed, bad)
	}
}

func TestTextKinds(t *testing.T) {
	r := readerOf(t, `{"w":" PAID ","s":" x ","n":12,"b":true,"o":{},"big":12345678901234567890}`)
	require.Equal(t, "PAID", r.word("w"))
	require.Equal(t, " x ", r.str("s"), "only enumerations are trimmed")
	require.Equal(t, "12", r.free("n"))
	require.Equal(t, "true", r.free("b"))
	require.Equal(t, "12345678901234567890", r.free("big"))
	require.NoError(t, *r.fault)
	for _, read := range []func(reader){
		func(r reader) { r.str("n") }, func(r reader) { r.word("b") }, func(r reader) { r.free("o") },
	} {
		r := readerOf(t, `{"n":12,"b":true,"o":{}}`)
		read(r)
		require.ErrorIs(t, *r.fault, ErrMalformed)
	}
}

func TestCount(t *testing.T) {
	r := readerOf(t, `{"a":"10","b":12,"c":null}`)
	require.Equal(t, []int{10, 12, 0, 0}, []int{r.count("a"), r.count("b"), r.count("c"), r.count("d")})
	require.NoError(t, *r.fault)
	for _, bad := range []string{`"1.5"`, `-1`, `"99999999999"`, `"x"`, `[]`} {
		r := readerOf(t, `{"a":`+bad+`}`)
		r.count("a")
		require.ErrorIs(t, *r.fault, ErrMalformed, bad)
	}
}

func TestParseObject(t *testing.T) {
	for _, body := range []string{``, ` `, `{`, `{"a":1`, `{"a":1}x`, `{"a":1}{}`, `{"a":1},`, `{a:1}`, `{'a':1}`, `{"a":1,}`, `{"a":01}`, "\xef\xbb\xbf{}", `<html>`, `{"a":NaN}`} {
		_, err := parseObject([]byte(body))
		require.ErrorIs(t, err, errNotJSON, body)
	}
	for _, body := range []string{`[]`, `"x"`, `1`, `null`, `true`, `{"a":1,"a":1}`, `{"a":1,"\u0061":2}`} {
		_, err := parseObject([]byte(body))
		require.ErrorIs(t, err, ErrMalformed, body)
		require.NotErrorIs(t, err, errNotJSON, body)
	}
	fields, err := parseObject([]byte(" \n{\"a\":1,\"A\":2,\"b\":{\"a\":3}}\r\n"))
	require.NoError(t, err)
	require.Len(t, fields, 3)
	require.Equal(t, "1", string(fields["a"]))
}

func TestCodeAndText(t *testing.T) {
	for body, want := range map[string][2]string{
		`{"errCode":"SUCCESS","errMsg":""}`:             {"SUCCESS", ""},
		`{"errCode":" SUCCESS ","errMsg":"ok"}`:         {"SUCCESS", "ok"},
		`{"errCode":9200,"errInfo":"x"}`:                {"9200", "x"},
		`{"errCode":"9200","errInfo":"x","errMsg":""}`:  {"9200", "x"},
		`{"errCode":"A","errInfo":"x","errMsg":"y"}`:    {"A", "y"},
		`{"errCode":null}`:                              {"", ""},
		`{"errCode":{"a":1},"errMsg":5}`:                {"", ""},
		`{"errCode":true}`:                              {"", ""},
		`{"errCode":1.5}`:                               {"", ""},
		`{"ErrCode":"SUCCESS","ERRCODE":"x","code":""}`: {"", ""},
		`{}`: {"", ""},
	} {
		fields, err := parseObject([]byte(body))
		require.NoError(t, err)
		code, text := fields.codeAndText()
		require.Equal(t, want, [2]string{code, text}, body)
	}
}

func TestPrintable(t *testing.T) {
	require.Equal(t, "签名 错误", printable("\x1b签名\n错误\x00\u202e\r"))
	long := printable(strings.Repeat("错", 500))
	require.Equal(t, strings.Repeat("错", 200)+"…", long)
	require.Equal(t, strings.Repeat("x", 200), printable(strings.Repeat("x", 200)))
	require.NotContains(t, printable("a\x9bb\x7f"), "\x9b")
	require.Empty(t, printable(""))
}

// What is read as an amount is what was written, and nothing else is an amount.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"0", "1", "1908", "007", "1e3", "-1", "19.08", "10000000000001", " 1", "+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, err := json.Marshal(s)
		require.NoError(t, err)
		var fault error
		r := reader{object: object{"a": quoted}, fault: &fault}
		a := r.amount("a")
		switch {
		case fault != nil, s == "":
			require.Equal(t, Amount{}, a)
		default:
			require.True(t, a.Known)
			require.Equal(t, s, strconv.FormatInt(a.Fen, 10))
			require.LessOrEqual(t, a.Fen, int64(maxAmount))
		}
	})
}

// No body makes the decoder panic, and what it accepts is whole.
func FuzzDecodeBill(f *testing.F) {
	f.Add([]byte(sampleAnswer))
	f.Add([]byte(`{"errCode":"SUCCESS","billPayment":{}}`))
	f.Add([]byte(`{"errCode":"SUCCESS","billPayment":[],"totalAmount":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := parseObject(body)
		if err != nil {
			return
		}
		fields.codeAndText()
		_ = checkEcho(fields, wireQuery{MID: "1"})
		a, err := decodeBill(fields)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.NotEmpty(t, a.BillStatus)
		require.NotEmpty(t, a.BillNo)
		require.False(t, a.BillDate.IsZero())
		if a.BillStatus == "PAID" || a.BillStatus == "REFUND" {
			require.True(t, a.TotalAmount.Known && a.BillPayment.TotalAmount.Known)
			require.False(t, a.BillPayment.PayTime.IsZero())
			require.NotEmpty(t, a.BillPayment.Status)
		}
		_ = fmt.Sprintf("%+v", a)
		whole := bytes.TrimSpace(body)
		_, err = parseObject(whole[:len(whole)-1])
		require.Error(t, err, "what is cut is no answer")
		again, err := json.Marshal(fields) // the names in another order, other blanks
		require.NoError(t, err)
		if fields, err = parseObject(again); err == nil && utf8.Valid(body) {
			twin, err := decodeBill(fields)
			require.NoError(t, err)
			require.Equal(t, a, twin)
		}
	})
}
