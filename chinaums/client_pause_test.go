package chinaums_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/umsrecon/umsrecon/chinaums"
)

// roundTrip answers without a network, so that synctest can move the clock.
type roundTrip func() *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return f(), nil
}

func response(status int, body string, header ...string) *http.Response {
	r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestPauses(t *testing.T) {
	tests := []struct {
		name     string
		backoff  chinaums.Backoff
		answer   *http.Response
		attempts int
		min, max time.Duration // of the whole call
	}{
		// 500, 1000, 2000 ms, each ± half
		{"defaults", chinaums.Backoff{}, response(503, "x"), 4, 1750 * time.Millisecond, 5251 * time.Millisecond},
		{"Retry-After makes them longer", chinaums.Backoff{}, response(429, "x", "Retry-After", "7"), 4, 21 * time.Second, 21 * time.Second},
		{"Retry-After is bounded", chinaums.Backoff{Max: 5 * time.Second}, response(429, "x", "Retry-After", "86400"), 4, 15 * time.Second, 15 * time.Second},
		{"a date in Retry-After", chinaums.Backoff{}, response(429, "x", "Retry-After", night.Add(9*time.Second).UTC().Format(http.TimeFormat)), 4, 27 * time.Second, 27 * time.Second},
		{"nonsense in Retry-After", chinaums.Backoff{}, response(429, "x", "Retry-After", "-5"), 4, 1750 * time.Millisecond, 5251 * time.Millisecond},
		{"the whole is bounded", chinaums.Backoff{Elapsed: 10 * time.Second}, response(429, "x", "Retry-After", "7"), 2, 7 * time.Second, 7 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := testOptions("https://api-mop.chinaums.com")
				o.Backoff = test.backoff
				o.Transport = roundTrip(func() *http.Response {
					r := *test.answer
					r.Body = io.NopCloser(strings.NewReader("x"))
					return &r
				})
				start := time.Now()
				got, err := newClient(t, o).QueryBill(t.Context(), query)
				took := time.Since(start)
				require.ErrorIs(t, err, chinaums.ErrUnavailable)
				require.Equal(t, test.attempts, got.Attempts)
				require.GreaterOrEqual(t, took, test.min)
				require.LessOrEqual(t, took, test.max)
			})
		})
	}
}

// The time for retries is that of requests and pauses: however long each waits for
// its turn among those of many hosts, there are as many as are configured.
func TestWaitingForATurnTakesNoAttemptAway(t *testing.T) {
	for _, c := range []struct {
		name        string
		turn, takes time.Duration
		attempts    int
		took        time.Duration
	}{
		{"a turn comes late", 3 * time.Minute, 0, 4, 9 * time.Minute},
		{"an answer comes late", time.Second, 2 * time.Minute, 3, 6 * time.Minute},
		{"both, still in time", 2 * time.Minute, time.Minute, 4, 7 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := testOptions("https://api-mop.chinaums.com")
				o.Now, o.Limiter, o.Backoff, o.Timeout = time.Now, rate.NewLimiter(rate.Every(c.turn), 1), chinaums.Backoff{}, time.Hour
				o.Transport = roundTrip(func() *http.Response { time.Sleep(c.takes); return response(503, "x") })
				start := time.Now()
				got, err := newClient(t, o).QueryBill(t.Context(), query)
				require.ErrorIs(t, err, chinaums.ErrUnavailable)
				require.Equal(t, c.attempts, got.Attempts)
				require.InDelta(t, c.took.Seconds(), time.Since(start).Seconds(), 6)
			})
		})
	}
}

func TestOneTokenPerRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(2, 1)
		o := testOptions("https://api-mop.chinaums.com")
		o.Limiter = limiter
		o.Transport = roundTrip(func() *http.Response { return response(503, "x") })
		one, two := newClient(t, o), newClient(t, o)
		start := time.Now()
		var wg sync.WaitGroup
		for _, c := range []*chinaums.Client{one, two} {
			wg.Go(func() {
				_, err := c.QueryBill(t.Context(), query)
				if !errors.Is(err, chinaums.ErrUnavailable) {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Wait()
		// Eight requests at two a second, the first one free.
		require.Equal(t, 3500*time.Millisecond, time.Since(start).Round(10*time.Millisecond))
	})
}
