package chinaums_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/umsrecon/umsrecon/chinaums"
)

// TestNeverFasterThanTheLimit counts what reaches the platform, retries
// included, from two merchants who share a limit: in no second more than r + 1
// requests, and no more time than 1.02 of what the limit takes.
func TestNeverFasterThanTheLimit(t *testing.T) {
	for _, c := range []struct {
		perSecond float64
		inFlight  int // enough for the limit at the latency
		latency   time.Duration
		failing   float64 // share of requests that are answered 503
	}{
		{0.5, 8, 0, 0}, {1, 8, 5 * time.Second, 0}, {2, 1, 0, 0}, {2, 8, 300 * time.Millisecond, 0.3},
		{7.5, 8, 50 * time.Millisecond, 0}, {50, 8, 50 * time.Millisecond, 0}, {50, 64, 50 * time.Millisecond, 0.3}, {1000, 256, 50 * time.Millisecond, 0.05},
	} {
		t.Run(fmt.Sprintf("%v a second, %s, %v failing", c.perSecond, c.latency, c.failing), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &turnstile{latency: c.latency, failing: c.failing, random: rand.New(rand.NewPCG(1, 2))}
				o := testOptions("https://api-mop.chinaums.com")
				o.Limiter, o.Backoff, o.MaxAttempts = chinaums.NewPace(c.perSecond, time.Now), chinaums.Backoff{}, 10
				o.Transport = p
				merchants := []*chinaums.Client{newClient(t, o), newClient(t, o)}
				start, calls := time.Now(), make(chan chinaums.BillQuery)
				var workers sync.WaitGroup
				for i := range c.inFlight {
					workers.Go(func() {
						for q := range calls {
							_, _ = merchants[i%2].QueryBill(t.Context(), q)
						}
					})
				}
				for range 100 + int(10*c.perSecond) {
					calls <- query
				}
				close(calls)
				workers.Wait()
				for i := range p.seen {
					require.LessOrEqual(t, float64(within(p.seen[i:], time.Second)), c.perSecond+1, "from %s on", p.seen[i].Sub(start))
				}
				if c.failing == 0 {
					require.Len(t, p.seen, 100+int(10*c.perSecond))
					asking := p.seen[len(p.seen)-1].Sub(start)
					require.LessOrEqual(t, asking.Seconds(), 1.02*float64(len(p.seen))/c.perSecond)
				} else {
					require.Greater(t, len(p.seen), 100+int(10*c.perSecond), "there were retries")
				}
			})
		})
	}
}

// Requests whose turn came while the machine was busy elsewhere do not go together.
func TestPaceAfterAStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := chinaums.NewPace(5, time.Now)
		p.SetLimit(rate.Inf) // everybody's turn has come
		var seen []time.Time
		for range 23 {
			require.NoError(t, p.Wait(t.Context()))
			seen = append(seen, time.Now())
		}
		for i := range seen {
			require.LessOrEqual(t, within(seen[i:], time.Second), 5)
		}
		require.Equal(t, 4*time.Second, seen[22].Sub(seen[0]))

		stopped, stop := context.WithCancel(t.Context())
		stop()
		require.ErrorIs(t, p.Wait(stopped), context.Canceled)
	})
}

// A limit that is not kept is noticed.
func TestWithoutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &turnstile{}
		o := testOptions("https://api-mop.chinaums.com")
		o.Transport = p
		client := newClient(t, o)
		for range 4 {
			_, _ = client.QueryBill(t.Context(), query)
		}
		require.Equal(t, 4, within(p.seen, time.Second))
	})
}

// within is how many of the instants, in their order, lie inside d from the first on.
func within(seen []time.Time, d time.Duration) int {
	n, _ := slices.BinarySearchFunc(seen, seen[0].Add(d), time.Time.Compare)
	return n
}

// turnstile answers without a network and notes when it is asked.
type turnstile struct {
	latency time.Duration
	failing float64

	mu     sync.Mutex
	random *rand.Rand
	seen   []time.Time
}

func (p *turnstile) RoundTrip(*http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.seen = append(p.seen, time.Now())
	fails := p.failing > 0 && p.random.Float64() < p.failing
	p.mu.Unlock()
	time.Sleep(p.latency)
	if fails {
		return response(http.StatusServiceUnavailable, "x"), nil
	}
	return response(http.StatusOK, `{"errCode":"NO_ORDER","errMsg":"x"}`), nil
}
