package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestHotQueriesOfAServer: what every batch of questions and every answer asks of
// a server finds its rows by indices.
func TestHotQueriesOfAServer(t *testing.T) {
	db, _, run, theRun, _ := dealing(t, 5000, reconcile.Asking{Lease: time.Hour})
	found := next(t, theRun)
	answer(t, db, run, found...)
	require.NoError(t, db.analyse(t.Context(), "orders", "answers", "questions"))
	d := theRun.(*dealt)
	saved := newSaving(&tx{postgres: true}, run)
	saved.take(reconcile.Answered{Key: found[0].Key, Answer: paid("x"), Lease: d.me})
	refrain := named{"refrain": `["nobody"]`, "all": 0, "most": 32, "after": 0}
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"who asks":    {whoAsks, nil},
		"take":        {takeQuestions, d.args(refrain).args()},
		"renew":       {renewQuestions, d.args(nil).args()},
		"leave":       {leaveQuestions, d.args(nil).args()},
		"put off":     {putOffQuestion, d.args(named{"order": 1, "pause": 1}).args()},
		"save held":   {saveHeld, saved.atOnce},
		"save locked": {savePutOff, saved.atOnce},
		"save any":    {saveAny, saved.atOnce},
	} {
		t.Run(name, func(t *testing.T) {
			var plan string
			require.NoError(t, db.read(t.Context(), func(t *tx) error {
				return t.each("EXPLAIN "+q.query, q.args, func(row scanner) error {
					var line string
					err := row.Scan(&line)
					plan += line + "\n"
					return err
				})
			}))
			require.NotRegexp(t, `Seq Scan on (orders|answers|questions)\b`, plan)
		})
	}
}

// TestOldOrdersOfAServer: a step that takes old orders away finds them, and what
// they may stay for, by indices. What is deleted by a list of ids is found so, too,
// where tables are larger than those of a test.
func TestOldOrdersOfAServer(t *testing.T) {
	onlyOnServer(t)
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	var verdicts []reconcile.Verdict
	var answers []reconcile.Answered
	for i := range 10 * orderBlock {
		o := onDay(fmt.Sprint(i), day+reconcile.Day(i%30))
		orders, verdicts = append(orders, o), append(verdicts, final(o))
		answers = append(answers, reconcile.Answered{Key: o.Key, Answer: paid("s" + o.BillNo)})
	}
	load(t, db, run, "orders.csv", orders...)
	require.NoError(t, db.SaveAnswers(t.Context(), run, answers))
	publish(t, db, run, verdicts...)
	_, err := db.writer.Exec(`INSERT INTO notices (kind, mid, notify_id, digest, verified, why, path, received_at, last_at, order_id, tid, inst_mid, bill_no, mer_order_id, pay_seq_id, target_order_id, contract_id, service_id, contract_open)
SELECT 'bill', mid, bill_no, bill_no, 1, '', 'notice', first_seen_at, first_seen_at, order_id, tid, inst_mid, bill_no, '', '', '', '', '', 0 FROM orders`)
	require.NoError(t, err)
	require.NoError(t, db.analyse(t.Context(), "orders", "answers", "notices", "notes", "cases", "runs", "loads"))
	args := named{"horizon": "2026-12-01", "noon": "2026-11-30T12:00:00.000+08:00", "day": "2026-11-20", "first": 1, "behind": orderBlock}
	var plan string
	require.NoError(t, db.read(t.Context(), func(t *tx) error {
		return t.each("EXPLAIN "+leaving, args.args(), func(row scanner) error {
			var line string
			err := row.Scan(&line)
			plan += line + "\n"
			return err
		})
	}))
	require.NotRegexp(t, `Seq Scan on (orders|answers|notices)\b`, plan)
}
