package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// limits bound the requests of a run. Those of a process that shares a database
// on a server hold for all processes together, and the rate for each app id.
type limits struct {
	pace   func(appID string) pace
	budget budget             // nil: no limit
	begin  func(runID string) // tells whose requests they are
	close  func() error
}

type pace interface{ Wait(context.Context) error }

type budget interface {
	Take(context.Context) bool
	GiveBack()
}

// limits are those of one run of the configuration.
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
	return c.sharedLimits(db), nil
}

func (c *Config) ownLimits() limits {
	one := chinaums.NewPace(c.Gateway.RequestsPerSecond, time.Now)
	l := limits{pace: func(string) pace { return one }, begin: func(string) {}, close: func() error { return nil }}
	if most := c.Gateway.MaxRequestsPerRun; most > 0 {
		l.budget = chinaums.NewBudget(int64(most))
	}
	return l
}

// sharedLimits closes the database with the limits.
func (c *Config) sharedLimits(db *store.DB) limits {
	var mu sync.Mutex
	paces := map[string]pace{}
	l := limits{begin: func(string) {}, close: db.Close, pace: func(app string) pace {
		mu.Lock()
		defer mu.Unlock()
		if paces[app] == nil {
			paces[app] = db.NewPace(app, c.Gateway.RequestsPerSecond, time.Now)
		}
		return paces[app]
	}}
	if most := c.Gateway.MaxRequestsPerRun; most > 0 {
		a := db.NewAllowance(int64(most))
		l.budget, l.begin = a, a.Begin
		l.close = func() error { return errors.Join(a.Close(), db.Close()) }
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
