package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) enterCommand() *cobra.Command {
	var dry bool
	var format string
	c := &cobra.Command{
		Use:   "import FILE.xlsx",
		Short: "read back a discrepancies workbook that people have filled in",
		Long: "import applies what stands in the yellow cells of a discrepancies workbook by the rules of resolve, approve\n" +
			"and reject. Every row is checked; the good ones are applied together, the others are listed with the reason.\n" +
			"The same file can be imported again: what has been applied is left as it is. Sorting, filtering, saving by\n" +
			"another program and columns of your own do no harm.\n\n" +
			"Rows that a filter hides count as the others do, and their number is said. Of a formula the value is taken\n" +
			"that was saved with it; without one the row is refused. Of merged cells the first row has what is written in\n" +
			"them; the others are refused until every row is filled in. Where a case stands on several rows with different\n" +
			"entries, all of them are refused. --dry-run checks everything and changes nothing.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
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
			return a.withStore(c, cfg, func(db *store.DB) error {
				r, err := a.enter(c.Context(), db, rows, dry)
				if err != nil {
					return err
				}
				if format == "json" {
					printJSON(a.stdout, r)
				} else {
					r.text(a.stdout)
				}
				return r.failure()
			})
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "check every row, say what would happen, and change nothing")
	formatFlag(c, &format)
	return c
}

// importJSON is an import as `discrepancies import --format json` prints it.
// Hidden is how many of the rows a filter hides in the workbook.
type importJSON struct {
	DryRun    bool          `json:"dry_run"`
	Applied   int           `json:"applied"`
	Unchanged int           `json:"unchanged"`
	Refused   int           `json:"refused"`
	Hidden    int           `json:"hidden"`
	Rows      []enteredJSON `json:"rows"`
}

// enteredJSON is one row; Result is applied, unchanged or refused, and Reason
// says why it was refused.
type enteredJSON struct {
	Sheet   string          `json:"sheet"`
	Row     int             `json:"row"`
	ID      string          `json:"id"`
	Hidden  bool            `json:"hidden"`
	Result  string          `json:"result"`
	State   reconcile.State `json:"state"` // of the case behind it; empty for a refused row
	Outcome string          `json:"outcome"`
	Reason  string          `json:"reason"`
}

// enter applies the rows that hold, or only tries to, and says what became of
// each.
func (a *app) enter(ctx context.Context, db *store.DB, rows []reports.Filled, dry bool) (importJSON, error) {
	r := importJSON{DryRun: dry, Rows: []enteredJSON{}}
	if err := checkRows(ctx, db, rows); err != nil {
		return r, err
	}
	var entries []reconcile.Entry
	for _, row := range rows {
		if row.Err == nil {
			e := row.Entry
			e.Decision.User, e.Decision.At = a.user(), a.clock.Now()
			entries = append(entries, e)
		}
	}
	enter := db.Enter
	if dry {
		enter = db.TryEnter
	}
	entered, err := enter(ctx, entries)
	if err != nil {
		return r, err
	}
	for _, row := range rows {
		one := store.Entered{Err: row.Err}
		if row.Err == nil {
			one, entered = entered[0], entered[1:]
		}
		r.add(row, one)
	}
	return r, nil
}

func (r *importJSON) add(row reports.Filled, one store.Entered) {
	e := enteredJSON{Sheet: row.Sheet, Row: row.Row, ID: row.Entry.CaseID, Hidden: row.Hidden, State: one.Case.State, Outcome: one.Case.Outcome}
	switch {
	case one.Err != nil:
		e.Result, e.State, e.Outcome, e.Reason = "refused", "", "", one.Err.Error()
		r.Refused++
	case one.Changed:
		e.Result = "applied"
		r.Applied++
	default:
		e.Result = "unchanged"
		r.Unchanged++
	}
	if row.Hidden {
		r.Hidden++
	}
	r.Rows = append(r.Rows, e)
}

func (r importJSON) failure() error {
	if r.Refused == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d rows were not applied; try: putting them right, and importing the file again", r.Refused, len(r.Rows))
}

func (r importJSON) text(w io.Writer) {
	for _, e := range r.Rows {
		place := plain(fmt.Sprintf("%s row %d  %s", e.Sheet, e.Row, cmp.Or(e.ID, "–")))
		switch e.Result {
		case "refused":
			fmt.Fprintf(w, "%s  not applied: %s\n", place, plain(e.Reason))
		case "applied":
			fmt.Fprintf(w, "%s  %s  %s\n", place, e.State, plain(e.Outcome))
		}
	}
	fmt.Fprintf(w, "%d applied, %d as they were, %d not applied", r.Applied, r.Unchanged, r.Refused)
	if r.DryRun {
		fmt.Fprint(w, " (dry run, nothing was written)")
	}
	fmt.Fprintln(w)
	if r.Hidden > 0 {
		fmt.Fprintf(w, "%d of these rows are hidden in the workbook, by a filter or by hand; they count\n", r.Hidden)
	}
}

// checkRows marks the rows that do not say which case they are about: one
// without a case, one whose key cells were edited, those that say different
// things about one case.
func checkRows(ctx context.Context, db *store.DB, rows []reports.Filled) error {
	ids := make([]string, len(rows))
	of := map[string][]reports.Filled{}
	for i, row := range rows {
		ids[i] = row.Entry.CaseID
		of[ids[i]] = append(of[ids[i]], row)
	}
	lines := map[string]reconcile.Line{}
	for l, err := range db.CasesNamed(ctx, ids) {
		if err != nil {
			return err
		}
		lines[l.Case.ID] = l
	}
	for i := range rows {
		row := &rows[i]
		l, known := lines[row.Entry.CaseID]
		switch {
		case row.Err != nil:
			continue
		case !known:
			row.Err = store.ErrNoCase
		default:
			if row.Err = row.Unchanged(l); row.Err != nil && row.Entry.Version != l.Case.Version() {
				row.Err = reconcile.ErrStale // it is not the person who has changed the row
			}
			row.Err = cmp.Or(row.Err, disputed(*row, of[row.Entry.CaseID]))
		}
	}
	return nil
}

// disputed says that another row about the case says something else.
func disputed(row reports.Filled, all []reports.Filled) error {
	for _, other := range all {
		if other.Entry != row.Entry {
			return fmt.Errorf("%s row %d says something else about the same case", other.Sheet, other.Row)
		}
	}
	return nil
}
