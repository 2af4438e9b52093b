package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) payScoreCommand() *cobra.Command {
	return group("pay-score", "WeChat pay-score orders (支付分)", a.syncCommand())
}

// syncOptions are what `pay-score sync` may be told.
type syncOptions struct {
	sendOptions
	fenOrderID, mid, serviceID, paid string
	serviceStart, serviceEnd         string
}

func (a *app) syncCommand() *cobra.Command {
	var o syncOptions
	c := &cobra.Command{
		Use:   "sync (--date D | --fen-order-id F --paid-time T)",
		Short: "tell UMS of the payment of one pay-score order, or of all that are due of a ledger day",
		Long: "sync sends order/sync (Order_Paid). With --date it takes the orders of that ledger day with a fen_order_id\n" +
			"that both sides call paid and of which UMS was not told; the time is that of the payment at UMS.\n\n" +
			"It shows what it will send and asks. An order is told once: after a request whose answer is not clear UMS\n" +
			"cannot be asked, so it is sent again only with --again, by somebody who has looked. It ends with 3 when UMS\n" +
			"refused one, with 4 when it is not known of one whether UMS has it.\n\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.sync(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.fenOrderID, "fen-order-id", "", "pay-score order (支付分订单号)")
	f.StringVar(&o.paid, "paid-time", "", "when it was paid: 20091225091010, or 20091225 for the end of that day")
	f.StringVar(&o.mid, "mid", "", "merchant (default: of the configuration)")
	f.StringVar(&o.serviceID, "service-id", "", "service (default: pay_score.service_id)")
	f.StringVar(&o.serviceStart, "service-start", "", "when the service began, to be checked against the other times")
	f.StringVar(&o.serviceEnd, "service-end", "", "when the order was completed, to be checked against the other times")
	f.BoolVar(&o.again, "again", false, "send once more what may have arrived before")
	o.flags(c)
	return c
}

func (a *app) sync(c *cobra.Command, o syncOptions) error {
	day, err := o.check()
	if err != nil {
		return err
	}
	var single reconcile.Order
	var paidAt time.Time
	if day == 0 {
		if single, paidAt, err = o.single(); err != nil {
			return err
		}
	}
	return a.send(c, o.sendOptions, day, func(ctx context.Context, cfg *Config, db *store.DB) ([]planned, error) {
		if day == 0 {
			cfg.complete(&single.Key)
			return []planned{a.syncOf(cfg, single, paidAt)}, nil
		}
		due, err := db.DueSyncs(ctx, day)
		var plans []planned
		for _, l := range due {
			plans = append(plans, a.syncOf(cfg, l.Order, l.Answer.Bill.Payment.PaidAt))
		}
		return plans, err
	})
}

// single is the one order that the flags describe.
func (o syncOptions) single() (order reconcile.Order, paidAt time.Time, err error) {
	if o.fenOrderID == "" || o.paid == "" {
		return order, paidAt, usage("give --date, or --fen-order-id and --paid-time")
	}
	order.FenOrderID, order.ServiceID, order.MID = o.fenOrderID, o.serviceID, o.mid
	for _, f := range []struct {
		name, text string
		into       *time.Time
	}{{"paid-time", o.paid, &paidAt}, {"service-start", o.serviceStart, &order.ServiceStart}, {"service-end", o.serviceEnd, &order.ServiceEnd}} {
		if f.text == "" {
			continue
		}
		if *f.into, err = chinaums.ParsePaidTime(f.text); err != nil {
			return order, paidAt, usage("--%s: %v", f.name, err)
		}
	}
	return order, paidAt, nil
}

// syncOf is what would be sent of an order, checked by the page's rules.
func (a *app) syncOf(cfg *Config, o reconcile.Order, paidAt time.Time) planned {
	p := planned{sending: reconcile.Sending{
		Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: o.MID}},
		FenOrderID: o.FenOrderID, ServiceID: o.ServiceID, PaidAt: paidAt,
	}}
	if p.sending.ServiceID == "" {
		p.sending.ServiceID = cfg.PayScore.ServiceID
	}
	if p.sending.ServiceID == "" {
		p.refused = "there is no service_id: neither in the ledger nor under pay_score.service_id"
	} else if err := chinaums.CheckPaidTime(paidAt, a.clock.Now(), o.ServiceStart, o.ServiceEnd); err != nil {
		p.refused = err.Error()
	}
	return p
}
