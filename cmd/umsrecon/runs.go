package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) runsCommand() *cobra.Command {
	var last int
	var format string
	c := &cobra.Command{
		Use:   "runs",
		Short: "the history of runs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if last < 1 {
				return usage("--last: must be at least 1, is %d", last)
			}
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error {
				runs, err := db.Runs(c.Context(), last)
				if err != nil {
					return err
				}
				a.printRuns(runs, format)
				return nil
			})
		},
	}
	c.Flags().IntVar(&last, "last", 20, "how many")
	formatFlag(c, &format)
	return c
}

type pastRunJSON struct {
	RunID     string              `json:"run_id"`
	Date      reconcile.Day       `json:"date"`
	Status    reconcile.RunStatus `json:"status"`
	StartedAt time.Time           `json:"started_at"`
	EndedAt   *time.Time          `json:"ended_at"`
	Reason    string              `json:"reason,omitempty"`
	Run       *runJSON            `json:"run"` // as published; null: it published nothing
}

func (a *app) printRuns(runs []store.RunRecord, format string) {
	all := []pastRunJSON{}
	for _, r := range runs {
		j := pastRunJSON{RunID: r.RunID, Date: r.Day, Status: r.Status, StartedAt: r.StartedAt, Reason: r.Reason}
		if !r.EndedAt.IsZero() {
			j.EndedAt = &r.EndedAt
		}
		figures := r.Reason
		if r.Summary != nil {
			run := result{summary: *r.Summary}.json()
			j.Run = &run
			figures = fmt.Sprintf("%d orders: %d matched, %d discrepant, %d waiting, %d unverified; %d cases open",
				run.Orders.Loaded, run.Orders.Matched, run.Orders.Discrepant, run.Orders.Waiting, run.Orders.Unverified, run.Cases.Closing)
		}
		all = append(all, j)
		if format == "text" {
			fmt.Fprintf(a.stdout, "%s  %-11s  %s  %s  %s\n", r.Day, r.Status, timeText(r.StartedAt), r.RunID, plain(figures))
		}
	}
	if format == "json" {
		printJSON(a.stdout, all)
	}
}
