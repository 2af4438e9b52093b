package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// caseOf is a case of an order as a run would have made it.
func caseOf(o reconcile.Order, c reconcile.Code, severity reconcile.Severity, state reconcile.State) reconcile.Case {
	return reconcile.Case{
		ID: reconcile.CaseID(o.Key, c), Code: c, Severity: severity, State: state, Key: o.Key, LedgerDay: o.LedgerDay,
		FirstSeen: o.LedgerDay + 1, LastSeen: day + 1, Times: 1, Stake: 1,
	}
}

func listed(t *testing.T, lines reconcile.Lines) (got []string) {
	t.Helper()
	for _, l := range collect(t, lines) {
		got = append(got, string(l.Case.State)+" "+string(l.Case.Code)+" "+l.Order.BillNo)
	}
	return got
}

// night is a database with something of everything, published for a day.
func night(t *testing.T) (*DB, reconcile.Summary) {
	t.Helper()
	db := open(t)
	run := begin(t, db, day)
	one, two, old, later := payment("1"), payment("2"), onDay("old", day-100), onDay("3", day+1)
	load(t, db, run, "a", one, one, two, old, later, refund("1", "r"))
	loadBad(t, db, run, "b", reconcile.BadRow{Source: reconcile.Source{File: "b.csv", Line: 7}, Raw: "x"})
	save(t, db, run, one.Key, paid("s"))
	save(t, db, run, one.Key, failing())
	s := reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete, EndedAt: now, Loads: []reconcile.Load{{Scope: "a"}, {Scope: "b"}}}
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		noted := final(one)
		noted.Findings = []reconcile.Finding{{Code: reconcile.LedgerDuplicateRow, Severity: reconcile.S4}, {Code: reconcile.CrossDay, Severity: reconcile.Info}}
		for _, v := range []reconcile.Verdict{noted, final(two), final(old), {Key: refund("1", "r").Key, Class: reconcile.Waiting}} {
			require.NoError(t, p.Verdict(v))
		}
		rows, err := p.BadRows(nil)
		require.NoError(t, err)
		for _, c := range []reconcile.Case{
			caseOf(one, reconcile.AmountBillMore, reconcile.S2, reconcile.StateOpen),
			caseOf(one, reconcile.BuyerPayMismatch, reconcile.S3, reconcile.StateProposed),
			caseOf(one, reconcile.BillNotFound, reconcile.S1, reconcile.StateCleared),
			caseOf(one, reconcile.SettleWaiting, reconcile.Wait, reconcile.StateCleared),
			caseOf(one, reconcile.QueryRejected, reconcile.S2, reconcile.StateCleared),
			caseOf(two, reconcile.QueryFailedCode, reconcile.S3, reconcile.StateUnverified),
			caseOf(two, reconcile.LedgerDuplicateKey, reconcile.S2, reconcile.StateOpen),
			caseOf(old, reconcile.BillNotFound, reconcile.S1, reconcile.StateOpen),
			caseOf(old, reconcile.AmountBillMore, reconcile.S2, reconcile.StateResolved),
			caseOf(later, reconcile.BillNotFound, reconcile.S1, reconcile.StateOpen),
			caseOf(later, reconcile.SettleWaiting, reconcile.Wait, reconcile.StateWaiting),
			caseOf(refund("1", "r"), reconcile.RefundWaiting, reconcile.Wait, reconcile.StateWaiting),
			{ID: rows[0].CaseID, Code: reconcile.LedgerRowInvalid, Severity: reconcile.S2, State: reconcile.StateOpen, LedgerDay: day, FirstSeen: day, LastSeen: day},
		} {
			require.NoError(t, put(p, c))
		}
		require.NoError(t, p.Event(reconcile.Event{
			CaseID: reconcile.CaseID(one.Key, reconcile.AmountBillMore), RunID: run, At: now, Kind: reconcile.EventOpened,
			State: reconcile.StateOpen, Stake: 1, Reason: reconcile.Words{ZH: "多", EN: "more"}, Facts: "f",
		}))
		return p.Finish(s)
	}))
	return db, s
}

func TestCasesFilter(t *testing.T) {
	db, _ := night(t)
	list := func(f Filter) []string { return listed(t, db.Cases(t.Context(), f)) }

	require.Equal(t, []string{
		"open BILL_NOT_FOUND old", "resolved AMOUNT_BILL_MORE old",
		"open LEDGER_ROW_INVALID ",
		"cleared BILL_NOT_FOUND 1", "open AMOUNT_BILL_MORE 1", "cleared QUERY_REJECTED 1", "proposed BUYER_PAY_MISMATCH 1",
		"cleared SETTLE_WAITING 1", "note LEDGER_DUPLICATE_ROW 1", "note CROSS_DAY 1",
		"waiting REFUND_WAITING 1",
		"open LEDGER_DUPLICATE_KEY 2", "unverified QUERY_FAILED 2",
		"open BILL_NOT_FOUND 3", "waiting SETTLE_WAITING 3",
	}, list(Filter{}))
	require.Equal(t, []string{"open BILL_NOT_FOUND 3", "waiting SETTLE_WAITING 3"}, list(Filter{Day: day + 1}))
	require.Equal(t, []string{"note LEDGER_DUPLICATE_ROW 1", "note CROSS_DAY 1"}, list(Filter{State: reconcile.StateNote}))
	require.Equal(t, []string{"open LEDGER_ROW_INVALID ", "open AMOUNT_BILL_MORE 1", "open LEDGER_DUPLICATE_KEY 2"}, list(Filter{Day: day, State: reconcile.StateOpen}))
	require.Empty(t, list(Filter{Day: day - 5}))
}

