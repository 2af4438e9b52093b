package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// limits bound the requests of a command. Those of processes that share a database
// on a server hold for all of them together: the rate for each app id, and the
// budget of a run.
type limits struct {
	pace   func(appID string) pace
	budget budget             // nil: no limit
	begin  func(runID string) // tells whose requests they are
	close  func() error
	db     *store.DB // nil: nobody shares them
}

type pace interface{ Wait(context.Context) error }

type budget interface {
	Take(context.Context) (bool, error)
	GiveBack()
}

// limits are those of a command that belongs to no run.
func (c *Config) limits(ctx context.Context) (limits, error) {
	if !store.OnServer(c.database()) {
		return c.ownLimits(), nil
	}
	there, err := store.Exists(ctx, c.database())
	if err != nil {
		return limits{}, fmt.Errorf("gateway.requests_per_second, which holds for all that use the database: %w", err)
	}
	if !there {
		return c.ownLimits(), nil // nobody else uses it
	}
	db, err := store.Open(ctx, c.database())
	if err != nil {
		return limits{}, err
	}
	l := c.ownLimits()
	l.pace, l.close, l.db = c.sharedPaces(db), db.Close, db
	return l, nil
}

func (c *Config) ownLimits() limits {
	one := chinaums.NewPace(c.Gateway.RequestsPerSecond, time.Now)
	l := limits{pace: func(string) pace { return one }, begin: func(string) {}, close: func() error { return nil }}
	if most := c.Gateway.MaxRequestsPerRun; most > 0 {
		l.budget = chinaums.NewBudget(int64(most))
	}
	return l
}

// sharedPaces is called while clients are made, by one goroutine.
func (c *Config) sharedPaces(db *store.DB) func(app string) pace {
	paces := map[string]pace{}
	return func(app string) pace {
		if paces[app] == nil {
			paces[app] = db.NewPace(app, c.Gateway.RequestsPerSecond, time.Now)
		}
		return paces[app]
	}
}

// runLimits are those of a run: its budget, too, is shared with workers.
func (c *Config) runLimits(ctx context.Context) (limits, error) {
	l, err := c.limits(ctx)
	if err != nil || l.db == nil {
		return l, err
	}
	shared, db := c.sharedLimits(l.db), l.db
	closeLimits := shared.close
	shared.close = func() error { return errors.Join(closeLimits(), db.Close()) }
	return shared, nil
}

// sharedLimits are those of whoever asks for a run, on a database that is open.
func (c *Config) sharedLimits(db *store.DB) limits {
	l := limits{pace: c.sharedPaces(db), begin: func(string) {}, close: func() error { return nil }, db: db}
	if most := c.Gateway.MaxRequestsPerRun; most > 0 {
		a := db.NewAllowance(int64(most))
		l.budget, l.begin, l.close = a, a.Begin, a.Close
	}
	return l
}

// limitedStore tells limits which run has begun.
type limitedStore struct {
	reconcile.Store
	limits
}

func (s limitedStore) BeginRun(ctx context.Context, day reconcile.Day, now time.Time) (string, error) {
	id, err := s.Store.BeginRun(ctx, day, now)
	if err == nil {
		s.begin(id)
	}
	return id, err
}
