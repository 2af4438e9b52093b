package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// decideOptions are what a person says.
type decideOptions struct {
	outcome, note, by string
}

func (a *app) resolveCommand() *cobra.Command {
	var o decideOptions
	c := a.decideCommand("resolve ID", "say what was done about a case", &o, func(c reconcile.Case, d reconcile.Decision) (reconcile.Case, reconcile.Event, error) {
		return reconcile.Resolve(c, d)
	})
	c.Long = "resolve records an outcome: " + outcomeList() + ".\n" +
		"A case of S1, a write-off and a waiver are only proposed: somebody else approves or rejects them. The ledger is\n" +
		"never edited. A resolved case reopens when the facts that it relied on change."
	c.Flags().StringVar(&o.outcome, "outcome", "", "what was decided")
	c.Flags().StringVar(&o.note, "note", "", "why, in a sentence")
	return c
}

func (a *app) approveCommand() *cobra.Command {
	var o decideOptions
	c := a.decideCommand("approve ID", "approve what somebody else has proposed", &o, reconcile.Approve)
	c.Flags().StringVar(&o.note, "note", "", "a sentence to keep with it")
	return c
}

func (a *app) rejectCommand() *cobra.Command {
	var o decideOptions
	c := a.decideCommand("reject ID", "reject what somebody else has proposed: the case is open again", &o, reconcile.Reject)
	c.Flags().StringVar(&o.note, "note", "", "why, in a sentence")
	return c
}

func outcomeList() string {
	words := make([]string, len(reconcile.Remedies))
	for i, o := range reconcile.Remedies {
		words[i] = o.ZH + " (" + o.EN + ")"
	}
	return strings.Join(words, ", ")
}

func (a *app) decideCommand(use, short string, o *decideOptions, decide func(reconcile.Case, reconcile.Decision) (reconcile.Case, reconcile.Event, error)) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := a.decision(*o, c.Flags().Lookup("outcome") != nil)
			if err != nil {
				return err
			}
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error {
				now, err := db.Decide(c.Context(), args[0], func(c reconcile.Case) (reconcile.Case, reconcile.Event, error) { return decide(c, d) })
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%s  %s  %s  %s\n", now.ID, now.Code, now.State, plain(now.Outcome))
				return nil
			})
		},
	}
	c.Flags().StringVar(&o.by, "by", "", "who decides")
	return c
}

// decision checks what was said before the database is opened.
func (a *app) decision(o decideOptions, resolves bool) (reconcile.Decision, error) {
	d := reconcile.Decision{Note: o.note, By: o.by, User: a.user(), At: a.clock.Now()}
	if strings.TrimSpace(o.by) == "" {
		return d, usage("--by: say who decides")
	}
	if !resolves {
		return d, nil
	}
	var known bool
	if d.Remedy, known = reconcile.ParseRemedy(o.outcome); !known {
		return d, usage("--outcome: must be one of %s, is %q", outcomeList(), o.outcome)
	}
	if strings.TrimSpace(o.note) == "" {
		return d, usage("--note: say why")
	}
	return d, nil
}
