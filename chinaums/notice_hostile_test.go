package chinaums

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func parsed(t *testing.T, contentType, body string) Notice {
	t.Helper()
	n, err := ParseNotice(contentType, []byte(body))
	require.NoError(t, err)
	return n
}

// TestDeepNesting: what a notice takes grows with its body alone, not with the
// depth of what stands in it.
func TestDeepNesting(t *testing.T) {
	const depth = 4000
	for name, nested := range map[string]string{
		"objects":         strings.Repeat(`{"a":`, depth) + `"\""` + strings.Repeat("}", depth),
		"arrays":          `{"a":` + strings.Repeat("[", depth) + `"\""` + strings.Repeat("]", depth) + "}",
		"too deep to be":  strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		"never closed":    strings.Repeat(`{"a":`, depth),
		"JSON in strings": `{"a":"{\"a\":\"{\\\"a\\\":\\\"{}\\\"}\"}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			n := parsed(t, "", "billNo=B&billPayment="+url.QueryEscape(nested))
			require.Len(t, n.Digest(), 64)
			require.NotEmpty(t, n.Masked())
			n = parsed(t, "", `eventType=E&resource=`+url.QueryEscape(nested))
			require.Len(t, n.Digest(), 64)
			require.NotEmpty(t, n.Masked())
		})
	}
}

// TestKindOfNotice: values that are white space are not signed, so they decide
// nothing.
func TestKindOfNotice(t *testing.T) {
	for name, c := range map[string]struct {
		form string
		want NoticeKind
	}{
		"flat":                       {"notifyId=N", NoticeDeduction},
		"billNo":                     {"billNo=B", NoticeBill},
		"billPayment alone":          {"billPayment={}", NoticeBill},
		"billNo that is blank":       {"notifyId=N&billNo=+&billPayment=%09", NoticeDeduction},
		"event and resource":         {"eventType=E&resource={}", NoticeContract},
		"event alone":                {"eventType=E", NoticeDeduction},
		"resource that is blank":     {"eventType=E&resource=+", NoticeDeduction},
		"event and resource, billNo": {"eventType=E&resource={}&billNo=B", NoticeBill},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, parsed(t, "", c.form).Kind)
		})
	}
}

// TestWhatIsNotSignedChangesNothing: blank parameters can be added by anybody.
func TestWhatIsNotSignedChangesNothing(t *testing.T) {
	key := NewSecret("k")
	params := map[string]string{"notifyId": "N", "mid": "m", "totalAmount": "1908"}
	params["sign"] = NoticeSHA256(NoticeText(params), key)
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value)
	}
	was := parsed(t, "", form.Encode())
	require.NoError(t, was.Verify(key, false))
	for _, name := range []string{"billNo", "billPayment", "payTime", "couponAmount", "settleDate", "contractSignedTime"} {
		form.Set(name, " \t")
	}
	is := parsed(t, "", form.Encode())
	require.NoError(t, is.Verify(key, false))
	require.Equal(t, was.Digest(), is.Digest())
	was.Params, is.Params = nil, nil
	require.Equal(t, was, is)
}

// TestJSONCalledAForm: what was meant as a value is then part of a name.
func TestJSONCalledAForm(t *testing.T) {
	const body = `{"buyerId":"marked-buyer","bankCardNo":"marked=card"}`
	n := parsed(t, "application/x-www-form-urlencoded", body)
	require.NotContains(t, string(n.Masked()), "marked")
	for _, broken := range []string{body + "&" + body, body + "%ff"} {
		_, err := ParseNotice("application/x-www-form-urlencoded", []byte(broken))
		require.ErrorIs(t, err, ErrNotice)
		require.NotContains(t, err.Error(), "marked")
	}
	_, err := ParseNotice("", []byte("mid=1&mid=2"))
	require.ErrorContains(t, err, `"mid"`)
	_, err = ParseNotice("", []byte("marked=1&marked=2"))
	require.ErrorContains(t, err, `"***"`, "a name that no page has")
	require.NotContains(t, err.Error(), "marked")
}

func TestDigestOfNestedText(t *testing.T) {
	digest := func(payment string) string {
		return parsed(t, "", "billNo=B&billPayment="+url.QueryEscape(payment)).Digest()
	}
	for name, c := range map[string]struct {
		one, other string
		same       bool
	}{
		"numbers and texts":        {`{"a":[1,{"b":true}]}`, `{"a":["1",{"b":"true"}]}`, true},
		"empty and absent":         {`{"a":1,"b":"","c":null}`, `{"a":1}`, true},
		"blanks around":            {` {"a":"1 "} `, `{"a":"1"}`, true},
		"big numbers":              {`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		"the order of a list":      {`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		"something behind it":      {`{"a":1}x`, `{"a":1}y`, false},
		"a name twice":             {`{"a":1,"a":2}`, `{"a":2}`, false},
		"a list and its only item": {`{"a":[1]}`, `{"a":1}`, false},
		"quotes that look alike":   {`{"a":"1\",\"b\":\"2"}`, `{"a":"1","b":"2"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.same, digest(c.one) == digest(c.other))
		})
	}
}

func TestDigestOfContract(t *testing.T) {
	envelope := `{"id":"EV-1","eventType":"PAYSCORE.USER_OPEN_SERVICE","summary":%q,"resource":%s}`
	digest := func(summary, resource string) string {
		return parsed(t, "application/json", fmt.Sprintf(envelope, summary, resource)).Digest()
	}
	base := digest("s", `{"mid":"m","authorizationCode":"A1"}`)
	require.Equal(t, base, digest("s", `{ "authorizationCode":"A1", "mid":"m" }`))
	require.Equal(t, base, digest("s", `"{\"mid\":\"m\",\"authorizationCode\":\"A1\"}"`), "an object in a string")
	require.Equal(t, base, digest("another", `{"mid":"m","authorizationCode":"A1"}`), "the summary is free text")
	require.NotEqual(t, base, digest("s", `{"mid":"m","authorizationCode":"A2"}`))
}

func TestTimesBeyondTheCalendar(t *testing.T) {
	for _, s := range []string{"9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"} {
		n := parsed(t, "", "contractSignedTime="+url.QueryEscape(s))
		require.Contains(t, n.Fault, "contractSignedTime")
		require.True(t, n.ContractSigned.IsZero())
	}
	n := parsed(t, "", "contractExpiredTime=20261231&contractSignedTime=20260101")
	require.Empty(t, n.Fault)
	require.Equal(t, instant("2026-12-31 23:59:59"), n.ContractExpired)
	require.Equal(t, instant("2026-01-01 00:00:00"), n.ContractSigned)
}
