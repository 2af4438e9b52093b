package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

func (a *app) payScoreCommand() *cobra.Command {
	c := group("pay-score", "WeChat pay-score orders (支付分)", a.syncCommand())
	c.Long = c.Short + ""
	return c
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
			"cannot be asked, so it is sent again only with --again, by somebody who has looked. A payment before the start\n" +
			"or the end of the service, or more than 60 s from now, is not sent.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.sync(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.fenOrderID, "fen-order-id", "", "pay-score order (支付分订单号)")
	f.StringVar(&o.paid, "paid-time", "", "when it was paid: 20091225091010, or 20091225 for the end of that day")
	f.StringVar(&o.mid, "mid", "", "merchant (default: the one that the order is known under, else of the configuration)")
	f.StringVar(&o.serviceID, "service-id", "", "service (default: pay_score.service_id)")
	f.StringVar(&o.serviceStart, "service-start", "", "when the service began, to be checked against the other times (default: of the ledger)")
	f.StringVar(&o.serviceEnd, "service-end", "", "when the order was completed, to be checked against the other times (default: of the ledger)")
	f.BoolVar(&o.again, "again", false, "send once more what may have arrived before")
	o.flags(c)
	return c
}

func (a *app) sync(c *cobra.Command, o syncOptions) error {
	day, err := o.check(c, "fen-order-id", "paid-time", "mid", "service-id", "service-start", "service-end")
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
	return a.send(c, o.sendOptions, day, func(ctx context.Context, d *desk) ([]planned, error) {
		if day != 0 {
			return d.dueSyncs(ctx, day)
		}
		if err := d.known(ctx, &single); err != nil {
			return nil, err
		}
		return []planned{d.syncOf(single, paidAt)}, nil
	})
}

func (d *desk) dueSyncs(ctx context.Context, day reconcile.Day) ([]planned, error) {
	due, err := d.db.DueSyncs(ctx, day)
	var plans []planned
	for _, l := range due {
		p := d.syncOf(l.Order, l.Answer.Bill.Payment.PaidAt)
		if p.refused == "" {
			if p, err = d.look(ctx, p); err != nil {
				return nil, err
			}
		}
		plans = append(plans, p)
	}
	return plans, err
}

// known completes an order by what the ledger and earlier sendings, of every
// merchant, know of it: it must not be told twice under two of them.
func (d *desk) known(ctx context.Context, o *reconcile.Order) error {
	if o.MID != "" {
		if err := d.merchant(ctx, o.MID); err != nil {
			return err
		}
	}
	rows, mids, err := d.db.FenOrder(ctx, o.FenOrderID)
	switch {
	case err != nil:
		return err
	case len(mids) == 0:
		if err := d.merchant(ctx, o.MID); err != nil {
			return err
		}
		d.cfg.complete(&o.Key)
		return nil
	case o.MID == "" && len(mids) > 1:
		return usage("pay-score order %s is known under %s; say which with --mid", o.FenOrderID, strings.Join(mids, ", "))
	case o.MID == "":
		o.MID = mids[0]
	case !slices.Contains(mids, o.MID):
		return usage("--mid: pay-score order %s is known under %s, not %s", o.FenOrderID, strings.Join(mids, ", "), o.MID)
	}
	for _, r := range rows {
		if r.MID == o.MID {
			fillOrder(o, r)
		}
	}
	return nil
}

// fillOrder takes from the ledger what the flags leave open.
func fillOrder(o *reconcile.Order, r reconcile.Order) {
	if o.ServiceID == "" {
		o.ServiceID = r.ServiceID
	}
	if o.ServiceStart.IsZero() {
		o.ServiceStart = r.ServiceStart
	}
	if o.ServiceEnd.IsZero() {
		o.ServiceEnd = r.ServiceEnd
	}
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
	if len(o.serviceStart) == len("20091225") { // a service that began on a day began at its earliest then
		order.ServiceStart = reconcile.DayOf(order.ServiceStart).Start()
	}
	return order, paidAt, nil
}

// syncOf is what would be sent of an order, checked by the page's rules.
func (d *desk) syncOf(o reconcile.Order, paidAt time.Time) planned {
	p := planned{sending: reconcile.Sending{
		Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: o.MID}},
		FenOrderID: o.FenOrderID, ServiceID: o.ServiceID, PaidAt: paidAt,
	}}
	if p.sending.ServiceID == "" {
		p.sending.ServiceID = d.cfg.PayScore.ServiceID
	}
	if p.sending.ServiceID == "" {
		p.refused = "there is no service_id: neither in the ledger nor under pay_score.service_id"
	} else if err := chinaums.CheckPaidTime(paidAt, d.clock.Now(), o.ServiceStart, o.ServiceEnd); err != nil {
		p.refused = err.Error()
	}
	return p
}
