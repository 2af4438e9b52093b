package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// books adds another source of the same merchant, with rows of one day.
func (w *world) books(name string, day reconcile.Day, rows ...string) {
	more, err := ledger.New(ledger.Source{
		Name: name, Dir: w.dir, Pattern: name + "-{date}.csv", Defaults: ledger.Defaults{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT"},
	})
	require.NoError(w, err)
	w.job.Ledgers = append(w.job.Ledgers, more)
	w.file(name, day, rows...)
}

func (w *world) file(name string, day reconcile.Day, rows ...string) {
	text := header
	for _, r := range rows {
		text += r
	}
	path := filepath.Join(w.dir, fmt.Sprintf("%s-%s.csv", name, day))
	require.NoError(w, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(w, os.Chtimes(path, day.End(), day.End()))
}

// sale is a row of a bill of a day.
func sale(day reconcile.Day, billNo string, fen int, status string) string {
	return fmt.Sprintf("%s,%s,%d,%s,%s 10:00:00,%s,,\n", billNo, day, fen, status, day, mid)
}

func TestSourcesThatContradictEachOther(t *testing.T) {
	for name, other := range map[string]int{"more": 9000, "less": 5} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.trade(monday, 3)
			w.books("till", monday, sale(monday, "B000", other, "PAID"))
			s := w.run(monday)
			require.Equal(t, []string{"B000 LEDGER_DUPLICATE_KEY open"}, w.cases())
			require.EqualValues(t, 2, s.ClassCounts()[reconcile.Matched])
			w.night(monday + 1)
			w.file("till", monday+1)
			w.run(monday + 1)
			require.Equal(t, []string{"B000 LEDGER_DUPLICATE_KEY open"}, w.cases(), "whoever is read last")

			w.file("till", monday)
			w.run(monday + 1)
			require.Equal(t, []string{"B000 LEDGER_DUPLICATE_KEY cleared"}, w.cases())
		})
	}
}

func TestSourcesThatAgreeOnAnOrder(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.books("till", monday, sale(monday, "B000", 1908, "PAID"))
	for range 2 {
		s := w.run(monday)
		require.Equal(t, []string{"B000 LEDGER_DUPLICATE_ROW note"}, w.cases())
		require.EqualValues(t, 3, s.ClassCounts()[reconcile.Matched])
		require.EqualValues(t, 1, s.Codes[reconcile.LedgerDuplicateRow].Count)
	}
}

func TestSourceThatTakesAnOrderOver(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.books("till", monday)
	w.run(monday)
	require.Empty(t, w.cases())
	w.file("till", monday, w.rows[monday][0])
	w.rows[monday] = w.rows[monday][1:]
	s := w.run(monday)
	require.Empty(t, w.cases(), "it stands elsewhere now")
	require.EqualValues(t, 3, s.ClassCounts()[reconcile.Matched])
}

func TestFileOfALaterDaySaysOtherwise(t *testing.T) {
	tuesday := monday + 1
	t.Run("amount", func(t *testing.T) {
		w := newWorld(t)
		w.trade(monday, 3)
		require.EqualValues(t, 3, w.run(monday).ClassCounts()[reconcile.Matched])
		w.night(tuesday)
		w.row(tuesday, "C000", "PAID")
		w.paid(tuesday, "C000")
		w.rows[tuesday] = append(w.rows[tuesday], sale(monday, "B000", 5000, "PAID"))
		for range 2 {
			s := w.run(tuesday)
			require.Contains(t, w.cases(), "B000 AMOUNT_BILL_LESS open")
			require.Contains(t, w.cases(), "B000 LEDGER_CHANGED open")
			require.EqualValues(t, 1, s.ClassCounts()[reconcile.Discrepant])
		}
	})
	t.Run("status", func(t *testing.T) {
		w := newWorld(t)
		w.trade(monday, 3)
		w.rows[monday][0] = sale(monday, "B000", 1908, "UNPAID")
		w.run(monday)
		require.Equal(t, []string{"B000 LEDGER_UNPAID_BILL_PAID open"}, w.cases())
		w.night(tuesday)
		w.row(tuesday, "C000", "PAID")
		w.paid(tuesday, "C000")
		w.rows[tuesday] = append(w.rows[tuesday], sale(monday, "B000", 1908, "PAID"))
		for range 2 {
			w.run(tuesday)
			require.Equal(t, []string{"B000 LEDGER_UNPAID_BILL_PAID cleared"}, w.cases(), "the older file is read again, and is older")
		}
		w.night(tuesday + 1)
		w.row(tuesday+1, "D000", "PAID")
		w.run(tuesday + 1)
		require.Equal(t, "B000 LEDGER_UNPAID_BILL_PAID cleared", w.cases()[0])
	})
}

func TestOrdersOfDaysThatNobodyJudges(t *testing.T) {
	for name, c := range map[string]struct {
		day    reconcile.Day
		astray bool
	}{
		"long ago":               {monday - 200, true},
		"the oldest judged":      {monday - 90, false},
		"before it":              {monday - 91, true},
		"tomorrow":               {monday + 2, false}, // the night is that to tuesday
		"the day after tomorrow": {monday + 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.trade(monday, 3)
			w.rows[monday] = append(w.rows[monday], sale(c.day, "S000", 1908, "PAID"))
			w.paid(c.day, "S000")
			for range 2 {
				s := w.run(monday)
				require.Equal(t, c.astray, s.Suspected())
				require.Equal(t, c.astray, s.Status == reconcile.RunIncomplete)
				if c.astray {
					require.Contains(t, s.Alarms[0].EN, c.day.String())
					require.Contains(t, s.Alarms[0].EN, "line 5")
				}
			}
		})
	}
}

func TestEarlierDayThatBecameEmpty(t *testing.T) {
	w := newWorld(t)
	w.trade(monday, 3)
	w.rows[monday][0] = sale(monday, "B000", 1908, "UNPAID")
	w.run(monday)
	w.night(monday + 1)
	w.row(monday+1, "C000", "PAID")
	w.paid(monday+1, "C000")
	require.Empty(t, w.run(monday+1).Alarms)
	w.rows[monday] = nil
	w.write(monday)
	s := w.run(monday + 1)
	require.Len(t, s.Alarms, 1)
	require.Contains(t, s.Alarms[0].EN, "orders-"+monday.String()+".csv holds no row any more")
	require.Equal(t, []string{"B000 LEDGER_UNPAID_BILL_PAID open"}, w.cases())
}
