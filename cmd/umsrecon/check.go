package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) checkCommand() *cobra.Command {
	var date string
	var send bool
	c := &cobra.Command{
		Use:   "check",
		Short: "look at configuration, folders, disk, database, ledger, statement, gateway, clock, nights, notices and channels",
		Long: "check says ok of each, or what to do; a WARNING is no error. It asks UMS about one bill; all it makes is the\n" +
			"reports folder. With --send everybody in alerts.recipients gets a test message.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			day, err := dayFlag("date", date, a.today()-1)
			if err != nil {
				return err
			}
			return a.check(c.Context(), day, send)
		},
	}
	c.Flags().BoolVar(&send, "send", false, "send a test message to every recipient")
	c.Flags().StringVar(&date, "date", "", "ledger day to look at (default: yesterday in Beijing)")
	return c
}

// check runs every check and returns the gravest error, whose code is the
// program's.
func (a *app) check(ctx context.Context, day reconcile.Day, send bool) error {
	cfg, err := a.load(EverySection...)
	a.checked("configuration", err, "every key understood")
	if err != nil {
		return said(err)
	}
	var worst error
	probe := &probe{app: a}
	for _, one := range []struct {
		name string
		look func(context.Context, *Config, reconcile.Day) (string, error)
	}{
		{"reports", a.checkReports}, {"database", a.checkDatabase}, {"disk", a.checkDisk}, {"lock", a.checkLock},
		{"ledger", a.checkLedger}, {"statement", a.checkStatement}, {"gateway", probe.gateway}, {"clock", probe.clock},
		{"nights", a.checkNights}, {"notices", a.checkNotices}, {"notices kept", a.checkStoredNotices},
		{"messages", func(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
			return a.checkMessages(ctx, cfg, send)
		}},
	} {
		text, err := one.look(ctx, cfg, day)
		a.checked(one.name, err, text)
		if err != nil && exitCode(err) > exitCode(worst) {
			worst = said(err)
		}
	}
	return worst
}

func (a *app) checked(name string, err error, text string) {
	if err != nil {
		word := "NOT OK"
		if exitCode(err) == exitDone {
			word = "WARNING"
		}
		lines := strings.ReplaceAll(a.explain(err), "\n", "\n"+strings.Repeat(" ", 23))
		fmt.Fprintf(a.stdout, "%-14s %-7s %s\n", name, word, lines)
		return
	}
	fmt.Fprintf(a.stdout, "%-14s ok      %s\n", name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 23)))
}

// said keeps the code of an error that has been told already.
func said(err error) error { return &exitError{code: exitCode(err)} }

func (a *app) checkReports(_ context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	dir := cfg.Path(cfg.Reports.Dir)
	return dir, reports.Writable(dir)
}

func (a *app) checkLock(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	path := cfg.database()
	if _, err := os.Stat(path + ".lock"); os.IsNotExist(err) && !store.OnServer(path) {
		return "no run holds the database", nil
	}
	_, release, err := lock(ctx, path, "check", a.clock.Now())
	if err != nil {
		return "", err
	}
	release()
	return "no run holds the database", nil
}

// checkLedger reads the books of a day as a run would.
func (a *app) checkLedger(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	ledgers, err := cfg.books(a.clock)
	if err != nil {
		return "", err
	}
	var sources []string // each with its columns below it
	text := ""           // of all so far, without their columns
	for _, l := range ledgers {
		var orders int64
		var firstBad *reconcile.BadRow
		load, err := l.Read(ctx, day,
			func(reconcile.Order, string) error { orders++; return nil },
			func(r reconcile.BadRow) error {
				if firstBad == nil {
					firstBad = &r
				}
				return nil
			})
		if errors.Is(err, reconcile.ErrNoLedger) { // the hint about it is this very command
			return "", fmt.Errorf("%s of %s: %s; try: ledger.path in the configuration, or check --date with a day that is exported", l.Scope(day), day, err)
		}
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", l.Scope(day), day, err)
		}
		understood, err := l.Understand(ctx, day, understoodRows)
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", l.Scope(day), day, err)
		}
		columns := columnsText(understood)
		source := fmt.Sprintf("%s: %d rows, %d orders, %d invalid%s", strings.Join(load.Files, ", "), load.Rows, orders, load.Invalid, controlsMet(load))
		text += source + "; "
		if err := checkedLoad(text, load, firstBad, columns); err != nil {
			return "", err
		}
		sources = append(sources, source+columns)
	}
	return strings.Join(sources, "\n"), nil
}

