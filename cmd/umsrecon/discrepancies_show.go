package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

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
	row("amounts", "ledger %s, UMS %s, difference %s; at stake %s yuan", c.Ledger.Yuan(), c.UMS.Yuan(), c.Difference().Yuan(), c.Stake.Yuan())
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
