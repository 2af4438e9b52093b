package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) dayCommand() *cobra.Command {
	return group("day", "sign ledger days off: close, reopen, list", a.closeCommand(), a.reopenCommand(), a.daysCommand())
}

func (a *app) closeCommand() *cobra.Command {
	var by, note string
	var accept []string
	c := &cobra.Command{
		Use: "close D", Short: "lock the figures of a day", Args: cobra.ExactArgs(1),
		Long: "close signs a ledger day off. It is refused while an order of the day is unverified, or a case of S1 or S2 is\n" +
			"neither resolved nor accepted (--accept ID, with a --note). A later run of the day then needs --restate.",
		RunE: func(c *cobra.Command, args []string) error {
			return a.sign(c, args[0], by, note, nil, func(s reconcile.Standing, d reconcile.Decision) (reconcile.SignOff, error) {
				return reconcile.CloseDay(s, d, accept)
			})
		},
	}
	c.Flags().StringVar(&by, "by", "", "who signs")
	c.Flags().StringVar(&note, "note", "", "why cases are accepted")
	c.Flags().StringSliceVar(&accept, "accept", nil, "cases to accept as they are, by their ids")
	return c
}

func (a *app) reopenCommand() *cobra.Command {
	var by, reason string
	c := &cobra.Command{
		Use: "reopen D", Short: "open a closed day again; another person than the signer does it", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if reason == "" {
				return usage("--reason: say why")
			}
			return a.sign(c, args[0], by, reason, refuseHistory, reconcile.ReopenDay)
		},
	}
	c.Flags().StringVar(&by, "by", "", "who opens it")
	c.Flags().StringVar(&reason, "reason", "", "why, in a sentence")
	return c
}

// sign closes or reopens a day, unless it is refused; nil: any is taken.
func (a *app) sign(c *cobra.Command, date, by, note string, refuse func(context.Context, *store.DB, ...reconcile.Day) error,
	decide func(reconcile.Standing, reconcile.Decision) (reconcile.SignOff, error),
) error {
	day, err := reconcile.ParseDay(date)
	if err != nil {
		return usage("%w", err)
	}
	d, err := a.decision(decideOptions{by: by, note: note}, false)
	if err != nil {
		return err
	}
	cfg, err := a.load(NeedDatabase)
	if err != nil {
		return err
	}
	return a.withStore(c, cfg, func(db *store.DB) error {
		if refuse != nil {
			if err := refuse(c.Context(), db, day); err != nil {
				return err
			}
		}
		s, err := db.SignOff(c.Context(), day, func(s reconcile.Standing) (reconcile.SignOff, error) { return decide(s, d) })
		if err != nil {
			return &dayError{day, err}
		}
		fmt.Fprintf(a.stdout, "%s %s by %s, run %s\n", s.Day, closedWord(s.Closed), plain(s.By), s.RunID)
		return nil
	})
}

func closedWord(closed bool) string {
	if closed {
		return "closed"
	}
	return "open"
}

// dayJSON is a ledger day as `day list --format json` prints it.
type dayJSON struct {
	Date       reconcile.Day       `json:"date"`
	State      string              `json:"state"` // open, closed, restated (closed, and run again since)
	Run        string              `json:"run_id"`
	Status     reconcile.RunStatus `json:"status"`
	Unverified int64               `json:"unverified"`
	Grave      int                 `json:"grave_cases"` // open and proposed, S1 and S2
	By         string              `json:"by,omitempty"`
	At         string              `json:"at,omitempty"`
	SignedRun  string              `json:"signed_run_id,omitempty"`
	Note       string              `json:"note,omitempty"`
	Accepted   []string            `json:"accepted,omitempty"`
}

func asDay(s reconcile.Standing) dayJSON {
	j := dayJSON{Date: s.Day, State: "open", Unverified: s.Unverified, Grave: len(s.Grave)}
	if s.Run != nil {
		j.Run, j.Status = s.Run.RunID, s.Run.Status
	}
	if s.Last == nil {
		return j
	}
	j.By, j.At, j.Note, j.SignedRun, j.Accepted = s.Last.By, rfc3339(s.Last.At), s.Last.Note, s.Last.RunID, s.Last.Accepted
	switch {
	case s.Last.Closed && s.Last.RunID != j.Run:
		j.State = "restated"
	case s.Last.Closed:
		j.State = "closed"
	}
	return j
}

func (a *app) daysCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "list", Short: "list the ledger days, the newest first, and how they stand", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error { return a.listDays(c.Context(), db, format) })
		},
	}
	formatFlag(c, &format)
	return c
}

func (a *app) listDays(ctx context.Context, db *store.DB, format string) error {
	days, err := db.Days(ctx)
	if err != nil {
		return err
	}
	all := []dayJSON{}
	for _, s := range days {
		all = append(all, asDay(s))
	}
	if format == "json" {
		printJSON(a.stdout, all)
		return nil
	}
	for _, d := range all {
		fmt.Fprintf(a.stdout, "%s  %-9s %-11s %4d unverified, %4d cases S1 and S2  %s\n", d.Date, d.State, d.Status, d.Unverified, d.Grave, plain(d.By+" "+d.Note))
	}
	return nil
}

// refuseClosed keeps a closed day from being run again unless it is to be
// restated; then it returns the figures that were signed.
func refuseClosed(ctx context.Context, db *store.DB, day reconcile.Day, restate bool) (signed *reconcile.Summary, err error) {
	s, err := db.Standing(ctx, day)
	switch {
	case err != nil || s.Last == nil || !s.Last.Closed:
		return nil, err
	case !restate:
		return nil, fmt.Errorf("%s: %w by %s; try: umsrecon run --date %[1]s --restate", day, reconcile.ErrDayClosed, s.Last.By)
	}
	return s.Signed, nil
}

// movedText says what a restated run has changed.
func movedText(was, is reconcile.Summary) []string {
	moved := reconcile.WhatMoved(was, is)
	lines := []string{fmt.Sprintf("  restated    run %s was signed; %d figures moved", was.RunID, len(moved))}
	for _, m := range moved {
		lines = append(lines, fmt.Sprintf("    %-32s %6d %14s  →  %6d %14s", m.What, m.Was.Count, m.Was.Fen.Yuan(), m.Is.Count, m.Is.Fen.Yuan()))
	}
	return slices.Clip(lines)
}
