package store

import (
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
