package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
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
		Long:  "preview reads the ledger of a day and writes nothing. It ends with 3 when a row that it shows is bad.\n\n" + exitHelp,
		Args:  cobra.NoArgs,
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
	bad := false
	for _, b := range books {
		fmt.Fprintf(a.stdout, "%s\n", b.Scope(day))
		one, err := previewOne(ctx, a.stdout, b, day, limit)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", b.Scope(day), err))
		}
		bad = bad || one
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if bad {
		return &exitError{code: exitDiscrepant}
	}
	return nil
}

var errEnough = errors.New("enough rows")

func previewOne(ctx context.Context, out io.Writer, b *ledger.Books, day reconcile.Day, limit int) (bad bool, err error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  line\tkind\tledger day\tbill\tid\tyuan\tstatus\tpaid at")
	last, rows := 0, 0
	next := func(line int) error { // an order may be the second of its row
		if line == last {
			return nil
		}
		if rows++; rows > limit {
			return errEnough
		}
		last = line
		return nil
	}
	load, err := b.Read(ctx, day, func(o reconcile.Order, _ string) error {
		if err := next(o.Source.Line); err != nil {
			return err
		}
		paid := ""
		if !o.PaidAt.IsZero() {
			paid = o.PaidAt.Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(table, "  %d\t%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", o.Source.Line, o.Kind(), o.LedgerDay, o.BillDay, o.BillNo, o.RefundID+o.CompletionID, o.Amount.Yuan(), o.Status, paid)
		return nil
	}, func(r reconcile.BadRow) error {
		if err := next(r.Line); err != nil {
			return err
		}
		bad = true
		column := ""
		if r.Column != "" {
			column = "column " + strconv.Quote(r.Column) + ": "
		}
		fmt.Fprintf(table, "  %d\tBAD\t%s%s\n", r.Line, column, plain(r.Reason.EN))
		return nil
	})
	table.Flush()
	if errors.Is(err, errEnough) {
		fmt.Fprintf(out, "  … the first %d rows; see more with --limit\n", limit)
		return bad, nil
	}
	if err != nil {
		return bad, err
	}
	fmt.Fprintf(out, "  %d rows, %d of them bad\n", load.Rows, load.Invalid)
	return bad, nil
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
