package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Filter selects cases and notes. Zero fields select everything.
type Filter struct {
	Day   reconcile.Day   // their ledger day
	State reconcile.State // note for notes alone
	// Since is the oldest ledger day still asked; it selects nothing, but
	// marks the lines of pending cases before it as no longer asked.
	Since reconcile.Day
}

// Cases lists cases, and the notes of each order's last judgement, by ledger
// day, bill and severity. A note has the id of its code's case; the second of
// one code on one order has "-2" behind it. Answers come without their bodies.
func (db *DB) Cases(ctx context.Context, f Filter) reconcile.Lines {
	cases, notes := fromCases+" WHERE TRUE", fromNotes+" WHERE n.run_id = o.judged_run_id"
	if f.Day != 0 {
		cases += " AND c.ledger_day = :day"
		notes += " AND o.ledger_day = :day"
	}
	arms := []string{cases, notes}
	switch f.State {
	case "":
	case reconcile.StateNote:
		arms = []string{notes}
	default:
		arms = []string{cases + " AND c.state = :state"}
	}
	return db.lines(ctx, "cases", f.Since, inList, named{"day": date(f.Day), "state": string(f.State)}, arms...)
}

// Sheet is a part of the workbook of a day.
type Sheet int

// The sheets that list cases.
const (
	// Discrepancies: every pending case up to the day, and what was resolved
	// or cleared of the day itself; waiting and unverified ones never.
	Discrepancies Sheet = iota
	// Pending: waiting and unverified orders that the run judged.
	Pending
	// LedgerProblems: the bad rows of the run's sources, and duplicates.
	LedgerProblems
	// Covered: the orders for which the case of a cause stands.
	Covered
)

// DayLines lists what a sheet shows of a published run, gravest first, then by
// ledger day and key. since is the oldest ledger day still asked. Answers come
// without their bodies.
func (db *DB) DayLines(ctx context.Context, run reconcile.Summary, sheet Sheet, since reconcile.Day) reconcile.Lines {
	var scopes []string
	for _, l := range slices.Concat(run.Loads, run.Statements) {
		scopes = append(scopes, l.Scope)
	}
	args := named{"run": run.RunID, "day": date(run.Day), "passing": list(passingCodes()), "scopes": list(scopes)}
	return db.lines(ctx, "lines of "+run.Day.String(), since, bySeverity, args, sheetArms[sheet]...)
}

var badRowsOfSources = fromBadRows + " WHERE l.scope IN (SELECT value FROM json_each(:scopes))"

// What the notes of a sheet are about.
const (
	duplicates = " AND n.code = 'LEDGER_DUPLICATE_ROW'"
	covered    = " AND n.severity IN ('S1', 'S2', 'S3')"
)

var sheetArms = map[Sheet][]string{
	Discrepancies: {
		fromCases + " WHERE c.ledger_day <= :day AND c.state IN ('open', 'proposed')",
		fromCases + ` WHERE c.ledger_day = :day AND c.state IN ('resolved', 'cleared')
			AND c.code NOT IN (SELECT value FROM json_each(:passing))`,
	},
	Pending: {
		fromCases + ` WHERE c.ledger_day <= :day AND c.state IN ('waiting', 'unverified')
			AND EXISTS (SELECT 1 FROM orders AS o WHERE o.order_id = c.order_id AND o.judged_run_id = :run)`,
	},
	LedgerProblems: {
		badRowsOfSources,
		fromNotesOfRun + duplicates,
		fromCases + ` WHERE c.ledger_day <= :day AND c.state IN ('open', 'proposed') AND c.code = 'LEDGER_DUPLICATE_KEY'
			AND EXISTS (SELECT 1 FROM orders AS o WHERE o.order_id = c.order_id AND o.judged_run_id = :run)`,
	},
	Covered: {
		fromNotesOfRun + covered,
	},
}

