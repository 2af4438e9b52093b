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
		return regexp.MustCompile(`(?m)^database .*$`).FindString(said)
	}
	require.Regexp(t, " ok .* is whole$", checked())
	whole, err := os.ReadFile(v.path("umsrecon.db"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ change, says string }{
		"source":          {"UPDATE orders SET scope = 'ledger/orders-2026-01-07.csv' WHERE order_id = 3", "the source of order 3 is not that of its load"},
		"file":            {"UPDATE orders SET file = 'ledger/orders-2026-01-07.csv' WHERE order_id = 3", `orders has a row of "ledger/orders-2026-01-07.csv", which its load has not read`},
		"file of a line":  {"UPDATE statement_lines SET file = 'x' WHERE line_id = 3", `statement_lines has a row of "x"`},
		"amount":          {"UPDATE orders SET amount_fen = amount_fen + 1 WHERE order_id = 3", "the orders of load 1 do not add up"},
		"time of payment": {"UPDATE orders SET paid_at = '2026-01-05T10:00:01.000+08:00' WHERE bill_no = 'A0001'", `bill "A0001" of 2026-01-05, at line \d+ of "ledger/orders-2026-01-05.csv", is not as the books had it`},
		"fingerprint":     {"UPDATE orders SET row_hash = 'x' WHERE bill_no = 'A0001'", `bill "A0001" of 2026-01-05`},
		"first seen":      {"UPDATE orders SET first_seen_at = '2026-01-06T02:30:00.000+08:00' WHERE order_id = 3", "order 3 was first seen"},
		"status since":    {"UPDATE orders SET status_at = '2026-01-06T02:30:00.000+08:00' WHERE order_id = 3", "order 3 was first seen, or got its status"},
		"first paid":      {"UPDATE orders SET first_paid_at = '2026-01-05T10:00:01.000+08:00' WHERE order_id = 3", "order 3 was first paid when no answer says so"},
		"first settled":   {"UPDATE orders SET first_settle_day = '2026-01-09' WHERE order_id = 3", "order 3 was first settled on a day that no answer names"},
		"its answer":      {"UPDATE orders SET answer_id = answer_id + 1 WHERE order_id = 3", "order 3 goes by another answer than its last ones"},
		"verdict":         {"UPDATE orders SET class = NULL, final = 0, judged_run_id = NULL WHERE order_id = 3", "order 3 was asked about in a run that was published, and has no verdict"},
		"state":           {"UPDATE cases SET state = 'resolved' WHERE case_id = (SELECT min(case_id) FROM cases)", `case D\w+ is not as its last event left it`},
		"facts":           {"UPDATE cases SET facts = 'x' WHERE case_id = (SELECT min(case_id) FROM cases)", `case D\w+ is not as its last event left it`},
		"code":            {"UPDATE cases SET code = 'AMOUNT_BILL_MORE' WHERE code = 'AMOUNT_BILL_LESS'", `case D\w+ is not about AMOUNT_BILL_MORE of its order`},
		"event":           {"DROP TRIGGER events_are_never_changed; UPDATE events SET was = 'open' WHERE event_id = 3", "event 3 does not begin where the one before it ended"},
		"figures":         {`UPDATE runs SET summary = replace(summary, '"closing":{"count":', '"closing":{"count":1')`, `the figures of run .* are not those that were published`},
		"judged":          {"UPDATE runs SET judged = judged + 1", `the figures of run .* are not those that were published`},
		"bad row":         {"UPDATE bad_rows SET raw = raw || 'x'", `the bad row at line \d+ of "ledger/orders-2026-01-05.csv" is not the one that was read`},
		"line":            {"UPDATE statement_lines SET fee_fen = 1 WHERE line_id = 3", `line \d+ of "statement/2026-01-05.csv" is not the one that was read`},
		"id of a line":    {"UPDATE statement_lines SET case_id = 'D' WHERE line_id = 3", `line \d+ of "statement/2026-01-05.csv" is not the one that was read`},
		"answer":          {"UPDATE answers SET pay_total_fen = pay_total_fen + 1 WHERE answer_id = ANSWER", `pay_total_fen of answer \d+, about bill "A0005" of 2026-01-05, is not what its words say`},
		"words":           {"UPDATE answers SET body = CAST(substr(body, 1, 40) || X'00' || substr(body, 42) AS BLOB) WHERE answer_id = ANSWER", "body: the database is damaged"},
		"other words":     {`UPDATE answers SET body = CAST('{"errCode":"NO_ORDER"}' AS BLOB) WHERE answer_id = ANSWER`, "outcome of answer "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, ending := range []string{"-wal", "-shm"} {
				_ = os.Remove(v.path("umsrecon.db" + ending))
			}
			require.NoError(t, os.WriteFile(v.path("umsrecon.db"), whole, 0o600))
			db, err := sql.Open("sqlite", v.path("umsrecon.db"))
			require.NoError(t, err)
			_, err = db.Exec(strings.ReplaceAll(c.change, "ANSWER", "(SELECT answer_id FROM orders WHERE bill_no = 'A0005')"))
			require.NoError(t, errors.Join(err, db.Close()))
			require.Regexp(t, "NOT OK .*"+c.says, checked())
		})
	}
}
