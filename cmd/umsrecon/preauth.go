package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
)

func (a *app) preauthCommand() *cobra.Command {
	c := group("preauth", "complete pre-authorisations (预授权完成)", a.completeCommand())
	c.Long = c.Short + ""
	return c
}

// completeOptions are what `preauth complete` may be told.
type completeOptions struct {
	sendOptions
	key              reconcile.Key
	billDate, amount string
	authCode         string
}

func (a *app) completeCommand() *cobra.Command {
	var o completeOptions
	c := &cobra.Command{
		Use:   "complete (--date D | --bill-no N --bill-date D --auth-code C --amount YUAN)",
		Short: "complete one pre-authorisation, or all that are due of a ledger day",
		Long: "complete sends bills/preauthed. With --date it takes the completion rows of that ledger day whose status is\n" +
			"processing and which UMS does not have; a row that the ledger calls a success is never sent. With flags it\n" +
			"completes one bill; its authed_order_id is made and stored before anything is sent.\n\n" +
			"UMS is asked before each request, and after one whose answer is not clear; the same completion is never sent\n" +
			"twice. A bill is not completed by more than its total, nor once more while a completion of it is in doubt.\n" +
			"It shows what it will send and asks.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.complete(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.key.BillNo, "bill-no", "", "bill number (账单号)")
	f.StringVar(&o.billDate, "bill-date", "", "date on which the bill was created, 2006-01-02")
	f.StringVar(&o.authCode, "auth-code", "", "authorisation code (授权标识应答码, auth_id_resp_cd)")
	f.StringVar(&o.amount, "amount", "", "amount to complete in yuan with two decimals, 19.08")
	f.StringVar(&o.key.CompletionID, "authed-order-id", "", "id of the completion (default: made from bill number and time)")
	f.StringVar(&o.key.MID, "mid", "", "merchant (default: of the configuration)")
	f.StringVar(&o.key.TID, "tid", "", "terminal (default: of the configuration)")
	f.StringVar(&o.key.InstMID, "inst-mid", "", "business type (default: of the configuration)")
	o.flags(c)
	return c
}

func (a *app) complete(c *cobra.Command, o completeOptions) error {
	day, err := o.check(c, "bill-no", "bill-date", "auth-code", "amount", "authed-order-id", "mid", "tid", "inst-mid")
	if err != nil {
		return err
	}
	var single reconcile.Sending
	if day == 0 {
		if single, err = o.single(); err != nil {
			return err
		}
	}
	return a.send(c, o.sendOptions, day, func(ctx context.Context, d *desk) ([]planned, error) {
		if day != 0 {
			return d.dueCompletions(ctx, day)
		}
		if err := d.merchant(ctx, single.Key.MID); err != nil {
			return nil, err
		}
		d.cfg.complete(&single.Key)
		if err := d.refuseCompletion(ctx, single.Key.BillKey); err != nil {
			return nil, err
		}
		plan, err := d.completionOf(ctx, single)
		return []planned{plan}, err
	})
}

// single is the one completion that the flags describe.
func (o completeOptions) single() (reconcile.Sending, error) {
	s := reconcile.Sending{Kind: reconcile.SendCompletion, Key: o.key, AuthCode: o.authCode}
	day, err := dayFlag("bill-date", o.billDate, 0)
	if err != nil {
		return s, err
	}
	s.Key.BillDay = day
	if o.key.BillNo == "" || day == 0 || o.authCode == "" || o.amount == "" {
		return s, usage("give --date, or --bill-no, --bill-date, --auth-code and --amount")
	}
	s.Amount, err = yuanFlag(o.amount)
	return s, err
}

// yuanFlag reads an amount that a person typed. Two decimals are asked for, so
// that nobody who thinks in fen sends a hundred times as much.
func yuanFlag(text string) (reconcile.Fen, error) {
	amount, err := reconcile.ParseYuan(text)
	if err != nil || len(text) < 4 || text[len(text)-3] != '.' || amount == 0 {
		return 0, usage("--amount: must be yuan with two decimals, more than 0, such as 19.08, is %q", text)
	}
	return amount, nil
}

// dueCompletions are the completion rows of a day that wait for UMS: processing
// in the books, and UMS, asked now, has none. It is asked once more before each
// is sent.
func (d *desk) dueCompletions(ctx context.Context, day reconcile.Day) ([]planned, error) {
	orders, err := d.db.DueCompletions(ctx, day)
	if err != nil {
		return nil, err
	}
	var plans []planned
	due := map[reconcile.Key]bool{}
	for _, o := range orders {
		due[o.Key] = true
		p := planned{sending: reconcile.Sending{Kind: reconcile.SendCompletion, Key: o.Key, AuthCode: o.AuthCode, Amount: o.Amount}}
		if o.AuthCode == "" {
			p.refused = "the ledger has no auth_id_resp_cd for it"
		} else if p, err = d.look(ctx, p); err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	others, err := d.doubtfulCompletions(ctx, day, due)
	return append(plans, others...), err
}

// doubtfulCompletions looks at the other completions of a day of which an
// earlier request may have arrived: what is true is recorded, and nothing sent.
func (d *desk) doubtfulCompletions(ctx context.Context, day reconcile.Day, due map[reconcile.Key]bool) ([]planned, error) {
	doubtful, err := d.db.DoubtfulCompletions(ctx, day)
	if err != nil {
		return nil, err
	}
	var plans []planned
	for _, s := range doubtful {
		if due[s.Key] {
			continue
		}
		p, err := d.look(ctx, planned{sending: s})
		if err != nil {
			return nil, err
		}
		if p.ready() {
			p.refused = "UMS does not have it, and no row of the ledger waits for it"
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// completionOf gives a completion its id, where it has none: that of the
// ledger's row of the bill that waits, else one that is made up. One that is
// stored for the bill already is taken up again instead; another one needs an
// id of its own.
func (d *desk) completionOf(ctx context.Context, s reconcile.Sending) (planned, error) {
	if s.Key.CompletionID != "" {
		s.Another = true
		return planned{sending: s}, nil
	}
	before, err := d.db.SendingsOf(ctx, s.Key.BillKey)
	if err != nil {
		return planned{}, err
	}
	if err := one(s, before); err != nil {
		return planned{}, err
	}
	waiting, err := d.db.ProcessingCompletions(ctx, s.Key.BillKey)
	switch {
	case err != nil:
		return planned{}, err
	case len(waiting) > 1:
		return planned{}, usage("the ledger has %d completions of bill %s that wait: %s; say which one with --authed-order-id",
			len(waiting), s.Key.BillNo, strings.Join(waiting, ", "))
	case len(waiting) == 1:
		s.Key.CompletionID = waiting[0]
		return planned{sending: s}, nil
	}
	s.IDMade = true
	s.Key.CompletionID, err = completionID(s.Key.BillNo, d.clock.Now())
	return planned{sending: s}, err
}

// one refuses a completion without an id beside others that UMS has or may
// have, unless it is one of them.
func one(s reconcile.Sending, before []reconcile.Sending) error {
	var other *reconcile.Sending
	for i, b := range before {
		switch {
		case b.Absent():
		case b.Amount == s.Amount && b.AuthCode == s.AuthCode:
			return nil
		case other == nil:
			other = &before[i]
		}
	}
	if other == nil {
		return nil
	}
	return usage("bill %s has the completion %s of %s yuan already (%s); to complete more of it give --authed-order-id",
		s.Key.BillNo, other.Key.CompletionID, other.Amount.Yuan(), other.State)
}

// completionID begins with the bill's source number, as the vendor asks of
// authedOrderId, and goes on with the time and eight digits.
func completionID(billNo string, now time.Time) (string, error) {
	const source = 4
	if len(billNo) < source {
		return "", usage("--bill-no: %q is too short to hold a source number; give --authed-order-id", billNo)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", errors.Join(errors.New("no random number"), err)
	}
	return fmt.Sprintf("%s%s%08d", billNo[:source], now.In(reconcile.Beijing).Format("20060102150405"), n), nil
}
