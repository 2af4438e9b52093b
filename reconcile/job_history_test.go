package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// In spring the books of autumn are history, where anybody wants that.
var (
	spring   = reconcile.MakeDay(2027, time.April, 20)
	december = reconcile.MakeDay(2026, time.December, 1)
)

// toldAll keeps the notices of the bills of a day.
func (w *world) toldAll(day reconcile.Day, bills int) {
	for i := range bills {
		no := fmt.Sprintf("B%03d", i)
		w.told(day, fmt.Sprint(no, " of ", day), no, no)
	}
}

// autumn is a day of ten bills that agree and one that UMS does not have, and a
// day in spring.
func autumn(t *testing.T) *world {
	w := newWorld(t)
	w.job.Settings.ExpectNotices = true
	w.trade(monday, 10)
	w.toldAll(monday, 10)
	w.row(monday, "B900", "PAID")
	require.EqualValues(t, 1, w.run(monday).Cases.Closing.Count)
	w.night(spring)
	w.trade(spring, 3)
	w.toldAll(spring, 3)
	w.run(spring)
	return w
}

// takeAway takes away what is older than 130 days and can go.
func (w *world) takeAway() {
	require.NoError(w, w.db.MoveHorizon(w.Context(), w.clock.Now(), 130))
	h, err := w.db.Horizon(w.Context())
	require.NoError(w, err)
	require.Equal(w, december, h)
	gone, err := w.db.PruneOrders(w.Context(), func() bool { return true })
	require.NoError(w, err)
	require.EqualValues(w, 9, gone, "the merchant's first notice is about B000")
}

// refunded adds a refund to the ledger of a day and, with an amount, to a bill of
// monday.
func (w *world) refunded(day reconcile.Day, billNo, ledger, ums string) {
	w.rows[day] = append(w.rows[day], fmt.Sprintf("%s,%s,,SUCCESS,%s 11:00:00,%s,R1,%s\n", billNo, monday, day, mid, ledger))
	if b := w.paid(monday, billNo); ums != "" {
		b.BillStatus = "REFUND"
		b.BillPayment.Status = "TRADE_REFUND"
		b.Refunds = map[string]chinaumstest.Flow{"R1": {TotalAmount: chinaumstest.Amount(ums), Status: "SUCCESS", SettleDate: (day + 1).String()}}
		w.ums.Put(b)
	}
}

// figures are what a night has come to, but for its ids, sources and alarms.
func (w *world) figures(s reconcile.Summary) (all []string) {
	all = append(all, fmt.Sprintf("%s %v %+v", s.Status, s.ClassCounts(), s.Cases))
	for _, k := range reconcile.Kinds {
		all = append(all, fmt.Sprintf("%s %+v", k, s.Kinds[k]))
	}
	all = append(all, w.cases()...)
	for l, err := range w.db.SettleLines(w.Context(), december, spring+31, w.job.Settings.Calendar) {
		require.NoError(w, err)
		all = append(all, fmt.Sprintf("%+v", l))
	}
	return all
}

// TestNightsAfterHistory: what comes later about bills that were taken away (their
// refunds, rows of theirs, notices again) gives the verdicts and figures that it
// gives beside them.
func TestNightsAfterHistory(t *testing.T) {
	night := func(taken bool) ([]string, reconcile.Summary) {
		w := autumn(t)
		if taken {
			w.takeAway()
		}
		day := spring + 1
		w.night(day)
		w.trade(day, 2)
		w.toldAll(day, 2)
		w.refunded(day, "B006", "500", "500")   // agrees
		w.refunded(day, "B001", "500", "400")   // differs
		w.refunded(day, "B002", "500", "")      // not there yet
		w.refunded(day, "B003", "2000", "2000") // more than the bill
		w.row(monday, "B777", "PAID")
		stray := w.rows[monday][len(w.rows[monday])-1]
		w.rows[day] = append(w.rows[day], stray, w.rows[monday][4]) // never seen, and B004 again
		w.told(monday, fmt.Sprint("B005 of ", monday), "B005", "B005", func(n *reconcile.Notice) { n.ReceivedAt = day.Start() })
		s := w.run(day)
		w.night(day + 3)
		w.trade(day+3, 1)
		w.toldAll(day+3, 1)
		return append(w.figures(s), w.figures(w.run(day+3))...), s
	}
	beside, before := night(false)
	without, s := night(true)
	require.Equal(t, strings.Join(beside, "\n"), strings.Join(without, "\n"))
	require.Contains(t, strings.Join(without, "\n"), "B001 REFUND_AMOUNT_MISMATCH open")
	require.Contains(t, strings.Join(without, "\n"), "B003 REFUND_EXCEEDS_PAYMENT open")
	require.Contains(t, strings.Join(without, "\n"), "B900 BILL_NOT_FOUND open")

	said := func(s reconcile.Summary) (all []string) {
		for _, a := range s.Alarms {
			all = append(all, a.EN)
		}
		return all
	}
	const stray = "orders-2027-04-21.csv holds %d orders of days before 2027-01-21 that were never judged"
	require.Len(t, said(before), 1)
	require.Contains(t, said(before)[0], fmt.Sprintf(stray, 1))
	require.Len(t, said(s), 2)
	require.Contains(t, said(s)[0], fmt.Sprintf(stray, 2), "B004 is known no longer")
	require.Equal(t, "1 valid notices came about payments before 2026-12 (of those months orders were taken away, keep.orders): they are kept, and not held against the books", said(s)[1])
}

