package store

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// closeDay signs the day off whatever its cases are.
func closeDay(t *testing.T, db *DB, accepted ...string) reconcile.SignOff {
	t.Helper()
	signed, err := db.SignOff(t.Context(), day, func(s reconcile.Standing) (reconcile.SignOff, error) {
		return reconcile.SignOff{Day: s.Day, Closed: true, At: now, By: "张三", User: "root", Note: "已确认", RunID: s.Run.RunID, Accepted: accepted}, nil
	})
	require.NoError(t, err)
	return signed
}

func reopenDay(t *testing.T, db *DB) {
	t.Helper()
	_, err := db.SignOff(t.Context(), day, func(s reconcile.Standing) (reconcile.SignOff, error) {
		return reconcile.ReopenDay(s, reconcile.Decision{By: "李四", Note: "补录", At: now.Add(time.Hour)})
	})
	require.NoError(t, err)
}

func TestHowADayStands(t *testing.T) {
	db, run := night(t)
	before, err := db.Standing(t.Context(), day-1)
	require.NoError(t, err)
	require.Equal(t, reconcile.Standing{Day: day - 1}, before, "nothing is known of a day that was never run")

	s, err := db.Standing(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, run.RunID, s.Run.RunID)
	require.Nil(t, s.Last)
	require.Nil(t, s.Signed)
	var grave []reconcile.Code
	for _, c := range s.Grave {
		grave = append(grave, c.Code)
	}
	require.ElementsMatch(t, []reconcile.Code{reconcile.AmountBillMore, reconcile.LedgerDuplicateKey, reconcile.LedgerRowInvalid}, grave, "pending, S1 and S2, of this day")
	require.Zero(t, s.Unverified)

	for class, want := range map[string]int64{"'unverified'": 1, "NULL": 1, "'waiting'": 0} {
		_, err = db.writer.Exec("UPDATE orders SET class = " + class + " WHERE bill_no IN ('2', 'old')")
		require.NoError(t, err)
		s, err = db.Standing(t.Context(), day)
		require.NoError(t, err)
		require.Equal(t, want, s.Unverified, "orders of other days do not count")
		require.Len(t, s.Unproven, int(want))
	}
	require.Equal(t, reconcile.RunComplete, s.Latest)
	begin(t, db, day)
	s, err = db.Standing(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, reconcile.RunRunning, s.Latest)
}

func TestSignOffsAreABook(t *testing.T) {
	db, run := night(t)
	signed := closeDay(t, db, more)
	later := begin(t, db, day)
	publish(t, db, later)

	s, err := db.Standing(t.Context(), day)
	require.NoError(t, err)
	require.True(t, signed.At.Equal(s.Last.At))
	s.Last.At = signed.At
	require.Equal(t, &signed, s.Last)
	require.Equal(t, []string{run.RunID, later}, []string{s.Signed.RunID, s.Run.RunID}, "both versions are kept")

	reopenDay(t, db)
	days, err := db.Days(t.Context())
	require.NoError(t, err)
	require.Len(t, days, 1)
	require.Equal(t, []any{false, "李四", "补录"}, []any{days[0].Last.Closed, days[0].Last.By, days[0].Last.Note})
	require.Equal(t, 2, count(t, db, "sign_offs"))
}

func TestSignOffsAreNeverRewritten(t *testing.T) {
	db, _ := night(t)
	closeDay(t, db)
	for _, q := range []string{"UPDATE sign_offs SET note = 'x'", "DELETE FROM sign_offs"} {
		_, err := db.writer.Exec(q)
		require.ErrorContains(t, err, "never rewritten")
	}
}

func TestARefusedSignOffLeavesNothing(t *testing.T) {
	db, _ := night(t)
	refused := errors.New("refused")
	_, err := db.SignOff(t.Context(), day, func(reconcile.Standing) (reconcile.SignOff, error) { return reconcile.SignOff{}, refused })
	require.ErrorIs(t, err, refused)
	require.Zero(t, count(t, db, "sign_offs"))
	require.Nil(t, subjects(t, db, scope(begin(t, db, day)))[refund("1", "r").Key].Pinned)
}

// What is signed is pinned, so that a later change of it is found.
func TestClosingPinsTheOrdersOfTheDay(t *testing.T) {
	db, _ := night(t)
	pinned := func(k reconcile.Key) *reconcile.Pinned { return subjects(t, db, scope(begin(t, db, day)))[k].Pinned }
	require.Nil(t, pinned(refund("1", "r").Key), "it waited")
	closeDay(t, db)
	require.Equal(t, &reconcile.Pinned{Status: reconcile.Success, Amount: 100}, pinned(refund("1", "r").Key))
	require.Nil(t, pinned(onDay("3", day+1).Key), "of another day")
}

func TestPinsOfAReopenedDay(t *testing.T) {
	db, run := night(t)
	pinned := func(k reconcile.Key) *reconcile.Pinned { return subjects(t, db, scope(run.RunID))[k].Pinned }
	_, err := db.writer.Exec("UPDATE orders SET pinned_status = 'paid', pinned_fen = 1 WHERE bill_no = '1' AND refund_id = ''; UPDATE orders SET final = CASE WHEN bill_no = '1' THEN 1 ELSE 0 END, class = 'matched'")
	require.NoError(t, err)
	closeDay(t, db)
	agreed := pinned(payment("1").Key)
	require.NotEqual(t, reconcile.Fen(1), agreed.Amount, "closing pins anew what is signed")
	require.NotNil(t, pinned(payment("2").Key))
	reopenDay(t, db)
	require.Equal(t, agreed, pinned(payment("1").Key), "it was final by agreement")
	require.Nil(t, pinned(payment("2").Key), "the day was opened again to correct it")
}

func TestWhatIsFinalByAPersonIsNotPinned(t *testing.T) {
	for class, want := range map[reconcile.Class]*reconcile.Pinned{
		reconcile.Matched: {Status: reconcile.Paid, Amount: payment("1").Amount}, reconcile.Discrepant: nil,
	} {
		db := open(t)
		run := begin(t, db, day)
		load(t, db, run, "a", payment("1"))
		v := final(payment("1"))
		v.Class = class
		publish(t, db, run, v)
		require.Equal(t, want, subjects(t, db, scope(run))[payment("1").Key].Pinned, class)
	}
}

func TestAnAcceptedCaseIsToldSo(t *testing.T) {
	db, _ := night(t)
	closeDay(t, db, more)
	_, events, err := db.Case(t.Context(), more)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, []any{reconcile.EventAccepted, reconcile.StateOpen, reconcile.StateOpen, "张三 (root)"}, []any{last.Kind, last.Was, last.State, last.By})
	require.Contains(t, last.Reason.EN, "已确认")
}

func TestWhoDecidesNamesTheCaseWellEnough(t *testing.T) {
	db, _ := night(t)
	try := func(prefix string) error {
		_, err := db.Decide(t.Context(), prefix, func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) {
			return c, reconcile.Event{CaseID: c.ID, At: now, Kind: reconcile.EventRejected, State: c.State, Was: c.State}, nil
		})
		return err
	}
	require.ErrorContains(t, try(more[:3]), "at least 4 characters")
	require.ErrorIs(t, try("D"), ErrAmbiguous)
	require.NoError(t, try(more))
	require.NoError(t, try(more[:8]))
}
