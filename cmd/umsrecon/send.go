package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

// sendExitHelp stands in the help of the commands that change something at UMS.
const sendExitHelp = `Exit codes:
  0    UMS has all of it, or nothing was due
  1    error: the database, or books of that day that were not read lately
  2    usage or configuration, or nobody said yes; nothing was sent
  3    UMS refused one, has it with another amount, or it must not be sent
  4    of one it is not known whether UMS has it, UMS could not be asked first, or it could not be sent
  130  interrupted: nothing more was sent, start again to go on
(3 and 4 together: 4.)`

// sendOptions are common to the two commands that change something at UMS.
type sendOptions struct {
	date, by, format string
	yes, again       bool
}

func (o *sendOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.date, "date", "", "all that are due of this ledger day, 2006-01-02")
	c.Flags().StringVar(&o.by, "by", "", "who has it sent (default: the user of this system)")
	c.Flags().BoolVar(&o.yes, "yes", false, "send without asking")
	formatFlag(c, &o.format)
}

// check reads --date; without it the day is 0. A flag about one thing, which
// would be without effect beside it, is refused.
func (o *sendOptions) check(c *cobra.Command, aboutOne ...string) (reconcile.Day, error) {
	if err := checkFormat(o.format); err != nil {
		return 0, err
	}
	day, err := dayFlag("date", o.date, 0)
	if err != nil || !c.Flags().Changed("date") {
		return day, err
	}
	if day == 0 {
		return 0, usage("--date: is empty; give a day such as 2006-01-02")
	}
	var other []string
	for _, name := range aboutOne {
		if c.Flags().Changed(name) {
			other = append(other, "--"+name)
		}
	}
	if len(other) > 0 {
		return 0, usage("--date takes all that are due of that day; leave it or %s out", strings.Join(other, ", "))
	}
	return day, nil
}

// planned is something to send, or why it is not sent.
type planned struct {
	sending reconcile.Sending
	refused string // why it cannot be sent
	err     error  // what Sender.Look or Sender.Send ended in
}

func (p planned) ready() bool {
	return p.refused == "" && p.err == nil && p.sending.State != reconcile.SendingDone
}

// desk is where sendings are planned and sent.
type desk struct {
	*app
	cfg    *Config
	db     *store.DB
	sender *reconcile.Sender
	by     string
}

// plannedFresh is how old the last run of a day may be whose rows are sent.
const plannedFresh = 12 * time.Hour

// onItsWay is how much longer than its timeout a request may be on its way.
const onItsWay = time.Minute

// send shows what plan finds, asks, and sends it one after the other.
func (a *app) send(c *cobra.Command, o sendOptions, day reconcile.Day, plan func(context.Context, *desk) ([]planned, error)) error {
	cfg, err := a.load(NeedMerchant, NeedGateway, NeedDatabase, NeedPayScore)
	if err != nil {
		return err
	}
	db, err := store.Open(c.Context(), cfg.database())
	if err != nil {
		return err
	}
	defer db.Close()
	if err := a.ranLately(c.Context(), db, day); err != nil {
		return err
	}
	limits, err := cfg.limits(c.Context())
	if err != nil {
		return err
	}
	defer limits.close()
	d, err := a.desk(cfg, db, o, limits)
	if err != nil {
		return err
	}
	plans, err := plan(c.Context(), d)
	switch {
	case c.Context().Err() != nil:
		return reconcile.ErrInterrupted
	case err != nil:
		return err
	}
	return d.sendAll(c.Context(), o, plans)
}

func (a *app) desk(cfg *Config, db *store.DB, o sendOptions, l limits) (*desk, error) {
	clients, _, err := cfg.clients(a.clock.Now, a.tokens, l)
	if err != nil {
		return nil, err
	}
	words := gateway.Words{SyncAccepted: cfg.PayScore.Success, SyncRefused: cfg.PayScore.Refused, DetailAsText: cfg.PayScore.Detail == "text"}
	sender := &reconcile.Sender{
		Store: db, Gateway: reconcile.Halting(gateway.NewSender(gateway.New(clients, a.clock.Now), words)), Clock: a.clock, Again: o.again,
		Settle: cfg.Gateway.Timeout + onItsWay,
	}
	if o.by == "" {
		o.by = a.user()
	}
	return &desk{app: a, cfg: cfg, db: db, sender: sender, by: o.by}, nil
}

// look finds out how a sending stands. The error is one that ends everything:
// the database's.
func (d *desk) look(ctx context.Context, p planned) (planned, error) {
	if ctx.Err() != nil {
		return p, reconcile.ErrInterrupted
	}
	p.sending.By, p.sending.MadeAt = d.by, d.clock.Now()
	p.sending, p.err = d.sender.Look(ctx, p.sending)
	return p, p.fatal()
}

