package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

// requireWhole: whatever a story has done to its database, its values follow from
// each other. One that the story has spoiled or left at an older schema is not
// looked at.
func requireWhole(env *testscript.Env) {
	place := env.Getenv("DATABASE")
	if place == "" {
		place = filepath.Join(env.WorkDir, "umsrecon.db")
		if _, err := os.Stat(place); err != nil {
			return
		}
	}
	ctx := context.Background()
	db, err := store.Open(ctx, place)
	if err != nil {
		return
	}
	defer db.Close()
	if db.Check(ctx) != nil {
		return
	}
	if err := db.Recompute(ctx, store.Readers{Answer: gateway.Again, Row: ledger.Agrees}); err != nil {
		fmt.Fprintln(os.Stderr, env.WorkDir, err)
		env.T().FailNow()
	}
}

// TestCheckRecomputes changes one value each, as a flipped bit would: check finds
// it and says where.
func TestCheckRecomputes(t *testing.T) {
	v := newVictim(t)
	code, said := v.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	checked := func() string {
		_, said := v.runs(t, "check", "--date", killDay)
		require.NotContains(t, said, "restoring")
		return regexp.MustCompile(`(?m)^database .*(\n +.*)*`).FindString(said)
	}
	require.Regexp(t, " ok .* is whole$", checked())
	whole, err := os.ReadFile(v.path("umsrecon.db"))
	require.NoError(t, err)

	v.changed(t, whole, "UPDATE answers SET card_attr = 'x'")
	require.Regexp(t, `WARNING this version .* otherwise .*:\n +answers that .*: \d\d, the first about bill "A\d+" .*; after an update`, checked())

	for name, c := range map[string]struct{ change, says string }{
		"source":          {"UPDATE orders SET scope = 'ledger/orders-2026-01-07.csv' WHERE order_id = 3", `orders from another source than their load: 1, the first bill "A\d+" of 2026-01-05, mid \d+`},
		"file":            {"UPDATE orders SET file = 'ledger/orders-2026-01-07.csv' WHERE order_id = 3", `files that rows stand in, and that their load has not read: 1, the first "ledger/orders-2026-01-07.csv", of orders`},
		"file of a line":  {"UPDATE statement_lines SET file = 'x' WHERE line_id = 3", `has not read: 1, the first "x", of statement lines`},
		"amount":          {"UPDATE orders SET amount_fen = amount_fen + 1 WHERE order_id = 3", "loads whose orders do not add up to what was loaded: 1, the first that of ledger/orders-2026-01-05.csv at 2026-"},
		"time of payment": {"UPDATE orders SET paid_at = '2026-01-05T10:00:01.000+08:00' WHERE bill_no = 'A0001'", `payments that are not as the books had them: 1, the first bill "A0001" of 2026-01-05, mid \d+, at line \d+ of "ledger/orders-2026-01-05.csv"`},
		"fingerprint":     {"UPDATE orders SET row_hash = 'x' WHERE bill_no = 'A0001'", `as the books had them: 1, the first bill "A0001" of 2026-01-05`},
		"first seen":      {"UPDATE orders SET first_seen_at = '2026-01-06T02:30:00.000+08:00' WHERE order_id = 3", `orders first seen, or given their status, when nothing was loaded: 1, the first bill "A`},
		"status since":    {"UPDATE orders SET status_at = '2026-01-06T02:30:00.000+08:00' WHERE order_id = 3", `orders first seen, or given their status, when nothing was loaded: 1, the first bill "A`},
		"first paid":      {"UPDATE orders SET first_paid_at = '2026-01-05T10:00:01.000+08:00' WHERE order_id = 3", `orders first paid when no answer says so: 1, the first bill "A`},
		"first settled":   {"UPDATE orders SET first_settle_day = '2026-01-09' WHERE order_id = 3", `orders first settled on a day that no answer names: 1, the first bill "A`},
		"its answer":      {"UPDATE orders SET answer_id = answer_id + 1 WHERE order_id = 3", `orders that go by another answer than their last ones: 1, the first bill "A`},
		"verdict":         {"UPDATE orders SET class = NULL, final = 0, judged_run_id = NULL WHERE order_id = 3", `orders that were asked about in a run that was published, and have no verdict: 1, the first bill "A`},
		"state":           {"UPDATE cases SET state = 'resolved' WHERE case_id = (SELECT min(case_id) FROM cases)", `cases that are not as their last event left them: 1, the first D\w+`},
		"facts":           {"UPDATE cases SET facts = 'x' WHERE case_id = (SELECT min(case_id) FROM cases)", `cases that are not as their last event left them: 1, the first D\w+`},
		"code":            {"UPDATE cases SET code = 'AMOUNT_BILL_MORE' WHERE code = 'AMOUNT_BILL_LESS'", `of another code, than their ids: \d+, the first D\w+, AMOUNT_BILL_MORE of bill "A`},
		"event":           {"DROP TRIGGER events_are_never_changed; UPDATE events SET was = 'open' WHERE event_id = 3", `events that do not begin where the one before them ended: 1, the first that of case D\w+ at 2026`},
		"figures":         {`UPDATE runs SET summary = replace(summary, '"closing":{"count":', '"closing":{"count":1')`, `runs whose figures are not those that were published: 1, the first that of 2026-01-05, `},
		"judged":          {"UPDATE runs SET judged = judged + 1", `runs whose figures are not those that were published: 1, the first that of 2026-01-05, `},
		"bad row":         {"UPDATE bad_rows SET raw = raw || 'x'", `bad rows that are not those that were read: \d, the first line \d+ of "ledger/orders-2026-01-05.csv"`},
		"line":            {"UPDATE statement_lines SET fee_fen = 1 WHERE line_id = 3", `statement lines .*that are not those that were read: 1, the first line \d+ of "statement/2026-01-05.csv"`},
		"id of a line":    {"UPDATE statement_lines SET case_id = 'D' WHERE line_id = 3", `statement lines .*that are not those that were read: 1, the first line \d+ of "statement/2026-01-05.csv"`},
		"answer":          {"UPDATE answers SET pay_total_fen = pay_total_fen + 1 WHERE answer_id = ANSWER", `answers that are not what their words say: 1, the first about bill "A0005" of 2026-01-05, mid \d+, asked at 2026-.*, in pay_total_fen`},
		"words":           {"UPDATE answers SET body = CAST(substr(body, 1, 40) || X'00' || substr(body, 42) AS BLOB) WHERE answer_id = ANSWER", `answers whose words cannot be read any more: 1, the first about bill "A0005"`},
		"other words":     {`UPDATE answers SET body = CAST('{"errCode":"NO_ORDER"}' AS BLOB) WHERE answer_id = ANSWER`, `answers that are not what their words say: 1, the first about bill "A0005" .*, in outcome`},
		"two rules": {"UPDATE orders SET first_settle_day = '2026-01-09' WHERE order_id IN (3, 4); UPDATE cases SET state = 'resolved' WHERE case_id = (SELECT min(case_id) FROM cases)",
			`no answer names: 2, the first bill "A.*\n +cases .*: 1, the first D\w+; compare each with .* do not restore`},
	} {
		t.Run(name, func(t *testing.T) {
			v.changed(t, whole, c.change)
			require.Regexp(t, `NOT OK  values in the database contradict each other:\n(.*\n)* +.*`+c.says, checked())
		})
	}
}

// changed puts the database back as it was, but for one change.
func (v *victim) changed(t *testing.T, whole []byte, change string) {
	for _, ending := range []string{"-wal", "-shm"} {
		_ = os.Remove(v.path("umsrecon.db" + ending))
	}
	require.NoError(t, os.WriteFile(v.path("umsrecon.db"), whole, 0o600))
	db, err := sql.Open("sqlite", v.path("umsrecon.db"))
	require.NoError(t, err)
	_, err = db.Exec(strings.ReplaceAll(change, "ANSWER", "(SELECT answer_id FROM orders WHERE bill_no = 'A0005')"))
	require.NoError(t, errors.Join(err, db.Close()))
}