// passingCodes are the codes whose cases come and go with their condition.
func passingCodes() []reconcile.Code {
	var codes []reconcile.Code
	for _, r := range reconcile.Rules {
		if r.Unverified || r.Severity == reconcile.Wait {
			codes = append(codes, r.Code)
		}
	}
	return codes
}

// The arms of the union that linesQuery reads. Each yields the columns of a
// case, the order it is about, which of several notes it is, and the bad row
// it is about.
var (
	fromCases = "SELECT " + caseList("c") + `, c.order_id, 0 AS nth,
  CASE WHEN c.order_id IS NULL THEN (SELECT min(bad_row_id) FROM bad_rows WHERE case_id = c.case_id) END AS bad_row_id, c.notice_id FROM cases AS c`

	fromNotes = noteLine + "FROM orders AS o CROSS JOIN notes AS n ON n.order_id = o.order_id CROSS JOIN runs AS r ON r.run_id = n.run_id"

	// fromNotesOfRun begins at the few notes that a sheet shows, not at all orders.
	fromNotesOfRun = noteLine + `FROM notes AS n CROSS JOIN orders AS o ON o.order_id = n.order_id CROSS JOIN runs AS r ON r.run_id = n.run_id
WHERE n.run_id = :run AND o.judged_run_id = :run`

	noteLine = `SELECT '' AS case_id, n.code, n.severity, 'note' AS state, n.is_primary, o.ledger_day, CAST(NULL AS TEXT) AS mid, '' AS scope, 0 AS covers, n.ledger_fen, n.ums_fen, n.gap_fen, n.stake_fen,
  n.reason_zh, n.reason_en, n.facts, 0 AS gone, substr(r.started_at, 1, 10) AS first_seen_day, substr(r.started_at, 1, 10) AS last_seen_day, 1 AS times,
  '' AS outcome, '' AS note, '' AS decided_by, '' AS reviewed_by, n.order_id, n.nth, CAST(NULL AS BIGINT) AS bad_row_id, CAST(NULL AS BIGINT) AS notice_id
`

	fromBadRows = "SELECT " + caseList("c") + ", CAST(NULL AS BIGINT) AS order_id, 0 AS nth, b.bad_row_id, CAST(NULL AS BIGINT) AS notice_id" + `
FROM loads AS l CROSS JOIN bad_rows AS b ON b.load_id = l.load_id LEFT JOIN cases AS c ON c.case_id = b.case_id`
)

const (
	severityOf = "CASE line.severity WHEN 'S1' THEN 1 WHEN 'S2' THEN 2 WHEN 'S3' THEN 3 WHEN 'waiting' THEN 4 WHEN 'S4' THEN 5 ELSE 6 END"
	keyOrder   = "o.mid, o.tid, o.inst_mid, o.bill_day, o.bill_no, o.refund_id, o.completion_id"
	rest       = ", line.code, line.nth, b.file, b.line, line.bad_row_id, line.case_id"

	inList     = "line.ledger_day, o.bill_no, " + keyOrder + ", " + severityOf + rest
	bySeverity = severityOf + ", line.ledger_day, " + keyOrder + rest
)

func linesQuery(order string, arms ...string) string {
	return "SELECT line.nth, line.order_id IS NOT NULL, line.bad_row_id IS NOT NULL, " + caseList("line") + ", " + orderList("o") + ", " +
		badRowColumns(&reconcile.BadRow{}).list("b") + ", " + answerList("a") + ", " + answerList("l") + ", line.notice_id IS NOT NULL, " + noticeList("m") + `,
  t.line_id IS NOT NULL, ` + statementList("t") + `,
  (SELECT coalesce(x.bill_status || '/', '') || coalesce(x.status, '') FROM notices AS x
   WHERE x.order_id = line.order_id AND x.verified = 1 ORDER BY x.received_at DESC, x.notice_id DESC LIMIT 1),
  (SELECT json_group_array(code) FROM cases AS other WHERE other.order_id = line.order_id AND other.code <> line.code
     AND other.state IN ('open', 'proposed', 'waiting', 'unverified'))
FROM (` + strings.Join(arms, "\nUNION ALL\n") + `) AS line
LEFT JOIN orders AS o ON o.order_id = line.order_id
LEFT JOIN bad_rows AS b ON b.bad_row_id = line.bad_row_id
LEFT JOIN notices AS m ON m.notice_id = line.notice_id
LEFT JOIN statement_lines AS t ON line.order_id IS NULL AND t.line_id = (SELECT min(line_id) FROM statement_lines WHERE case_id = line.case_id)
LEFT JOIN answers AS a ON a.answer_id = o.answer_id
LEFT JOIN answers AS l ON l.answer_id = o.last_answer_id
ORDER BY ` + strings.ReplaceAll(order, ",", " NULLS FIRST,") + " NULLS FIRST"
}