// fatal is the error that is not about one sending: nothing more is sent.
func (p planned) fatal() error {
	if p.err == nil || slices.ContainsFunc(sendErrors, func(known error) bool { return errors.Is(p.err, known) }) {
		return nil
	}
	return p.err
}

// merchant makes sure that a sending by hand is of a merchant that is known: one
// of the configuration or, where one merchant's credentials serve whatever mid
// its ledger names, of the ledger. Of several none is taken for granted.
func (d *desk) merchant(ctx context.Context, mid string) error {
	merchants := d.cfg.Merchants()
	var all []string
	for _, m := range merchants {
		if m.MID == mid || mid == "" && len(merchants) == 1 {
			return nil
		}
		all = append(all, m.MID)
	}
	if len(d.cfg.Listed) == 0 && mid != "" {
		if known, err := d.db.HasMerchant(ctx, mid); known || err != nil {
			return err
		}
	}
	if mid == "" {
		return usage("give --mid; the configuration has %s", strings.Join(all, ", "))
	}
	return usage("--mid: there is no merchant %q; the configuration has %s", mid, strings.Join(all, ", "))
}

// ranLately makes sure that the rows of a day are those of books read tonight.
func (a *app) ranLately(ctx context.Context, db *store.DB, day reconcile.Day) error {
	if day == 0 {
		return nil
	}
	s, found, err := db.LastRun(ctx, day)
	switch {
	case err != nil:
		return err
	case !found || a.clock.Now().Sub(s.EndedAt) > plannedFresh:
		return fmt.Errorf("the books of %s were not read in the last %s; try: umsrecon run --date %[1]s", day, "12 hours")
	}
	return nil
}

func (a *app) user() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if user, ok := a.lookupEnv(name); ok && user != "" {
			return user
		}
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

func (d *desk) sendAll(ctx context.Context, o sendOptions, plans []planned) error {
	ready := 0
	for _, p := range plans {
		fmt.Fprintln(d.stderr, plain(p.text()))
		if p.ready() {
			ready++
		}
	}
	if ready > 0 && !o.yes {
		if err := d.ask(ctx, fmt.Sprintf("send %d of these to %s? type yes: ", ready, d.cfg.Gateway.BaseURL)); err != nil {
			return err
		}
	}
	err := d.sendEach(ctx, plans)
	d.printSent(plans, o.format)
	return errors.Join(err, sentCode(plans, err))
}

// sendEach goes on after one that fails, and ends with its context.
func (d *desk) sendEach(ctx context.Context, plans []planned) error {
	for i := range plans {
		p := &plans[i]
		if !p.ready() {
			continue
		}
		if ctx.Err() != nil {
			return reconcile.ErrInterrupted
		}
		p.sending.By, p.sending.MadeAt = d.by, d.clock.Now()
		p.sending, p.err = d.sender.Send(ctx, p.sending)
		if err := p.fatal(); err != nil {
			return err
		}
	}
	return nil
}

// sendErrors are about one sending; the next may go well.
var sendErrors = []error{
	reconcile.ErrUnsure, reconcile.ErrSendRefused, reconcile.ErrNotAsked, reconcile.ErrNotSent, reconcile.ErrBlocked,
	reconcile.ErrOtherSending, reconcile.ErrOtherAmount,
}

// ask wants the word yes from a person. A read of stdin cannot be called off,
// so an interruption leaves it behind.
func (a *app) ask(ctx context.Context, question string) error {
	fmt.Fprint(a.stderr, question)
	answers := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.stdin).ReadString('\n') // no answer is no
		answers <- answer
	}()
	var answer string
	select {
	case answer = <-answers:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		fmt.Fprintln(a.stderr)
		return fmt.Errorf("nothing was sent: %w", reconcile.ErrInterrupted)
	}
	if strings.TrimSpace(answer) != "yes" {
		fmt.Fprintln(a.stderr)
		return usage("not sent: nobody said yes; a script says --yes")
	}
	return nil
}

// sentCode is the exit code: 4 when it is not known of one whether it was done,
// or it could not be asked about or sent; 3 when one was refused or must not be
// sent.
func sentCode(plans []planned, err error) error {
	if err != nil {
		return nil
	}
	code := exitDone
	for _, p := range plans {
		switch {
		case errors.Is(p.err, reconcile.ErrUnsure), errors.Is(p.err, reconcile.ErrNotAsked), errors.Is(p.err, reconcile.ErrNotSent):
			code = exitIncomplete
		case p.err != nil || p.refused != "":
			code = max(code, exitDiscrepant)
		}
	}
	if code == exitDone {
		return nil
	}
	return &exitError{code: code}
}
