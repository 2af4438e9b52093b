package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

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
				return usage("--state: must be one of %v, is %q", reconcile.States, state)
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
	c.Flags().StringVar(&state, "state", "", "open, proposed, resolved, cleared, waiting, unverified or note")
	formatFlag(c, &format)
	return c
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
		LedgerAmount: c.Ledger, BillAmount: c.UMS, Difference: c.UMS.Minus(c.Ledger),
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
			c.ID, c.LedgerDay, c.Severity, c.State, c.Code, subject(l), c.UMS.Minus(c.Ledger).Yuan(), plain(c.Reason.EN))
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
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "the whole story of one case (the beginning of its id is enough)",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load(NeedDatabase, NeedRules)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error { return a.show(c.Context(), db, args[0]) })
		},
	}
}

func (a *app) show(ctx context.Context, db *store.DB, id string) error {
	l, events, err := db.Case(ctx, id)
	if err != nil {
		return err
	}
	c, rule := l.Case, reconcile.RuleOf(l.Case.Code)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(a.stdout, "%-12s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	row("case", "%s", c.ID)
	row("code", "%s  %s  %s (%s)", c.Severity, c.Code, rule.ZH, rule.EN)
	row("state", "%s%s", c.State, map[bool]string{true: ", the condition no longer holds"}[c.Gone])
	row("reason", "%s", c.Reason.EN)
	row("", "%s", c.Reason.ZH)
	row("seen", "%d times, %s to %s", c.Times, c.FirstSeen, c.LastSeen)
	row("ledger day", "%s", c.LedgerDay)
	if l.Row != nil {
		row("row", "%s line %d, column %q", l.Row.File, l.Row.Line, l.Row.Column)
		row("raw", "%s", l.Row.Raw)
	} else if c.Covers > 0 {
		row("stands for", "%s", subject(l))
	} else if l.Notice != nil {
		showNotice(row, *l.Notice)
	} else if l.Statement != nil {
		showLine(row, *l.Statement)
	} else if c.Key.BillNo == "" { // the totals of a settle date, or a line that is gone
		row("about", "%s", subject(l))
	} else {
		a.showOrder(row, l)
		if err := a.showAnswers(ctx, db, row, c.Key); err != nil {
			return err
		}
		if err := showNotices(ctx, db, row, c.Key); err != nil {
			return err
		}
		lines, err := db.StatementOf(ctx, c.Key.BillKey)
		if err != nil {
			return err
		}
		for _, line := range lines {
			showLine(row, line)
		}
	}
	row("amounts", "ledger %s, UMS %s, difference %s yuan; at stake %s", c.Ledger.Yuan(), c.UMS.Yuan(), c.UMS.Minus(c.Ledger).Yuan(), c.Stake.Yuan())
	if len(l.Others) > 0 {
		row("other codes", "%v", l.Others)
	}
	if c.Outcome != "" {
		row("decided", "%s by %s%s: %s", c.Outcome, c.By, map[bool]string{true: ", approved by " + c.Reviewer}[c.Reviewer != ""], c.Note)
	}
	for _, e := range events {
		row("event", "%s  %s: %s → %s  %s%s", e.At.In(reconcile.Beijing).Format(time.DateTime), e.Kind, cmpState(e.Was), e.State, e.By, saidBy(e))
	}
	return nil
}

// saidBy is what a person said with a step, or why the condition or a proposal is gone; why
// it held is the reason of the case.
func saidBy(e reconcile.Event) string {
	told := []reconcile.EventKind{reconcile.EventCleared, reconcile.EventGone, reconcile.EventWithdrawn, reconcile.EventInherited}
	if e.By == "" && !slices.Contains(told, e.Kind) {
		return ""
	}
	return ": " + e.Reason.EN
}

func cmpState(s reconcile.State) string {
	if s == "" {
		return "new"
	}
	return string(s)
}

func (a *app) showOrder(row func(string, string, ...any), l reconcile.Line) {
	o, k := l.Order, l.Case.Key
	row("order", "mid %s, tid %s, inst_mid %s, bill %s of %s", k.MID, k.TID, k.InstMID, k.BillNo, k.BillDay)
	if k.RefundID != "" || k.CompletionID != "" {
		row("", "refund %q, completion %q", k.RefundID, k.CompletionID)
	}
	row("ledger", "%s %s yuan, order %q, paid at %s, settle date %s; %s line %d",
		o.Status, o.Amount.Yuan(), o.OrderNo, timeText(o.PaidAt), o.SettleDay, o.Source.File, o.Source.Line)
}

// rfc3339 is an instant as JSON has it, in Beijing time.
func rfc3339(t time.Time) string { return t.In(reconcile.Beijing).Format(time.RFC3339) }

func showNotices(ctx context.Context, db *store.DB, row func(string, string, ...any), k reconcile.Key) error {
	notices, err := db.NoticesOf(ctx, k.BillKey)
	for _, n := range notices {
		row("notified", "%s  %s %s: %s %s, total %s, paid %s, settles %s", timeText(n.ReceivedAt), kindText(n), n.ID, n.BillStatus, n.Status,
			n.Total.Yuan(), timeText(n.PaidAt), n.SettleDay)
	}
	return err
}

// showLine is a line of a statement.
func showLine(row func(string, string, ...any), l reconcile.StatementLine) {
	row("statement", "%s line %d: %s %s yuan, fee %s, net %s, settle date %s, reference %q, merchant order %q",
		l.Source.File, l.Source.Line, l.Kind, l.Amount.Yuan(), l.Fee.Yuan(), l.Net.Yuan(), l.SettleDay, l.Reference, l.MerOrderID)
}

func showNotice(row func(string, string, ...any), n reconcile.Notice) {
	word := "verified"
	if !n.Verified {
		word = "not verified, " + n.Why
	}
	row("notice", "%s %s of %s (%s), %d repeats, %s", kindText(n), n.ID, timeText(n.ReceivedAt), n.Path, n.Repeats, word)
	row("", "mid %s, bill %s of %s, order %s, %s %s, total %s, paid at %s, settles %s", n.MID, n.BillNo, n.BillDay, n.MerOrderID,
		n.BillStatus, n.Status, n.Total.Yuan(), timeText(n.PaidAt), n.SettleDay)
	row("UMS said", "%s", n.Raw)
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(reconcile.Beijing).Format(time.DateTime)
}

func (a *app) showAnswers(ctx context.Context, db *store.DB, row func(string, string, ...any), k reconcile.Key) error {
	answers, err := db.Answers(ctx, k)
	if err != nil {
		return err
	}
	for _, x := range answers {
		b := x.Bill
		row("asked", "%s  %s %s: %s/%s, total %s, paid %s, settles %s %s", timeText(x.AskedAt), x.Outcome, x.Code,
			b.Status, b.Payment.Status, b.Total.Yuan(), timeText(b.Payment.PaidAt), b.Payment.SettleDay, x.Message)
	}
	if n := len(answers); n > 0 && answers[n-1].Raw != nil {
		row("UMS said", "%s", answers[n-1].Raw)
	}
	return nil
}
