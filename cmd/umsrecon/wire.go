package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// processingPause is how long the vendor asks to leave an ORDER_PROCESSING
// bill alone.
const processingPause = 60 * time.Second

// ledgers are the sources of the merchants' books. Merchants without a ledger
// of their own share the top-level one, which must then say whose a row is.
func (c *Config) ledgers(clock reconcile.Clock) ([]reconcile.Ledger, error) {
	books, err := c.books(clock)
	all := make([]reconcile.Ledger, len(books))
	for i, b := range books {
		all[i] = b
	}
	return all, err
}

// books are the same, as package ledger knows them.
func (c *Config) books(clock reconcile.Clock) ([]*ledger.Books, error) {
	var all []*ledger.Books
	var sharing []Merchant
	terminals := map[string]ledger.Defaults{} // of those that share one
	add := func(l Ledger, name string, defaults ledger.Defaults, whose string) error {
		for _, one := range l.Each() {
			source := c.source(one, clock)
			source.Name, source.Owner, source.Defaults, source.Terminals = name, name, defaults, terminals
			b, err := ledger.New(source)
			if err != nil {
				return fmt.Errorf("ledger of %s: %w", whose, err)
			}
			all = append(all, b)
		}
		return nil
	}
	for _, m := range c.Merchants() {
		if m.Ledger == &c.Ledger {
			sharing = append(sharing, m)
			continue
		}
		if err := add(*m.Ledger, m.MID, defaultsOf(m.Terminal), m.MID); err != nil {
			return nil, err
		}
	}
	if len(sharing) == 0 {
		return all, nil
	}
	defaults := defaultsOf(sharing[0].Terminal)
	if len(sharing) > 1 {
		defaults.MID, defaults.TID = "", ""
		for _, m := range sharing {
			terminals[m.MID] = defaultsOf(m.Terminal)
		}
	}
	return all, add(c.Ledger, "", defaults, "the merchants that share it")
}

func defaultsOf(t Terminal) ledger.Defaults {
	return ledger.Defaults{MID: t.MID, TID: t.TID, InstMID: t.InstMID}
}

func (c *Config) source(l LedgerSource, clock reconcile.Clock) ledger.Source {
	return ledger.Source{
		Part: l.Name, Dir: c.Dir(), Pattern: l.Pattern, Format: ledger.Format(l.Format), Sheet: l.Sheet,
		DSN: l.DSN.Reveal, Query: string(l.Query), Timeout: l.Timeout, Now: clock.Now,
		Quiet: l.Quiet, Patience: l.Wait, Sleep: clock.Sleep, MayBeEmpty: l.MayBeEmpty,
		Control:  l.Control.control(),
		Encoding: ledger.Encoding(l.Encoding), Unit: ledger.Unit(l.AmountUnit),
		Columns: l.Columns, Statuses: l.Statuses,
		Location: c.Timezone, Calendar: c.Settings().Calendar,
	}
}

// statements are the exports of the merchant portal; none where none are
// configured. Several merchants share them, so that a line says whose it is.
func (c *Config) statements() ([]reconcile.Statement, error) {
	if c.Statement.Pattern == "" {
		return nil, nil
	}
	s := c.Statement
	source := ledger.StatementSource{Types: s.Types, Source: ledger.Source{
		Name: "statement", Dir: c.Dir(), Pattern: s.Pattern, Format: ledger.Format(s.Format), Sheet: s.Sheet, Encoding: ledger.Encoding(s.Encoding), Unit: ledger.Unit(s.AmountUnit),
		Columns: s.Columns, Control: s.Control.control(), Location: c.Timezone,
	}}
	if merchants := c.Merchants(); len(merchants) == 1 {
		source.Defaults = defaultsOf(merchants[0].Terminal)
	}
	st, err := ledger.NewStatements(source)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("statement: %w", err)}
	}
	return []reconcile.Statement{st}, nil
}

// clients makes one client per set of credentials. They share the limits of a
// run, tokens, which outlive the run, and connections, which hangUp closes.
func (c *Config) clients(now func() time.Time, tokens *chinaums.Tokens, l limits) (of func(mid string) *chinaums.Client, hangUp func(), err error) {
	transport := chinaums.NewTransport(c.Gateway.Concurrency)
	byMID := map[string]*chinaums.Client{}
	for _, m := range c.Merchants() {
		client, err := chinaums.New(chinaums.Options{
			BaseURL: c.Gateway.BaseURL, AppID: m.AppID, AppKey: chinaums.NewSecret(m.AppKey.Reveal()), Now: now,
			Timeout: c.Gateway.Timeout, MaxAttempts: c.Gateway.MaxAttempts, Concurrency: c.Gateway.Concurrency,
			Limiter: l.pace(m.AppID), Budget: l.budget, Transport: transport,
			Auth: chinaums.Auth(c.Gateway.Auth), TokenHeader: chinaums.TokenHeader(c.Gateway.TokenHeader), Tokens: tokens,
		})
		if err != nil {
			return nil, nil, &exitError{code: exitUsage, err: fmt.Errorf("gateway: %w", err)}
		}
		byMID[m.MID] = client
	}
	if len(c.Listed) == 0 { // one merchant's credentials serve whatever mid its ledger names
		only := byMID[c.Merchant.MID]
		return func(string) *chinaums.Client { return only }, transport.CloseIdleConnections, nil
	}
	return func(mid string) *chinaums.Client { return byMID[mid] }, transport.CloseIdleConnections, nil
}

// job puts the night together; hangUp is for its end. A job without limits does
// not ask, and needs no credentials.
func (c *Config) job(clock reconcile.Clock, db reconcile.Store, tokens *chinaums.Tokens, l *limits) (j *reconcile.Job, hangUp func(), err error) {
	ledgers, err := c.ledgers(clock)
	if err != nil {
		return nil, nil, err
	}
	statements, err := c.statements()
	if err != nil {
		return nil, nil, err
	}
	j = &reconcile.Job{
		Ledgers: ledgers, Statements: statements, Store: db, Clock: clock, Settings: c.Settings(), PerMerchant: c.Reports.PerMerchant,
		Asking: c.asking(),
	}
	if l == nil {
		return j, func() {}, nil
	}
	clients, hangUp, err := c.clients(clock.Now, tokens, *l)
	if err != nil {
		return nil, nil, err
	}
	j.Gateway, j.Store = gateway.New(clients, clock.Now), limitedStore{db, *l}
	return j, hangUp, nil
}

func (c *Config) asking() reconcile.Asking {
	return reconcile.Asking{
		Concurrency: c.Gateway.Concurrency, Deadline: c.Gateway.Deadline, ProcessingPause: processingPause, Lease: c.Gateway.Lease,
		PerSecond: c.Gateway.RequestsPerSecond, Requests: int64(c.Gateway.MaxRequestsPerRun),
	}
}

// shown is a path as a person wants to read it: below the configuration's
// folder relative to it, elsewhere absolute.
func (c *Config) shown(path string) string {
	if rel, err := filepath.Rel(c.Dir(), path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
