package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

// alarms is what a run says of itself, in English, a line each.
func alarms(s reconcile.Summary) string {
	var all []string
	for _, a := range s.Alarms {
		all = append(all, a.EN)
	}
	return strings.Join(all, "\n")
}

// states counts the listed cases and notes by "code state".
func (w *world) states() map[string]int {
	counts := map[string]int{}
	for l, err := range w.db.Cases(w.Context(), store.Filter{}) {
		require.NoError(w, err)
		counts[fmt.Sprintf("%s %s", l.Case.Code, l.Case.State)]++
	}
	return counts
}

// cause is the one case that stands for others.
func (w *world) cause() (c reconcile.Case) {
	for l, err := range w.db.Cases(w.Context(), store.Filter{}) {
		require.NoError(w, err)
		if l.Case.Covers > 0 {
			require.Empty(w, c.ID, "one cause, one case")
			c = l.Case
		}
	}
	return c
}

// unsaid is n paid orders of a day of which UMS knows none.
func (w *world) unsaid(day reconcile.Day, n int) {
	for i := range n {
		w.row(day, fmt.Sprintf("B%03d", i), "PAID")
	}
}

func TestOneCauseOneCase(t *testing.T) {
	w := newWorld(t)
	w.unsaid(monday, 120)
	s := w.run(monday)
	require.True(t, s.Systemic)
	require.EqualValues(t, 120, s.ClassCounts()[reconcile.Discrepant], "each order keeps its class")
	require.EqualValues(t, 120, s.Codes[reconcile.BillNotFound].Count, "and its code")
	require.EqualValues(t, 1, s.Cases.New.Count)
	require.EqualValues(t, 120*1908, s.Cases.New.Fen)
	require.EqualValues(t, 1, s.Pending)
	require.Contains(t, alarms(s), "120 of 120 are BILL_NOT_FOUND (such as B000, B001, B002)")
	require.Contains(t, alarms(s), "one case stands for 120 of them")
	require.Equal(t, map[string]int{"BILL_NOT_FOUND open": 1, "BILL_NOT_FOUND note": 120}, w.states(), "every order is still explained")
	c := w.cause()
	require.Equal(t, mid, c.Key.MID)
	require.Equal(t, monday, c.LedgerDay)
	require.Equal(t, reconcile.S1, c.Severity)

	again := w.run(monday)
	require.Zero(t, again.Cases.New.Count, "the same case")
	require.Equal(t, 2, w.cause().Times)

	// UMS knows them tomorrow, all but one: that one stands for itself, and has been open since the first night.
	for i := range 119 {
		w.paid(monday, fmt.Sprintf("B%03d", i))
	}
	w.night(monday + 1)
	s = w.run(monday + 1)
	require.False(t, s.Systemic, alarms(s))
	require.EqualValues(t, 1, s.Cases.Cleared.Count)
	require.EqualValues(t, 1, s.Cases.New.Count)
	require.Equal(t, map[string]int{"BILL_NOT_FOUND cleared": 1, "BILL_NOT_FOUND open": 1}, w.states())
	for l, err := range w.db.Cases(t.Context(), store.Filter{State: reconcile.StateOpen}) {
		require.NoError(t, err)
		require.Equal(t, "B119", l.Case.Key.BillNo)
		require.Equal(t, monday+1, l.Case.FirstSeen, "as long as the cause")
	}
}

func TestFewOrHalfAreNoCause(t *testing.T) {
	for name, c := range map[string]struct {
		missing, there, from int
		cases                int64
		said                 bool
	}{
		"all, and many enough":      {100, 0, 100, 1, true},
		"all, one too few":          {99, 0, 100, 99, true},
		"one more than half":        {101, 100, 100, 1, true},
		"half":                      {100, 100, 100, 100, false},
		"never":                     {100, 0, 0, 100, true},
		"too few to say a word":     {19, 0, 100, 19, false},
		"enough to say a word":      {20, 0, 100, 20, true},
		"a smaller number is asked": {20, 0, 20, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.OneCaseFrom = c.from
			w.trade(monday, c.there)
			for i := range c.missing {
				w.row(monday, fmt.Sprintf("M%03d", i), "PAID")
			}
			s := w.run(monday)
			require.Equal(t, c.cases, s.Cases.New.Count)
			require.Equal(t, c.said, strings.Contains(alarms(s), "looks like one cause"), alarms(s))
		})
	}
}

