package store

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// scansAll matches a step of a query plan that reads a whole table. The
// temporary tables are meant to be read whole.
var scansAll = regexp.MustCompile(`SCAN (orders|answers|cases|notes|notices|sendings|events|sign_offs|statement_lines|bad_rows|o|a|b|p|q|r|c|n|l|x|mine|given|other|first|loads)\b`)

func TestHotQueriesUseIndexes(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	args := scopeArgs(scope("r"))
	listed := named{"orders": "[]"}
	byRun := named{"numbers": "[]", "asked": 1, "run": "r", "fresh": "x", "noquery": 0, "requery": 1, "day": "a"}
	key := make([]any, 7)
	tests := map[string]struct {
		query string
		args  []any
	}{
		"to ask":          {fillAsking, args.args()},
		"count to ask":    {countToAsk, args.args()},
		"count reused":    {countReused, args.args()},
		"scope":           {fillScope, args.args()},
		"reused":          {fillReused[0], args.args()},
		"reused target":   {fillReused[1], args.args()},
		"alike":           {fillAlike, nil},
		"double":          {fillDouble, args.args()},
		"partners":        {fillPartners, args.args()},
		"families":        {fillFamilies, args.args()},
		"so far":          {fillAnswered, named{"bills": "[]", "run": "r", "fresh": "x"}.args()},
		"subjects":        {subjectsOfRun, byRun.args()},
		"moved":           {fillMoved, named{"run": "r", "since": "a", "from": "b", "to": "c", "early": "d", "late": "e"}.args()},
		"before":          {subjectsBefore, named{"numbers": "[]", "run": "r"}.args()},
		"stated months":   {statedMonths, named{"run": "r"}.args()},
		"settling":        {subjectsOfSettlement, named{"numbers": "[]"}.args()},
		"held":            {heldQuery, []any{1, "a"}},
		"closed":          {closedQuery, []any{"a"}},
		"source":          {sourceQuery, []any{1}},
		"cases":           {familyCasesQuery, listed.args()},
		"notices":         {batchNoticesQuery, named{"orders": "[]", "now": "z"}.args()},
		"notice cases":    {noticeCasesQuery, listed.args()},
		"synced":          {batchSyncedQuery, listed.args()},
		"find ties":       {fillTies, named{"since": "x", "oldest": "y", "now": "z", "final": 1}.args()},
		"tie":             {tie, nil},
		"reopen tied":     {reopenTied, nil},
		"homeless":        {fillHomeless, named{"since": "x", "now": "z", "history": "y"}.args()},
		"homeless batch":  {homelessQuery, named{"after": "", "limit": 1}.args()},
		"books taken":     {booksTakenQuery, []any{"2026-11-19"}},
		"unproven":        {unprovenQuery, named{"since": "x", "now": "z"}.args()},
		"all answered":    {allAnsweredQuery, []any{"2026-11-19", "m"}},
		"clashes":         {batchClashesQuery, listed.args()},
		"others":          {othersQuery, make([]any, 5)},
		"find order id":   {orderID, key},
		"keep answer":     {keepTrustworthy, make([]any, 4)},
		"save verdict":    {saveVerdict, make([]any, 5)},
		"open days":       {openDaysQuery, named{"since": "a", "before": "b"}.args()},
		"neighbours":      {strings.ReplaceAll(neighboursQuery, "loads", "(SELECT day, kind FROM loads)"), named{"day": "a"}.args()},
		"answers of one":  {answersOf, make([]any, 1)},
		"changed":         {changedQuery, named{"before": "b", "run": "r", "day": "a", "passing": "[]", "still": "s"}.args()},
		"causes":          {causeCasesQuery, []any{"a"}},
		"orders of a day": {dayOrdersQuery, []any{"a", "m"}},
		"old answers":     {pruneAnswers, named{"now": "n", "before": "b", "most": 1}.args()},
		"old families":    {leaving, named{"horizon": "h", "noon": "n", "day": "d", "first": 1, "behind": 2}.args()},
		"next old day":    {nextDayQuery, named{"from": "a", "horizon": "h"}.args()},
		"blocks of a day": {blocksQuery, named{"day": "d", "size": 1}.args()},
		"newest":          {newestQuery, named{"today": "d"}.args()},
		"late notices":    {lateNotices, []any{"a", "b", "c"}},
		"last sign-off":   {lastSignOff, []any{"a"}},
		"unverified":      {unprovenOrders, []any{"a"}},
		"grave":           {graveOfDay, []any{"a"}},
		"events of one":   {eventsOf, make([]any, 1)},
		"stated":          {fillStated, args.args()},
		"tie lines":       {tieLines, named{"since": "a"}.args()},
		"tie bad lines":   {tieBadLines, named{"since": "a"}.args()},
		"bad lines":       {badLinesQuery, listed.args()},
		"batch lines":     {batchLinesQuery, listed.args()},
		"homeless lines":  {homelessLines, named{"since": "a"}.args()},
		"gone lines":      {goneLines, nil},
		"statement days":  {statementDaysQuery, named{"since": "a", "day": "b", "until": "c"}.args()},
		"totals":          {totalsQuery, named{"since": "a", "until": "c"}.args()},
		"settled":         {fillSettling, named{"from": "a", "to": "b", "early": "c", "late": "d"}.args()},
		"settling days":   {fillSettlingDays, named{"days": "[]"}.args()},
		"books of":        {strings.ReplaceAll(booksOfQuery, "loads", "(SELECT day, kind, snapshot_at, loaded_at FROM loads)"), named{"day": "a", "mid": "m", "end": "z"}.args()},
		"answered":        {answeredQuery, []any{"a", "b", "m"}},
		"decided":         {decidedByMerchant, []any{"r"}},
		"one case":        {linesQuery(inList, fromCases+" WHERE c.case_id >= :prefix AND c.case_id < :end"), named{"prefix": "D", "end": "E"}.args()},
		"a day's list": {linesQuery(inList, fromCases+" WHERE c.ledger_day = :day",
			fromNotes+" WHERE o.ledger_day = :day AND n.run_id = o.judged_run_id"), named{"day": "a"}.args()},
	}
	for name, of := range map[string]string{"pending by merchant": pendingByMerchant, "shares": sharesQuery} {
		tests[name] = struct {
			query string
			args  []any
		}{query: of, args: []any{"r"}[:strings.Count(of, "?")]}
	}
	for _, table := range goneWith {
		tests["rows that go: "+table] = struct {
			query string
			args  []any
		}{"DELETE FROM " + table + listedOrders, listed.args()}
	}
	for sheet, arms := range sheetArms {
		tests[fmt.Sprint("whose, sheet ", sheet)] = struct {
			query string
			args  []any
		}{whoseQuery(arms), named{"run": "r", "day": "a", "passing": "[]", "scopes": "[]"}.args()}
		arm := fromCases + casesOf
		if noteArms[sheet] != "" {
			arm += "\nUNION ALL\n" + noteArms[sheet]
		}
		tests[fmt.Sprint("a merchant's sheet ", sheet)] = struct {
			query string
			args  []any
		}{linesQuery(bySeverity, arm), named{"run": "r", "cases": "[]", "orders": "[]"}.args()}
		tests[fmt.Sprint("sheet ", sheet)] = struct {
			query string
			args  []any
		}{linesQuery(bySeverity, arms...), named{"run": "r", "day": "a", "passing": "[]", "scopes": "[]"}.args()}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, step := range plan(t, db, tt.query, tt.args) {
				if (name == "neighbours" || name == "books of") && strings.Contains(step, "loads") {
					continue // one row per source and night
				}
				if strings.Contains(step, "USING") {
					continue
				}
				require.NotRegexp(t, scansAll, step)
			}
		})
	}
}

