package store

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"
)

// keepPrior copies a database of an older schema beside itself before it is
// brought up to this one. A copy of an earlier upgrade is never replaced.
func (db *DB) keepPrior(ctx context.Context, found int) error {
	temporary := db.path + ".bak-" + uuid.NewString()
	defer os.Remove(temporary)
	if err := db.Backup(ctx, temporary); err != nil {
		return fmt.Errorf("before migrating: %w", err)
	}
	dest := fmt.Sprintf("%s.schema-%d.bak", db.path, found)
	for n := 2; exists(dest); n++ {
		dest = fmt.Sprintf("%s.schema-%d.%d.bak", db.path, found, n)
	}
	if err := os.Rename(temporary, dest); err != nil {
		return fmt.Errorf("backup before migrating: %w", err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
