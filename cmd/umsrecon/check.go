package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) checkCommand() *cobra.Command {
	var date string
	var send bool
	c := &cobra.Command{
		Use:   "check",
		Short: "look at configuration, folders, disk, database, ledger, statement, gateway, clock, nights, notices and channels",
		Long: "check says ok of each, or what to do; a WARNING is no error. It asks UMS about one bill with each\n" +
			"set of credentials; all it makes is the reports folder. With --send everybody in alerts.recipients gets a test message.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			day, err := dayFlag("date", date, a.today()-1)
			if err != nil {
				return err
			}
			return a.check(c.Context(), day, send)
		},
	}
	c.Flags().BoolVar(&send, "send", false, "send a test message to every recipient")
	c.Flags().StringVar(&date, "date", "", "ledger day to look at (default: yesterday in Beijing)")
	return c
}

// check runs every check and returns the gravest error, whose code is the
// program's.
func (a *app) check(ctx context.Context, day reconcile.Day, send bool) error {
	cfg, err := a.load(EverySection...)
	a.checked("configuration", err, "every key understood")
	if err != nil {
		return said(err)
	}
	var worst error
	probe := &probe{app: a}
	for _, one := range []struct {
		name string
		look func(context.Context, *Config, reconcile.Day) (string, error)
	}{
		{"reports", a.checkReports}, {"database", a.checkDatabase}, {"disk", a.checkDisk}, {"lock", a.checkLock},
		{"ledger", a.checkLedger}, {"statement", a.checkStatement}, {"gateway", probe.gateway}, {"clock", probe.clock},
		{"nights", a.checkNights}, {"notices", a.checkNotices}, {"notices kept", a.checkStoredNotices},
		{"messages", func(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
			return a.checkMessages(ctx, cfg, send)
		}},
	} {
		text, err := one.look(ctx, cfg, day)
		a.checked(one.name, err, text)
		if err != nil && exitCode(err) > exitCode(worst) {
			worst = said(err)
		}
	}
	return worst
}

func (a *app) checked(name string, err error, text string) {
	if err != nil {
		word := "NOT OK"
		if exitCode(err) == exitDone {
			word = "WARNING"
		}
		lines := strings.ReplaceAll(a.explain(err), "\n", "\n"+strings.Repeat(" ", 23))
		fmt.Fprintf(a.stdout, "%-14s %-7s %s\n", name, word, lines)
		return
	}
	fmt.Fprintf(a.stdout, "%-14s ok      %s\n", name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 23)))
}

// said keeps the code of an error that has been told already.
func said(err error) error { return &exitError{code: exitCode(err)} }

func (a *app) checkReports(_ context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	dir := cfg.Path(cfg.Reports.Dir)
	return dir, reports.Writable(dir)
}

func (a *app) checkLock(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	path := cfg.database()
	if _, err := os.Stat(path + ".lock"); os.IsNotExist(err) && !store.OnServer(path) {
		return "no run holds the database", nil
	}
	_, release, err := lock(ctx, path, "check", a.clock.Now())
	if err != nil {
		return "", err
	}
	release()
	return "no run holds the database", nil
}

// checkLedger reads the books of a day as a run would.
func (a *app) checkLedger(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	ledgers, err := cfg.books(a.clock)
	if err != nil {
		return "", err
	}
	var sources []string // each with its columns below it
	text := ""           // of all so far, without their columns
	for _, l := range ledgers {
		var orders int64
		var firstBad *reconcile.BadRow
		load, err := l.Read(ctx, day,
			func(reconcile.Order, string) error { orders++; return nil },
			func(r reconcile.BadRow) error {
				if firstBad == nil {
					firstBad = &r
				}
				return nil
			})
		if errors.Is(err, reconcile.ErrNoLedger) { // the hint about it is this very command
			return "", fmt.Errorf("%s of %s: %s; try: ledger.path in the configuration, or check --date with a day that is exported", l.Scope(day), day, err)
		}
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", l.Scope(day), day, err)
		}
		understood, err := l.Understand(ctx, day, understoodRows)
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", l.Scope(day), day, err)
		}
		columns := columnsText(understood)
		source := fmt.Sprintf("%s: %d rows, %d orders, %d invalid%s", strings.Join(load.Files, ", "), load.Rows, orders, load.Invalid, controlsMet(load))
		text += source + "; "
		if err := checkedLoad(text, load, firstBad, columns); err != nil {
			return "", err
		}
		sources = append(sources, source+columns)
	}
	return strings.Join(sources, "\n"), nil
}

// checkStatement reads the statement of a settle date as a run would. One that
// is not there is no fault: it may not be out yet.
func (a *app) checkStatement(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	statements, err := cfg.statements()
	if err != nil || len(statements) == 0 {
		return "none is configured", err
	}
	text := ""
	for _, s := range statements {
		var lines int64
		var firstBad *reconcile.BadRow
		load, err := s.Read(ctx, day, func(reconcile.StatementLine) error { lines++; return nil }, func(r reconcile.BadRow) error {
			if firstBad == nil {
				firstBad = &r
			}
			return nil
		})
		switch {
		case errors.Is(err, reconcile.ErrNoLedger):
			text += s.Scope(day) + " is not there; "
			continue
		case err != nil:
			return "", fmt.Errorf("%s of %s: %w", s.Scope(day), day, err)
		}
		text += fmt.Sprintf("%s: %d rows, %d lines, %d invalid%s; ", strings.Join(load.Files, ", "), load.Rows, lines, load.Invalid, controlsMet(load))
		if err := checkedLoad(text, load, firstBad, ""); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(text, "; "), nil
}

// checkedLoad is what is wrong with a source that was read: the totals that it
// does not hold, then its first bad row, which may be why a total cannot be
// compared.
func checkedLoad(text string, l reconcile.Load, bad *reconcile.BadRow, columns string) error {
	for _, c := range l.Controls {
		if c.Missed.EN != "" {
			return &exitError{code: exitIncomplete, err: fmt.Errorf("%scontrol total not met: %s", text, c.Missed.EN)}
		}
		if c.Open.EN != "" {
			text += c.Open.EN + "; "
		}
	}
	for _, why := range l.Suspect {
		return &exitError{code: exitIncomplete, err: fmt.Errorf("%s%s", text, why.EN)}
	}
	if bad == nil {
		return nil
	}
	in := ""
	if bad.Column != "" {
		in = fmt.Sprintf(", column %q", plain(bad.Column))
	}
	return fmt.Errorf("%sthe first invalid one is %s line %d%s: %s%s", text, bad.File, bad.Line, in, plain(bad.Reason.EN), columns)
}
