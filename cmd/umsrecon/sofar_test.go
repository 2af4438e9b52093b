package main

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// TestDiscrepanciesSoFar: somebody at a terminal sees what a run comes to while
// it asks; who looks elsewhere costs the run nothing.
func TestDiscrepanciesSoFar(t *testing.T) {
	clock := &demoClock{now: time.Date(2026, time.February, 27, 2, 30, 0, 0, reconcile.Beijing)}
	config, g := shopOfDays(t, clock, "2026-02-26")
	wrong := paidBill("W1", "2026-02-26")
	wrong.TotalAmount, wrong.BillPayment.TotalAmount, wrong.BillPayment.BuyerPayAmount = "1907", "1907", "1907"
	g.Put([]chinaumstest.Bill{wrong}...)
	ledger := filepath.Join(filepath.Dir(config), "ledger", "orders-2026-02-26.csv")
	text, err := os.ReadFile(ledger)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ledger, append(text, "W1,2026-02-26,1908,PAID,\n"...), 0o600))
	for _, terminal := range []bool{true, false} {
		a, _, stderr := newApp(clock)
		a.terminal = terminal
		require.Equal(t, exitDiscrepant, a.run(t.Context(), []string{"-c", config, "run", "--date", "2026-02-26", "--requery"}))
		if terminal {
			require.Regexp(t, `asked 2/2, 1 discrepant so far, 0 without an answer\n$`, stderr.String())
		} else {
			require.Empty(t, stderr.String())
		}
	}
}

// stuck is a store whose families never come.
type stuck struct{ reconcile.Store }

func (stuck) SaveAnswers(context.Context, string, []reconcile.Answered) error { return nil }

func (stuck) Answered(ctx context.Context, _ reconcile.Scope, _ []reconcile.BillKey) iter.Seq2[reconcile.Family, error] {
	return func(yield func(reconcile.Family, error) bool) {
		<-ctx.Done()
		yield(reconcile.Family{}, ctx.Err())
	}
}

// TestAskingDoesNotWait: the answers are kept, however long the judging takes,
// and it ends with the run.
func TestAskingDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, stop := watchSoFar(t.Context(), stuck{}, stuck{}, reconcile.Settings{})
		began := time.Now()
		for i := range 2000 {
			key := reconcile.Key{BillKey: reconcile.BillKey{BillDay: reconcile.Day(i + 1)}}
			require.NoError(t, w.SaveAnswers(t.Context(), "run", []reconcile.Answered{{Key: key}}))
		}
		synctest.Wait()
		require.Zero(t, w.count())
		require.Zero(t, time.Since(began))
		stop()
		require.Equal(t, lastLook, time.Since(began), "only at the end, and not for long")
	})
}