// TestHistoryIsNotRun: a day of history is refused before anything is written;
// the first day behind it is not, and does not look back into it.
func TestHistoryIsNotRun(t *testing.T) {
	w := autumn(t)
	w.takeAway()
	for _, day := range []reconcile.Day{monday, december - 1} {
		for _, r := range []reconcile.Request{{Day: day}, {Day: day, NoQuery: true}, {Day: day, Restate: true}} {
			_, err := w.job.Run(t.Context(), r)
			require.ErrorIs(t, err, reconcile.ErrHistory)
			require.ErrorContains(t, err, day.String()+" is history: orders of the months before 2026-12 were taken away (keep.orders)")
		}
	}
	runs, err := w.db.Runs(t.Context(), 9)
	require.NoError(t, err)
	require.Len(t, runs, 2)

	w.row(december, "D1", "PAID")
	w.paid(december, "D1")
	w.told(december, "D1", "D1", "D1")
	s := w.run(december)
	require.EqualValues(t, 1, s.ClassCounts()[reconcile.Matched], "B900, which is open, lies in history")
	require.Len(t, s.Loads, 1, "nor are the books of autumn read again")
}

// TestNoticesOfHistory: whether a payment of history was booked nobody knows any
// more; that a notice tells of one is said, once.
func TestNoticesOfHistory(t *testing.T) {
	for _, taken := range []bool{false, true} {
		w := autumn(t)
		if taken {
			w.takeAway()
		}
		day := spring + 1
		w.night(day)
		w.trade(day, 1)
		w.toldAll(day, 1)
		w.told(monday, "late", "B999", "late", func(n *reconcile.Notice) { n.ReceivedAt = day.Start().Add(time.Hour) })
		s := w.run(day)
		if !taken {
			require.Equal(t, []string{"B999 LEDGER_NOT_FOUND open"}, w.casesOf(reconcile.LedgerNotFound))
			require.Empty(t, s.Alarms)
			continue
		}
		require.Empty(t, w.casesOf(reconcile.LedgerNotFound))
		require.Len(t, s.Alarms, 1)
		require.Contains(t, s.Alarms[0].ZH, "收到 1 条有效通知，其支付早于 2026-12")
		w.night(day + 1)
		w.trade(day+1, 1)
		w.toldAll(day+1, 1)
		require.Empty(t, w.run(day+1).Alarms)
	}
}

// TestRefundNoticeOfHistory: money that is given back now belongs into the books
// of now, whenever it was paid.
func TestRefundNoticeOfHistory(t *testing.T) {
	w := autumn(t)
	w.takeAway()
	day := spring + 1
	w.night(day)
	w.trade(day, 1)
	w.toldAll(day, 1)
	w.told(monday, "late", "B999", "late", func(n *reconcile.Notice) {
		n.ReceivedAt, n.Status, n.BillStatus = day.Start().Add(time.Hour), reconcile.FlowRefund, reconcile.BillRefund
	})
	s := w.run(day)
	require.Equal(t, []string{"B999 LEDGER_NOT_FOUND open"}, w.casesOf(reconcile.LedgerNotFound))
	require.Empty(t, s.Alarms)
}
