package chinaums_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// tokenServer answers at TokenPath with one entry, elsewhere with the other.
func tokenServer(tokens, calls *atomic.Int64, token, call string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == chinaums.TokenPath {
			script(tokens, token)(w, r)
			return
		}
		script(calls, call)(w, r)
	}
}

func TestTokenThatCannotBeHad(t *testing.T) {
	tests := []struct {
		name, answer string
		attempts     int64
		query, write error
	}{
		{"HTTP 503", "503 x", 4, chinaums.ErrUnavailable, chinaums.ErrStopped},
		{"9200", `412 {"errCode":"9200"}`, 4, chinaums.ErrUnavailable, chinaums.ErrStopped},
		{"HTML", "200 <html>", 4, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"clock", `412 {"errCode":"1000"}`, 1, chinaums.ErrRejected, chinaums.ErrRejected},
		{"wrong key", `401 {"errCode":"1401","errInfo":"认证失败"}`, 1, chinaums.ErrRejected, chinaums.ErrRejected},
		{"unknown code with HTTP 200", `200 {"errCode":"0001"}`, 1, chinaums.ErrRejected, chinaums.ErrRejected},
		{"NO_ORDER says nothing of a bill", `200 {"errCode":"NO_ORDER"}`, 1, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"INVALID_ORDER says nothing of a bill", `200 {"errCode":"INVALID_ORDER"}`, 1, chinaums.ErrRejected, chinaums.ErrRejected},
		{"SUCCESS is not its word", `200 {"errCode":"SUCCESS","accessToken":"marked-token"}`, 1, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"0000 without a token", `200 {"errCode":"0000"}`, 1, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"0000 with a number", `200 {"errCode":"0000","accessToken":5}`, 1, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"0000 with a newline", `200 {"errCode":"0000","accessToken":"marked-token\n"}`, 1, chinaums.ErrMalformed, chinaums.ErrStopped},
		{"0000 with HTTP 500", `500 {"errCode":"0000","accessToken":"marked-token"}`, 4, chinaums.ErrUnavailable, chinaums.ErrStopped},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var tokens, calls atomic.Int64
			c := serve(t, tokenServer(&tokens, &calls, test.answer, "200 "+unpaid), withToken)
			got, err := c.QueryBill(t.Context(), query)
			require.ErrorIs(t, err, test.query)
			var e *chinaums.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "token", e.Op)
			require.NotContains(t, err.Error(), "marked-token")
			require.Nil(t, got.Raw, "it is no answer about a bill")
			require.Zero(t, got.Attempts)
			require.Equal(t, test.attempts, tokens.Load())

			done, err := c.CompletePreauth(t.Context(), completion)
			require.ErrorIs(t, err, test.write)
			require.NotErrorIs(t, err, chinaums.ErrUnsure)
			require.Zero(t, done.Attempts)
			_, err = c.SyncPayScore(t.Context(), paidSync)
			require.ErrorIs(t, err, test.write)
			require.Equal(t, test.attempts+2, tokens.Load(), "a call that changes something asks once")
			require.Zero(t, calls.Load())
		})
	}
}

func TestCodeOfTheTokenCountsThereAlone(t *testing.T) {
	_, err := serve(t, script(new(atomic.Int64), `200 {"errCode":"0000"}`), nil).QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrRefused)
}

func TestRefusedTokens(t *testing.T) {
	const good = `200 {"errCode":"0000","accessToken":"marked-token","expiresIn":"3600"}`
	tests := []struct {
		name, answer string
		tokens       int64 // after two calls
		calls        int64
	}{
		{"认证失败", `401 {"errCode":"1401","errInfo":"认证失败"}`, 2, 3},
		{"unknown code", `400 {"errCode":"8888","errInfo":"marked-token is unknown"}`, 2, 3},
		{"HTML", `403 <html>`, 2, 3},
		{"a code that says something else", `401 {"errCode":"DENIED_IP"}`, 1, 2},
		{"clock", `412 {"errCode":"1000"}`, 1, 2},
		{"refused with HTTP 200", `200 {"errCode":"BAD_SIGN"}`, 1, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var tokens, calls atomic.Int64
			c := serve(t, tokenServer(&tokens, &calls, good, test.answer), withToken)
			for range 2 {
				got, err := c.QueryBill(t.Context(), query)
				require.ErrorIs(t, err, chinaums.ErrRejected)
				require.NotContains(t, fmt.Sprintf("%v %s %s", err, got.ErrMsg, got.Raw), "marked-token")
			}
			require.Equal(t, test.tokens, tokens.Load())
			require.Equal(t, test.calls, calls.Load())
		})
	}
}

// A token that was refused is replaced; one that replaced it and is refused
// too stays for a minute, unless a call was served with it.
func TestNeverOneTokenPerCall(t *testing.T) {
	s := simulate(t, nil)
	c := s.client(t, withToken)
	ask := func() error { _, err := c.QueryBill(t.Context(), query); return err }
	require.NoError(t, ask())
	s.RevokeTokens()
	require.NoError(t, ask())
	s.RevokeTokens()
	require.NoError(t, ask(), "the second token was accepted, so it can be replaced")
	require.Equal(t, 3, s.Tokens(appID))

	require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: "token-refused"}))
	for range 10 {
		require.ErrorIs(t, ask(), chinaums.ErrRejected)
	}
	require.Equal(t, 4, s.Tokens(appID))
	s.advance(time.Minute)
	for range 10 {
		require.ErrorIs(t, ask(), chinaums.ErrRejected)
	}
	require.Equal(t, 5, s.Tokens(appID), "one a minute")
	s.Behave()
	require.NoError(t, ask())
	require.Equal(t, 5, s.Tokens(appID))
}

func TestTokenTakesBudget(t *testing.T) {
	s := simulate(t, nil)
	budget := chinaums.NewBudget(1)
	c := s.client(t, func(o *chinaums.Options) { o.Auth, o.Budget = chinaums.AuthAccessToken, budget })
	_, err := c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrBudget)
	require.Equal(t, 1, s.Tokens(appID))
	require.Equal(t, 1, s.Total())
}

// The budget may end between a refused token and the next one.
func TestBudgetEndsBeforeAnotherToken(t *testing.T) {
	for _, limit := range []int64{2, 3} {
		s := simulate(t, nil)
		require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: "token-refused"}))
		c := s.client(t, func(o *chinaums.Options) { o.Auth, o.Budget = chinaums.AuthAccessToken, chinaums.NewBudget(limit) })
		got, err := c.CompletePreauth(t.Context(), completion)
		require.ErrorIs(t, err, chinaums.ErrRejected, "what was sent was not read")
		require.Equal(t, 1, got.Attempts)
		require.EqualValues(t, limit, s.Total())
	}
}
