package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) enterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import FILE.xlsx",
		Short: "read back a discrepancies workbook that people have filled in",
		Long: "import applies what stands in the yellow cells of a discrepancies workbook by the rules of resolve, approve\n" +
			"and reject. Every row is checked; the good ones are applied together, the others are listed with the reason.\n" +
			"The same file can be imported again: what has been applied is left as it is. Sorting, filtering, saving by\n" +
			"another program and columns of your own do no harm.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			rows, err := reports.ReadFilled(args[0])
			if errors.Is(err, reports.ErrNotOurs) {
				return &exitError{code: exitUsage, err: err}
			}
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error { return a.enter(c.Context(), db, rows) })
		},
	}
	return c
}

// enter applies the rows that hold and says what became of each.
func (a *app) enter(ctx context.Context, db *store.DB, rows []reports.Filled) error {
	if err := checkRows(ctx, db, rows); err != nil {
		return err
	}
	var entries []reconcile.Entry
	for _, row := range rows {
		if row.Err == nil {
			e := row.Entry
			e.Decision.User, e.Decision.At = a.user(), a.clock.Now()
			entries = append(entries, e)
		}
	}
	entered, err := db.Enter(ctx, entries)
	if err != nil {
		return err
	}
	refused, unchanged := 0, 0
	for _, row := range rows {
		var one store.Entered
		if row.Err == nil {
			one, entered = entered[0], entered[1:]
		}
		place := fmt.Sprintf("%s row %d  %s", row.Sheet, row.Row, cmp.Or(row.Entry.CaseID, "–"))
		switch err := cmp.Or(row.Err, one.Err); {
		case err != nil:
			refused++
			fmt.Fprintf(a.stdout, "%s  not applied: %s\n", plain(place), plain(err.Error()))
		case !one.Changed:
			unchanged++
		default:
			fmt.Fprintf(a.stdout, "%s  %s  %s\n", plain(place), one.Case.State, plain(one.Case.Outcome))
		}
	}
	fmt.Fprintf(a.stdout, "%d applied, %d as they were, %d not applied\n", len(rows)-refused-unchanged, unchanged, refused)
	if refused > 0 {
		return fmt.Errorf("%d of %d rows were not applied; try: putting them right, and importing the file again", refused, len(rows))
	}
	return nil
}

// checkRows marks the rows that do not say which case they are about: one
// without a case, one whose key cells were edited, the second of one case.
func checkRows(ctx context.Context, db *store.DB, rows []reports.Filled) error {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Entry.CaseID
	}
	lines := map[string]reconcile.Line{}
	for l, err := range db.CasesNamed(ctx, ids) {
		if err != nil {
			return err
		}
		lines[l.Case.ID] = l
	}
	first := map[string]int{}
	for i := range rows {
		row := &rows[i]
		l, known := lines[row.Entry.CaseID]
		switch n := first[row.Entry.CaseID]; {
		case row.Err != nil:
			continue
		case !known:
			row.Err = store.ErrNoCase
		case n > 0:
			row.Err = fmt.Errorf("the case stands on row %d already", n)
		default:
			first[row.Entry.CaseID] = row.Row
			if row.Err = row.Unchanged(l); row.Err != nil && row.Entry.Version != l.Case.Version() {
				row.Err = reconcile.ErrStale // it is not the person who has changed the row
			}
		}
	}
	return nil
}
