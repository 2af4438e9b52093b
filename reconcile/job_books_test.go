package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// another is the night to a day on which the merchant sells once, by the till too.
func (w *world) another(day reconcile.Day, till ...string) reconcile.Summary {
	w.night(day)
	w.rows[day] = append(w.rows[day], sale(day, "C"+day.Compact(), 1908, "PAID"))
	w.paid(day, "C"+day.Compact())
	w.file("till", day, append(till, sale(day, "T"+day.Compact(), 1908, "PAID"))...)
	w.paid(day, "T"+day.Compact())
	return w.run(day)
}

// shops is a merchant with two books, of which one has orders T… of its own.
func shops(t *testing.T) *world {
	w := newWorld(t)
	w.trade(monday, 3)
	w.books("till", monday, sale(monday, "T000", 1908, "PAID"))
	w.paid(monday, "T000")
	return w
}

func TestOtherBooksOfALaterDay(t *testing.T) {
	t.Run("another amount", func(t *testing.T) {
		w := shops(t)
		w.run(monday)
		require.Empty(t, w.cases())
		for day := monday + 1; day < monday+4; day++ {
			var till []string
			if day == monday+1 {
				till = []string{sale(monday, "B000", 5, "PAID")}
			}
			w.another(day, till...)
			require.Contains(t, w.cases(), "B000 LEDGER_CHANGED open", day)
			require.Contains(t, w.cases(), "B000 AMOUNT_BILL_MORE open", day)
		}
	})
	t.Run("a status that has moved on", func(t *testing.T) {
		w := shops(t)
		w.rows[monday][0] = sale(monday, "B000", 1908, "UNPAID")
		w.run(monday)
		require.Equal(t, []string{"B000 LEDGER_UNPAID_BILL_PAID open"}, w.cases())
		w.another(monday+1, sale(monday, "B000", 1908, "PAID"))
		w.another(monday + 2)
		require.Equal(t, []string{"B000 LEDGER_UNPAID_BILL_PAID cleared"}, w.cases())
	})
	t.Run("a refund with its payment", func(t *testing.T) {
		w := shops(t)
		w.run(monday)
		b := w.paid(monday, "B000")
		b.BillStatus, b.BillPayment.Status = "REFUND", "TRADE_REFUND"
		b.Refunds = map[string]chinaumstest.Flow{"R1": {TotalAmount: "100", Status: "SUCCESS", SettleDate: (monday + 2).String()}}
		w.ums.Put(b)
		for day := monday + 1; day < monday+3; day++ {
			var till []string
			if day == monday+1 {
				till = []string{fmt.Sprintf("B000,%s,1908,PART_REFUNDED,%s 10:00:00,%s,R1,100\n", monday, day, mid)}
			}
			w.another(day, till...)
			require.Empty(t, w.cases(), day)
		}
	})
}

func TestBooksOfOneDayWithARefundEach(t *testing.T) {
	w := shops(t)
	refund := fmt.Sprintf("B000,%s,1908,PART_REFUNDED,%s 10:00:00,%s,R1,100\n", monday, monday, mid)
	b := w.paid(monday, "B000")
	b.BillStatus, b.BillPayment.Status = "REFUND", "TRADE_REFUND"
	b.Refunds = map[string]chinaumstest.Flow{"R1": {TotalAmount: "100", Status: "SUCCESS", SettleDate: (monday + 1).String()}}
	w.ums.Put(b)
	w.file("till", monday, refund)
	for n := range 3 {
		s := w.run(monday)
		require.Empty(t, w.cases())
		require.EqualValues(t, 4, s.ClassCounts()[reconcile.Matched])
		if n == 2 {
			require.Zero(t, s.Queries.Sent, "what agrees stays final")
		}
	}
}

func TestBooksOfOneDayWithAnotherStatus(t *testing.T) {
	w := shops(t)
	w.file("till", monday, sale(monday, "B000", 1908, "UNPAID"))
	for range 2 {
		w.run(monday)
		require.Equal(t, []string{"B000 LEDGER_DUPLICATE_KEY open"}, w.cases())
	}
}

func TestBooksWithFewerColumnsAgree(t *testing.T) {
	w := shops(t)
	text := "bill_no,bill_date,total_amount,status,mid\n" + fmt.Sprintf("B000,%s,1908,PAID,%s\n", monday, mid)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("till-%s.csv", monday)), []byte(text), 0o600))
	for range 2 {
		require.EqualValues(t, 3, w.run(monday).ClassCounts()[reconcile.Matched])
		require.Empty(t, w.cases())
	}
}

func TestALaterFileThatLosesARowOfAnEarlierOne(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.rows[monday][1] = sale(monday, "B001", 1908, "UNPAID") // stays open
	w.run(monday)
	tuesday := monday + 1
	w.night(tuesday)
	w.row(tuesday, "C000", "UNPAID")
	w.paid(tuesday, "C000")
	w.rows[tuesday] = append(w.rows[tuesday], w.rows[monday][0])
	w.run(tuesday)
	w.night(tuesday + 1)
	w.row(tuesday+1, "D000", "PAID")
	w.paid(tuesday+1, "D000")
	w.rows[tuesday] = w.rows[tuesday][:1]
	w.write(tuesday)
	w.run(tuesday + 1)
	require.Equal(t, []string{"B001 LEDGER_UNPAID_BILL_PAID open", "C000 LEDGER_UNPAID_BILL_PAID open"}, w.cases(), "it stands in the earlier file")
}

func TestOldPaymentBesideItsRefund(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	refund := fmt.Sprintf("A000,%s,1908,PART_REFUNDED,%s 10:00:00,%s,R1,100\n", monday-120, monday, mid)
	w.rows[monday] = append(w.rows[monday], refund)
	for range 2 {
		s := w.run(monday)
		require.False(t, s.Suspected(), s.Alarms)
	}
}

// all makes one file of all days the books, and returns what runs them.
func (w *world) all() func(rows ...string) bool {
	books, err := ledger.New(ledger.Source{Dir: w.dir, Pattern: "all.csv", Defaults: ledger.Defaults{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT"}})
	require.NoError(w, err)
	w.job.Ledgers = []reconcile.Ledger{books}
	w.paid(monday, "B000")
	return func(rows ...string) bool {
		text := header
		for _, r := range append(rows, sale(monday, "B000", 1908, "PAID")) {
			text += r
		}
		require.NoError(w, os.WriteFile(filepath.Join(w.dir, "all.csv"), []byte(text), 0o600))
		w.clock.set(w.clock.Now().Add(1e9))
		s, err := w.job.Run(w.Context(), reconcile.Request{Day: monday})
		require.NoError(w, err)
		return s.Suspected()
	}
}

func TestBooksOfAllDaysGetAnOldOrder(t *testing.T) {
	suspected := newWorld(t).all()
	old := sale(monday-300, "A000", 1908, "PAID")
	require.False(t, suspected(old), "it was there from the beginning")
	require.False(t, suspected(old))
	require.True(t, suspected(old, sale(monday-365, "B001", 1908, "PAID")), "a mistyped year")
}

func TestBooksOfAllDaysRefundAnOldOrder(t *testing.T) {
	suspected := newWorld(t).all()
	require.False(t, suspected(sale(monday-100, "A000", 1908, "PAID")))
	require.False(t, suspected(sale(monday-100, "A000", 1908, "PART_REFUNDED")))
}
