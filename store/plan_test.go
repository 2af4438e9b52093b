package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// scansAll matches a step of a query plan that reads a whole table. The
// temporary tables are meant to be read whole.
var scansAll = regexp.MustCompile(`SCAN (orders|answers|cases|notes|notices|sendings|events|sign_offs|o|a|b|p|r|c|n|l|x|mine|given|other|first|loads)\b`)

func TestHotQueriesUseIndexes(t *testing.T) {
	db := open(t)
	args := scopeArgs(scope("r"))
	window := named{"from": 1, "to": 2}
	byRun := named{"from": 1, "to": 2, "run": "r", "fresh": "x", "noquery": 0}
	key, bill := make([]any, 7), make([]any, 5)
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
		"double":          {fillDouble, args.args()},
		"partners":        {fillPartners, args.args()},
		"families":        {fillFamilies, args.args()},
		"subjects":        {subjectsQuery(answerOfRun), byRun.args()},
		"cases":           {familyCasesQuery, window.args()},
		"notices":         {batchNoticesQuery, named{"from": 1, "to": 2, "now": "z"}.args()},
		"notice cases":    {noticeCasesQuery, window.args()},
		"synced":          {batchSyncedQuery, window.args()},
		"find ties":       {fillTies, named{"since": "x", "oldest": "y", "now": "z", "final": 1}.args()},
		"tie":             {tie, nil},
		"reopen tied":     {reopenTied, nil},
		"homeless":        {fillHomeless, named{"since": "x", "now": "z"}.args()},
		"homeless batch":  {homelessQuery, named{"after": "", "limit": 1}.args()},
		"books taken":     {booksTakenQuery, []any{"2026-11-19"}},
		"unproven":        {unprovenQuery, named{"since": "x", "now": "z"}.args()},
		"all answered":    {allAnsweredQuery, []any{"2026-11-19", "m"}},
		"clashes":         {batchClashesQuery, window.args()},
		"others":          {othersQuery, make([]any, 5)},
		"find order":      {findOrder, key},
		"find order id":   {orderID, key},
		"reopen payment":  {"UPDATE orders SET final = 0" + byBill + " AND final = 1", bill},
		"reopen vanished": {reopenVanished, make([]any, 5)},
		"keep answer":     {keepTrustworthy, make([]any, 4)},
		"save verdict":    {saveVerdict, make([]any, 5)},
		"open days":       {openDaysQuery, named{"since": "a", "before": "b"}.args()},
		"neighbours":      {strings.ReplaceAll(neighboursQuery, "loads", "(SELECT day, kind FROM loads)"), named{"day": "a"}.args()},
		"answers of one":  {answersOf, make([]any, 1)},
		"changed":         {changedQuery, named{"before": "b", "run": "r", "day": "a", "passing": "[]", "still": "s"}.args()},
		"causes":          {causeCasesQuery, []any{"a"}},
		"orders of a day": {dayOrdersQuery, []any{"a", "m"}},
		"last sign-off":   {lastSignOff, []any{"a"}},
		"unverified":      {unprovenOrders, []any{"a"}},
		"grave":           {graveOfDay, []any{"a"}},
		"events of one":   {eventsOf, make([]any, 1)},
		"stated":          {fillStated, args.args()},
		"tie lines":       {tieLines, named{"since": "a"}.args()},
		"batch lines":     {batchLinesQuery, window.args()},
		"homeless lines":  {homelessLines, named{"since": "a"}.args()},
		"gone lines":      {goneLines, nil},
		"statement days":  {statementDaysQuery, named{"since": "a", "day": "b", "until": "c"}.args()},
		"totals":          {totalsQuery, named{"since": "a", "until": "c"}.args()},
		"settling days":   {fillSettlingDays, named{"days": "[]"}.args()},
		"books of":        {strings.ReplaceAll(booksOfQuery, "loads", "(SELECT day, kind, snapshot_at, loaded_at FROM loads)"), named{"day": "a", "mid": "m", "end": "z"}.args()},
		"answered":        {answeredQuery, []any{"a", "b", "m"}},
		"one case":        {linesQuery(inList, fromCases+" WHERE c.case_id >= :prefix AND c.case_id < :end"), named{"prefix": "D", "end": "E"}.args()},
		"a day's list": {linesQuery(inList, fromCases+" WHERE c.ledger_day = :day",
			fromNotes+" WHERE o.ledger_day = :day AND n.run_id = o.judged_run_id"), named{"day": "a"}.args()},
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

func TestPlanOfAWholeTableIsNoticed(t *testing.T) {
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
		return tx.each("EXPLAIN QUERY PLAN "+query, args, func(row scanner) error {
			var id, parent, unused int
			var detail string
			err := row.Scan(&id, &parent, &unused, &detail)
			steps = append(steps, detail)
			return err
		})
	})
	require.NoError(t, err)
	require.NotEmpty(t, steps)
	return steps
}

func TestScopeArgsHoldTheAges(t *testing.T) {
	for want, ages := range map[string][]int{"[]": nil, "[7,30]": {7, 30}} {
		require.Equal(t, want, scopeArgs(reconcile.Scope{Recheck: ages})["recheck"])
	}
}
