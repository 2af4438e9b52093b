package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func stateLine(reference string, mod ...func(*reconcile.StatementLine)) reconcile.StatementLine {
	l := reconcile.StatementLine{
		MID: "898340149000005", Kind: reconcile.Payment, Reference: reference, Amount: 1908, Fee: reconcile.Some(7), SettleDay: day + 1,
		Source: reconcile.Source{File: "statement.csv", Line: 2},
	}
	for _, m := range mod {
		m(&l)
	}
	return l
}

func refundOf(l *reconcile.StatementLine) { l.Kind, l.Amount = reconcile.Refund, 100 }

func state(t *testing.T, db *DB, run, scope string, lines ...reconcile.StatementLine) reconcile.Load {
	t.Helper()
	l, err := stateAt(t.Context(), db, run, scope, lines...)
	require.NoError(t, err)
	return l
}

func stateAt(ctx context.Context, db *DB, run, scope string, lines ...reconcile.StatementLine) (reconcile.Load, error) {
	return db.LoadStatement(ctx, run, scope, "as "+scope, now, func(w reconcile.StatementWriter) (reconcile.Load, error) {
		for _, l := range lines {
			if err := w.Line(l); err != nil {
				return reconcile.Load{}, err
			}
		}
		return reconcile.Load{Day: day + 1, Files: []string{scope}, Rows: int64(len(lines)), MIDs: []string{"898340149000005"}}, nil
	})
}

// judged are the bills of a run with an order that it judges.
func judged(t *testing.T, db *DB, run string) (nos []string) {
	t.Helper()
	for _, f := range collect(t, db.Families(t.Context(), scope(run))) {
		if f.Subjects[0].InScope {
			nos = append(nos, f.Bill.BillNo)
		}
	}
	return nos
}

// statedRefs is what the families of a run are told by statements.
func statedRefs(t *testing.T, db *DB, run string) map[string][]string {
	t.Helper()
	require.NoError(t, db.TieStatements(t.Context(), scope(run)))
	refs := map[string][]string{}
	for _, f := range collect(t, db.Families(t.Context(), scope(run))) {
		for _, l := range f.Statement {
			refs[f.Bill.BillNo] = append(refs[f.Bill.BillNo], l.Reference+l.MerOrderID)
		}
	}
	return refs
}

func TestAStatementIsReplacedByTheNext(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	first := state(t, db, run, "statement:x", stateLine("s1"), stateLine("s2"), stateLine("s2", func(l *reconcile.StatementLine) { l.Source.Line = 3 }))
	require.Equal(t, []any{int64(3), int64(2), int64(1), reconcile.Fen(3816)}, []any{first.Rows, first.Orders, first.Duplicates, first.Total})
	reading, _, err := db.StatementRead(t.Context(), "statement:x")
	require.NoError(t, err)
	require.Empty(t, reading, "no figures tell of it yet")
	publish(t, db, run)
	reading, _, err = db.StatementRead(t.Context(), "statement:x")
	require.NoError(t, err)
	require.Equal(t, "as statement:x", reading)
	state(t, db, run, "statement:x", stateLine("s2"), stateLine("s3"))
	require.Equal(t, 2, count(t, db, "statement_lines"))
	require.Equal(t, 1, count(t, db, "statement_days"))

	_, err = db.LoadStatement(t.Context(), run, "statement:x", "new", now, func(w reconcile.StatementWriter) (reconcile.Load, error) {
		require.NoError(t, w.Line(stateLine("s9")))
		return reconcile.Load{}, errors.New("broken")
	})
	require.ErrorContains(t, err, "broken")
	require.Equal(t, 2, count(t, db, "statement_lines"), "all or nothing")
	reading, _, err = db.StatementRead(t.Context(), "statement:x")
	require.NoError(t, err)
	require.Equal(t, "as statement:x", reading)
	reading, _, err = db.StatementRead(t.Context(), "statement:y")
	require.NoError(t, err)
	require.Empty(t, reading)
}

func TestAStatementIsNoLedger(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	state(t, db, run, "statement:x", stateLine("s1"))
	filled, err := db.NeighboursFilled(t.Context(), day)
	require.NoError(t, err)
	require.False(t, filled)
	load(t, db, run, "a", payment("1"))
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		h := homes{tx: p.(*publication).tx, taken: map[reconcile.Day]time.Time{}}
		at, err := h.booksTaken(day + 1)
		require.True(t, at.IsZero(), "the day of the statement has no books")
		return err
	}))
}

func TestLinesFindTheirBills(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	named := payment("3")
	named.MerOrderID = "m3"
	load(t, db, run, "a", payment("1"), refund("1", "r"), payment("2"), named, payment("4"))
	save(t, db, run, payment("1").Key, paid("s1"))
	back := paid("s1")
	back.Bill.Refund = reconcile.Flow{Present: true, Status: "SUCCESS", PaySeqID: "sr", MerOrderID: "mr", Total: reconcile.Some(100)}
	save(t, db, run, refund("1", "r").Key, back)
	byNumber := paid("s2")
	byNumber.Bill.Payment.MerOrderID = "m2"
	save(t, db, run, payment("2").Key, byNumber)

	onlyNumber := func(no string) func(*reconcile.StatementLine) {
		return func(l *reconcile.StatementLine) { l.Reference, l.MerOrderID = "", no }
	}
	state(t, db, run, "statement:x", stateLine("s1"), stateLine("sr", refundOf), stateLine("s1", refundOf), stateLine("", onlyNumber("m2")), stateLine("", onlyNumber("m3")),
		stateLine("s4"), stateLine("s1", func(l *reconcile.StatementLine) { l.MID = "another" }))
	state(t, db, run, "statement:y", stateLine("s1")) // the same line, exported twice
	require.Equal(t, map[string][]string{"1": {"s1", "sr", "s1"}, "2": {"m2"}, "3": {"m3"}}, statedRefs(t, db, run))
}

