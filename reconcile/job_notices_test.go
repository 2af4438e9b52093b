package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// told keeps a bill notice that came at ten in the morning of the day.
func (w *world) told(day reconcile.Day, id, billNo, digest string, mod ...func(*reconcile.Notice)) {
	at := day.Start().Add(10 * time.Hour)
	n := reconcile.Notice{
		Kind: reconcile.BillNotice, ID: id, Digest: digest, Verified: true, Path: reconcile.NoticePath, ReceivedAt: at,
		BillKey:    reconcile.BillKey{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT", BillDay: day, BillNo: billNo},
		BillStatus: reconcile.BillPaid, Status: reconcile.FlowSuccess, Total: reconcile.Some(1908), PaidAt: at, SettleDay: day + 1,
	}
	for _, m := range mod {
		m(&n)
	}
	_, err := w.db.SaveNotices(w.Context(), []reconcile.Notice{n})
	require.NoError(w, err)
}

func (w *world) casesOf(code reconcile.Code) (all []string) {
	for _, c := range w.cases() {
		if strings.Contains(c, " "+string(code)+" ") {
			all = append(all, c)
		}
	}
	return all
}

// One payment of which several notices tell, repeated, changed, of two kinds,
// is one case, and the books roll forward.
func TestManyNoticesOfOnePaymentAreOneCase(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.ExpectNotices = true
	w.trade(monday, 1)
	merOrder := func(n *reconcile.Notice) { n.MerOrderID = "M9" }
	w.told(monday, "N9", "B900", "a", merOrder)
	w.told(monday, "N9", "B900", "b", merOrder)
	w.told(monday, "D9", "", "c", merOrder, func(n *reconcile.Notice) {
		n.Kind, n.BillKey, n.BillStatus = reconcile.DeductionNotice, reconcile.BillKey{MID: mid}, ""
	})
	s := w.run(monday)
	require.Len(t, w.casesOf(reconcile.LedgerNotFound), 1)
	require.Len(t, w.casesOf(reconcile.NoticeMutated), 1)
	require.EqualValues(t, 2, s.Cases.New.Count)
	w.told(monday, "N9", "B900", "d", merOrder, func(n *reconcile.Notice) { n.ReceivedAt = w.clock.Now() })
	s = w.run(monday)
	require.Zero(t, s.Cases.New.Count)
	require.EqualValues(t, 2, s.Cases.Closing.Count)
}

// What is found about a notice passes to its order when that carries it, with
// the day on which it was first seen and what was decided.
func TestACaseOfANoticePassesToItsOrder(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.ExpectNotices = true
	w.trade(monday, 1)
	w.told(monday, "N0", "B000", "z")
	w.told(monday, "N9", "B900", "a")
	w.told(monday, "N9", "B900", "b")
	w.run(monday)
	require.Equal(t, []string{"B900 NOTICE_MUTATED open"}, w.casesOf(reconcile.NoticeMutated))

	w.clock.set(w.clock.Now().Add(24 * time.Hour))
	w.row(monday, "B900", "PAID")
	w.paid(monday, "B900")
	w.strikes("http-503", "")
	w.run(monday)
	require.Equal(t, []string{"B900 NOTICE_MUTATED cleared", "B900 NOTICE_MUTATED open"}, sorted(w.casesOf(reconcile.NoticeMutated)), "what notices show needs no answer")
	require.Equal(t, []string{"B900 LEDGER_NOT_FOUND open"}, w.casesOf(reconcile.LedgerNotFound), "its order is there, and whether it agrees is not known")
	w.ums.Behave()
	s := w.run(monday)
	require.Equal(t, []string{"B900 NOTICE_MUTATED cleared", "B900 NOTICE_MUTATED open"}, sorted(w.casesOf(reconcile.NoticeMutated)))
	require.Equal(t, []string{"B900 LEDGER_NOT_FOUND cleared"}, w.casesOf(reconcile.LedgerNotFound))
	require.EqualValues(t, 1, s.Cases.Closing.Count)
	line, _, err := w.db.Case(w.Context(), reconcile.CaseID(reconcile.Key{BillKey: reconcile.BillKey{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT", BillDay: monday, BillNo: "B900"}}, reconcile.NoticeMutated))
	require.NoError(t, err)
	require.Equal(t, monday+1, line.Case.FirstSeen)
	w.run(monday)
	require.Len(t, w.casesOf(reconcile.NoticeMutated), 2)
}

func sorted(all []string) []string {
	if len(all) == 2 && all[0] > all[1] {
		all[0], all[1] = all[1], all[0]
	}
	return all
}

// A notice that comes in while the run asks waits for the next run: it neither
// belongs to nobody nor makes a final order unverified.
func TestANoticeThatComesInWhileARunAsks(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.ExpectNotices = true
	w.trade(monday, 2)
	w.told(monday, "N0", "B000", "a")
	w.run(monday)
	w.run(monday) // both are final
	asked := false
	w.job.Progress = func(reconcile.Progress) {
		if !asked {
			w.told(monday, "N1", "B001", "late", func(n *reconcile.Notice) { n.ReceivedAt = w.clock.Now().Add(time.Second) })
		}
		asked = true
	}
	w.row(monday, "B002", "PAID")
	w.paid(monday, "B002")
	s := w.run(monday)
	require.True(t, asked)
	require.Equal(t, reconcile.RunComplete, s.Status)
	require.Empty(t, w.casesOf(reconcile.LedgerNotFound))
}
