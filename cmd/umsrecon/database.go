package main

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/store"
)

// openExisting opens the database of commands that only read: they do not
// make one.
func openExisting(ctx context.Context, path string) (*store.DB, error) {
	if there, err := store.Exists(ctx, path); err != nil {
		return nil, err
	} else if !there {
		return nil, fmt.Errorf("database %s does not exist yet; try: umsrecon run", store.Shown(path))
	}
	return store.Open(ctx, path)
}