// TestLoadsUseIndexes looks at the plans of a merge, which reads its stage
// whole and the orders by their keys.
func TestLoadsUseIndexes(t *testing.T) {
	aboutFiles(t)
	db := open(t)
	s, err := db.newStage(t.Context(), "s")
	require.NoError(t, err)
	defer s.remove()
	sorted := strings.Join(planOf(t, s.tx, fillSeveral, nil), "\n")
	require.NotContains(t, sorted, "TEMP B-TREE", "keys lie in order")
	require.NoError(t, s.finish(&reconcile.Load{}))
	args := named{"scope": "s", "load": 2, "held": 1, "now": "n", "daily": 1, "newer": "[]", "rivals": "[]", "peers": "[]", "since": "d"}.args()
	require.NoError(t, s.write(t.Context(), func(tx *tx) error {
		for _, query := range []string{fillKept, addNew, takeChanged, takeMoved, takeShared, takeRivals, tooOld, reopenPayments, takeBadRows, markGone, reopenVanished} {
			for _, step := range planOf(t, tx, query, args) {
				require.NotRegexp(t, `SCAN (orders|o|p|bad_rows)\b`, step, query)
			}
		}
		return nil
	}))
}

func TestPlanOfAWholeTableIsNoticed(t *testing.T) {
	aboutFiles(t)
	require.Regexp(t, scansAll, strings.Join(plan(t, open(t), "SELECT * FROM orders AS o WHERE line = 1", nil), "\n"))
}

// plan is what SQLite would do, step by step, beside the temporary tables.
func plan(t *testing.T, db *DB, query string, args []any) (steps []string) {
	t.Helper()
	err := db.read(t.Context(), func(tx *tx) error {
		for _, q := range append([]string{dropAsking, makeAsking, makeTies, makeHomeless}, makeFamilies...) {
			if _, err := tx.ExecContext(t.Context(), q); err != nil {
				return err
			}
		}
		steps = planOf(t, tx, query, args)
		return nil
	})
	require.NoError(t, err)
	return steps
}

func planOf(t *testing.T, tx *tx, query string, args []any) (steps []string) {
	t.Helper()
	require.NoError(t, tx.each("EXPLAIN QUERY PLAN "+query, args, func(row scanner) error {
		var id, parent, unused int
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	}))
	require.NotEmpty(t, steps)
	return steps
}

func TestScopeArgsHoldTheAges(t *testing.T) {
	for want, ages := range map[string][]int{"[]": nil, "[7,30]": {7, 30}} {
		require.Equal(t, want, scopeArgs(reconcile.Scope{Recheck: ages})["recheck"])
	}
}
