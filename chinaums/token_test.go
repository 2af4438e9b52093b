package chinaums_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

func withToken(o *chinaums.Options) { o.Auth = chinaums.AuthAccessToken }

func TestOneTokenForAll(t *testing.T) {
	const workers, calls = 64, 20
	s := simulate(t, nil)
	tokens := chinaums.NewTokens()
	shared := func(o *chinaums.Options) { o.Auth, o.Tokens = chinaums.AuthAccessToken, tokens }
	clients := []*chinaums.Client{s.client(t, shared), s.client(t, shared)}
	work := func(half func()) {
		var wg sync.WaitGroup
		var done atomic.Int64
		for n := range workers {
			wg.Go(func() {
				for range calls {
					if _, err := clients[n%2].QueryBill(t.Context(), query); err != nil {
						t.Errorf("unexpected: %v", err)
					}
					if done.Add(1) == workers*calls/2 {
						half()
					}
				}
			})
		}
		wg.Wait()
	}
	work(func() {})
	require.Equal(t, 1, s.Tokens(appID))
	require.Equal(t, workers*calls+1, s.Total())
	work(s.RevokeTokens)
	require.Equal(t, 2, s.Tokens(appID), "all that were refused share one token")
}

func TestTokensAreOfOneAppAndPlatform(t *testing.T) {
	other := chinaums.NewSecret("other-key")
	config := func(c *chinaumstest.Config) { c.Keys["other"] = other }
	one, two := simulate(t, config), simulate(t, config)
	tokens := chinaums.NewTokens()
	for _, s := range []*simulator{one, two} {
		for _, id := range []string{appID, "other"} {
			c := s.client(t, func(o *chinaums.Options) {
				o.Auth, o.Tokens, o.AppID = chinaums.AuthAccessToken, tokens, id
				if id == "other" {
					o.AppKey = other
				}
			})
			_, err := c.QueryBill(t.Context(), query)
			require.NoError(t, err)
			require.Equal(t, 1, s.Tokens(id))
		}
	}
}

func TestTokenIsRefreshedBeforeItsEnd(t *testing.T) {
	for name, life := range map[string]struct{ life, refresh time.Duration }{
		"an hour: five minutes before":      {time.Hour, 55 * time.Minute},
		"ten minutes: a tenth of it before": {10 * time.Minute, 9 * time.Minute},
		"a day and more is not believed":    {25 * time.Hour, 4*time.Minute + 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, func(c *chinaumstest.Config) { c.TokenLife = life.life })
			c := s.client(t, withToken)
			for _, step := range []struct {
				ahead  time.Duration
				tokens int
			}{{0, 1}, {life.refresh - time.Second, 1}, {time.Second, 2}, {life.refresh - time.Second, 2}, {time.Second, 3}} {
				s.advance(step.ahead)
				_, err := c.QueryBill(t.Context(), query)
				require.NoError(t, err)
				require.Equal(t, step.tokens, s.Tokens(appID))
			}
			for _, r := range s.Requests() {
				require.Empty(t, r.Refusal)
			}
		})
	}
}

func TestRefreshThatFailsKeepsTheOldToken(t *testing.T) {
	s := simulate(t, nil)
	c := s.client(t, withToken)
	ask := func() error { _, err := c.QueryBill(t.Context(), query); return err }
	require.NoError(t, ask())
	require.NoError(t, s.Misbehave(chinaumstest.Fault{Name: "http-503", Op: chinaumstest.OpToken}))
	s.advance(55 * time.Minute)
	require.NoError(t, ask())
	require.Equal(t, 4, s.Total(), "one request for a token brought none")
	require.NoError(t, ask())
	require.Equal(t, 5, s.Total(), "the next one has time")
	s.advance(30 * time.Second)
	require.NoError(t, ask())
	require.Equal(t, 7, s.Total())

	s.advance(5 * time.Minute)
	err := ask()
	require.ErrorIs(t, err, chinaums.ErrUnavailable)
	require.ErrorContains(t, err, "token: HTTP 503")
	s.Behave()
	require.NoError(t, ask())
}

func TestTokenHeaders(t *testing.T) {
	for form, want := range map[chinaums.TokenHeader]string{
		"": "OPEN-ACCESS-TOKEN AccessToken=marked-token", chinaums.TokenPlain: "OPEN-ACCESS-TOKEN AccessToken=marked-token",
		chinaums.TokenQuoted: `OPEN-ACCESS-TOKEN AccessToken="marked-token",AppId="` + appID + `"`,
	} {
		var header string
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			header = r.Header.Get("Authorization")
			if r.URL.Path == chinaums.TokenPath {
				_, _ = io.WriteString(w, `{"errCode":"0000","errInfo":"","accessToken":"marked-token","expiresIn":3600}`)
				return
			}
			_, _ = io.WriteString(w, unpaid)
		}, func(o *chinaums.Options) { o.Auth, o.TokenHeader = chinaums.AuthAccessToken, form })
		_, err := c.QueryBill(t.Context(), query)
		require.NoError(t, err)
		require.Equal(t, want, header)
	}
}

// roundTripper answers by the request, without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWaitingForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var tokens int
		o := testOptions("https://api-mop.chinaums.com")
		o.Auth, o.MaxAttempts, o.Timeout, o.Grace = chinaums.AuthAccessToken, 1, time.Hour, time.Millisecond
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, chinaums.TokenPath) {
				return response(200, unpaid), nil
			}
			tokens++
			select {
			case <-release:
				return response(200, `{"errCode":"0000","accessToken":"t","expiresIn":3600}`), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		c := newClient(t, o)
		ask := func(ctx context.Context) chan error {
			ended := make(chan error, 1)
			go func() { _, err := c.QueryBill(ctx, query); ended <- err }()
			synctest.Wait()
			return ended
		}
		first, stopFirst := context.WithCancel(t.Context())
		second, stopSecond := context.WithCancel(t.Context())
		fetching, waiting, other := ask(first), ask(second), ask(t.Context())
		require.Equal(t, 1, tokens, "one fetch at a time")
		stopSecond()
		require.ErrorIs(t, <-waiting, chinaums.ErrStopped, "its own context ends its wait")
		stopFirst()
		require.ErrorIs(t, <-fetching, chinaums.ErrStopped)
		synctest.Wait()
		require.Equal(t, 2, tokens, "what stopped the one does not stop the other")
		close(release)
		require.NoError(t, <-other)
	})
}

func TestWrongWordsForAuth(t *testing.T) {
	for name, change := range map[string]func(*chinaums.Options){
		"auth":   func(o *chinaums.Options) { o.Auth = "token" },
		"header": func(o *chinaums.Options) { o.TokenHeader = "Plain" },
	} {
		o := testOptions("https://api-mop.chinaums.com")
		change(&o)
		_, err := chinaums.New(o)
		require.True(t, errors.Is(err, chinaums.ErrOptions), name)
	}
}