func (db *DB) lines(ctx context.Context, what string, since reconcile.Day, order string, args named, arms ...string) reconcile.Lines {
	return stream(what, func(emit func(reconcile.Line) error) error {
		return db.read(ctx, func(t *tx) error {
			return t.each(linesQuery(order, arms...), args.args(), func(row scanner) error {
				line, err := scanLine(row)
				if err != nil {
					return err
				}
				line.NoLongerAsked = line.Case.State.Pending() && line.Row == nil && line.Case.LedgerDay < since
				return emit(line)
			})
		})
	})
}

func scanLine(row scanner) (reconcile.Line, error) {
	var line reconcile.Line
	var bad reconcile.BadRow
	var answer, last answerScan
	var nth int
	var hasOrder, hasRow, hasNotice, hasStatement flag
	var notice reconcile.Notice
	var statement reconcile.StatementLine
	var others string
	dest := slices.Concat([]any{&nth, &hasOrder, &hasRow}, caseColumns(&line.Case).pointers(), orderColumns(&line.Order).pointers(),
		badRowColumns(&bad).pointers(), answer.pointers(), last.pointers(),
		[]any{&hasNotice}, noticeColumns(&notice).pointers(), []any{&hasStatement}, statementColumns(&statement).pointers(), []any{(*word)(&line.Noticed), (*word)(&others)})
	if err := row.Scan(dest...); err != nil {
		return line, err
	}
	if hasOrder {
		line.Case.Key = line.Order.Key
		kind := line.Order.Kind()
		line.Answer, line.Last = answer.about(kind), last.about(kind)
	}
	if hasRow {
		line.Row = &bad
	}
	if hasNotice {
		line.Notice = &notice
	}
	if hasStatement {
		line.Statement = &statement
	}
	if notice.Verified { // what another says of itself is nobody's key
		line.Case.Key.BillKey = notice.BillKey
	}
	identify(&line, nth)
	return line, readOthers(&line, others)
}

// identify gives a note its id, and a bad row that has no case yet the code it
// will have one under.
func identify(line *reconcile.Line, nth int) {
	c := &line.Case
	switch {
	case c.State == reconcile.StateNote:
		c.ID = reconcile.CaseID(c.Key, c.Code)
		if nth > 0 {
			c.ID += "-" + strconv.Itoa(nth+1)
		}
	case c.ID == "" && line.Row != nil:
		c.Code = line.Row.Code()
		c.Severity = reconcile.RuleOf(c.Code).Severity
		c.Reason = line.Row.Reason
	}
}

func readOthers(line *reconcile.Line, others string) error {
	if others == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(others), &line.Others); err != nil {
		return fmt.Errorf("other codes: %w", err)
	}
	if len(line.Others) == 0 {
		line.Others = nil
	}
	sort.Slice(line.Others, func(i, j int) bool { return codePlace[line.Others[i]] < codePlace[line.Others[j]] })
	return nil
}

// codePlace is where a code stands in the tables.
var codePlace = func() map[reconcile.Code]int {
	places := map[reconcile.Code]int{}
	for i, r := range reconcile.Rules {
		places[r.Code] = i
	}
	return places
}()
