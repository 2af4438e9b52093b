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

const (
	mid = "898340149000005"
	tid = "00000001"
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

func TestQuietNightTwice(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 30)
	first := w.run(monday)
	require.Equal(t, reconcile.RunComplete, first.Status)
	require.Equal(t, map[reconcile.Class]int64{reconcile.Matched: 30}, first.ClassCounts())
	require.EqualValues(t, 30, first.Queries.Sent)
	require.Empty(t, w.cases())

	second := w.run(monday)
	require.NotEqual(t, first.RunID, second.RunID)
	require.Equal(t, first.Kinds, second.Kinds)
	require.Zero(t, second.Queries.Attempts, "final orders are never asked again")
	require.Equal(t, 30, w.ums.Total())
}

func TestRequeryAsksFinalOrders(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.run(monday)
	s, err := w.job.Run(t.Context(), reconcile.Request{Day: monday, Requery: true})
	require.NoError(t, err)
	require.EqualValues(t, 3, s.Queries.Sent)
}

func TestInterruptedRunGoesOn(t *testing.T) {
	w := newWorld(t)
	const orders = 600 // more than are asked while two batches are written
	w.trade(monday, orders)
	w.write(monday)
	ctx, interrupt := context.WithCancel(t.Context())
	w.job.Progress = func(p reconcile.Progress) {
		if p.Done >= 5 {
			interrupt()
		}
	}
	half, err := w.job.Run(ctx, reconcile.Request{Day: monday})
	require.ErrorIs(t, err, reconcile.ErrInterrupted)
	require.Equal(t, reconcile.RunInterrupted, half.Status)
	require.Empty(t, half.Kinds, "nothing is published")
	answered := half.Queries.Sent
	require.Less(t, answered, int64(orders))

	w.job.Progress = nil
	rest := w.run(monday)
	require.Equal(t, half.RunID, rest.RunID)
	require.Equal(t, reconcile.RunComplete, rest.Status)
	require.Equal(t, answered, rest.Queries.Reused)
	require.EqualValues(t, orders-answered, rest.Queries.Sent)
	require.EqualValues(t, orders, rest.ClassCounts()[reconcile.Matched])
}

func TestOldAnswersOfAnInterruptedRunDoNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		later  time.Duration
		reused bool
	}{
		"within twelve hours": {12*time.Hour - time.Second, true},
		"after twelve hours":  {12 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.trade(monday, 6)
			w.write(monday)
			ctx, interrupt := context.WithCancel(t.Context())
			w.job.Progress = func(reconcile.Progress) { interrupt() }
			_, err := w.job.Run(ctx, reconcile.Request{Day: monday})
			require.ErrorIs(t, err, reconcile.ErrInterrupted)
			w.clock.set(w.clock.Now().Add(c.later))
			w.job.Progress = nil
			s := w.run(monday)
			require.Equal(t, c.reused, s.Queries.Reused > 0)
			require.EqualValues(t, 6, s.Queries.Sent+s.Queries.Reused)
		})
	}
}

func TestWrongKeyStopsAfterThreeRefusals(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 10)
	w.options.AppKey = chinaums.NewSecret("wrong")
	w.connect()
	s := w.run(monday)
	require.Equal(t, reconcile.RunIncomplete, s.Status)
	require.EqualValues(t, 10, s.ClassCounts()[reconcile.Unverified])
	require.Equal(t, 3, w.ums.Total())
	require.EqualValues(t, 3, s.Codes[reconcile.QueryRejected].Count)
	require.EqualValues(t, 7, s.Codes[reconcile.NotQueriedCode].Count)
	for l, err := range w.db.Cases(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		require.Contains(t, l.Case.Reason.EN, "BAD_SIGN", "every order says why")
	}
}

func TestOtherMerchantsGoOn(t *testing.T) {
	w := newWorld(t)
	const other = "898340149000006"
	for i := range 10 {
		billNo := fmt.Sprintf("O%03d", i)
		w.rows[monday] = append(w.rows[monday], fmt.Sprintf("%s,%s,1908,PAID,,%s,,\n", billNo, monday, other))
	}
	w.trade(monday, 10)
	good, err := chinaums.New(w.options)
	require.NoError(t, err)
	w.options.AppKey = chinaums.NewSecret("wrong")
	bad, err := chinaums.New(w.options)
	require.NoError(t, err)
	w.job.Gateway = gateway.New(func(m string) *chinaums.Client {
		if m == other {
			return bad
		}
		return good
	}, w.clock.Now)
	s := w.run(monday)
	require.EqualValues(t, 10, s.ClassCounts()[reconcile.Matched])
	require.EqualValues(t, 10, s.ClassCounts()[reconcile.Unverified])
	require.Equal(t, 13, w.ums.Total())
}

