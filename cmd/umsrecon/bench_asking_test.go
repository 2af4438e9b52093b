//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// BenchmarkAsking asks about orders of one day, one in a hundred of them
// discrepant: once as a night does, and once by a loop that signs, posts and
// decodes, and nothing else. Both meet the same simulator in their own process.
// The night counts from the loaded ledger to the published verdicts.
func BenchmarkAsking(b *testing.B) {
	for _, c := range []struct {
		latency          time.Duration
		orders, inFlight int
	}{{0, 10_000, 8}, {50 * time.Millisecond, 40_000, 256}} {
		for name, ask := range map[string]func(*askingBench, *testing.B){"bare": (*askingBench).bare, "night": (*askingBench).night} {
			b.Run(fmt.Sprintf("latency=%s/%s", c.latency, name), func(b *testing.B) {
				ask(newAskingBench(b, c.orders, c.inFlight, c.latency), b)
			})
		}
	}
}

const benchDay = reconcile.Day(20777) // 2026-11-20

// askingBench is a simulator with bills, and the orders that ask for them.
type askingBench struct {
	sim      *chinaumstest.Gateway
	url      string
	shop     *shop
	inFlight int
	perOrder perOrder
	asking   time.Duration
}

func newAskingBench(b *testing.B, orders, inFlight int, latency time.Duration) *askingBench {
	a := &askingBench{shop: newShop(1), inFlight: inFlight}
	a.sim = chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: time.Now, SlowBy: latency,
	})
	for i := range orders {
		x := a.shop.sell(benchDay)
		if i%100 == 0 {
			x.bill.TotalAmount = fenText(x.amount + 1)
		}
		a.sim.Put(*x.bill)
	}
	if latency > 0 {
		require.NoError(b, a.sim.Misbehave(chinaumstest.Fault{Name: "slow"}))
	}
	server, err := a.sim.Listen("127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Close()) })
	a.url = server.URL
	return a
}

func (a *askingBench) orders() []*row { return a.shop.rows[benchDay] }

func (a *askingBench) night(b *testing.B) {
	cfg := defaults()
	cfg.Gateway.BaseURL, cfg.Gateway.AppID, cfg.Gateway.AppKey = a.url, playAppID, newSecret(playAppKey)
	cfg.Gateway.Concurrency, cfg.Gateway.RequestsPerSecond = a.inFlight, 100_000
	for b.Loop() {
		b.StopTimer()
		db, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"))
		require.NoError(b, err)
		watched := &watchedStore{DB: db, loaded: func() { a.perOrder.start(b) }, asked: func() { a.asking += time.Since(a.perOrder.began) }}
		limits := cfg.ownLimits()
		job, hangUp, err := cfg.job(wallClock{}, watched, chinaums.NewTokens(), &limits)
		require.NoError(b, err)
		job.Ledgers = []reconcile.Ledger{a}
		sum, err := job.Run(b.Context(), reconcile.Request{Day: benchDay})
		a.perOrder.stop(b)
		hangUp()
		require.NoError(b, err)
		require.EqualValues(b, len(a.orders()), sum.Queries.Attempts)
		require.EqualValues(b, len(a.orders())/100, sum.Pending)
		require.NoError(b, db.Close())
		b.StartTimer()
	}
	a.perOrder.report(b, len(a.orders()))
	b.ReportMetric(float64(a.asking.Nanoseconds())/float64(b.N*len(a.orders())), "asking-ns/order")
}

// watchedStore is the database of a night that tells when the ledger is in it
// and when all answers are.
type watchedStore struct {
	*store.DB
	loaded, asked func()
}

func (w *watchedStore) CountToAsk(ctx context.Context, s reconcile.Scope) (int64, int64, error) {
	w.loaded()
	return w.DB.CountToAsk(ctx, s)
}

func (w *watchedStore) Evidence(ctx context.Context, s reconcile.Scope, fn func(reconcile.Evidence) error) error {
	w.asked()
	return w.DB.Evidence(ctx, s, fn)
}

// Scope and Read make a ledger of the orders.
func (a *askingBench) Scope(reconcile.Day) string { return "bench" }
func (a *askingBench) Live() bool                 { return false }

func (a *askingBench) Owner() string { return "" }

func (a *askingBench) Read(_ context.Context, day reconcile.Day, order func(reconcile.Order, string) error, _ func(reconcile.BadRow) error) (reconcile.Load, error) {
	load := reconcile.Load{Scope: "bench", SnapshotAt: time.Now(), Day: day}
	for i, r := range a.orders() {
		bill := a.shop.bills[r.billNo].Key
		o := reconcile.Order{
			Key:       reconcile.Key{BillKey: reconcile.BillKey{MID: bill.MID, TID: bill.TID, InstMID: bill.InstMID, BillDay: benchDay, BillNo: bill.BillNo}},
			LedgerDay: benchDay, OrderNo: r.orderNo, Status: reconcile.Paid, Source: reconcile.Source{File: "bench", Line: i + 1},
		}
		var err error
		if o.Amount, err = reconcile.ParseYuan(r.total); err != nil {
			return load, err
		}
		if err := order(o, r.orderNo); err != nil {
			return load, err
		}
	}
	return load, nil
}

func (a *askingBench) bare(b *testing.B) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: a.inFlight}}
	defer client.CloseIdleConnections()
	for b.Loop() {
		b.StopTimer()
		a.perOrder.start(b)
		var next, failed atomic.Int64
		var workers sync.WaitGroup
		for range a.inFlight {
			workers.Go(func() {
				for i := next.Add(1) - 1; i < int64(len(a.orders())); i = next.Add(1) - 1 {
					if a.askBare(client, a.shop.bills[a.orders()[i].billNo].Key) != nil {
						failed.Add(1)
					}
				}
			})
		}
		workers.Wait()
		a.perOrder.stop(b)
		require.Zero(b, failed.Load())
		b.StartTimer()
	}
	a.perOrder.report(b, len(a.orders()))
}

// bareAnswer is what the bare loop decodes: a bill with its payment.
type bareAnswer struct {
	ErrCode, BillStatus, TotalAmount, CreateTime, CardAttr string
	chinaumstest.Key
	BillPayment struct {
		MerOrderID, PaySeqID, TotalAmount, BuyerPayAmount, InvoiceAmount, DiscountAmount string
		PayTime, SettleDate, Status, TargetOrderID, TargetSys, BuyerCashPayAmt           string
		CouponAmount                                                                     string
	}
}

func (a *askingBench) askBare(client *http.Client, k chinaumstest.Key) error {
	now := time.Now()
	body, err := json.Marshal(struct {
		RequestTimestamp string `json:"requestTimestamp"`
		chinaumstest.Key
	}{wire(now), k})
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, a.url+chinaums.BillsQueryPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	nonce := uuid.NewString()
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Authorization", chinaums.BodyAuthorization(playAppID, chinaums.NewSecret(playAppKey), chinaums.HeaderTimestamp(now), nonce, body))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer bareAnswer
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.ErrCode != "SUCCESS" || answer.BillPayment.Status == "" {
		return fmt.Errorf("%s", text)
	}
	return nil
}
