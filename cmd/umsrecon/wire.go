package main

import (
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/time/rate"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// processingPause is how long the vendor asks to leave an ORDER_PROCESSING
// bill alone.
const processingPause = 60 * time.Second

// ledgers are the sources of the merchants' books. Merchants that share the
// top-level ledger share one source.
func (c *Config) ledgers() ([]reconcile.Ledger, error) {
	merchants := c.Merchants()
	var all []reconcile.Ledger
	shared := false
	for i, m := range merchants {
		own := m.Ledger != &c.Ledger
		if !own && shared {
			continue
		}
		source := c.source(*m.Ledger)
		switch {
		case own:
			source.Name, source.Defaults = m.MID, defaultsOf(m.Terminal)
		case len(merchants) == 1:
			source.Defaults = defaultsOf(m.Terminal)
		default: // several merchants in one ledger: it must say whose a row is
			source.Defaults = ledger.Defaults{InstMID: m.InstMID}
		}
		shared = shared || !own
		l, err := ledger.New(source)
		if err != nil {
			return nil, fmt.Errorf("ledger of merchant %d: %w", i+1, err)
		}
		all = append(all, l)
	}
	return all, nil
}

func defaultsOf(t Terminal) ledger.Defaults {
	return ledger.Defaults{MID: t.MID, TID: t.TID, InstMID: t.InstMID}
}

func (c *Config) source(l Ledger) ledger.Source {
	return ledger.Source{
		Dir: c.Dir(), Pattern: l.Pattern,
		Encoding: ledger.Encoding(l.Encoding), Unit: ledger.Unit(l.AmountUnit),
		Columns: l.Columns, Statuses: l.Statuses,
		Location: c.Timezone, Calendar: c.Settings().Calendar,
	}
}

// clients makes one client per set of credentials. They share the rate limit
// and the budget of a run.
func (c *Config) clients(now func() time.Time) (func(mid string) *chinaums.Client, error) {
	limiter := rate.NewLimiter(rate.Limit(c.Gateway.RequestsPerSecond), 1)
	var budget *chinaums.Budget
	if c.Gateway.MaxRequestsPerRun > 0 {
		budget = chinaums.NewBudget(int64(c.Gateway.MaxRequestsPerRun))
	}
	byMID := map[string]*chinaums.Client{}
	for _, m := range c.Merchants() {
		client, err := chinaums.New(chinaums.Options{
			BaseURL: c.Gateway.BaseURL, AppID: m.AppID, AppKey: chinaums.NewSecret(m.AppKey.Reveal()), Now: now,
			Timeout: c.Gateway.Timeout, MaxAttempts: c.Gateway.MaxAttempts, Concurrency: c.Gateway.Concurrency,
			Limiter: limiter, Budget: budget,
		})
		if err != nil {
			return nil, &exitError{code: exitUsage, err: fmt.Errorf("gateway: %w", err)}
		}
		byMID[m.MID] = client
	}
	if len(c.Listed) == 0 { // one merchant's credentials serve whatever mid its ledger names
		only := byMID[c.Merchant.MID]
		return func(string) *chinaums.Client { return only }, nil
	}
	return func(mid string) *chinaums.Client { return byMID[mid] }, nil
}

// job puts the night together. A job that does not ask needs no credentials.
func (c *Config) job(clock reconcile.Clock, db reconcile.Store, asks bool) (*reconcile.Job, error) {
	ledgers, err := c.ledgers()
	if err != nil {
		return nil, err
	}
	j := &reconcile.Job{
		Ledgers: ledgers, Store: db, Clock: clock, Settings: c.Settings(),
		Asking: reconcile.Asking{Concurrency: c.Gateway.Concurrency, Deadline: c.Gateway.Deadline, ProcessingPause: processingPause},
	}
	if asks {
		clients, err := c.clients(clock.Now)
		if err != nil {
			return nil, err
		}
		j.Gateway = gateway.New(clients, clock.Now)
	}
	return j, nil
}

// shown is a path as a person wants to read it: below the configuration's
// folder relative to it, elsewhere absolute.
func (c *Config) shown(path string) string {
	if rel, err := filepath.Rel(c.Dir(), path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
