package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

var monday = reconcile.MakeDay(2026, time.November, 16)

// world is a merchant, the platform and the program between them, all real
// but for the clock.
type world struct {
	*testing.T
	dir     string
	clock   *clock
	ums     *chinaumstest.Gateway
	url     string
	db      *store.DB
	job     *reconcile.Job
	rows    map[reconcile.Day][]string
	options chinaums.Options
}

// clock stands still but for what is slept, and counts that.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.set(c.Now().Add(d))
	c.slept += d
	return ctx.Err()
}

const header = "bill_no,bill_date,total_amount,status,paid_at,mid,refund_order_id,refund_amount\n"

func newWorld(t *testing.T) *world {
	w := &world{T: t, dir: t.TempDir(), clock: &clock{}, rows: map[reconcile.Day][]string{}}
	w.night(monday)
	w.ums = chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{"app": chinaums.NewSecret("key")}, Now: w.clock.Now})
	server, err := w.ums.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	w.url = server.URL
	w.options = chinaums.Options{
		BaseURL: server.URL, AppID: "app", AppKey: chinaums.NewSecret("key"), Now: w.clock.Now, MaxAttempts: 2,
		Backoff: chinaums.Backoff{First: time.Millisecond, Max: time.Millisecond, Elapsed: time.Minute},
	}
	w.db, err = store.Open(t.Context(), filepath.Join(w.dir, "umsrecon.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.db.Close()) })
	books, err := ledger.New(ledger.Source{
		Dir: w.dir, Pattern: "orders-{date}.csv", Defaults: ledger.Defaults{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT"},
	})
	require.NoError(t, err)
	w.job = &reconcile.Job{
		Ledgers: []reconcile.Ledger{books}, Store: w.db, Clock: w.clock, Settings: reconcile.DefaultSettings(),
		Asking: reconcile.Asking{Concurrency: 1, ProcessingPause: time.Minute},
	}
	w.connect()
	return w
}

// connect makes the client anew from the options.
func (w *world) connect() {
	client, err := chinaums.New(w.options)
	require.NoError(w, err)
	w.job.Gateway = gateway.New(func(string) *chinaums.Client { return client }, w.clock.Now)
}

// night sets the clock to 02:30 after a day.
func (w *world) night(day reconcile.Day) { w.clock.set(day.End().Add(150 * time.Minute)) }

// row adds a payment row of 19.08 yuan to a day's ledger.
func (w *world) row(day reconcile.Day, billNo, status string) {
	w.rows[day] = append(w.rows[day], fmt.Sprintf("%s,%s,1908,%s,%s 10:00:00,%s,,\n", billNo, day, status, day, mid))
}

// paid puts a paid bill of 19.08 yuan into the platform, settled the day after.
func (w *world) paid(day reconcile.Day, billNo string) chinaumstest.Bill {
	at := day.Start().Add(10 * time.Hour).Format(time.DateTime)
	b := chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT", BillNo: billNo, BillDate: day.String()},
		CreateTime: at, BillStatus: "PAID", TotalAmount: "1908",
		BillPayment: &chinaumstest.Flow{
			PaySeqID: "seq" + billNo, TotalAmount: "1908", BuyerPayAmount: "1908", PayTime: at,
			SettleDate: (day + 1).String(), Status: "TRADE_SUCCESS", TargetOrderID: "target" + billNo, TargetSys: "WXPay",
		},
	}
	w.ums.Put(b)
	return b
}

// trade is n orders of a day on which everybody agrees: bills B000, B001, …
func (w *world) trade(day reconcile.Day, n int) {
	for i := range n {
		w.row(day, fmt.Sprintf("B%03d", i), "PAID")
		w.paid(day, fmt.Sprintf("B%03d", i))
	}
}

func (w *world) write(day reconcile.Day) {
	path := filepath.Join(w.dir, "orders-"+day.String()+".csv")
	require.NoError(w, os.WriteFile(path, []byte(header+strings.Join(w.rows[day], "")), 0o600))
	require.NoError(w, os.Chtimes(path, day.End(), day.End()))
}

func (w *world) run(day reconcile.Day) reconcile.Summary {
	w.Helper()
	w.write(day)
	s, err := w.job.Run(w.Context(), reconcile.Request{Day: day})
	require.NoError(w, err)
	return s
}

// cases are the live and past cases as "bill code state".
func (w *world) cases() []string {
	var all []string
	for l, err := range w.db.Cases(w.Context(), store.Filter{}) {
		require.NoError(w, err)
		all = append(all, fmt.Sprintf("%s %s %s", l.Case.Key.BillNo, l.Case.Code, l.Case.State))
	}
	return all
}
