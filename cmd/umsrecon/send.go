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

func (o *sendOptions) check() (reconcile.Day, error) {
	if err := checkFormat(o.format); err != nil {
		return 0, err
	}
	return dayFlag("date", o.date, 0)
}

// planned is something to send, or why it cannot be sent.
type planned struct {
	sending reconcile.Sending
	refused string // why it cannot be sent
	there   string // UMS has it already: there is nothing to send
	err     error
}

func (p planned) ready() bool { return p.refused == "" && p.there == "" }

// plannedFresh is how old the last run of a day may be whose rows are sent.
const plannedFresh = 12 * time.Hour

// onItsWay is how much longer than its timeout a request may be on its way.
const onItsWay = time.Minute

// send shows what plan finds, asks, and sends it one after the other.
func (a *app) send(c *cobra.Command, o sendOptions, day reconcile.Day, plan func(context.Context, *Config, *store.DB) ([]planned, error)) error {
	cfg, err := a.load(NeedMerchant, NeedGateway, NeedDatabase, NeedPayScore)
	if err != nil {
		return err
	}
	db, err := store.Open(c.Context(), cfg.Path(cfg.Database))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := a.ranLately(c.Context(), db, day); err != nil {
		return err
	}
	plans, err := plan(c.Context(), cfg, db)
	if err != nil {
		return err
	}
	if o.by == "" {
		o.by = a.user()
	}
	return a.sendAll(c.Context(), cfg, db, o, plans)
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

func (a *app) sendAll(ctx context.Context, cfg *Config, db *store.DB, o sendOptions, plans []planned) error {
	ready := 0
	for _, p := range plans {
		fmt.Fprintln(a.stderr, plain(p.text()))
		if p.ready() {
			ready++
		}
	}
	if ready > 0 && !o.yes {
		if err := a.ask(fmt.Sprintf("send %d of these to %s? type yes: ", ready, cfg.Gateway.BaseURL)); err != nil {
			return err
		}
	}
	clients, err := cfg.clients(a.clock.Now, a.tokens)
	if err != nil {
		return err
	}
	words := gateway.Words{SyncAccepted: cfg.PayScore.Success, SyncRefused: cfg.PayScore.Refused, DetailAsText: cfg.PayScore.Detail == "text"}
	sender := &reconcile.Sender{
		Store: db, Gateway: gateway.NewSender(gateway.New(clients, a.clock.Now), words), Clock: a.clock, Again: o.again,
		Settle: cfg.Gateway.Timeout + onItsWay,
	}
	err = a.sendEach(ctx, sender, o, plans)
	a.printSent(plans, o.format)
	return errors.Join(err, sentCode(plans, err))
}

// sendEach goes on after one that fails, and ends with its context.
func (a *app) sendEach(ctx context.Context, sender *reconcile.Sender, o sendOptions, plans []planned) error {
	for i := range plans {
		p := &plans[i]
		if !p.ready() {
			continue
		}
		if ctx.Err() != nil {
			return reconcile.ErrInterrupted
		}
		p.sending.By, p.sending.MadeAt = o.by, a.clock.Now()
		p.sending, p.err = sender.Send(ctx, p.sending)
		if p.err != nil && !slices.ContainsFunc(sendErrors, func(known error) bool { return errors.Is(p.err, known) }) {
			return p.err // the database: nothing more is sent
		}
	}
	return nil
}

// sendErrors are about one sending; the next may go well.
var sendErrors = []error{reconcile.ErrUnsure, reconcile.ErrSendRefused, reconcile.ErrNotSent, reconcile.ErrOtherSending, reconcile.ErrOtherAmount}

// ask wants the word yes from a person.
func (a *app) ask(question string) error {
	fmt.Fprint(a.stderr, question)
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n') // no answer is no
	if strings.TrimSpace(answer) != "yes" {
		fmt.Fprintln(a.stderr)
		return usage("not sent: nobody said yes; a script says --yes")
	}
	return nil
}

// sentCode is the exit code: 4 when it is not known of one whether it was done,
// 3 when one was refused or cannot be sent.
func sentCode(plans []planned, err error) error {
	if err != nil {
		return nil
	}
	code := exitDone
	for _, p := range plans {
		switch {
		case errors.Is(p.err, reconcile.ErrUnsure), errors.Is(p.err, reconcile.ErrNotSent):
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

// text is what would be sent.
func (p planned) text() string {
	s := p.sending
	text := fmt.Sprintf("completion %s: bill %s of %s, mid %s, tid %s, authorisation %s, %s yuan",
		s.Key.CompletionID, s.Key.BillNo, s.Key.BillDay, s.Key.MID, s.Key.TID, s.AuthCode, s.Amount.Yuan())
	if s.Kind == reconcile.SendSync {
		text = fmt.Sprintf("pay-score order %s: mid %s, service %s, paid at %s", s.FenOrderID, s.Key.MID, s.ServiceID, timeText(s.PaidAt))
	}
	switch {
	case p.refused != "":
		text += "; NOT SENT: " + p.refused
	case p.there != "":
		text += "; not sent: " + p.there
	}
	return text
}

// sentJSON is what came of a sending; amounts are fen.
type sentJSON struct {
	Kind       reconcile.SendingKind  `json:"kind"`
	State      reconcile.SendingState `json:"state"` // intended, unsure, done, refused
	MID        string                 `json:"mid"`
	BillNo     string                 `json:"bill_no,omitempty"`
	BillDate   string                 `json:"bill_date,omitempty"`
	AuthedID   string                 `json:"authed_order_id,omitempty"`
	Amount     reconcile.Fen          `json:"amount,omitempty"`
	FenOrderID string                 `json:"fen_order_id,omitempty"`
	ServiceID  string                 `json:"service_id,omitempty"`
	PaidAt     string                 `json:"paid_at,omitempty"`
	Attempts   int                    `json:"attempts"` // times it was sent, over all runs
	Detail     string                 `json:"detail,omitempty"`
}

func (p planned) json() sentJSON {
	s := p.sending
	out := sentJSON{
		Kind: s.Kind, State: s.State, MID: s.Key.MID, BillNo: s.Key.BillNo, BillDate: s.Key.BillDay.String(), AuthedID: s.Key.CompletionID,
		Amount: s.Amount, FenOrderID: s.FenOrderID, ServiceID: s.ServiceID, Attempts: s.Attempts, Detail: p.detail(),
	}
	if !s.PaidAt.IsZero() {
		out.PaidAt = rfc3339(s.PaidAt)
	}
	switch {
	case p.there != "":
		out.State = reconcile.SendingDone
	case out.State == "":
		out.State = reconcile.SendingIntended
	}
	return out
}

func (p planned) detail() string {
	switch {
	case p.refused != "" || p.there != "":
		return p.refused + p.there
	case p.err != nil:
		return p.err.Error()
	}
	return p.sending.Message
}

func (a *app) printSent(plans []planned, format string) {
	if format == "json" {
		all := []sentJSON{}
		for _, p := range plans {
			all = append(all, p.json())
		}
		printJSON(a.stdout, all)
		return
	}
	for _, p := range plans {
		j := p.json()
		fmt.Fprintln(a.stdout, plain(strings.TrimSpace(fmt.Sprintf("%-9s %s%s  %s", j.State, j.AuthedID, j.FenOrderID, j.Detail))))
	}
	if len(plans) == 0 {
		fmt.Fprintln(a.stdout, "nothing is due")
	}
}