// checkStatement reads the statement of a settle date as a run would. One that
// is not there is no fault: it may not be out yet.
func (a *app) checkStatement(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	statements, err := cfg.statements()
	if err != nil || len(statements) == 0 {
		return "none is configured", err
	}
	text := ""
	for _, s := range statements {
		var lines int64
		var firstBad *reconcile.BadRow
		load, err := s.Read(ctx, day, func(reconcile.StatementLine) error { lines++; return nil }, func(r reconcile.BadRow) error {
			if firstBad == nil {
				firstBad = &r
			}
			return nil
		})
		switch {
		case errors.Is(err, reconcile.ErrNoLedger):
			text += s.Scope(day) + " is not there; "
			continue
		case err != nil:
			return "", fmt.Errorf("%s of %s: %w", s.Scope(day), day, err)
		}
		text += fmt.Sprintf("%s: %d rows, %d lines, %d invalid%s; ", strings.Join(load.Files, ", "), load.Rows, lines, load.Invalid, controlsMet(load))
		if err := checkedLoad(text, load, firstBad, ""); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(text, "; "), nil
}

// checkedLoad is what is wrong with a source that was read: the totals that it
// does not hold, then its first bad row, which may be why a total cannot be
// compared.
func checkedLoad(text string, l reconcile.Load, bad *reconcile.BadRow, columns string) error {
	for _, c := range l.Controls {
		if c.Missed.EN != "" {
			return &exitError{code: exitIncomplete, err: fmt.Errorf("%scontrol total not met: %s", text, c.Missed.EN)}
		}
		if c.Open.EN != "" {
			text += c.Open.EN + "; "
		}
	}
	for _, why := range l.Suspect {
		return &exitError{code: exitIncomplete, err: fmt.Errorf("%s%s", text, why.EN)}
	}
	if bad == nil {
		return nil
	}
	in := ""
	if bad.Column != "" {
		in = fmt.Sprintf(", column %q", plain(bad.Column))
	}
	return fmt.Errorf("%sthe first invalid one is %s line %d%s: %s%s", text, bad.File, bad.Line, in, plain(bad.Reason.EN), columns)
}

// probe asks UMS once, for what the answer shows of access and of the clock.
type probe struct {
	*app
	sentAt time.Time
	answer *reconcile.Answer // nil: not asked
}

// gateway asks about a bill that need not exist: NO_ORDER proves the
// credentials as well as any bill does.
func (p *probe) gateway(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	limits, err := cfg.limits(ctx)
	if err != nil {
		return "", err
	}
	defer limits.close()
	clients, _, err := cfg.clients(p.app.clock.Now, p.app.tokens, limits)
	if err != nil {
		return "", err
	}
	k := reconcile.Key{BillKey: reconcile.BillKey{BillNo: "0000UMSRECONCHECK", BillDay: day}}
	cfg.complete(&k)
	if k.MID == "" || k.TID == "" {
		return "not asked: merchant.mid and merchant.tid are not set, so there is no merchant to ask about", nil
	}
	p.sentAt = p.app.clock.Now()
	answer := gateway.New(clients, p.app.clock.Now).Ask(ctx, k)
	p.answer = &answer
	if !answer.Trustworthy() {
		try := "gateway.app_id, gateway.app_key, merchant and this machine's clock"
		if answer.Outcome == reconcile.QueryFailed {
			try = "gateway.base_url, and the way from this machine to it"
		}
		return "", &exitError{code: exitIncomplete, err: fmt.Errorf("%s: %s %s; try: %s", cfg.Gateway.BaseURL, answer.Outcome, plain(answer.Message), try)}
	}
	return fmt.Sprintf("%s answered %s; the credentials are accepted", cfg.Gateway.BaseURL, answer.Outcome), nil
}

// clockSkew is how far this machine may be from the gateway before signatures
// are in danger of being refused.
const clockSkew = time.Minute

// clock compares this machine's time with what the gateway put on its answer.
func (p *probe) clock(context.Context, *Config, reconcile.Day) (string, error) {
	here := p.app.clock.Now()
	now := here.In(reconcile.Beijing).Format(time.DateTime)
	there, known := p.gatewayTime()
	if !known {
		return now + " in Beijing; the gateway gave no time to compare with", nil
	}
	text := fmt.Sprintf("%s in Beijing, the gateway says %s", now, there.Format(time.DateTime))
	if there.Sub(here) > clockSkew || p.sentAt.Sub(there) > clockSkew {
		return "", fmt.Errorf("%s; try: synchronising this machine's clock (NTP)", text)
	}
	return text, nil
}

// gatewayTime is the time on the answer, under either of its two spellings.
func (p *probe) gatewayTime() (time.Time, bool) {
	if p.answer == nil {
		return time.Time{}, false
	}
	var stamps map[string]any
	_ = json.Unmarshal(p.answer.Raw, &stamps) // no body, or one that says nothing
	for _, name := range []string{"responseTimeStamp", "responseTimestamp"} {
		text, _ := stamps[name].(string)
		if t, err := time.ParseInLocation(time.DateTime, text, reconcile.Beijing); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
