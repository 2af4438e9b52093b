package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
)

func (a *app) runCommand() *cobra.Command {
	var o nightOptions
	var date, from, to, format string
	var due bool
	c := &cobra.Command{
		Use:   "run",
		Short: "reconcile one day (default: missed nights, then yesterday in Beijing)",
		Long: "run reads the ledger of the day, asks ChinaUMS about its open orders and those of earlier days,\n" +
			"judges them, and writes the workbooks. A run that was stopped goes on where it was.\n" +
			"Without a day it first does the nights of schedule.catch_up that were missed, and tries again those of\n" +
			"schedule.retry_for that ended incomplete, oldest first.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			days, err := a.runDays(date, from, to)
			if err != nil {
				return err
			}
			if due && date+from != "" {
				return usage("--due finds its days itself; give it without --date, --from and --to")
			}
			if o.noQuery && o.requery {
				return usage("--no-query and --requery exclude each other")
			}
			cfg, err := a.load(runNeeds(o)...)
			if err != nil {
				return err
			}
			plan := fixedDays(days...)
			switch now := a.clock.Now(); {
			case due:
				plan = cfg.dueNights(now, 0)
			case date+from == "":
				plan = cfg.dueNights(now, days[0])
			}
			results, done, err := a.watchedNights(c.Context(), cfg, plan, o, date+from == "", a.logger(slog.LevelWarn))
			a.printResults(cfg, results, done, o, format, due || from != "")
			if due && len(done.nights) == 0 && err == nil && format == "text" {
				fmt.Fprintln(a.stdout, "nothing is due")
			}
			return errors.Join(err, verdictOf(results, err))
		},
	}
	f := c.Flags()
	f.StringVar(&date, "date", "", "the ledger day, 2006-01-02")
	f.StringVar(&from, "from", "", "first of several days")
	f.StringVar(&to, "to", "", "last of several days")
	f.BoolVar(&due, "due", false, "only what is due: nights that were missed or ended incomplete; none is a success")
	f.BoolVar(&o.noQuery, "no-query", false, "judge again with the answers at hand, however old, without asking")
	f.BoolVar(&o.requery, "requery", false, "ask the final orders of the day, too")
	f.BoolVar(&o.restate, "restate", false, "run a day that is closed again; both versions are kept, and what moved is printed")
	f.BoolVar(&o.dryRun, "dry-run", false, "do everything but write")
	formatFlag(c, &format)
	return c
}

func runNeeds(o nightOptions) []Section {
	needs := []Section{NeedMerchant, NeedLedger, NeedDatabase, NeedReports, NeedRules, NeedSettlement, NeedNotices, NeedSchedule, NeedAlerts, NeedMonitor, NeedPing}
	if !o.noQuery {
		needs = append(needs, NeedGateway)
	}
	return needs
}

// runDays are the days to run, oldest first.
func (a *app) runDays(date, from, to string) ([]reconcile.Day, error) {
	if from == "" && to == "" {
		day, err := dayFlag("date", date, a.today()-1)
		return []reconcile.Day{day}, err
	}
	if date != "" || from == "" || to == "" {
		return nil, usage("give --date, or --from and --to together")
	}
	first, err := dayFlag("from", from, 0)
	if err != nil {
		return nil, err
	}
	last, err := dayFlag("to", to, 0)
	if err != nil {
		return nil, err
	}
	if last < first || last-first > 366 {
		return nil, usage("--from %s --to %s: give the older day first, and at most a year", first, last)
	}
	var days []reconcile.Day
	for d := first; d <= last; d++ {
		days = append(days, d)
	}
	return days, nil
}

// verdictOf is the exit code of nights that ended well, as an error without a
// message; nil when everything agrees.
func verdictOf(results []result, err error) error {
	code := exitDone
	for _, r := range results {
		code = max(code, r.code())
	}
	if err != nil || code == exitDone {
		return nil
	}
	return &exitError{code: code}
}
