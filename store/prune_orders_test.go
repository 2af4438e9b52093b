package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// december is a horizon before which the day of the tests lies.
var december = reconcile.MakeDay(2026, time.December, 1)

func setHorizon(t *testing.T, db *DB, h reconcile.Day) {
	t.Helper()
	_, err := db.writer.Exec("INSERT INTO horizons (before_day, at) VALUES ('" + h.String() + "', '2027-06-01T02:30:00.000+08:00')")
	require.NoError(t, err)
}

func on() bool { return true }

func pruneOrders(t *testing.T, db *DB) int64 {
	t.Helper()
	gone, err := db.PruneOrders(t.Context(), on)
	require.NoError(t, err)
	require.NoError(t, db.Check(t.Context()))
	require.NoError(t, db.Recompute(t.Context(), readers))
	return gone
}

// oldBooks is a day with three bills that agreed, each with all that can go with
// it: "1" has a refund, "2" a completion, "3" neither.
func oldBooks(t *testing.T) (db *DB, run string) {
	t.Helper()
	db = open(t)
	run = begin(t, db, day)
	orders := []reconcile.Order{payment("1"), refund("1", "R"), payment("2"), completion("2", "C"), payment("3")}
	load(t, db, run, "orders.csv", orders...)
	first := billNotice("first", "another")
	first.ReceivedAt = now.AddDate(0, 0, -100)
	first.PaidAt = first.ReceivedAt
	keep(t, db, first, billNotice("n1", "1"), billNotice("n2", "2"), billNotice("n3", "3"))
	state(t, db, run, "statement.csv", stateLine("s1"), stateLine("s2"), stateLine("s3"))
	var verdicts []reconcile.Verdict
	for _, o := range orders {
		a := asked(o.Key, now)
		a.Bill = paid("s" + o.BillNo).Bill
		a.Raw = nil
		save(t, db, run, o.Key, a)
		v := final(o)
		v.Findings = []reconcile.Finding{{Code: reconcile.CrossDay, Severity: reconcile.Info}}
		verdicts = append(verdicts, v)
	}
	s := scope(run)
	require.NoError(t, db.TieNotices(t.Context(), s, false))
	require.NoError(t, db.TieStatements(t.Context(), s))
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		for _, v := range verdicts {
			require.NoError(t, p.Verdict(v))
		}
		require.NoError(t, p.TotalsAgree(mid, day+1))
		return p.Finish(reconcile.Summary{RunID: run, Day: day, Status: reconcile.RunComplete, EndedAt: now})
	}))
	return db, run
}

// left are the rows that are there, by table.
func left(t *testing.T, db *DB) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for _, table := range []string{"orders", "answers", "notes", "notices", "statement_lines", "runs", "loads", "cases", "statement_days"} {
		rows[table] = count(t, db, table)
	}
	return rows
}

func TestPruneOrders(t *testing.T) {
	db, _ := oldBooks(t)
	all := left(t, db)
	require.Equal(t, map[string]int{"orders": 5, "answers": 5, "notes": 5, "notices": 4, "statement_lines": 3, "runs": 1, "loads": 2, "cases": 0, "statement_days": 1}, all)

	require.Zero(t, pruneOrders(t, db), "nobody wants it")
	setHorizon(t, db, december)
	require.EqualValues(t, 5, pruneOrders(t, db))
	all["orders"], all["answers"], all["notes"], all["notices"], all["statement_lines"] = 0, 0, 0, 1, 0
	require.Equal(t, all, left(t, db))
	var counted int
	var walked reconcile.Day
	require.NoError(t, db.readers.QueryRow("SELECT orders, walked_day FROM horizons").Scan(&counted, (*date)(&walked)))
	require.Equal(t, 5, counted)
	require.Equal(t, december, walked)

	run, err := db.BeginRun(t.Context(), december, now) // their days are gone through once
	require.NoError(t, err)
	stray := payment("9")
	load(t, db, run, "orders.csv", stray)
	_, err = db.writer.Exec("UPDATE orders SET final = 1")
	require.NoError(t, err)
	require.Zero(t, pruneOrders(t, db))
	_, err = db.writer.Exec("DELETE FROM horizons")
	require.ErrorContains(t, err, "what is history stays history")
}

