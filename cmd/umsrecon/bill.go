package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

func (a *app) billCommand() *cobra.Command {
	return group("bill", "ask UMS about one bill", a.billQueryCommand())
}

func (a *app) billQueryCommand() *cobra.Command {
	var k reconcile.Key
	var date, format string
	c := &cobra.Command{
		Use:   "query --bill-no N --bill-date D",
		Short: "ask UMS about one bill and print the answer; nothing is stored",
		Long:  "query asks bills/query. It ends with 0 when UMS answered, also that it has no such bill, and with 4 when it did not.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			day, err := dayFlag("bill-date", date, 0)
			if err != nil {
				return err
			}
			if k.BillNo == "" || day == 0 {
				return usage("--bill-no and --bill-date are needed")
			}
			if k.RefundID != "" && k.CompletionID != "" {
				return usage("--refund-order-id and --authed-order-id exclude each other")
			}
			cfg, err := a.load(NeedMerchant, NeedGateway, NeedDatabase) // where the rate is shared
			if err != nil {
				return err
			}
			k.BillDay = day
			cfg.complete(&k)
			return a.queryBill(c, cfg, k, format)
		},
	}
	f := c.Flags()
	f.StringVar(&k.BillNo, "bill-no", "", "bill number (账单号)")
	f.StringVar(&date, "bill-date", "", "date on which the bill was created, 2006-01-02")
	f.StringVar(&k.MID, "mid", "", "merchant (default: of the configuration)")
	f.StringVar(&k.TID, "tid", "", "terminal (default: of the configuration)")
	f.StringVar(&k.InstMID, "inst-mid", "", "business type (default: of the configuration)")
	f.StringVar(&k.RefundID, "refund-order-id", "", "also ask for this refund")
	f.StringVar(&k.CompletionID, "authed-order-id", "", "also ask for this pre-authorisation completion")
	formatFlag(c, &format)
	return c
}

// complete fills in what the configuration knows of a bill's key.
func (c *Config) complete(k *reconcile.Key) {
	merchants := c.Merchants()
	m := merchants[0]
	for _, other := range merchants {
		if other.MID == k.MID {
			m = other
		}
	}
	fill := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	fill(&k.MID, m.MID)
	fill(&k.TID, m.TID)
	fill(&k.InstMID, m.InstMID)
}

// billJSON is the answer as it is printed; body is what UMS said, personal
// fields masked.
type billJSON struct {
	Outcome  reconcile.Outcome `json:"outcome"`
	Code     string            `json:"err_code"`
	Message  string            `json:"message"`
	Attempts int               `json:"attempts"`
	Body     json.RawMessage   `json:"body"`
}

func (a *app) queryBill(c *cobra.Command, cfg *Config, k reconcile.Key, format string) error {
	limits, err := cfg.limits(c.Context())
	if err != nil {
		return err
	}
	defer limits.close()
	clients, _, err := cfg.clients(a.clock.Now, a.tokens, limits)
	if err != nil {
		return err
	}
	answer := gateway.New(clients, a.clock.Now).Ask(c.Context(), k)
	if c.Context().Err() != nil {
		return reconcile.ErrInterrupted
	}
	if format == "json" {
		out := billJSON{Outcome: answer.Outcome, Code: answer.Code, Message: answer.Message, Attempts: answer.Attempts}
		if json.Valid(answer.Raw) {
			out.Body = answer.Raw
		}
		printJSON(a.stdout, out)
	} else {
		a.printBill(k, answer)
	}
	if !answer.Trustworthy() {
		return &exitError{code: exitIncomplete}
	}
	return nil
}

func (a *app) printBill(k reconcile.Key, x reconcile.Answer) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(a.stdout, "%-12s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	row("bill", "%s of %s, mid %s, tid %s, inst_mid %s", k.BillNo, k.BillDay, k.MID, k.TID, k.InstMID)
	said := x.Message
	if !strings.HasPrefix(said, x.Code) {
		said = x.Code + " " + said
	}
	row("outcome", "%s %s (%d requests)", x.Outcome, said, x.Attempts)
	if x.Outcome != reconcile.Found {
		return
	}
	b := x.Bill
	row("status", "%s, total %s yuan, created %s", b.Status, b.Total.Yuan(), timeText(b.CreatedAt))
	for _, f := range []struct {
		name string
		flow reconcile.Flow
	}{{"payment", b.Payment}, {"refund", b.Refund}, {"completion", b.Completion}} {
		if p := f.flow; p.Present {
			row(f.name, "%s %s, total %s, buyer paid %s, coupon %s yuan, at %s, settles %s, reference %s",
				p.TargetSys, p.Status, p.Total.Yuan(), p.BuyerPay.Yuan(), p.Coupon.Yuan(), timeText(p.PaidAt), p.SettleDay, p.PaySeqID)
		}
	}
	if b.SecureStatus != "" {
		row("guarantee", "%s, completed %s yuan", b.SecureStatus, b.Completed.Yuan())
	}
	row("UMS said", "%s", x.Raw)
}
