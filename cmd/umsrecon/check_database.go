package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// checkDatabase looks at the file as a whole, and at what follows from what in it.
func (a *app) checkDatabase(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	path := cfg.database()
	there, err := store.Exists(ctx, path)
	switch {
	case err != nil:
		return "", err
	case !there && store.OnServer(path):
		return store.Shown(path) + " can be reached; the first run makes the tables", nil
	case !there:
		return path + " will be created by the first run", reports.Writable(filepath.Dir(path))
	}
	db, err := store.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Check(ctx); err != nil {
		return "", err
	}
	err = db.Recompute(ctx, store.Readers{Answer: gateway.Again, Row: ledger.Agrees})
	if errors.Is(err, store.ErrReadOtherwise) { // a warning
		err = &exitError{code: exitDone, err: err}
	}
	return store.Shown(path) + " is whole", err
}
