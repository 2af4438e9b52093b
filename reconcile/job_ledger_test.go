package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

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