func TestDayLines(t *testing.T) {
	db, s := night(t)
	list := func(sheet Sheet) []string { return listed(t, db.DayLines(t.Context(), s, sheet, day-90)) }
	require.Equal(t, []string{
		"open BILL_NOT_FOUND old", "cleared BILL_NOT_FOUND 1",
		"open LEDGER_ROW_INVALID ", "open AMOUNT_BILL_MORE 1", "open LEDGER_DUPLICATE_KEY 2", "proposed BUYER_PAY_MISMATCH 1",
	}, list(Discrepancies), "gravest first; no later days, nothing settled of other days, nothing that only waited")
	require.Equal(t, []string{"unverified QUERY_FAILED 2", "waiting REFUND_WAITING 1"}, list(Pending))
	require.Equal(t, []string{"open LEDGER_ROW_INVALID ", "open LEDGER_DUPLICATE_KEY 2", "note LEDGER_DUPLICATE_ROW 1"}, list(LedgerProblems))

	run := begin(t, db, day)
	publish(t, db, run, final(payment("2")), final(payment("1")))
	later, _, err := db.LastRun(t.Context(), day)
	require.NoError(t, err)
	require.Empty(t, listed(t, db.DayLines(t.Context(), later, LedgerProblems, 0))[1:], "only what the run judged, and no source of other runs")
}

func TestLineHasEverything(t *testing.T) {
	db, s := night(t)
	var line, old, row reconcile.Line
	for _, l := range collect(t, db.DayLines(t.Context(), s, Discrepancies, day-90)) {
		switch {
		case l.Case.Code == reconcile.AmountBillMore:
			line = l
		case l.Order.BillNo == "old":
			old = l
		case l.Row != nil:
			row = l
		}
	}
	require.Equal(t, payment("1"), line.Order)
	require.Equal(t, caseOf(payment("1"), reconcile.AmountBillMore, reconcile.S2, reconcile.StateOpen), line.Case)
	require.Equal(t, "s", line.Answer.Bill.Payment.PaySeqID)
	require.Nil(t, line.Answer.Raw)
	require.Equal(t, reconcile.QueryFailed, line.Last.Outcome)
	require.Equal(t, []reconcile.Code{reconcile.BuyerPayMismatch}, line.Others, "neither cleared ones nor itself")
	require.False(t, line.NoLongerAsked)
	require.Nil(t, line.Row)

	require.True(t, old.NoLongerAsked)
	require.Nil(t, old.Answer)
	require.Nil(t, old.Last)
	require.Empty(t, old.Others)

	require.Equal(t, &reconcile.BadRow{Source: reconcile.Source{File: "b.csv", Line: 7}, Raw: "x"}, row.Row)
	require.Zero(t, row.Order)
	require.Zero(t, row.Case.Key)
	require.False(t, row.NoLongerAsked)
}

func TestBadRowWithoutCase(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	loadBad(t, db, run, "b", reconcile.BadRow{Raw: "x", Damaged: true})
	lines := collect(t, db.DayLines(t.Context(), reconcile.Summary{RunID: run, Day: day, Loads: []reconcile.Load{{Scope: "b"}}}, LedgerProblems, 0))
	require.Len(t, lines, 1)
	require.Equal(t, reconcile.LedgerKeyDamaged, lines[0].Case.Code)
	require.Equal(t, reconcile.S2, lines[0].Case.Severity)
}

func TestCase(t *testing.T) {
	db, s := night(t)
	id := reconcile.CaseID(payment("1").Key, reconcile.AmountBillMore)
	for _, prefix := range []string{id, id[:12]} {
		line, events, err := db.Case(t.Context(), prefix)
		require.NoError(t, err)
		require.Equal(t, id, line.Case.ID)
		require.Equal(t, payment("1"), line.Order)
		require.Equal(t, []reconcile.Event{{
			CaseID: id, RunID: s.RunID, At: now, Kind: reconcile.EventOpened, State: reconcile.StateOpen, Stake: 1,
			Reason: reconcile.Words{ZH: "多", EN: "more"}, Facts: "f",
		}}, events)
	}
	note := reconcile.CaseID(payment("1").Key, reconcile.CrossDay)
	line, events, err := db.Case(t.Context(), note)
	require.NoError(t, err)
	require.Equal(t, reconcile.StateNote, line.Case.State)
	require.Empty(t, events)

	for prefix, want := range map[string]error{"D": ErrAmbiguous, "": ErrNoCase, "nothing": ErrNoCase, id + "0": ErrNoCase} {
		_, _, err := db.Case(t.Context(), prefix)
		require.ErrorIs(t, err, want, prefix)
	}
}