// TestWhatStaysOfHistory: each row changes one thing about the bill "1", and says
// whether it stays with all that belongs to it; the others go in any case.
func TestWhatStaysOfHistory(t *testing.T) {
	const (
		one     = " WHERE bill_no = '1' AND refund_id = ''"
		itsBack = " WHERE bill_no = '1' AND refund_id = 'R'"
		ofOne   = " WHERE order_id = (SELECT order_id FROM orders" + one + ")"
		ofBack  = " WHERE order_id = (SELECT order_id FROM orders" + itsBack + ")"
		later   = "INSERT INTO runs (run_id, day, status, started_at) VALUES ('z', '2026-12-01', 'complete', 'x'); "
		earlier = "INSERT INTO runs (run_id, day, status, started_at) VALUES ('z', '2026-11-30', 'complete', 'x'); "
		caseOn  = `INSERT INTO cases (case_id, order_id, code, severity, state, is_primary, ledger_day, stake_fen, reason_zh, reason_en, facts, first_seen_day, last_seen_day, times, run_id, scope)
SELECT coalesce(%s, 'D1'), %s, 'CROSS_DAY', 'S3', 'cleared', 1, 'd', 0, '', '', '', 'd', 'd', 1, min(run_id), 'here' FROM runs; `
		event = "INSERT INTO events (case_id, at, kind, was, state, stake_fen) SELECT case_id, 'x', 'cleared', '', 'cleared', 0 FROM cases"
		sent  = `INSERT INTO sendings (kind, state, mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id, auth_code, amount_fen, fen_order_id, service_id, by_whom, made_at, attempts, err_code, message)
VALUES ('%s', 'intended', '` + mid + `', '', '', '2026-11-19', '%s', '', 'C9', '', 1, '%s', '', '', 'x', 0, '', ''); INSERT INTO sending_steps (sending_id, at, state, err_code, message) SELECT sending_id, 'x', 'intended', '', '' FROM sendings`
		badRow = `INSERT INTO bad_rows (load_id, case_id, file, line, column_name, reason_zh, reason_en, raw, damaged, order_id)
SELECT load_id, '', 'orders.csv', 1, '', '', '', '', 0, order_id FROM orders`
	)
	for name, tt := range map[string]struct {
		change string
		stays  bool
	}{
		"as it was":                                {"", false},
		"its refund is not final":                  {"UPDATE orders SET final = 0" + itsBack, true},
		"it is not final":                          {"UPDATE orders SET final = 0" + one, true},
		"its refund differs":                       {"UPDATE orders SET class = 'discrepant'" + itsBack, true},
		"agreed within the tolerance":              {"UPDATE orders SET class = 'tolerance'" + one, false},
		"its refund has no class":                  {"UPDATE orders SET class = NULL" + itsBack, true},
		"its refund is of a day that is kept":      {"UPDATE orders SET ledger_day = '2026-12-01'" + itsBack, true},
		"its refund is of the last day before":     {"UPDATE orders SET ledger_day = '2026-11-30'" + itsBack, false},
		"the ledger has a settle date that's kept": {"UPDATE orders SET settle_day = '2026-12-01'" + one, true},
		"the ledger has an old settle date":        {"UPDATE orders SET settle_day = '2026-11-30'" + one, false},
		"settled on a day that is kept":            {"UPDATE answers SET pay_settle_day = '2026-12-01'" + ofOne + "; UPDATE orders SET first_settle_day = '2026-12-01'" + one, true},
		"settled on the last day before":           {"UPDATE answers SET pay_settle_day = '2026-11-30'" + ofOne + "; UPDATE orders SET first_settle_day = '2026-11-30'" + one, false},
		"settled on another day than before":       {"UPDATE answers SET pay_settle_day = '2026-12-01', flow_settle_day = '2026-11-20'" + ofOne, true},
		"refund settled on a day that is kept":     {"UPDATE answers SET flow_settle_day = '2026-12-01'" + ofBack, true},
		"refund settled on the last day before":    {"UPDATE answers SET flow_settle_day = '2026-11-30'" + ofBack, false},
		"refunded at noon of the last day":         {"UPDATE answers SET flow_at = '2026-11-30T12:00:00.000+08:00'" + ofBack, true},
		"refunded before noon of the last day":     {"UPDATE answers SET flow_at = '2026-11-30T11:59:59.999+08:00'" + ofBack, false},
		"paid at noon of the last day":             {"UPDATE answers SET pay_at = '2026-11-30T12:00:00.000+08:00'" + ofBack, true},
		"judged by a run of a day that is kept":    {later + "UPDATE orders SET judged_run_id = 'z'" + itsBack, true},
		"judged by a run of the last day before":   {earlier + "UPDATE orders SET judged_run_id = 'z'" + itsBack, false},
		"a run of a day that is kept noted it":     {later + "UPDATE notes SET run_id = 'z'" + ofBack, true},
		"a run of the last day before noted it":    {earlier + "UPDATE notes SET run_id = 'z'" + ofBack, false},
		"asked about by a run of such a day":       {later + "UPDATE answers SET run_id = 'z'" + ofBack, true},
		"its books are not those of a day":         {"UPDATE orders SET load_id = (SELECT max(load_id) FROM loads WHERE kind = 'statement')" + itsBack + "; UPDATE loads SET day = NULL, scope = 'orders.csv', files = '[\"orders.csv\"]' WHERE kind = 'statement'", true},
		"such books have lost it":                  {"UPDATE orders SET load_id = (SELECT max(load_id) FROM loads WHERE kind = 'statement'), gone_load_id = load_id" + itsBack + "; UPDATE loads SET day = NULL, scope = 'orders.csv', files = '[\"orders.csv\"]' WHERE kind = 'statement'", false},
		"its books are of a day that is kept":      {"UPDATE orders SET load_id = (SELECT max(load_id) FROM loads WHERE kind = 'statement')" + itsBack + "; UPDATE loads SET day = '2026-12-01', scope = 'orders.csv', files = '[\"orders.csv\"]' WHERE kind = 'statement'", true},
		"its refund has a case that was cleared":   {fmt.Sprintf(caseOn, "NULL", "(SELECT order_id FROM orders"+itsBack+")") + event, true},
		"another order has a case":                 {fmt.Sprintf(caseOn, "NULL", "NULL") + event, false},
		"its notice has a case":                    {fmt.Sprintf(caseOn, "NULL", "NULL") + event + "; UPDATE cases SET notice_id = (SELECT notice_id FROM notices WHERE notify_id = 'n1')", true},
		"its notice contradicts another":           {"UPDATE notices SET changes = (SELECT notice_id FROM notices WHERE notify_id = 'first') WHERE notify_id = 'n1'", true},
		"another contradicts its notice":           {"UPDATE notices SET changes = (SELECT notice_id FROM notices WHERE notify_id = 'n1') WHERE notify_id = 'first'", true},
		"its notice names a settle date kept":      {"UPDATE notices SET settle_day = '2026-12-01' WHERE notify_id = 'n1'", true},
		"its notice tells of a late payment":       {"UPDATE notices SET pay_at = '2026-11-30T12:00:00.000+08:00' WHERE notify_id = 'n1'", true},
		"its notice is the first of the merchant":  {"UPDATE notices SET received_at = '2026-01-01T00:00:00.000+08:00', pay_at = '2026-01-01T00:00:00.000+08:00' WHERE notify_id = 'n1'", true},
		"the first came earlier, but by import":    {"UPDATE notices SET path = 'import', status = 'TRADE_REFUND', received_at = '2026-11-30T00:00:00.000+08:00' WHERE notify_id = 'first'; UPDATE notices SET received_at = '2026-10-01T00:00:00.000+08:00', pay_at = '2026-10-01T00:00:00.000+08:00' WHERE notify_id = 'n1'", true},
		"its statement does not add up":            {"INSERT INTO statement_days (load_id, mid, settle_day) SELECT load_id, mid, '2026-11-21' FROM statement_days; UPDATE statement_lines SET settle_day = '2026-11-21', digest = 'x' WHERE reference = 's1'", true},
		"its line is of a settle date kept":        {"INSERT INTO statement_days (load_id, mid, settle_day, agreed) SELECT load_id, mid, '2026-12-01', 1 FROM statement_days; UPDATE statement_lines SET settle_day = '2026-12-01', digest = 'x' WHERE reference = 's1'", true},
		"its line had a case":                      {fmt.Sprintf(caseOn, "(SELECT case_id FROM statement_lines WHERE reference = 's1')", "NULL") + event, true},
		"a bad row names its refund":               {badRow + itsBack, true},
		"a completion was sent for it":             {fmt.Sprintf(sent, "preauth_complete", "1", ""), true},
		"one was sent for another bill":            {fmt.Sprintf(sent, "preauth_complete", "8", ""), false},
		"UMS was told of its pay-score order":      {fmt.Sprintf(sent, "pay_score_sync", "", "F") + "; UPDATE orders SET fen_order_id = 'F'" + one, true},
		"its refund is to be asked":                {"INSERT INTO questions (order_id, run_id, nth, mid) SELECT order_id, judged_run_id, 1, mid FROM orders" + itsBack, true},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := oldBooks(t)
			_, err := db.writer.Exec(tt.change)
			require.NoError(t, err)
			setHorizon(t, db, december)
			gone, err := db.PruneOrders(t.Context(), on)
			require.NoError(t, err)
			require.NoError(t, db.Check(t.Context()))
			var orders, answers, notes, notices, lines int
			require.NoError(t, db.readers.QueryRow(`SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM answers), (SELECT count(*) FROM notes),
				(SELECT count(*) FROM notices WHERE order_id IS NOT NULL), (SELECT count(*) FROM statement_lines)`).Scan(&orders, &answers, &notes, &notices, &lines))
			if tt.stays {
				require.EqualValues(t, 3, gone)
				require.Equal(t, []int{2, 2, 2, 1, 1}, []int{orders, answers, notes, notices, lines})
				return
			}
			require.EqualValues(t, 5, gone)
			require.Equal(t, []int{0, 0, 0, 0, 0}, []int{orders, answers, notes, notices, lines})
		})
	}
}

