package chinaums

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type vectors struct {
	BodySig []struct {
		Name      string `json:"name"`
		AppID     string `json:"app_id"`
		AppKey    string `json:"app_key"`
		Timestamp string `json:"timestamp"`
		Nonce     string `json:"nonce"`
		Body      string `json:"body"`
		Signature string `json:"signature"`
	} `json:"body_sig"`
	AccessToken []struct {
		Name      string `json:"name"`
		AppID     string `json:"app_id"`
		AppKey    string `json:"app_key"`
		Timestamp string `json:"timestamp"`
		Nonce     string `json:"nonce"`
		Signature string `json:"signature_sha256"`
	} `json:"access_token"`
	Notice []struct {
		Name     string `json:"name"`
		Key      string `json:"key"`
		FormBody string `json:"form_body"`
		Text     string `json:"string_to_sign"`
		MD5      string `json:"md5"`
		SHA256   string `json:"sha256"`
		Sign     string `json:"sign"`
	} `json:"notice"`
	BodyDigest []struct {
		Name   string `json:"name"`
		Body   string `json:"body"`
		SHA256 string `json:"body_sha256"`
	} `json:"body_digest"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	require.NotEmpty(t, v.BodySig)
	require.NotEmpty(t, v.AccessToken)
	require.NotEmpty(t, v.Notice)
	require.NotEmpty(t, v.BodyDigest)
	return v
}

func TestBodySignature(t *testing.T) {
	for _, v := range readVectors(t).BodySig {
		t.Run(v.Name, func(t *testing.T) {
			key := NewSecret(v.AppKey)
			require.Equal(t, v.Signature, BodySignature(v.AppID, key, v.Timestamp, v.Nonce, []byte(v.Body)))
			require.NotEqual(t, v.Signature, BodySignature(v.AppID, key, v.Timestamp, v.Nonce, []byte(v.Body+" ")))
			require.NotEqual(t, v.Signature, BodySignature(v.AppID, NewSecret(v.AppKey+"x"), v.Timestamp, v.Nonce, []byte(v.Body)))
			require.Equal(t, `OPEN-BODY-SIG AppId="`+v.AppID+`",Timestamp="`+v.Timestamp+`",Nonce="`+v.Nonce+`",Signature="`+v.Signature+`"`,
				BodyAuthorization(v.AppID, key, v.Timestamp, v.Nonce, []byte(v.Body)))
		})
	}
}

func TestTokenSignature(t *testing.T) {
	for _, v := range readVectors(t).AccessToken {
		t.Run(v.Name, func(t *testing.T) {
			require.Equal(t, v.Signature, TokenSignature(v.AppID, NewSecret(v.AppKey), v.Timestamp, v.Nonce))
			require.NotEqual(t, v.Signature, TokenSignature(v.AppID, NewSecret(v.AppKey), v.Timestamp, v.Nonce+"1"))
		})
	}
}

// The digest of a body is what the signature covers: text beyond ASCII must be
// hashed as the UTF-8 that is sent.
func TestBodyDigest(t *testing.T) {
	for _, v := range readVectors(t).BodyDigest {
		t.Run(v.Name, func(t *testing.T) {
			require.Equal(t, v.SHA256, bodyDigest([]byte(v.Body)))
		})
	}
}

func TestNoticeVectors(t *testing.T) {
	for _, v := range readVectors(t).Notice {
		t.Run(v.Name, func(t *testing.T) {
			key := NewSecret(v.Key)
			if v.MD5 != "" {
				require.Equal(t, strings.ToLower(v.MD5), NoticeMD5(v.Text, key))
				require.Equal(t, strings.ToLower(v.SHA256), NoticeSHA256(v.Text, key))
			}
			if v.FormBody != "" {
				params := formParams(t, v.FormBody)
				require.Equal(t, v.Text, NoticeText(params))
				require.NoError(t, VerifyNotice(params, key, true))
				require.ErrorIs(t, VerifyNotice(params, key, false), ErrSignature)
			}
		})
	}
}

func formParams(t *testing.T, body string) map[string]string {
	t.Helper()
	values, err := url.ParseQuery(body)
	require.NoError(t, err)
	params := map[string]string{}
	for name := range values {
		params[name] = values.Get(name)
	}
	return params
}

func TestNoticeText(t *testing.T) {
	require.Equal(t, "B=2&a=1&signType=MD5", NoticeText(map[string]string{
		"a": "1", "B": "2", "sign": "xx", "empty": "", "blank": " \t", "signType": "MD5",
	}))
	require.Empty(t, NoticeText(nil))
}

func TestVerifyNotice(t *testing.T) {
	key := NewSecret("notice-key")
	signed := func(change func(map[string]string)) map[string]string {
		p := map[string]string{"mid": "898340149000005", "totalAmount": "1", "gY": "Snwz"}
		change(p)
		if p["sign"] == "" {
			p["sign"] = NoticeSHA256(NoticeText(p), key)
		}
		return p
	}
	tests := []struct {
		name   string
		params map[string]string
		key    Secret
		ok     bool
	}{
		{"sha256 without signType", signed(func(map[string]string) {}), key, true},
		{"sha256 named", signed(func(p map[string]string) { p["signType"] = "SHA256" }), key, true},
		{"sha256 named with a dash, in upper case", signed(func(p map[string]string) {
			p["signType"] = "SHA-256"
			p["sign"] = strings.ToUpper(NoticeSHA256(NoticeText(p), key))
		}), key, true},
		{"md5 by its length", signed(func(p map[string]string) { p["sign"] = NoticeMD5(NoticeText(p), key) }), key, true},
		{"another key", signed(func(map[string]string) {}), NewSecret("other"), false},
		{"no key", signed(func(map[string]string) {}), Secret{}, false},
		{"changed after signing", func() map[string]string {
			p := signed(func(map[string]string) {})
			p["totalAmount"] = "2"
			return p
		}(), key, false},
		{"parameter added after signing", func() map[string]string {
			p := signed(func(map[string]string) {})
			p["more"] = "1"
			return p
		}(), key, false},
		{"no signature", map[string]string{"mid": "1"}, key, false},
		{"signType contradicts the length", signed(func(p map[string]string) {
			p["signType"] = "MD5"
			p["sign"] = NoticeSHA256(NoticeText(p), key)
		}), key, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := VerifyNotice(test.params, test.key, true)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrSignature)
			if sign := test.params["sign"]; sign != "" {
				require.NotContains(t, err.Error(), sign)
			}
		})
	}
}

func TestHeaderTimestampIsBeijing(t *testing.T) {
	at := time.Date(2026, 11, 19, 17, 0, 5, 0, time.UTC)
	require.Equal(t, "20261120010005", HeaderTimestamp(at))
	require.Equal(t, "20261120010005", HeaderTimestamp(at.In(time.FixedZone("", -5*3600))))
}

func TestNonce(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		n := newNonce()
		require.Regexp(t, "^[0-9a-f]{32}$", n)
		require.False(t, seen[n])
		seen[n] = true
	}
}

// TestOneSignatureOneSetOfFields: of the sets of fields that share a text, only
// the one that was meant is believed.
func TestOneSignatureOneSetOfFields(t *testing.T) {
	key := NewSecret("notice-key")
	base := map[string]string{"billDesc": "tea", "memo": "thanks", "mid": "898340149000005", "totalAmount": "1908", "x1a": "9f"}
	sign := NoticeSHA256(NoticeText(base), key)
	holds := func(params map[string]string) error {
		require.Equal(t, NoticeText(base), NoticeText(params), "the text is the same")
		params = maps.Clone(params)
		params["sign"] = sign
		return VerifyNotice(params, key, false)
	}
	require.NoError(t, holds(base))
	for name, twin := range map[string]map[string]string{
		"a field in the value before it":    {"billDesc": "tea&memo=thanks", "mid": "898340149000005", "totalAmount": "1908", "x1a": "9f"},
		"all in one value":                  {"billDesc": "tea&memo=thanks&mid=898340149000005&totalAmount=1908&x1a=9f"},
		"the field that no page names":      {"billDesc": "tea", "memo": "thanks", "mid": "898340149000005", "totalAmount": "1908&x1a=9f"},
		"a field in the name of another":    {"billDesc=tea&memo": "thanks", "mid": "898340149000005", "totalAmount": "1908", "x1a": "9f"},
		"a name with an equals sign":        {"billDesc=tea&memo=thanks&mid": "898340149000005", "totalAmount": "1908", "x1a": "9f"},
		"a value in the name, one = in all": {"billDesc=tea&memo=thanks&mid=898340149000005&totalAmount=1908&x1a": "9f"},
	} {
		t.Run(name, func(t *testing.T) {
			err := holds(twin)
			require.ErrorIs(t, err, ErrSignature)
			require.ErrorContains(t, err, "several fields")
			require.NotContains(t, err.Error(), "thanks")
		})
	}
}

// TestAmpersandsInValues: only what reads as another field makes a value doubtful.
func TestAmpersandsInValues(t *testing.T) {
	key := NewSecret("notice-key")
	for value, sure := range map[string]bool{
		"Marks & Spencer": true, "R&D": true, "a&b&c": true, "&": true, "&=": true, "a & b = c": true, "1=2&": true, "a=1": true, "&amp;": true,
		"茶&咖啡=两杯": true, `{"a":"x & y","b":1}`: true, "https://qr.example/bills/qrCode.do?id=1&x=2&y=3": true, "x&goods[0].price=1": true,
		"&totalAmount=1": false, "x&billPayment={}": false, "x&a=&mid=": false, "&a&mid=1": false, `{"a":"&mid=1"}`: false,
	} {
		params := map[string]string{"mid": "898340149000005", "memo": value}
		params["sign"] = NoticeSHA256(NoticeText(params), key)
		require.Equal(t, sure, VerifyNotice(params, key, false) == nil, value)
	}
}
