package main

import (
	"context"
	"fmt"
	"os"

	"github.com/umsrecon/umsrecon/store"
)

// openExisting opens the database of commands that only read: they do not
// make one.
func openExisting(ctx context.Context, path string) (*store.DB, error) {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil, fmt.Errorf("database %s does not exist yet; try: umsrecon run", path)
	}
	return store.Open(ctx, path)
}
