package chinaums_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/umsrecon/umsrecon/chinaums"
)

func TestBudgetEndsACall(t *testing.T) {
	var count atomic.Int64
	budget := chinaums.NewBudget(2)
	c := serve(t, script(&count, "503 x"), func(o *chinaums.Options) { o.Budget = budget })
	got, err := c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrUnavailable)
	require.ErrorContains(t, err, "budget")
	require.Equal(t, 2, got.Attempts)
	got, err = c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrBudget)
	require.Zero(t, got.Attempts)
	require.EqualValues(t, 2, count.Load())
	require.EqualValues(t, 2, budget.Taken())
}

func TestBudgetIsSharedAndExact(t *testing.T) {
	var count atomic.Int64
	budget := chinaums.NewBudget(25)
	one := serve(t, script(&count, "503 x"), func(o *chinaums.Options) { o.Budget = budget })
	two := serve(t, script(&count, "503 x"), func(o *chinaums.Options) { o.Budget = budget })
	var attempts atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			got, err := []*chinaums.Client{one, two}[i%2].QueryBill(t.Context(), query)
			attempts.Add(int64(got.Attempts))
			if !errors.Is(err, chinaums.ErrUnavailable) && !errors.Is(err, chinaums.ErrBudget) {
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 25, count.Load())
	require.EqualValues(t, 25, attempts.Load())
}

func TestContextEnds(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		var count atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got, err := serve(t, script(&count, "200 "+unpaid), nil).QueryBill(ctx, query)
		require.ErrorIs(t, err, chinaums.ErrStopped)
		require.Zero(t, got.Attempts)
		require.Zero(t, count.Load())
	})
	t.Run("during a request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		}, func(o *chinaums.Options) { o.MaxAttempts, o.Grace = 1, time.Millisecond }).QueryBill(ctx, query)
		require.ErrorIs(t, err, chinaums.ErrStopped)
		require.Equal(t, 1, got.Attempts)
	})
	t.Run("during a request that is answered in its grace", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			cancel()
			_, _ = io.WriteString(w, unpaid)
		}, nil).QueryBill(ctx, query)
		require.NoError(t, err, "what was asked is heard")
		require.Equal(t, "UNPAID", got.BillStatus)
	})
	t.Run("during a pause", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			cancel()
		}, func(o *chinaums.Options) {
			o.Backoff = chinaums.Backoff{First: time.Hour, Max: time.Hour, Elapsed: 9 * time.Hour}
		}).QueryBill(ctx, query)
		require.ErrorIs(t, err, chinaums.ErrStopped)
		require.Equal(t, 1, got.Attempts)
	})
	t.Run("while waiting for the limiter", func(t *testing.T) {
		var count atomic.Int64
		limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
		budget := chinaums.NewBudget(10)
		c := serve(t, script(&count, "200 "+unpaid), func(o *chinaums.Options) { o.Limiter, o.Budget = limiter, budget })
		_, err := c.QueryBill(t.Context(), query)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got, err := c.QueryBill(ctx, query)
		require.ErrorIs(t, err, chinaums.ErrStopped, "a deadline that cannot be met is not waited for")
		require.Zero(t, got.Attempts)
		require.EqualValues(t, 1, budget.Taken(), "what was not sent is given back")
	})
}

func TestAttemptTimesOut(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, unpaid[:10])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(o *chinaums.Options) { o.Timeout, o.MaxAttempts = 30*time.Millisecond, 2 })
	got, err := c.QueryBill(t.Context(), query)
	require.ErrorIs(t, err, chinaums.ErrUnavailable)
	require.ErrorContains(t, err, "no answer in time")
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 2, got.Attempts)
}
