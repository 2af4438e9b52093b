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
}

type pace interface{ Wait(context.Context) error }

type budget interface {
	Take(context.Context) (bool, error)
	GiveBack()
}

// limits are those of a command that belongs to no run: its budget is its own.
func (c *Config) limits(ctx context.Context) (limits, error) {
	l := c.ownLimits()
	db, err := c.shared(ctx)
	if err == nil && db != nil {
		l.pace, l.close = c.sharedPaces(db), db.Close
	}
	return l, err
}

// runLimits are those of a run: its budget, too, is shared with workers.
func (c *Config) runLimits(ctx context.Context) (limits, error) {
	db, err := c.shared(ctx)
	if err != nil || db == nil {
		return c.ownLimits(), err
	}
	l := c.sharedLimits(db)
	giveBack := l.close
	l.close = func() error { return errors.Join(giveBack(), db.Close()) }
	return l, nil
}

// shared is the database of a server, in which the limits lie; nil: nobody else
// uses the database.
func (c *Config) shared(ctx context.Context) (*store.DB, error) {
	if !store.OnServer(c.database()) {
		return nil, nil
	}
	there, err := store.Exists(ctx, c.database())
	if err != nil {
		return nil, fmt.Errorf("gateway.requests_per_second, which holds for all that use the database: %w", err)
	}
	if !there {
		return nil, nil
	}
	return store.Open(ctx, c.database())
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

// sharedLimits are those of whoever asks for a run, on a database that is open.
func (c *Config) sharedLimits(db *store.DB) limits {
	l := limits{pace: c.sharedPaces(db), begin: func(string) {}, close: func() error { return nil }}
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
