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
	Take(context.Context) bool
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
	if err != nil || l.db == nil || l.budget == nil {
		return l, err
	}
	a := l.db.NewAllowance(int64(c.Gateway.MaxRequestsPerRun))
	closeDatabase := l.close
	l.budget, l.begin = a, a.Begin
	l.close = func() error { return errors.Join(a.Close(), closeDatabase()) }
	return l, nil
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
