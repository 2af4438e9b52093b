package reconcile_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

const (
	mid = "898340149000005"
	tid = "00000001"
)

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