func TestEvidence(t *testing.T) {
	other := func(w *world, change func(row string) string) {
		for i, row := range w.rows[monday] {
			w.rows[monday][i] = change(row)
		}
	}
	for name, c := range map[string]struct {
		setup func(*world)
		code  reconcile.Code
		says  string
	}{
		"a wrong mid": {func(w *world) { w.unsaid(monday, 30) }, reconcile.BillNotFound, "mid, tid, inst_mid, bill_date or the gateway's environment is wrong"},
		"a wrong day": {func(w *world) {
			w.unsaid(monday, 30)
			other(w, func(row string) string {
				return strings.Replace(row, monday.String()+" 10:", (monday+1).String()+" 10:", 1)
			})
		}, reconcile.BillNotFound, "30 of them were paid on another day than their bill_date"},
		"yuan taken for fen": {func(w *world) {
			w.trade(monday, 30)
			other(w, func(row string) string { return strings.Replace(row, ",1908,", ",190800,", 1) })
		}, reconcile.AmountUnitSuspect, "ledger.amount_unit is wrong; the ledger is 100 times UMS on 30 of them"},
		"fen taken for yuan": {func(w *world) {
			w.trade(monday, 30)
			for i := range 30 {
				b := w.paid(monday, fmt.Sprintf("B%03d", i))
				b.TotalAmount, b.BillPayment.TotalAmount = "190800", "190800"
				w.ums.Put(b)
			}
		}, reconcile.AmountUnitSuspect, "UMS is 100 times the ledger on 30 of them"},
		"another cut-off": {func(w *world) {
			w.trade(monday, 30)
			w.job.Settings.Calendar.Cutoff = 11 * time.Hour
		}, reconcile.CrossDay, "cutoff or the ledger's dates are wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.setup(w)
			s := w.run(monday)
			require.EqualValues(t, 30, s.Codes[c.code].Count, s.Codes)
			require.Contains(t, alarms(s), c.says)
			require.Equal(t, 1, strings.Count(alarms(s), "looks like one cause"), "said once")
		})
	}
}

func TestDecidedOnceForAll(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.OneCaseFrom = 20
	w.unsaid(monday, 25)
	w.run(monday)
	decide := func(do func(reconcile.Case, reconcile.Decision) (reconcile.Case, reconcile.Event, error), by string) {
		remedy, _ := reconcile.ParseRemedy("write-off")
		_, err := w.db.Decide(t.Context(), w.cause().ID, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
			return do(c, reconcile.Decision{Remedy: remedy, Note: "n", By: by, At: w.clock.Now()})
		})
		require.NoError(t, err)
	}
	decide(reconcile.Resolve, "a")
	decide(reconcile.Approve, "b")
	s := w.run(monday)
	require.EqualValues(t, 1, s.Cases.Resolved.Count)
	require.Zero(t, s.Pending)
	asked := w.ums.Total()
	w.night(monday + 1)
	w.trade(monday+1, 3)
	w.run(monday + 1)
	require.Equal(t, asked+3, w.ums.Total(), "nobody asks about what is resolved")
	require.Equal(t, reconcile.StateResolved, w.cause().State)

	w.row(monday, "LATE", "PAID")
	w.night(monday + 1)
	s = w.run(monday)
	require.EqualValues(t, 1, s.Cases.Reopened.Count, "the decision was about fewer")
	require.EqualValues(t, 26, w.cause().Covers)
}

// meddling is a store in which a person does something just before a run
// publishes.
type meddling struct {
	*store.DB
	before func()
}

func (m meddling) Publish(ctx context.Context, runID string, fn func(reconcile.Publication) error) error {
	m.before()
	return m.DB.Publish(ctx, runID, fn)
}

