package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func (a *app) ledgerCommand() *cobra.Command {
	return group("ledger", "the ledger as umsrecon sees it", a.previewCommand(), a.guessCommand())
}

func (a *app) previewCommand() *cobra.Command {
	var date string
	var limit int
	c := &cobra.Command{
		Use:   "preview",
		Short: "print the first rows of the ledger as umsrecon sees them, and the bad ones with their reasons",
		Long: "preview reads the ledger of a day and writes nothing. It ends with 3 when a row is bad,\n" +
			"with 4 when a run would be incomplete for what the source says of itself.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			day, err := dayFlag("date", date, a.today()-1)
			if err != nil {
				return err
			}
			if limit < 1 {
				return usage("--limit: must be at least 1")
			}
			cfg, err := a.load(NeedMerchant, NeedLedger)
			if err != nil {
				return err
			}
			return a.preview(c.Context(), cfg, day, limit)
		},
	}
	c.Flags().StringVar(&date, "date", "", "ledger day (default: yesterday in Beijing)")
	c.Flags().IntVar(&limit, "limit", 20, "rows of each source, good and bad together")
	return c
}

// preview shows every source, also behind one that cannot be read.
func (a *app) preview(ctx context.Context, cfg *Config, day reconcile.Day, limit int) error {
	books, err := cfg.books(a.clock)
	if err != nil {
		return err
	}
	var errs []error
	code := exitDone
	for _, b := range books {
		fmt.Fprintf(a.stdout, "%s\n", b.Scope(day))
		one, err := previewOne(ctx, a.stdout, b, day, limit)
		if err != nil {
			errs = append(errs, of(b.Scope(day), err))
		}
		code = max(code, one)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if code != exitDone {
		return &exitError{code: code}
	}
	return nil
}

// of says what an error is about, where it does not begin with that itself.
func of(scope string, err error) error {
	if strings.HasPrefix(err.Error(), scope) {
		return err
	}
	return fmt.Errorf("%s: %w", scope, err)
}

// previewOne prints the first rows of a source, and what the whole of it says;
// code is what the preview ends with for it.
func previewOne(ctx context.Context, out io.Writer, b *ledger.Books, day reconcile.Day, limit int) (code int, err error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  line\tkind\tledger day\tbill\tid\tyuan\tstatus\tpaid at")
	rows, last := 0, reconcile.Source{}
	var unshown *reconcile.BadRow             // the first one that is bad
	shows := func(at reconcile.Source) bool { // an order may be the second of its row
		if at != last {
			rows, last = rows+1, at
		}
		return rows <= limit
	}
	load, err := b.Read(ctx, day, func(o reconcile.Order, _ string) error {
		if !shows(o.Source) {
			return nil
		}
		paid := ""
		if !o.PaidAt.IsZero() {
			paid = o.PaidAt.Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(table, "  %d\t%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", o.Source.Line, o.Kind(), o.LedgerDay, o.BillDay, o.BillNo, o.RefundID+o.CompletionID, o.Amount.Yuan(), o.Status, paid)
		return nil
	}, func(r reconcile.BadRow) error {
		code = exitDiscrepant
		switch {
		case shows(r.Source):
			fmt.Fprintf(table, "  %d\tBAD\t%s\n", r.Line, faultOf(r))
		case unshown == nil:
			unshown = &r
		}
		return nil
	})
	table.Flush()
	if err != nil {
		return code, err
	}
	if rows > limit {
		fmt.Fprintf(out, "  … the first %d rows; see more with --limit\n", limit)
	}
	fmt.Fprintf(out, "  %d rows, %d of them bad\n", load.Rows, load.Invalid)
	if unshown != nil {
		fmt.Fprintf(out, "  the first bad one further down: line %d, %s\n", unshown.Line, faultOf(*unshown))
	}
	if previewControls(out, load) {
		code = exitIncomplete
	}
	return code, nil
}

// faultOf is the column and the reason of a bad row.
func faultOf(r reconcile.BadRow) string {
	if r.Column == "" {
		return plain(r.Reason.EN)
	}
	return "column " + strconv.Quote(r.Column) + ": " + plain(r.Reason.EN)
}

// previewControls prints what is said of the source as a whole; alarming: a
// run would be incomplete for it.
func previewControls(out io.Writer, load reconcile.Load) (alarming bool) {
	for _, c := range load.Controls {
		switch {
		case c.Met():
			fmt.Fprintf(out, "  agrees with %s\n", plain(c.From))
		case c.Missed.EN == "":
			fmt.Fprintf(out, "  %s\n", plain(c.Open.EN))
		default:
			alarming = true
			fmt.Fprintf(out, "  ALARM  control total not met: %s\n", plain(c.Missed.EN))
		}
	}
	for _, why := range load.Suspect {
		alarming = true
		fmt.Fprintf(out, "  ALARM  %s\n", plain(why.EN))
	}
	return alarming
}

// understoodRows is how many rows check looks at for the columns.
const understoodRows = 100

// columnsText tells how each column was understood, a line for each.
func columnsText(all []ledger.Understood) string {
	text := ""
	for _, u := range all {
		switch {
		case u.Heading == "":
			text += fmt.Sprintf("\n%s: no such column, always %s", u.Column, u.Default)
		case u.Why.EN != "":
			text += fmt.Sprintf("\n%s: column %q, %s", u.Column, u.Heading, plain(u.Why.EN))
		case u.Cell == "":
			text += fmt.Sprintf("\n%s: column %q, empty in the first rows", u.Column, u.Heading)
		default:
			text += fmt.Sprintf("\n%s: column %q, %s is read as %s", u.Column, u.Heading, quoted(u.Cell), plain(u.Value))
		}
	}
	return text
}

// quoted is a cell on one line, bounded.
func quoted(cell string) string {
	const most = 40
	if r := []rune(cell); len(r) > most {
		return strconv.Quote(string(r[:most])) + "…"
	}
	return strconv.Quote(cell)
}