// Final orders are judged again for a statement that came, once, and without a
// question.
func TestAStatementBringsFinalOrdersIntoScope(t *testing.T) {
	db := open(t)
	early := begin(t, db, day-1)
	older := onDay("old", day-1)
	elsewhere := onDay("elsewhere", day-1)
	load(t, db, early, "a", older, elsewhere)
	save(t, db, early, older.Key, paid("s1"))
	other := paid("s2")
	other.Bill.Payment.SettleDay = day
	save(t, db, early, elsewhere.Key, other)
	publish(t, db, early, final(older), final(elsewhere))

	run := begin(t, db, day)
	require.Empty(t, judged(t, db, run))
	state(t, db, run, "statement:x", stateLine("s9"))
	require.Equal(t, []string{"old"}, judged(t, db, run), "its settle date is that of the statement")
	ask, _, err := db.CountToAsk(t.Context(), scope(run))
	require.NoError(t, err)
	require.Zero(t, ask)
	f := collect(t, db.Families(t.Context(), scope(run)))[0]
	require.True(t, f.Subjects[0].InScope)
	require.Equal(t, reconcile.Found, f.Subjects[0].Answer.Outcome, "the answer at hand")
	require.Equal(t, []reconcile.StatementCover{{Day: day + 1, File: "statement:x"}}, f.Covers)

	publish(t, db, run)
	require.Empty(t, judged(t, db, run), "judged")
	state(t, db, run, "statement:x", stateLine("s2"))
	require.NoError(t, db.TieStatements(t.Context(), scope(run)))
	require.Equal(t, []string{"elsewhere", "old"}, judged(t, db, run), "by its line, and by its date")
}

func TestStatementDays(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"))
	save(t, db, run, payment("1").Key, paid("s1"))
	late := paid("s2")
	late.Bill.Payment.SettleDay = day + 5
	save(t, db, run, payment("2").Key, late)
	days := func(until reconcile.Day) []reconcile.StatementDay {
		found, err := db.StatementDays(t.Context(), scope(run), until)
		require.NoError(t, err)
		return found
	}
	require.Equal(t, []reconcile.StatementDay{{Day: day, Again: true}, {Day: day + 1}}, days(day+1))
	require.Len(t, days(day+5), 3)
	state(t, db, run, "statement:x", stateLine("s1"))
	require.Equal(t, []reconcile.StatementDay{{Day: day, Again: true}, {Day: day + 1, Again: true}}, days(day+1), "it has not been found to add up")
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.TotalsAgree("898340149000005", day+1)
	}))
	require.Equal(t, []reconcile.StatementDay{{Day: day, Again: true}, {Day: day + 1}}, days(day+1))
}

func TestSettleTotals(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"))
	save(t, db, run, payment("1").Key, paid("s1"))
	state(t, db, run, "statement:x", stateLine("s1"), stateLine("s9"), stateLine("s9", refundOf))
	s := scope(run)
	s.Now = (day + 1).End()
	look := func(class reconcile.Class) (totals []reconcile.SettleTotal) {
		require.NoError(t, db.TieStatements(t.Context(), s))
		require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) (err error) {
			for _, no := range []string{"1", "2"} {
				if err := p.Verdict(reconcile.Verdict{Key: payment(no).Key, Class: class}); err != nil {
					return err
				}
			}
			totals, err = p.SettleTotals(s)
			for range 2 { // nothing stays behind
				families := 0
				require.NoError(t, p.Settling([]reconcile.Day{day + 1}, func(f reconcile.Family) error {
					families++
					require.Len(t, f.Statement, 1)
					return nil
				}))
				require.Equal(t, 1, families)
			}
			return err
		}))
		return totals
	}
	require.False(t, look(reconcile.Unverified)[0].Known)
	save(t, db, run, payment("2").Key, reconcile.Answer{Outcome: reconcile.NoOrder, AskedAt: now})
	totals := look(reconcile.Matched)
	require.Equal(t, []reconcile.SettleTotal{{
		MID: "898340149000005", Day: day + 1, File: "statement:x", Known: true,
		Payments: reconcile.Sum{Count: 2, Fen: 3816}, Refunds: reconcile.Sum{Count: 1, Fen: 100}, Alone: reconcile.Sum{Count: 2, Fen: 1808},
	}}, totals)
}

// Whether a line is nobody's is known when the books of its days were loaded
// and every order in them has a trustworthy answer.
func TestDaysKnown(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	save(t, db, run, payment("1").Key, paid("s1"))
	publish(t, db, run, reconcile.Verdict{Key: payment("1").Key, Class: reconcile.Matched})
	for name, c := range map[string]struct {
		mid          string
		settle, paid reconcile.Day
		want         bool
	}{
		"the day before":                  {"898340149000005", day + 1, 0, true},
		"books that were not loaded":      {"898340149000005", day + 3, 0, false},
		"paid when there were no books":   {"898340149000005", day + 1, day - 1, false},
		"another merchant of that source": {"x", day + 1, 0, true},
	} {
		require.NoError(t, db.read(t.Context(), func(tx *tx) error {
			got, err := daysKnown{tx, map[stretch]bool{}}.known(c.mid, c.settle, c.paid, reconcile.Calendar{})
			require.Equal(t, c.want, got, name)
			return err
		}))
	}
}
