package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// DayShares are the lines of a published run's sheets by merchant. What belongs
// to whom is found out once, for all merchants; the lines themselves are read a
// merchant and a sheet at a time, by their keys.
type DayShares struct {
	db    *DB
	run   reconcile.Summary
	since reconcile.Day
	of    map[string]*[Covered + 1]belongings
	owned map[string][]string // scopes of the merchants' own ledgers
}

// belongings are the cases on a sheet that are a merchant's, and the orders
// whose notes are.
type belongings struct {
	cases  []string
	orders []int64
}

// whoseQuery tells of each line on a sheet, but for bad rows, whose it is.
func whoseQuery(arms []string) string {
	return "SELECT " + merchantOf("line") + ", line.case_id, line.state = 'note', coalesce(line.order_id, 0) FROM (" +
		strings.Join(arms, "\nUNION ALL\n") + ") AS line" + withMerchant("line")
}

// noteArms read the notes of listed orders that a sheet shows.
var noteArms = map[Sheet]string{LedgerProblems: notesOf + duplicates, Covered: notesOf + covered}

const casesOf = " WHERE c.case_id IN (SELECT value FROM json_each(:cases))"

var notesOf = noteLine + `FROM json_each(:orders) AS listed CROSS JOIN orders AS o ON o.order_id = CAST(listed.value AS BIGINT)
CROSS JOIN notes AS n ON n.order_id = o.order_id AND n.run_id = :run CROSS JOIN runs AS r ON r.run_id = n.run_id
WHERE o.judged_run_id = :run`

// DayShares finds out whose the lines of a run's sheets are. since is that of
// DayLines.
func (db *DB) DayShares(ctx context.Context, run reconcile.Summary, since reconcile.Day) (*DayShares, error) {
	d := &DayShares{db: db, run: run, since: since, of: map[string]*[Covered + 1]belongings{}, owned: map[string][]string{}}
	for _, l := range run.Loads {
		if l.Owner != "" {
			d.owned[l.Owner] = append(d.owned[l.Owner], l.Scope)
		}
	}
	args := named{"run": run.RunID, "day": date(run.Day), "passing": list(passingCodes())}.args()
	err := db.read(ctx, func(t *tx) error {
		for sheet, arms := range sheetArms {
			arms = slices.DeleteFunc(slices.Clone(arms), func(arm string) bool { return arm == badRowsOfSources })
			if err := t.each(whoseQuery(arms), args, func(row scanner) error { return d.add(sheet, row) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("merchants of %s: %w", run.Day, err)
	}
	return d, nil
}

func (d *DayShares) add(sheet Sheet, row scanner) error {
	var mid, caseID string
	var order int64
	var note flag
	if err := row.Scan(&mid, &caseID, &note, &order); err != nil {
		return err
	}
	if d.of[mid] == nil {
		d.of[mid] = &[Covered + 1]belongings{}
	}
	if b := &d.of[mid][sheet]; note {
		b.orders = append(b.orders, order)
	} else {
		b.cases = append(b.cases, caseID)
	}
	return nil
}

// Merchants are those who have a line.
func (d *DayShares) Merchants() []string { return slices.Collect(maps.Keys(d.of)) }

// Lines is DayLines of one merchant: the rows of its own ledger, and what is
// about its orders, notices and statements.
func (d *DayShares) Lines(ctx context.Context, mid string, sheet Sheet) reconcile.Lines {
	var b belongings
	if all := d.of[mid]; all != nil {
		b = all[sheet]
	}
	args := named{"run": d.run.RunID}
	var arms []string
	if len(b.cases) > 0 {
		arms, args["cases"] = append(arms, fromCases+casesOf), list(b.cases)
	}
	if len(b.orders) > 0 {
		orders := slices.Clone(b.orders)
		sort.Slice(orders, func(i, j int) bool { return orders[i] < orders[j] })
		arms, args["orders"] = append(arms, noteArms[sheet]), list(slices.Compact(orders))
	}
	if scopes := d.owned[mid]; sheet == LedgerProblems && len(scopes) > 0 {
		arms, args["scopes"] = append(arms, badRowsOfSources), list(scopes)
	}
	if len(arms) == 0 {
		return func(func(reconcile.Line, error) bool) {}
	}
	return d.db.lines(ctx, "lines of "+mid, d.since, bySeverity, args, arms...)
}