// TestPruneOrdersInSteps: it stops when it is told to, and goes on where it was;
// what one step takes is bounded.
func TestPruneOrdersInSteps(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	var verdicts []reconcile.Verdict
	var answers []reconcile.Answered
	const most = 2*orderBlock + 100
	for i := range most {
		o := onDay(fmt.Sprintf("%05d", i), day+reconcile.Day(i%2))
		orders, verdicts = append(orders, o), append(verdicts, final(o))
		answers = append(answers, reconcile.Answered{Key: o.Key, Answer: paid("s" + o.BillNo)})
	}
	load(t, db, run, "orders.csv", orders...)
	require.NoError(t, db.SaveAnswers(t.Context(), run, answers))
	publish(t, db, run, verdicts...)
	setHorizon(t, db, december)
	steps := 0
	var all int64
	for gone := int64(1); gone > 0; {
		was, asked := steps, 0
		var err error
		gone, err = db.PruneOrders(t.Context(), func() bool {
			steps, asked = steps+1, asked+1
			return asked < 2
		})
		require.NoError(t, err)
		require.LessOrEqual(t, gone, int64(orderBlock))
		require.LessOrEqual(t, steps-was, 3)
		all += gone
	}
	require.EqualValues(t, most, all)
	require.Zero(t, count(t, db, "orders"))
	require.NoError(t, db.Recompute(t.Context(), readers))

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.PruneOrders(stopped, on)
	require.ErrorIs(t, err, context.Canceled)
}

