package store

import (
	"context"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
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
		require.Greater(t, float64(len(gone)), rate*2.5*0.2, "they go, though, at %v a second", rate)
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
	one, other := openTwice(t)
	run := begin(t, one, day)
	a, b := one.NewAllowance(40), other.NewAllowance(40)
	a.Begin(run)
	b.Begin(run)
	take := func(x *Allowance, most int) (taken int) {
		for ; taken < most; taken++ {
			left, err := x.Take(t.Context())
			require.NoError(t, err)
			if !left {
				break
			}
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
	_, err := b.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// TestPaceSpacing: however late requests may be, a second cannot see more than the
// rate and one; and they are hardly slower than the rate.
func TestPaceSpacing(t *testing.T) {
	for _, rate := range []float64{0.001, 0.5, 1, 1.5, 1.9, 2, 5, 20, 66, 67, 99.5, 100, 1000, 100_000} {
		every, late := (&Pace{perSecond: rate}).spacing()
		most := float64((time.Second+late-1)/every + 1)
		require.LessOrEqual(t, most, rate+1, "%v a second: every %s, late by %s", rate, every, late)
		require.GreaterOrEqual(t, late, slack)
		require.LessOrEqual(t, every.Seconds()*rate, 1.021)
	}
}

// TestPaceWhereTheServerIsSlow: takings that last longer than a request may be late
// are booked ahead; a process that waits for answers does not starve.
func TestPaceWhereTheServerIsSlow(t *testing.T) {
	onlyOnServer(t)
	at := newPlace(t)
	near, err := Open(t.Context(), at)
	require.NoError(t, err)
	require.NoError(t, near.Close())
	var delay atomic.Int64
	db, err := Open(t.Context(), farAway(t, at, &delay))
	require.NoError(t, err)
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p := db.NewPace("app", 200, time.Now)
	for n := range 20 {
		require.NoError(t, p.Wait(ctx))
		p.taken.left = 0 // it waits for an answer so long that the rest has passed
		if n == 2 {      // and the server's clock is known well
			delay.Store(int64(30 * time.Millisecond))
		}
	}
}

// farAway is the address of a server behind a line on which every byte takes so
// long.
func farAway(t *testing.T, address string, delay *atomic.Int64) string {
	place, err := url.Parse(address)
	require.NoError(t, err)
	line, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = line.Close() })
	behind := place.Host
	go func() {
		for {
			near, err := line.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", behind)
			if err != nil {
				_ = near.Close()
				continue
			}
			go carry(near, far, delay)
			go carry(far, near, delay)
		}
	}()
	place.Host = line.Addr().String()
	return place.String()
}

func carry(to, from net.Conn, delay *atomic.Int64) {
	defer to.Close()
	bytes := make([]byte, 32<<10)
	for {
		n, err := from.Read(bytes)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(delay.Load()))
		if _, err := to.Write(bytes[:n]); err != nil {
			return
		}
	}
}

// TestPaceOfClocksThatJump: a server's clock that was put back, or ours that stood
// still, holds nobody up for as long.
func TestPaceOfClocksThatJump(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	ahead := time.Duration(0)
	p := db.NewPace("app", 10, func() time.Time { return time.Now().Add(ahead) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, p.Wait(ctx))
	hour := time.Hour.Microseconds()
	require.NoError(t, db.change(ctx, "UPDATE paces SET next_us = next_us + :hour, taken_us = taken_us + :hour", named{"hour": hour}))
	for range 3 {
		require.NoError(t, p.Wait(ctx), "the server's clock was put back by an hour")
	}
	p.server.server -= hour
	for range 5 {
		require.NoError(t, p.Wait(ctx), "and forward again")
	}
}
