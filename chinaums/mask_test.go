package chinaums

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing to hide", `{"a": 1, "b" : [true,null, "x\u0041"], "totalAmount":"2" }`, `{"a": 1, "b" : [true,null, "x\u0041"], "totalAmount":"2" }`},
		{"top level", `{"buyerId":"S","a":1}`, `{"buyerId":"***","a":1}`},
		{"nested, spaced", "{ \"p\" : {\"buyerId\" :\n \"S\" , \"x\":2} }", "{ \"p\" : {\"buyerId\" :\n \"***\" , \"x\":2} }"},
		{"in an array", `[{"openId":"S"},{"openId":"T"}]`, `[{"openId":"***"},{"openId":"***"}]`},
		{"case", `{"BUYERUSERNAME":"S","buyerUserName":"S"}`, `{"BUYERUSERNAME":"***","buyerUserName":"***"}`},
		{"escaped name", `{"buyer\u0049d":"S"}`, `{"buyer\u0049d":"***"}`},
		{"number", `{"bankCardNo":6222020000000000,"a":1}`, `{"bankCardNo":"***","a":1}`},
		{"object", `{"bankInfo":{"a":["S"]},"b":1}`, `{"bankInfo":"***","b":1}`},
		{"array", `{"bankInfo":[{"a":"S"}],"b":1}`, `{"bankInfo":"***","b":1}`},
		{"null, empty", `{"sign":null,"signature":""}`, `{"sign":"***","signature":"***"}`},
		{"escapes in the value", `{"buyerId":"a\"b\\","a":"\""}`, `{"buyerId":"***","a":"\""}`},
		{"a value that looks like a name", `{"a":"buyerId","b":"x"}`, `{"a":"buyerId","b":"x"}`},
		{"a name that holds one", `{"mybuyerIds":"x"}`, `{"mybuyerIds":"x"}`},
		{"JSON in a string", `{"p":"{\"buyerId\":\"S\",\"t\":1}","q":"{\"t\":1}"}`, `{"p":"***","q":"{\"t\":1}"}`},
		{"JSON in a string, name escaped", `{"p":"{\"buyer\\u0049d\":\"S\"}"}`, `{"p":"***"}`},
		{"JSON in JSON in a string", `{"p":"{\"q\":\"{\\\"buyerId\\\":\\\"S\\\"}\"}"}`, `{"p":"***"}`},
		{"cut inside the value", `{"a":1,"buyerId":"SECR`, `{"a":1,"buyerId":"***"`},
		{"cut inside a number", `{"a":1,"bankCardNo":6222`, `{"a":1,"bankCardNo":"***"`},
		{"cut inside an object", `{"a":1,"bankInfo":{"x":"SEC`, `{"a":1,"bankInfo":"***"`},
		{"cut before the value", `{"a":1,"buyerId":`, `{"a":1,"buyerId":`},
		{"cut after the name", `{"a":1,"buyerId"`, `{"a":1,"buyerId"`},
		{"cut elsewhere", `{"buyerId":"S","memo":"te`, `{"buyerId":"***","memo":"te`},
		{"cut in JSON in a string", `{"p":"{\"buyerId\":\"S`, `{"p":"{\***`},
		{"broken in the value", "{\"buyerId\":\"S\nECRET\",\"a\":1}", `{"buyerId":"***"`},
		{"broken quotes before", `{"memo":"a"b","buyerId":"S"}`, `{"memo":"a"b",***`},
		{"broken, name escaped", `{"memo":"a"b","buyer\u0049d":"S"}`, `{"memo":"a"b","buyer***`},
		{"no quotes", `{memo=a,buyerId=S}`, `{memo=a***`},
		{"HTML", "<html>Bad Gateway</html>", "<html>Bad Gateway</html>"},
		{"HTML that designs", "<html>design, assigned</html>", "<html>design, assigned</html>"},
		{"trailing garbage", `{"a":1}}buyerId`, `{"a":1}***`},
		{"a second document", `{"a":1}{"buyerId":"S"}`, `{"a":1}{"buyerId":"***"}`},
		{"empty", ``, ``},
		{"twice", `{"buyerId":"S","buyerId":"T"}`, `{"buyerId":"***","buyerId":"***"}`},
		{"invalid UTF-8 stays", "{\"a\":\"\xff\",\"buyerId\":\"\xfe\"}", "{\"a\":\"\xff\",\"buyerId\":\"***\"}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, string(Mask([]byte(test.body))))
		})
	}
}

func TestMaskEveryField(t *testing.T) {
	for _, name := range []string{"buyerId", "buyerUsername", "subBuyerId", "bankCardNo", "bankInfo", "openId", "subOpenId", "accessToken", "sign", "signature"} {
		require.Equal(t, `{"x":{"`+name+`":"***"}}`, string(Mask([]byte(`{"x":{"`+name+`":"S"}}`))))
	}
}

func TestMaskSample(t *testing.T) {
	got := Mask([]byte(sampleAnswer))
	want := strings.ReplaceAll(strings.ReplaceAll(sampleAnswer, "marked-buyer", "***"), "marked-name", "***")
	require.Equal(t, want, string(got))
	for cut := range len(sampleAnswer) {
		require.NotContains(t, string(Mask([]byte(sampleAnswer[:cut]))), "marked-")
	}
}

// A secret in a buyerId survives no surroundings: neither garbage before nor
// behind it, nor a cut; and a body without personal fields does not change.
func FuzzMask(f *testing.F) {
	f.Add([]byte(``), []byte(``), uint(9999))
	f.Add([]byte(`{"a":"b"x`), []byte(`,`), uint(40))
	f.Add([]byte(`{"a":"`), []byte(`"}`), uint(40))
	f.Add([]byte(`{"buyer`), []byte(`}`), uint(9999))
	f.Add([]byte(`["\`), []byte(`]`), uint(9999))
	f.Add([]byte(`{"sign":`), []byte(`}`), uint(60))
	f.Add([]byte(`{"x":"{\"buyerId\":`), []byte(`"}`), uint(60))
	f.Fuzz(func(t *testing.T, before, behind []byte, cut uint) {
		const secret = "MARKED-SECRET-OF-A-BUYER"
		if bytes.Contains(before, []byte("MARKED")) || bytes.Contains(behind, []byte("MARKED")) {
			return
		}
		body := bytes.Join([][]byte{before, []byte(`{"t":1,"buyerId":"` + secret + `"}`), behind}, nil)
		body = body[:min(uint(len(body)), cut)]
		require.NotContains(t, string(Mask(body)), secret[:8])

		masked := Mask(before)
		if json.Valid(before) {
			require.True(t, json.Valid(masked), "%q became %q", before, masked)
		}
		if personalWord.Find(before) == nil {
			require.Equal(t, string(before), string(masked))
		}
	})
}
