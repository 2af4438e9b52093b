package store

import (
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// homelessLines are the lines that belong to no order, or have a case of their
// own, each once; cases whose line is gone come without one.
var homelessLines = `
SELECT s.case_id, s.order_id IS NOT NULL,
  EXISTS (SELECT 1 FROM orders AS o WHERE o.order_id = s.order_id AND o.class <> 'unverified' AND NOT EXISTS (
    SELECT 1 FROM orders AS p CROSS JOIN cases AS k ON k.order_id = p.order_id AND k.state IN ('open', 'proposed')
      AND k.code IN ('STATEMENT_MISSING', 'STATEMENT_ONLY', 'STATEMENT_AMOUNT_MISMATCH')
    WHERE p.mid = o.mid AND p.tid = o.tid AND p.inst_mid = o.inst_mid AND p.bill_day = o.bill_day AND p.bill_no = o.bill_no)),
  ` + statementList("s") + `, ` + caseList("c") + `
FROM (SELECT line_id FROM statement_lines INDEXED BY statement_lines_homeless_idx WHERE order_id IS NULL
      UNION SELECT s.line_id FROM cases AS c CROSS JOIN statement_lines AS s ON s.case_id = c.case_id
      WHERE c.code = 'STATEMENT_ONLY' AND c.order_id IS NULL AND c.state IN ('open', 'proposed')) AS listed
CROSS JOIN statement_lines AS s ON s.line_id = listed.line_id
LEFT JOIN cases AS c ON c.case_id = s.case_id
WHERE s.settle_day >= :since AND` + onceOf + `
ORDER BY s.case_id, s.line_id`

var goneLines = `
SELECT ` + caseList("c") + ` FROM cases AS c
WHERE c.code = 'STATEMENT_ONLY' AND c.order_id IS NULL AND c.covers = 0 AND c.state IN ('open', 'proposed')
  AND NOT EXISTS (SELECT 1 FROM statement_lines AS s WHERE s.case_id = c.case_id)
ORDER BY c.case_id`

// StatementLines yields the lines that belong to no order or have a case of
// their own, and the pending cases of lines that are gone. see may write cases.
func (p *publication) StatementLines(s reconcile.Scope, see func(reconcile.StatementSighting) error) error {
	if err := p.settled(); err != nil {
		return err
	}
	var all []reconcile.StatementSighting
	err := p.each(homelessLines, named{"since": date(s.Since)}.args(), func(row scanner) error {
		var l reconcile.StatementLine
		var c reconcile.Case
		var n reconcile.StatementSighting
		dest := append([]any{&n.CaseID, (*flag)(&n.Placed), (*flag)(&n.Appeared)}, statementColumns(&l).pointers()...)
		if err := row.Scan(append(dest, caseColumns(&c).pointers()...)...); err != nil {
			return err
		}
		if last := len(all) - 1; last >= 0 && all[last].CaseID == n.CaseID {
			all[last].Lines = append(all[last].Lines, l)
			return nil
		}
		n.Lines, n.Case = []reconcile.StatementLine{l}, known(c)
		all = append(all, n)
		return nil
	})
	if err == nil {
		err = p.each(goneLines, nil, func(row scanner) error {
			var c reconcile.Case
			err := row.Scan(caseColumns(&c).pointers()...)
			all = append(all, reconcile.StatementSighting{CaseID: c.ID, Case: known(c)})
			return err
		})
	}
	if err != nil {
		return p.named(err)
	}
	days := daysKnown{p.tx, map[stretch]bool{}}
	for _, n := range all {
		if len(n.Lines) > 0 {
			l := n.Lines[0]
			if n.Looked, err = days.known(l.MID, l.SettleDay, s.Calendar.BusinessDay(l.PaidAt), s.Calendar); err != nil {
				return p.named(err)
			}
		}
		if err := see(n); err != nil {
			return err
		}
	}
	return nil
}

// known is a case that was joined; nil: there was none.
func known(c reconcile.Case) *reconcile.Case {
	if c.ID == "" {
		return nil
	}
	return &c
}

// daysKnown knows of which stretches of ledger days the books are complete and
// every order has a trustworthy answer.
type daysKnown struct {
	*tx
	seen map[stretch]bool
}

type stretch struct {
	mid      string
	from, to reconcile.Day
}

// booksOfQuery says whether the books of a day were loaded: it has orders, or a
// source of the day, or one of all days that was taken after it.
const booksOfQuery = `
SELECT EXISTS (SELECT 1 FROM orders WHERE ledger_day = :day AND mid = :mid)
  OR EXISTS (SELECT 1 FROM loads WHERE kind = 'ledger' AND day = :day)
  OR EXISTS (SELECT 1 FROM loads WHERE kind = 'ledger' AND day IS NULL AND coalesce(snapshot_at, loaded_at) >= :end)
    AND EXISTS (SELECT 1 FROM orders WHERE ledger_day < :day AND mid = :mid)`

const answeredQuery = `SELECT NOT EXISTS (SELECT 1 FROM orders WHERE ledger_day BETWEEN ? AND ? AND mid = ?
  AND (answer_id IS NULL OR class IS NULL OR class = 'unverified'))`

func (d daysKnown) known(mid string, settle, paid reconcile.Day, c reconcile.Calendar) (bool, error) {
	from, to := reconcile.DaysConcerned(settle, paid, c)
	s := stretch{mid, from, to}
	if is, looked := d.seen[s]; looked {
		return is, nil
	}
	is := true
	for day := from; day <= to && is; day++ {
		args := named{"day": date(day), "mid": mid, "end": instant(day.End())}
		if err := d.row(booksOfQuery, args.args()...).Scan((*flag)(&is)); err != nil {
			return false, err
		}
	}
	if is {
		if err := d.row(answeredQuery, date(from), date(to), mid).Scan((*flag)(&is)); err != nil {
			return false, err
		}
	}
	d.seen[s] = is
	return is, nil
}

// totalsQuery yields the settle dates that are not known to add up, or have a
// pending case.
var totalsQuery = `
SELECT d.mid, d.settle_day, coalesce(l.files ->> 0, ''), l.invalid,
  (SELECT json_array(count(*) FILTER (WHERE kind = 'payment'), coalesce(sum(amount_fen) FILTER (WHERE kind = 'payment'), 0),
      count(*) FILTER (WHERE kind = 'refund'), coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund'), 0),
      count(*) FILTER (WHERE order_id IS NULL), coalesce(sum(CASE kind WHEN 'refund' THEN -amount_fen ELSE amount_fen END) FILTER (WHERE order_id IS NULL), 0))
   FROM statement_lines AS s WHERE s.settle_day = d.settle_day AND s.mid = d.mid AND` + onceOf + `),
  ` + caseList("c") + `
FROM (SELECT mid, settle_day, max(load_id) AS load_id FROM statement_days WHERE settle_day >= :since AND settle_day <= :until GROUP BY mid, settle_day HAVING min(agreed) = 0) AS d
CROSS JOIN loads AS l ON l.load_id = d.load_id
LEFT JOIN cases AS c ON c.code = 'SETTLE_TOTAL_MISMATCH' AND c.ledger_day = d.settle_day AND c.mid = d.mid
ORDER BY d.settle_day, d.mid`

// SettleTotals lists the settle dates of merchants that have not been found to
// add up yet, with what their statements sum to.
func (p *publication) SettleTotals(s reconcile.Scope) ([]reconcile.SettleTotal, error) {
	if err := p.settled(); err != nil {
		return nil, err
	}
	var totals []reconcile.SettleTotal
	args := named{"since": date(s.Since), "until": date(reconcile.DayOf(s.Now))}
	err := p.each(totalsQuery, args.args(), func(row scanner) error {
		var t reconcile.SettleTotal
		var c reconcile.Case
		var sums sumList
		err := row.Scan(append([]any{&t.MID, (*date)(&t.Day), &t.File, &t.Invalid, &sums}, caseColumns(&c).pointers()...)...)
		t.Payments, t.Refunds, t.Alone, t.Case = sums.at(0), sums.at(1), sums.at(2), known(c)
		totals = append(totals, t)
		return err
	})
	days := daysKnown{p.tx, map[stretch]bool{}}
	for i := range totals {
		if err == nil {
			totals[i].Known, err = days.known(totals[i].MID, totals[i].Day, 0, s.Calendar)
		}
	}
	return totals, p.named(err)
}

const fillSettlingDays = `
INSERT INTO scope (order_id, partner)
SELECT o.order_id, 0 FROM json_each(:days) AS d CROSS JOIN answers AS a ON a.pay_settle_day = d.value OR a.flow_settle_day = d.value
  CROSS JOIN orders AS o ON o.order_id = a.order_id AND o.answer_id = a.answer_id
UNION ALL
SELECT s.order_id, 0 FROM json_each(:days) AS d CROSS JOIN statement_lines AS s ON s.settle_day = d.value WHERE s.order_id IS NOT NULL
ON CONFLICT DO NOTHING`

// Settling yields the families with a block that settles on one of the days, or
// with a line of a statement that does.
func (p *publication) Settling(days []reconcile.Day, see func(reconcile.Family) error) error {
	if err := p.settled(); err != nil {
		return err
	}
	if len(days) == 0 {
		return nil
	}
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.String()
	}
	if err := dropFamilies(p.ctx, p); err != nil {
		return p.named(err)
	}
	most, err := listFamilies(p.tx, named{"days": list(texts)}, fillSettlingDays)
	if err != nil {
		return p.named(err)
	}
	known, err := covers(p.tx)
	if err != nil {
		return p.named(err)
	}
	if err := settlingBatches(p.tx, upTo(most), known, see); err != nil {
		return fmt.Errorf("settle totals: %w", err)
	}
	return p.named(dropFamilies(p.ctx, p))
}

// TotalsAgree records that a settle date needs not be added up again.
func (p *publication) TotalsAgree(mid string, day reconcile.Day) error {
	return p.named(p.exec("UPDATE statement_days SET agreed = 1 WHERE mid = ? AND settle_day = ?", mid, date(day)))
}
