package store

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// paced lets processes, each with several requests in flight, send by a shared
// pace for a while, and returns when requests went, in order.
func paced(t *testing.T, processes int, perSecond float64, during time.Duration) (gone []time.Time) {
	onlyOnServer(t)
	at := newPlace(t)
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	for range processes {
		db, err := Open(t.Context(), at)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		p := db.NewPace("app", perSecond, time.Now)
		for range 8 {
			all.Go(func() {
				for p.Wait(ctx) == nil {
					now := time.Now()
					mu.Lock()
					gone = append(gone, now)
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	slices.SortFunc(gone, time.Time.Compare)
	return gone
}

// TestPaceOverProcesses: no second sees more than the rate and one.
func TestPaceOverProcesses(t *testing.T) {
	for _, rate := range []float64{5, 100, 1000} {
		gone := paced(t, 4, rate, 2500*time.Millisecond)
		first := 0
		for i, at := range gone {
			for at.Sub(gone[first]) >= time.Second {
				first++
			}
			require.LessOrEqual(t, float64(i-first+1), rate+1)
		}
		require.Greater(t, float64(len(gone)), rate*2.5*0.3, "they go, though, at %v a second", rate)
	}
}

// TestPaceOfAnotherApp: each app id has its own.
func TestPaceOfAnotherApp(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	slow, other := db.NewPace("slow", 0.001, time.Now), db.NewPace("other", 0.001, time.Now)
	require.NoError(t, slow.Wait(ctx))
	require.NoError(t, other.Wait(ctx))
	require.ErrorIs(t, slow.Wait(ctx), context.DeadlineExceeded, "its next turn comes in a thousand seconds")
}

// TestPaceWithoutServer: nothing goes until it is back.
func TestPaceWithoutServer(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	p := db.NewPace("app", 10, time.Now)
	require.NoError(t, p.Wait(t.Context()))
	cutOff(t)
	require.NoError(t, p.Wait(t.Context()), "another connection will do")
}

func TestAllowanceOverProcesses(t *testing.T) {
	onlyOnServer(t)
	at := newPlace(t)
	one, err := Open(t.Context(), at)
	require.NoError(t, err)
	defer one.Close()
	other, err := Open(t.Context(), at)
	require.NoError(t, err)
	defer other.Close()
	run := begin(t, one, day)
	a, b := one.NewAllowance(40), other.NewAllowance(40)
	a.Begin(run)
	b.Begin(run)
	take := func(x *Allowance, most int) (taken int) {
		for taken < most && x.Take(t.Context()) {
			taken++
		}
		return taken
	}
	require.Equal(t, 10, take(a, 10))
	require.Equal(t, 24, take(b, 100), "a has taken sixteen")
	a.GiveBack()
	require.NoError(t, a.Close())
	require.Equal(t, 7, take(b, 100), "what a has given back")
	require.Zero(t, take(a, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, b.Take(ctx))
}

// TestPaceSpacing: however late requests may be, a second cannot see more than the
// rate and one; and they are hardly slower than the rate.
func TestPaceSpacing(t *testing.T) {
	for _, rate := range []float64{0.001, 0.5, 1, 1.5, 1.9, 2, 5, 20, 66, 67, 99.5, 100, 1000, 100_000} {
		for _, unsure := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
			now := time.Now()
			p := &Pace{perSecond: rate, server: clock{asked: now, told: now.Add(unsure)}}
			every, late := p.spacing()
			most := float64((time.Second+late-1)/every + 1)
			require.LessOrEqual(t, most, rate+1, "%v a second, unsure by %s: every %s, late by %s", rate, unsure, every, late)
			require.Greater(t, late, unsure)
			require.LessOrEqual(t, every.Seconds()*rate, 1.016+4*unsure.Seconds())
		}
	}
}
