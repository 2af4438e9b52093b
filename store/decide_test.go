package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

var (
	more   = reconcile.CaseID(payment("1").Key, reconcile.AmountBillMore)
	waiver = decision("张三", "waive")
)

func decision(by, remedy string) reconcile.Decision {
	r, _ := reconcile.ParseRemedy(remedy)
	return reconcile.Decision{Remedy: r, Note: "看过", By: by, User: "root", At: now.Add(time.Hour)}
}

func resolve(d reconcile.Decision) func(reconcile.Case) (reconcile.Case, reconcile.Event, error) {
	return func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) { return reconcile.Resolve(c, d) }
}

func TestADecisionIsKeptWithItsEvent(t *testing.T) {
	db, _ := night(t)
	decided, err := db.Decide(t.Context(), more[:12], resolve(waiver))
	require.NoError(t, err)

	line, events, err := db.Case(t.Context(), more)
	require.NoError(t, err)
	decided.Key = line.Case.Key
	require.Equal(t, decided, line.Case)
	require.Equal(t, []string{"proposed", "豁免", "看过", "张三", ""},
		[]string{string(decided.State), decided.Outcome, decided.Note, decided.By, decided.Reviewer})
	require.Len(t, events, 2, "what was before stays")
	require.Equal(t, []reconcile.EventKind{reconcile.EventOpened, reconcile.EventProposed}, []reconcile.EventKind{events[0].Kind, events[1].Kind})
	require.Equal(t, "张三 (root)", events[1].By)
	require.Empty(t, events[1].RunID)

	approved, err := db.Decide(t.Context(), more, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
		return reconcile.Approve(c, decision("李四", "waive"))
	})
	require.NoError(t, err)
	require.Equal(t, []string{"resolved", "张三", "李四"}, []string{string(approved.State), approved.By, approved.Reviewer})
}

func TestADecisionIsKeptWholeOrNotAtAll(t *testing.T) {
	db, _ := night(t)
	refused := errors.New("refused")
	for name, decide := range map[string]func(reconcile.Case) (reconcile.Case, reconcile.Event, error){
		"refused": func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
			c.State = reconcile.StateResolved
			return c, reconcile.Event{}, refused
		},
		"its event cannot be kept": func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
			c.State = reconcile.StateResolved
			return c, reconcile.Event{CaseID: "D-of-nothing", At: now}, nil
		},
	} {
		_, err := db.Decide(t.Context(), more, decide)
		require.Error(t, err, name)
		line, events, err := db.Case(t.Context(), more)
		require.NoError(t, err)
		require.Equal(t, reconcile.StateOpen, line.Case.State, name)
		require.Len(t, events, 1, name)
	}
	_, err := db.Decide(t.Context(), more, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) { return c, reconcile.Event{}, refused })
	require.ErrorIs(t, err, refused)
}

func TestWhichCaseIsDecided(t *testing.T) {
	db, _ := night(t)
	for prefix, want := range map[string]error{"": ErrNoCase, "Dzz": ErrNoCase, "D": ErrAmbiguous, more + "0": ErrNoCase} {
		_, err := db.Decide(t.Context(), prefix, resolve(waiver))
		require.ErrorIs(t, err, want, "%q", prefix)
	}
	require.Equal(t, 1, count(t, db, "events"))
}

func TestOfTwoDecisionsAtOnceOneHolds(t *testing.T) {
	db, _ := night(t)
	var all sync.WaitGroup
	held := make(chan string, 8)
	for _, by := range []string{"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"} {
		all.Go(func() {
			_, err := db.Decide(t.Context(), more, resolve(decision(by, "adjust")))
			if err == nil {
				held <- by
				return
			}
			assert.ErrorIs(t, err, reconcile.ErrNotOpen)
		})
	}
	all.Wait()
	close(held)
	require.Len(t, held, 1)
	line, events, err := db.Case(t.Context(), more)
	require.NoError(t, err)
	require.Equal(t, <-held, line.Case.By)
	require.Len(t, events, 2)
}
