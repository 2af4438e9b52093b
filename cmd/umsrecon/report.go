package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// reportOptions are what `report` is asked to write; zero is not asked for.
type reportOptions struct {
	day        reconcile.Day // discrepancies of it
	month      reconcile.Day // settlement of the month in which it lies
	settleDate reconcile.Day // settlement of it alone
	out        string
}

func (a *app) reportCommand() *cobra.Command {
	var date, monthText, settleDate, out string
	c := &cobra.Command{
		Use:   "report",
		Short: "write workbooks again, from the database, without asking UMS",
		Long: "report writes discrepancies-<day>.xlsx for --date, settlement-<month>.xlsx for --month and\n" +
			"settlement-<day>.xlsx for --settle-date; without any of them, what `run` would write for yesterday.\n" +
			"With reports.per_merchant it writes those of each merchant, too.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := a.reportOptions(date, monthText, settleDate)
			if err != nil {
				return err
			}
			o.out = out
			cfg, err := a.load(NeedMerchant, NeedDatabase, NeedReports, NeedRules, NeedSettlement, NeedNotices)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error { return a.report(c, cfg, db, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&date, "date", "", "discrepancies of this ledger day, 2006-01-02")
	f.StringVar(&monthText, "month", "", "settlement of this month, 2006-01")
	f.StringVar(&settleDate, "settle-date", "", "settlement of this one settle date")
	f.StringVar(&out, "out", "", "folder to write to (default: reports.dir)")
	return c
}

// reportOptions reads the flags; none of them is yesterday, as `run` has it.
func (a *app) reportOptions(date, monthText, settleDate string) (o reportOptions, err error) {
	if o.day, err = dayFlag("date", date, 0); err != nil {
		return o, err
	}
	if o.settleDate, err = dayFlag("settle-date", settleDate, 0); err != nil {
		return o, err
	}
	if monthText != "" {
		if o.month, err = reconcile.ParseDay(monthText + "-01"); err != nil {
			return o, usage("--month: %q is not a month such as 2006-01", monthText)
		}
	}
	if o == (reportOptions{}) {
		o.day, o.month = a.today()-1, a.today()-1
	}
	return o, nil
}

func (a *app) report(c *cobra.Command, cfg *Config, db *store.DB, o reportOptions) error {
	if err := refuseHistory(c.Context(), db, o.day, o.month, o.settleDate); err != nil {
		return err
	}
	dir := cfg.Path(cfg.Reports.Dir)
	if o.out != "" {
		var err error
		if dir, err = filepath.Abs(o.out); err != nil {
			return err
		}
	}
	if err := reports.Writable(dir); err != nil {
		return err
	}
	w := a.writer(c.Context(), cfg, db, dir)
	err := w.end(reportAll(c, db, w, o))
	for _, path := range w.paths {
		fmt.Fprintln(a.stdout, cfg.shown(path))
	}
	if n := len(w.folders); n > 0 {
		fmt.Fprintf(a.stdout, "workbooks of %d merchants, each in %s\n", n, cfg.shown(filepath.Join(dir, "<mid>")))
	}
	return err
}

func reportAll(c *cobra.Command, db *store.DB, w *workbookWriter, o reportOptions) (failed error) {
	if o.day != 0 {
		s, found, err := db.LastRun(c.Context(), o.day)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("there is no finished run of %s; try: umsrecon run --date %[1]s", o.day)
		}
		w.runID = s.RunID
		failed = w.discrepancies(s)
		w.runID = "" // what follows is about no single run
	}
	if o.month != 0 {
		from, to := month(o.month)
		failed = following(failed, w.settlement(o.month.Month(), from, to))
	}
	if day := o.settleDate; day != 0 {
		failed = following(failed, w.settlement(day.String(), day, day))
	}
	return failed
}

// withStore opens the database for a command and closes it behind.
func (a *app) withStore(c *cobra.Command, cfg *Config, do func(*store.DB) error) error {
	db, err := openExisting(c.Context(), cfg.database())
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}