// TestMoveHorizon: whole months, by the oldest of what clock, runs and books say;
// it never moves back.
func TestMoveHorizon(t *testing.T) {
	db := open(t)
	at := func(want reconcile.Day, now time.Time, keep int) {
		t.Helper()
		require.NoError(t, db.MoveHorizon(t.Context(), now, keep))
		got, err := db.Horizon(t.Context())
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	}
	june := time.Date(2027, time.June, 15, 2, 30, 0, 0, reconcile.Beijing)
	newest := reconcile.MakeDay(2027, time.June, 14)
	at(0, june, 130)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	at(0, june, 130)
	publish(t, db, run)
	at(reconcile.MakeDay(2026, time.July, 1), june, 130) // the only run is of November
	run = begin(t, db, newest)
	at(reconcile.MakeDay(2026, time.July, 1), june, 130)
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Finish(reconcile.Summary{RunID: run, Day: newest, Status: reconcile.RunComplete, EndedAt: june})
	}))
	at(reconcile.MakeDay(2026, time.July, 1), june, 130) // the books end in November
	load(t, db, run, "b", onDay("2", newest))
	at(reconcile.MakeDay(2027, time.February, 1), june, 130)
	at(reconcile.MakeDay(2027, time.February, 1), june, 500) // somebody wants to keep more, too late
	at(reconcile.MakeDay(2027, time.February, 1), june.AddDate(9, 0, 0), 130)
	at(reconcile.MakeDay(2027, time.February, 1), june, 134)
	at(reconcile.MakeDay(2027, time.May, 1), june.AddDate(9, 0, 0), 44)
	at(reconcile.MakeDay(2027, time.May, 1), june, 44)
}

