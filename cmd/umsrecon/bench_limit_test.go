//go:build unix

package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

// BenchmarkLimit asks about the orders of two merchants of one app id in real
// time at 100 requests a second, and counts what the simulator has seen in any
// second. TestNeverFasterThanTheLimit does so for many limits and with retries.
func BenchmarkLimit(b *testing.B) {
	const perSecond, orders = 100, 1000
	for b.Loop() {
		a := newAskingBench(b, orders, 32, 20*time.Millisecond)
		cfg := defaults()
		cfg.Gateway.BaseURL, cfg.Gateway.AppID, cfg.Gateway.AppKey = a.url, playAppID, newSecret(playAppKey)
		cfg.Gateway.Concurrency, cfg.Gateway.RequestsPerSecond = a.inFlight, perSecond
		cfg.Listed = []Merchant{{Terminal: Terminal{MID: "M1"}}, {Terminal: Terminal{MID: "M2"}}}
		clients, _, err := cfg.clients(time.Now, chinaums.NewTokens(), cfg.ownLimits())
		require.NoError(b, err)
		began := time.Now()
		a.askAll(b.Context(), gateway.New(clients, time.Now))
		took := time.Since(began).Seconds()
		seen := a.sim.Requests()
		require.Len(b, seen, orders)
		most, first := 0, 0
		for last := range seen {
			for seen[last].At.Sub(seen[first].At) >= time.Second {
				first++
			}
			most = max(most, last-first+1)
		}
		b.ReportMetric(float64(most), "most-in-a-second")
		b.ReportMetric(took/(float64(orders)/perSecond), "of-N/r")
	}
}

func (a *askingBench) askAll(ctx context.Context, g *gateway.Gateway) {
	keys := make(chan reconcile.Key)
	var workers sync.WaitGroup
	for range a.inFlight {
		workers.Go(func() {
			for k := range keys {
				g.Ask(ctx, k)
			}
		})
	}
	for i, r := range a.orders() {
		k := a.shop.bills[r.billNo].Key
		keys <- reconcile.Key{BillKey: reconcile.BillKey{MID: []string{"M1", "M2"}[i%2], TID: k.TID, InstMID: k.InstMID, BillDay: benchDay, BillNo: k.BillNo}}
	}
	close(keys)
	workers.Wait()
}