func TestACauseThatIsDecidedWhileARunIsUnderWay(t *testing.T) {
	for name, tt := range map[string]struct {
		code reconcile.Code
		want reconcile.State
	}{
		"a grave one stays proposed": {reconcile.BillNotFound, reconcile.StateProposed},
		"a plain one stays resolved": {reconcile.AmountBillMore, reconcile.StateResolved},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.OneCaseFrom = 20
			w.unsaid(monday, 25)
			for i := range 25 {
				if tt.code == reconcile.AmountBillMore {
					b := w.paid(monday, fmt.Sprintf("B%03d", i))
					b.TotalAmount, b.BillPayment.TotalAmount, b.BillPayment.BuyerPayAmount = "1910", "1910", "1910"
					w.ums.Put(b)
				}
			}
			w.run(monday)
			require.Equal(t, tt.code, w.cause().Code)
			w.job.Store = meddling{w.db, func() {
				_, err := w.db.Decide(t.Context(), w.cause().ID, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
					remedy, _ := reconcile.ParseRemedy("adjust")
					return reconcile.Resolve(c, reconcile.Decision{Remedy: remedy, Note: "done so", By: "a", At: w.clock.Now()})
				})
				require.NoError(t, err)
			}}
			s := w.run(monday)
			c := w.cause()
			require.Equal(t, []any{tt.want, "调账", "a"}, []any{c.State, c.Outcome, c.By})
			require.EqualValues(t, map[reconcile.State]int64{reconcile.StateProposed: 1, reconcile.StateResolved: 0}[tt.want], s.Cases.Closing.Count)
		})
	}
}

func TestACauseWaitsForAnswers(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.OneCaseFrom = 20
	w.unsaid(monday, 40)
	w.run(monday)
	before := w.cause()

	w.night(monday + 1)
	w.options.Budget = chinaums.NewBudget(10)
	w.connect()
	s := w.run(monday + 1)
	require.EqualValues(t, 30, s.ClassCounts()[reconcile.Unverified])
	require.Zero(t, s.Cases.New.Count+s.Cases.Cleared.Count, "ten answers say nothing about forty orders")
	require.Equal(t, before, w.cause())
	require.EqualValues(t, 1, s.Pending)
}

func TestOldDiscrepanciesDoNotMakeANightSystemic(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.OneCaseFrom = 0
	w.unsaid(monday, 30)
	require.True(t, w.run(monday).Systemic)
	w.paid(monday, "B000")
	for i := range 5 {
		w.row(monday+1, fmt.Sprintf("N%03d", i), "PAID")
		w.paid(monday+1, fmt.Sprintf("N%03d", i))
	}
	w.night(monday + 1)
	s := w.run(monday + 1)
	require.EqualValues(t, 29, s.ClassCounts()[reconcile.Discrepant])
	require.False(t, s.Systemic, "they were discrepant before")
	require.EqualValues(t, 1, s.Cases.Cleared.Count)
	require.NotContains(t, alarms(s), "cause")
}

