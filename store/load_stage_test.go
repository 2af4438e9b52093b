package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestOthersWriteWhileALedgerIsRead decides a case in the midst of a load, and
// reads: the load is not there before it is whole.
func TestOthersWriteWhileALedgerIsRead(t *testing.T) {
	aboutFiles(t)
	db, _ := night(t)
	run := begin(t, db, day)
	before := count(t, db, "orders")
	_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "large"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		for i := range 3 * stageBatch {
			require.NoError(t, w.Order(payment(fmt.Sprint("large", i)), "x"))
		}
		_, err := db.Decide(t.Context(), more, resolve(waiver))
		require.NoError(t, err)
		require.Equal(t, before, count(t, db, "orders"))
		return reconcile.Load{Day: day, Rows: 3 * stageBatch}, nil
	})
	require.NoError(t, err)
	require.Equal(t, before+3*stageBatch, count(t, db, "orders"))
}

func TestNothingIsLeftOfAStage(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	stage := db.path + stageSuffix
	run := begin(t, db, day)
	broken := errors.New("the file ends in the midst")
	for name, want := range map[string]error{"read whole": nil, "cut off": broken} {
		require.NoError(t, os.WriteFile(stage, []byte("what a killed process left"), 0o600), name)
		_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "a"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
			info, err := os.Stat(stage)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
			require.NoError(t, w.Order(payment("1"), "x"))
			return reconcile.Load{Day: day, Rows: 1}, want
		})
		require.Equal(t, want, err, name)
		require.NoFileExists(t, stage, name)
	}
	require.Equal(t, 1, count(t, db, "orders"))
}

// TestAStageThatCannotBeWritten is told at the rows that follow, and at the
// latest at the end.
func TestAStageThatCannotBeWritten(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	for _, rows := range []int{1, 10 * stageBatch} {
		_, err := db.LoadLedger(t.Context(), run, reconcile.Reading{Scope: "a"}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
			s := w.(*stage)
			require.NoError(t, s.tx.Rollback())
			for range rows {
				if err := w.Order(payment("1"), "x"); err != nil {
					return reconcile.Load{}, err
				}
			}
			return reconcile.Load{Day: day, Rows: int64(rows)}, nil
		})
		require.ErrorContains(t, err, `load ledger "a"`)
		require.Zero(t, count(t, db, "orders"))
	}
}

// TestStageThatCannotBegin: a night that is interrupted while its ledger is about
// to be read ends with that error.
func TestStageThatCannotBegin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db := open(t)
	_, err := db.newStage(ctx, "orders")
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, db.path+stageSuffix)
}
