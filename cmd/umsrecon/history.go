package main

import (
	"context"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// refuseHistory keeps what lies before the horizon (keep.orders) from being run
// or written again; a zero day asks for nothing.
func refuseHistory(ctx context.Context, db *store.DB, days ...reconcile.Day) error {
	horizon, err := db.Horizon(ctx)
	if err != nil {
		return err
	}
	for _, day := range days {
		if day != 0 && day < horizon {
			return reconcile.History(day.String(), horizon)
		}
	}
	return nil
}

// refuseCompletion keeps a bill of history from being completed: what was
// completed of it may not be known any more. Of one for which something was sent
// before everything is.
func (d *desk) refuseCompletion(ctx context.Context, bill reconcile.BillKey) error {
	sent, err := d.db.SendingsOf(ctx, bill)
	if err != nil || len(sent) > 0 {
		return err
	}
	return refuseHistory(ctx, d.db, bill.BillDay)
}

// leastKept is what the nights look back at: open orders, from the oldest night
// that is caught up with, and settle dates of the last working day before them.
func (c *Config) leastKept() Days { return c.Rules.Lookback + c.Schedule.CatchUp + 31 }

// takingAway bounds how long old orders are taken away after one night: the
// database is held meanwhile, and the next night goes on with it.
const takingAway = 2 * time.Hour

// pruneOrders takes away the orders of months that are kept no longer.
func (a *app) pruneOrders(ctx context.Context, db *store.DB, keep Days) (gone int64, err error) {
	if keep == 0 {
		return 0, nil
	}
	until := a.clock.Now().Add(takingAway)
	if err := db.MoveHorizon(ctx, a.clock.Now(), int(keep)); err != nil {
		return 0, err
	}
	return db.PruneOrders(ctx, func() bool {
		a.pulse.beat()
		return a.clock.Now().Before(until)
	})
}