func TestRowsWithOneCause(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.OneCaseFrom = 20
	w.trade(monday, 10)
	for i := range 25 {
		w.row(monday, fmt.Sprintf("X%03d", i), "付了")
	}
	s := w.run(monday)
	require.EqualValues(t, 25, s.Invalid)
	require.EqualValues(t, 1, s.Cases.New.Count)
	require.Contains(t, alarms(s), "25 of 35 are LEDGER_ROW_INVALID (such as orders-2026-11-16.csv:12, orders-2026-11-16.csv:13, orders-2026-11-16.csv:14)")
	require.Equal(t, map[string]int{"LEDGER_ROW_INVALID open": 1}, w.states())
	require.EqualValues(t, 25, w.cause().Covers)

	books, err := ledger.New(ledger.Source{
		Dir: w.dir, Pattern: "orders-{date}.csv", Defaults: ledger.Defaults{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT"},
		Statuses: map[reconcile.Status][]string{reconcile.Paid: {"付了", "PAID"}},
	})
	require.NoError(t, err)
	w.job.Ledgers = []reconcile.Ledger{books}
	for i := range 25 {
		w.paid(monday, fmt.Sprintf("X%03d", i))
	}
	s = w.run(monday)
	require.Zero(t, s.Invalid)
	require.EqualValues(t, 1, s.Cases.Cleared.Count)
	require.Equal(t, map[string]int{"LEDGER_ROW_INVALID cleared": 1}, w.states())
}

func TestHalfAnExport(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.OneCaseFrom = 20
	w.trade(monday, 60)
	w.run(monday)
	whole, err := os.ReadFile(filepath.Join(w.dir, "orders-"+monday.String()+".csv"))
	require.NoError(t, err)
	w.rows[monday] = w.rows[monday][:20]
	s := w.run(monday)
	require.EqualValues(t, 40, s.Codes[reconcile.LedgerRowVanished].Count)
	require.EqualValues(t, 1, s.Cases.New.Count)
	require.Contains(t, alarms(s), "the export was cut off")

	w.rows[monday] = strings.SplitAfter(strings.TrimPrefix(string(whole), header), "\n")
	s = w.run(monday)
	require.EqualValues(t, 1, s.Cases.Cleared.Count)
	require.EqualValues(t, 60, s.ClassCounts()[reconcile.Matched])
}

// A source of notices that dies is said once; one that never lived, too.
func TestDeadSourceOfNotices(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.ExpectNotices, w.job.Settings.OneCaseFrom = true, 20
	w.trade(monday, 300)
	w.told(monday, "first", "B000", "a", func(n *reconcile.Notice) { n.PaidAt = monday.Start() })
	for i := 1; i < 260; i++ {
		w.told(monday, fmt.Sprintf("N%d", i), fmt.Sprintf("B%03d", i), fmt.Sprint(i))
	}
	w.clock.set(monday.End().Add(24 * time.Hour))
	s := w.run(monday)
	require.False(t, s.Systemic)
	require.EqualValues(t, 40, s.Codes[reconcile.NoticeMissing].Count)
	require.Equal(t, map[string]int{"NOTICE_MISSING open": 1, "NOTICE_MISSING note": 40}, w.states())
	require.Contains(t, alarms(s), "40 of 300 are NOTICE_MISSING (such as B260, B261, B262), which looks like one cause: notices do not arrive")
	require.NotContains(t, alarms(s), "ever")
}

func TestSourceOfNoticesThatNeverLived(t *testing.T) {
	for n, said := range map[int]bool{19: false, 20: true} {
		w := newWorld(t)
		w.job.Settings.ExpectNotices = true
		w.trade(monday, n)
		s := w.run(monday)
		require.Equal(t, said, strings.Contains(alarms(s), "no verified notice has ever come of mid "+mid), n)
		require.Empty(t, w.states())
		w.job.Settings.ExpectNotices = false
		require.Empty(t, alarms(w.run(monday)), "none are expected")
	}
}

// A day that is closed while a run of it is under way keeps its figures.
func TestADayThatIsClosedWhileARunIsUnderWay(t *testing.T) {
	for name, restate := range map[string]bool{"is not published over": false, "is restated when that was asked for": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.trade(monday, 3)
			first := w.run(monday)
			w.job.Store = meddling{w.db, func() {
				_, err := w.db.SignOff(t.Context(), monday, func(reconcile.Standing) (reconcile.SignOff, error) {
					return reconcile.SignOff{Day: monday, Closed: true, At: w.clock.Now(), By: "a", RunID: first.RunID}, nil
				})
				require.NoError(t, err)
			}}
			s, err := w.job.Run(t.Context(), reconcile.Request{Day: monday, Restate: restate})
			last, _, lastErr := w.db.LastRun(t.Context(), monday)
			require.NoError(t, lastErr)
			if restate {
				require.NoError(t, err)
				require.Equal(t, s.RunID, last.RunID)
				return
			}
			require.ErrorIs(t, err, reconcile.ErrDayClosed)
			require.Equal(t, first.RunID, last.RunID)
		})
	}
}