func TestBudgetLeavesTheRestForNextTime(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 5)
	w.options.Budget = chinaums.NewBudget(3)
	w.connect()
	s := w.run(monday)
	require.EqualValues(t, 3, s.Queries.Attempts)
	require.Equal(t, []string{"B003 NOT_QUERIED unverified", "B004 NOT_QUERIED unverified"}, w.cases())

	w.row(monday, "A000", "PAID")
	w.paid(monday, "A000")
	w.options.Budget = chinaums.NewBudget(2)
	w.connect()
	s = w.run(monday)
	require.Equal(t, []string{"A000 NOT_QUERIED unverified", "B003 NOT_QUERIED cleared", "B004 NOT_QUERIED cleared"}, w.cases(),
		"what was passed over comes first")
	require.EqualValues(t, 1, s.ClassCounts()[reconcile.Unverified])
}

func TestDeadlineEndsTheAsking(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 600) // more than are asked while two batches are written
	w.job.Asking.Deadline = time.Minute
	over := sync.OnceFunc(func() { w.clock.set(w.clock.Now().Add(time.Minute)) })
	w.job.Progress = func(reconcile.Progress) { over() }
	s := w.run(monday)
	require.Equal(t, reconcile.RunIncomplete, s.Status)
	require.Positive(t, s.ClassCounts()[reconcile.Unverified])
	require.Positive(t, s.ClassCounts()[reconcile.Matched])
	for l, err := range w.db.Cases(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		require.Contains(t, l.Case.Reason.EN, "the time for asking was over")
	}
}

func TestLockedBillIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 4)
	require.NoError(t, w.ums.Misbehave(chinaumstest.Fault{Name: "order-processing", BillNo: "B001", First: 1}))
	s := w.run(monday)
	require.EqualValues(t, 4, s.ClassCounts()[reconcile.Matched])
	require.Equal(t, time.Minute, w.clock.slept)
	require.EqualValues(t, 4, s.Queries.Sent)
	require.EqualValues(t, 5, s.Queries.Attempts)
}

func TestLockedBillThatStaysLockedIsUnverified(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 4)
	require.NoError(t, w.ums.Misbehave(chinaumstest.Fault{Name: "order-processing", BillNo: "B001"}))
	w.run(monday)
	require.Equal(t, []string{"B001 QUERY_FAILED unverified"}, w.cases())
	require.Equal(t, 5, w.ums.Total())
}

func TestCorrectionInTheLedgerClears(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 30)
	w.row(monday, "C000", "UNPAID")
	w.paid(monday, "C000")
	s := w.run(monday)
	require.Equal(t, []string{"C000 LEDGER_UNPAID_BILL_PAID open"}, w.cases())
	require.EqualValues(t, 1, s.Pending)

	tuesday := monday + 1
	w.night(tuesday)
	w.rows[monday][30] = strings.Replace(w.rows[monday][30], "UNPAID", "PAID", 1)
	w.write(monday)
	s = w.run(tuesday)
	require.Equal(t, []string{"C000 LEDGER_UNPAID_BILL_PAID cleared"}, w.cases())
	require.EqualValues(t, 1, s.Cases.Cleared.Count)
	require.Equal(t, reconcile.Fen(1908), s.Cases.Cleared.Fen)
	require.Zero(t, s.Cases.Closing)
	require.EqualValues(t, 1, s.Queries.Sent, "only the open order is asked")
}

func TestNewRefundRowOpensAFinalOrder(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.run(monday)
	tuesday := monday + 1
	w.night(tuesday)
	w.rows[tuesday] = []string{fmt.Sprintf("B000,%s,,SUCCESS,%s 11:00:00,%s,R1,100\n", monday, tuesday, mid)}
	b := w.paid(monday, "B000")
	b.BillStatus, b.BillPayment.Status = "REFUND", "TRADE_REFUND"
	b.Refunds = map[string]chinaumstest.Flow{"R1": {TotalAmount: "100", Status: "SUCCESS", SettleDate: (tuesday + 1).String()}}
	w.ums.Put(b)
	s := w.run(tuesday)
	require.EqualValues(t, 2, s.Queries.Sent, "the refund and its payment")
	require.EqualValues(t, 2, s.ClassCounts()[reconcile.Matched])
	require.EqualValues(t, 1, s.Kinds[reconcile.Payment].Carried[reconcile.Matched].Count)
}

func TestSystemicRunClearsNothing(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		billNo := fmt.Sprintf("B%03d", i)
		w.row(monday, billNo, "PAID")
		if i == 0 {
			w.paid(monday, billNo)
		}
	}
	s := w.run(monday)
	require.True(t, s.Systemic)
	require.NotEmpty(t, s.Alarms)
	w.paid(monday, "B001")
	s = w.run(monday)
	require.True(t, s.Systemic)
	require.Zero(t, s.Cases.Cleared)
	require.EqualValues(t, 29, s.Cases.Closing.Count)
}

