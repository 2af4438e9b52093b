package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// merchantOf is whose a case is: of its order, else of itself, else of the notice
// that it is about, if that can be believed; empty where it is nobody's. c is the
// name of the table that has the case, and withMerchant what is joined to it.
func merchantOf(c string) string {
	return "coalesce(o.mid, " + c + ".mid, CASE WHEN n.verified = 1 THEN n.mid END, '')"
}

func withMerchant(c string) string {
	return "\nLEFT JOIN orders AS o ON o.order_id = " + c + ".order_id LEFT JOIN notices AS n ON n.notice_id = " + c + ".notice_id\n"
}

const sharesQuery = "SELECT mid, figures FROM shares WHERE run_id = ? ORDER BY mid"

var (
	pendingByMerchant = "SELECT " + merchantOf("c") + " AS whose, c.first_seen_day, count(*), sum(c.stake_fen) FROM cases AS c" + withMerchant("c") +
		"WHERE c.state IN ('open', 'proposed') GROUP BY whose, c.first_seen_day"

	decidedByMerchant = "SELECT " + merchantOf("c") + ` AS whose,
  count(*) FILTER (WHERE e.was IN ('open', 'proposed') AND e.state = 'resolved' AND e.kind = 'resolved'),
  sum(e.stake_fen) FILTER (WHERE e.was IN ('open', 'proposed') AND e.state = 'resolved' AND e.kind = 'resolved'),
  count(*) FILTER (WHERE e.was NOT IN ('open', 'proposed') AND e.state IN ('open', 'proposed')),
  sum(e.stake_fen) FILTER (WHERE e.was NOT IN ('open', 'proposed') AND e.state IN ('open', 'proposed'))
FROM events AS e CROSS JOIN cases AS c ON c.case_id = e.case_id` + withMerchant("c") +
		"WHERE e.run_id IS NULL AND e.event_id > coalesce((SELECT closing_event_id FROM runs WHERE run_id = ?), 0) GROUP BY whose"
)

// Merchants is Balance and PendingCases by merchant; kept says whether the last
// published run has kept its shares.
func (p *publication) Merchants() (stand map[string]reconcile.ShareCases, kept bool, err error) {
	stand = map[string]reconcile.ShareCases{}
	var last sql.NullString
	err = p.row("SELECT max(run_id) FROM runs WHERE publication = (SELECT max(publication) FROM runs)").Scan(&last)
	if err != nil {
		return nil, false, p.named(err)
	}
	err = p.each(sharesQuery, []any{last.String}, func(row scanner) error {
		m, err := scanShare(row)
		s := stand[m.MID]
		s.Opening, kept = m.Cases.Closing, true
		stand[m.MID] = s
		return err
	})
	if err == nil {
		err = p.standNow(stand, last.String)
	}
	return stand, kept || last.String == "", p.named(err) // before the first run there was nothing
}

// standNow adds what people did since, and what is pending.
func (p *publication) standNow(stand map[string]reconcile.ShareCases, last string) error {
	err := p.each(decidedByMerchant, []any{last}, func(row scanner) error {
		var mid string
		var resolved, reopened reconcile.Sum
		err := row.Scan(&mid, &resolved.Count, (*money)(&resolved.Fen), &reopened.Count, (*money)(&reopened.Fen))
		s := stand[mid]
		s.Resolved, s.Reopened = resolved, reopened
		stand[mid] = s
		return err
	})
	if err != nil {
		return err
	}
	return p.each(pendingByMerchant, nil, func(row scanner) error {
		var mid string
		var day reconcile.Day
		var sum reconcile.Sum
		err := row.Scan(&mid, (*date)(&day), &sum.Count, (*money)(&sum.Fen))
		s := stand[mid]
		if s.Pending == nil {
			s.Pending = map[reconcile.Day]reconcile.Sum{}
		}
		s.Pending[day] = sum
		stand[mid] = s
		return err
	})
}

// Share keeps a merchant's part of the run.
func (p *publication) Share(m reconcile.Share) error {
	figures, err := json.Marshal(m)
	if err != nil {
		return p.named(err)
	}
	return p.named(p.exec("INSERT INTO shares (run_id, mid, figures) VALUES (?, ?, ?)", p.runID, m.MID, string(figures)))
}

func scanShare(row scanner) (m reconcile.Share, err error) {
	var figures string
	if err := row.Scan(&m.MID, &figures); err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(figures), &m)
}

// Sharers lists the merchants of whose part of a run the figures are kept, the
// empty one for what is nobody's among them; none: the run kept none.
func (db *DB) Sharers(ctx context.Context, runID string) (mids []string, err error) {
	err = db.read(ctx, func(t *tx) error {
		return t.each("SELECT mid FROM shares WHERE run_id = ? ORDER BY mid", []any{runID}, func(row scanner) error {
			var mid string
			err := row.Scan(&mid)
			mids = append(mids, mid)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("merchants of run %q: %w", runID, err)
	}
	return mids, nil
}

// Share is a merchant's part of a run; false: it has none.
func (db *DB) Share(ctx context.Context, runID, mid string) (m reconcile.Share, found bool, err error) {
	err = db.read(ctx, func(t *tx) error {
		m, err = scanShare(t.row("SELECT mid, figures FROM shares WHERE run_id = ? AND mid = ?", runID, mid))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return reconcile.Share{MID: mid}, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("run %q, merchant %q: %w", runID, mid, err)
	}
	return m, true, nil
}
