package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) discrepanciesCommand() *cobra.Command {
	return group("discrepancies", "the cases: list, show, and what people decide about them",
		a.listCommand(), a.showCommand(), a.resolveCommand(), a.approveCommand(), a.rejectCommand(), a.enterCommand())
}

func (a *app) listCommand() *cobra.Command {
	var date, state, format string
	c := &cobra.Command{
		Use:   "list",
		Short: "list cases and notes (default: of every day)",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if state != "" && !slices.Contains(reconcile.States, reconcile.State(state)) {
				return usage("--state: must be one of %s, is %q", stateList(), state)
			}
			day, err := dayFlag("date", date, 0)
			if err != nil {
				return err
			}
			cfg, err := a.load(NeedDatabase, NeedRules)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error {
				since := a.today() - 1 - reconcile.Day(cfg.Rules.Lookback)
				lines := db.Cases(c.Context(), store.Filter{Day: day, State: reconcile.State(state), Since: since})
				if format == "json" {
					return listJSON(a.stdout, lines)
				}
				return listText(a.stdout, lines)
			})
		},
	}
	c.Flags().StringVar(&date, "date", "", "cases of this ledger day, 2006-01-02")
	c.Flags().StringVar(&state, "state", "", "one of "+stateList())
	formatFlag(c, &format)
	return c
}

func stateList() string {
	words := make([]string, len(reconcile.States))
	for i, s := range reconcile.States {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// caseJSON is a case as `discrepancies list --format json` prints it; amounts
// are fen, null where a side states none.
type caseJSON struct {
	ID            string             `json:"id"`
	Date          reconcile.Day      `json:"date"`
	Code          reconcile.Code     `json:"code"`
	Severity      reconcile.Severity `json:"severity"`
	State         reconcile.State    `json:"state"`
	Primary       bool               `json:"primary"`
	MID           string             `json:"mid"`
	TID           string             `json:"tid"`
	BillDate      reconcile.Day      `json:"bill_date"`
	BillNo        string             `json:"bill_no"`
	RefundID      string             `json:"refund_order_id"`
	CompletionID  string             `json:"authed_order_id"`
	LedgerAmount  reconcile.Amount   `json:"ledger_amount"`
	BillAmount    reconcile.Amount   `json:"bill_amount"`
	Difference    reconcile.Amount   `json:"difference"`
	FirstSeen     reconcile.Day      `json:"first_seen"`
	LastSeen      reconcile.Day      `json:"last_seen"`
	Detail        string             `json:"detail"`
	Stake         reconcile.Fen      `json:"stake"`            // what the case is worth in the roll-forward
	Gap           reconcile.Amount   `json:"gap"`              // UMS − ledger in money that moved
	Covers        int64              `json:"covers,omitempty"` // orders or rows that the case of a cause stands for
	Gone          bool               `json:"condition_gone"`
	NoLongerAsked bool               `json:"no_longer_asked"`
	File          string             `json:"file,omitempty"` // of a bad ledger row
	Line          int                `json:"line,omitempty"`
}

func asJSON(l reconcile.Line) caseJSON {
	c := l.Case
	out := caseJSON{
		ID: c.ID, Date: c.LedgerDay, Code: c.Code, Severity: c.Severity, State: c.State, Primary: c.Primary,
		MID: c.Key.MID, TID: c.Key.TID, BillDate: c.Key.BillDay, BillNo: c.Key.BillNo,
		RefundID: c.Key.RefundID, CompletionID: c.Key.CompletionID,
		LedgerAmount: c.Ledger, BillAmount: c.UMS, Difference: c.Difference(),
		FirstSeen: c.FirstSeen, LastSeen: c.LastSeen, Detail: c.Reason.EN,
		Stake: c.Stake, Gap: c.Gap, Covers: c.Covers, Gone: c.Gone, NoLongerAsked: l.NoLongerAsked,
	}
	if l.Row != nil {
		out.File, out.Line = l.Row.File, l.Row.Line
	}
	return out
}

func listJSON(w io.Writer, lines reconcile.Lines) error {
	all := []caseJSON{}
	for l, err := range lines {
		if err != nil {
			return err
		}
		all = append(all, asJSON(l))
	}
	printJSON(w, all)
	return nil
}

func listText(w io.Writer, lines reconcile.Lines) error {
	n := 0
	for l, err := range lines {
		if err != nil {
			return err
		}
		n++
		c := l.Case
		fmt.Fprintf(w, "%s  %s  %-8s %-10s %-26s %-32s %12s  %s\n",
			c.ID, c.LedgerDay, c.Severity, c.State, c.Code, subject(l), c.Difference().Yuan(), plain(c.Reason.EN))
	}
	if n == 0 {
		fmt.Fprintln(w, "none")
	}
	return nil
}

// subject names what a case is about.
func subject(l reconcile.Line) string {
	switch k := l.Case.Key; {
	case l.Case.Covers > 0 && l.Case.Scope != "":
		return fmt.Sprintf("%d rows of %s", l.Case.Covers, l.Case.Scope)
	case l.Case.Covers > 0:
		return fmt.Sprintf("%d orders of %s", l.Case.Covers, k.MID)
	case l.Row != nil:
		return fmt.Sprintf("%s:%d", l.Row.File, l.Row.Line)
	case l.Statement != nil:
		return fmt.Sprintf("%s:%d", l.Statement.Source.File, l.Statement.Source.Line)
	case l.Case.Code == reconcile.SettleTotalMismatch:
		return fmt.Sprintf("settle date %s of %s", l.Case.LedgerDay, k.MID)
	case k.RefundID != "":
		return k.BillNo + "/refund " + k.RefundID
	case k.CompletionID != "":
		return k.BillNo + "/completion " + k.CompletionID
	default:
		return k.BillNo
	}
}

// plain keeps text from the ledger or the gateway from steering a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