func TestEmptyLedgerBesideFullOnes(t *testing.T) {
	w := newWorld(t)
	alone := w.run(monday)
	require.False(t, alone.LedgerEmpty, "nothing is known of the days beside it")
	require.NotEmpty(t, alone.Alarms, "it is said all the same")
	w.trade(monday, 3)
	w.run(monday)
	w.night(monday + 1)
	s := w.run(monday + 1)
	require.True(t, s.LedgerEmpty)
	require.Equal(t, reconcile.RunIncomplete, s.Status)
}

func TestLedgerOfTheWrongDay(t *testing.T) {
	w := newWorld(t)
	w.row(monday-1, "B000", "PAID")
	w.rows[monday], w.rows[monday-1] = w.rows[monday-1], nil
	w.paid(monday-1, "B000")
	s := w.run(monday)
	require.True(t, s.LedgerEmpty, "rows of another day alone are the wrong file")
	require.Equal(t, reconcile.RunIncomplete, s.Status)
	require.Contains(t, s.Alarms[0].EN, "only of other days")
	w.trade(monday, 1)
	require.False(t, w.run(monday).LedgerEmpty, "beside one of the day they are late rows")
}

func TestLedgerThatBecameEmpty(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.run(monday)
	w.rows[monday] = nil
	s := w.run(monday)
	require.True(t, s.LedgerEmpty)
	require.EqualValues(t, 3, s.ClassCounts()[reconcile.Matched], "no row vanishes by a broken export")
}

func TestLedgerWithoutHeading(t *testing.T) {
	w := newWorld(t)
	empty := func(day reconcile.Day) (reconcile.Summary, error) {
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, "orders-"+day.String()+".csv"), nil, 0o600))
		return w.job.Run(t.Context(), reconcile.Request{Day: day})
	}
	_, err := empty(monday)
	require.ErrorIs(t, err, reconcile.ErrHeadless)
	w.trade(monday, 3)
	w.run(monday)
	s, err := empty(monday + 1)
	require.NoError(t, err)
	require.True(t, s.LedgerEmpty)
}

func TestEarlierLedgerWithoutHeadingCostsTheDayNothing(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.row(monday, "OPEN", "PAID")
	w.run(monday)
	w.night(monday + 1)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "orders-"+monday.String()+".csv"), nil, 0o600))
	s := w.run(monday + 1)
	require.Contains(t, s.Alarms[0].EN, "orders-"+monday.String()+".csv is empty")
	require.EqualValues(t, 1, s.Loaded(), "the open order is judged from its last load")
}

func TestEarlierLedgerThatBrokeIsSaid(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.row(monday, "OPEN", "PAID")
	w.run(monday)
	w.night(monday + 1)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "orders-"+monday.String()+".csv"), []byte("other,columns\n1,2\n"), 0o600))
	w.rows[monday+1] = []string{fmt.Sprintf("T000,%s,1908,PAID,,%s,,\n", monday+1, mid)}
	w.paid(monday+1, "T000")
	s := w.run(monday + 1)
	require.NotEmpty(t, s.Alarms)
	require.Contains(t, s.Alarms[0].EN, monday.String())
	require.Contains(t, w.cases(), "OPEN BILL_NOT_FOUND open", "what is known of the earlier day stands")
}

func TestBadRowOpensACaseUntilItIsMended(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	good := w.rows[monday][2]
	w.rows[monday][2] = strings.Replace(good, "1908", "19.08", 1)
	s := w.run(monday)
	require.EqualValues(t, 1, s.Invalid)
	require.Equal(t, []string{" LEDGER_ROW_INVALID open"}, w.cases())
	s = w.run(monday)
	require.EqualValues(t, 1, s.Cases.Closing.Count, "the same row is the same case")
	w.rows[monday][2] = good
	w.run(monday)
	require.Equal(t, []string{" LEDGER_ROW_INVALID cleared"}, w.cases())
}

func TestMissingLedgerPublishesNothing(t *testing.T) {
	w := newWorld(t)
	s, err := w.job.Run(t.Context(), reconcile.Request{Day: monday})
	require.ErrorIs(t, err, reconcile.ErrNoLedger)
	require.Equal(t, reconcile.RunFailed, s.Status)
	_, found, err := w.db.LastRun(t.Context(), monday)
	require.NoError(t, err)
	require.False(t, found)
}

func TestNoQueryJudgesByWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.run(monday)
	w.row(monday, "N000", "PAID")
	w.write(monday)
	asked := w.ums.Total()
	s, err := w.job.Run(t.Context(), reconcile.Request{Day: monday, NoQuery: true})
	require.NoError(t, err)
	require.Equal(t, asked, w.ums.Total())
	require.EqualValues(t, 3, s.ClassCounts()[reconcile.Matched])
	require.EqualValues(t, 1, s.ClassCounts()[reconcile.Unverified])
}