// pruning has the process that is killed take orders away.
const pruning = "prune"

func pruningVictim(path string) error {
	db, err := Open(context.Background(), path)
	if err != nil {
		return err
	}
	n := 0
	_, err = db.PruneOrders(context.Background(), func() bool {
		fmt.Println("committed", n)
		n++
		return true
	})
	return err
}

// TestKilledWhilePruningOrders: whatever the moment, a bill is there as a whole
// or not at all, and the next time goes on.
func TestKilledWhilePruningOrders(t *testing.T) {
	path := newPlace(t)
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	run := begin(t, db, day)
	const bills = 12 * orderBlock / 2
	var orders []reconcile.Order
	var verdicts []reconcile.Verdict
	var answers []reconcile.Answered
	for i := range bills {
		for _, o := range []reconcile.Order{payment(fmt.Sprint(i)), refund(fmt.Sprint(i), "R")} {
			orders, verdicts = append(orders, o), append(verdicts, final(o))
			a := paid("s" + o.BillNo)
			a.Raw = nil
			answers = append(answers, reconcile.Answered{Key: o.Key, Answer: a})
		}
	}
	load(t, db, run, "orders.csv", orders...)
	require.NoError(t, db.SaveAnswers(t.Context(), run, answers))
	publish(t, db, run, verdicts...)
	setHorizon(t, db, december)
	require.NoError(t, db.Close())

	for _, steps := range []int{1, 3, 2} {
		runAndKill(t, path, steps, pruning)
		db, err := Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, db.Check(t.Context()))
		require.NoError(t, db.Recompute(t.Context(), readers))
		require.Equal(t, count(t, db, "orders"), count(t, db, "answers"))
		var broken, counted int
		require.NoError(t, db.readers.QueryRow("SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY bill_no HAVING count(*) <> 2) AS b").Scan(&broken))
		require.NoError(t, db.readers.QueryRow("SELECT orders FROM horizons").Scan(&counted))
		require.Zero(t, broken)
		require.Equal(t, 2*bills, counted+count(t, db, "orders"))
		require.NotZero(t, count(t, db, "orders"))
		require.NoError(t, db.Close())
	}
	db, err = Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	require.NotZero(t, pruneOrders(t, db))
	require.Zero(t, count(t, db, "orders"))
}
