package chinaumstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// issue asks for a token.
func issue(t *testing.T, g *chinaumstest.Gateway) string {
	t.Helper()
	status, got := tokenRequest().send(g)
	require.Equal(t, 200, status)
	require.Equal(t, "0000", got["errCode"], got)
	return got["accessToken"].(string)
}

// shown is a good query that shows a token.
func shown(token string) *request {
	r := fresh()
	header := "OPEN-ACCESS-TOKEN AccessToken=" + token
	r.authorization = &header
	return r
}

func TestTokenEndpoint(t *testing.T) {
	g := newGateway()
	_, got := tokenRequest().send(g)
	require.Equal(t, "0000", got["errCode"])
	require.EqualValues(t, 3600, got["expiresIn"])
	require.Regexp(t, `^[0-9a-f]{32}$`, got["accessToken"])
	require.Equal(t, 1, g.Tokens(appID))
	require.Zero(t, g.Tokens("other"))

	tests := map[string]struct {
		field  string
		value  any
		status int
		code   string
	}{
		"signature of another key": {"signature", chinaums.TokenSignature(appID, chinaums.NewSecret("x"), "20261120023000", "n"), 401, "1401"},
		"unknown app id":           {"appId", "other", 401, "1401"},
		"old":                      {"timestamp", "20261120021459", 412, "1000"},
		"time of the body":         {"timestamp", "2026-11-20 02:30", 412, "1000"},
		"no nonce":                 {"nonce", "", 400, "BAD_REQUEST"},
		"long nonce":               {"nonce", strings.Repeat("n", 129), 400, "BAD_REQUEST"},
		"no sign method":           {"signMethod", nil, 400, "BAD_REQUEST"},
		"another field":            {"more", "x", 400, "BAD_REQUEST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, got := with(tokenRequest(), test.field, test.value).send(g)
			require.Equal(t, test.status, status, got)
			require.Equal(t, test.code, got["errCode"])
			require.NotContains(t, got, "accessToken")
		})
	}
	r := tokenRequest()
	r.fields["signMethod"] = "MD5"
	status, _ := r.send(g)
	require.Equal(t, 400, status)
	again := tokenRequest()
	again.send(g)
	status, _ = again.send(g)
	require.Equal(t, 400, status, "a nonce is used once")
}

func TestShownTokens(t *testing.T) {
	now := night
	g := chinaumstest.New(chinaumstest.Config{Keys: keys(), Now: func() time.Time { return now }, TokenLife: time.Minute})
	g.Put(paidBill())
	token := issue(t, g)
	quoted := func(appID string) *request {
		r := fresh()
		header := `OPEN-ACCESS-TOKEN AccessToken="` + token + `",AppId="` + appID + `"`
		r.authorization = &header
		return r
	}
	answers := func(want int, r *request) {
		t.Helper()
		status, got := r.send(g)
		require.Equal(t, want, status, got)
		if want == 401 {
			require.Equal(t, "1401", got["errCode"])
			require.Equal(t, "认证失败", got["errInfo"])
		}
	}
	answers(200, shown(token))
	answers(200, quoted(appID))
	answers(401, quoted("other"))
	answers(401, shown("unknown"))
	now = now.Add(59 * time.Second)
	answers(200, shown(token))
	now = now.Add(time.Second)
	answers(401, shown(token))

	token = issue(t, g)
	answers(200, shown(token))
	require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "token-refused"}))
	answers(401, shown(token))
	g.Behave()
	answers(200, shown(token))
	g.RevokeTokens()
	answers(401, shown(token))
	require.Equal(t, 2, g.Tokens(appID))
}

func TestTenTokensLive(t *testing.T) {
	g := newGateway()
	var tokens []string
	for range 11 {
		tokens = append(tokens, issue(t, g))
	}
	for i, token := range tokens {
		status, _ := shown(token).send(g)
		require.Equal(t, i > 0, status == 200, i)
	}
	require.Equal(t, 11, g.Tokens(appID))
}
