package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/store"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "copy the database, consistent even while a run writes to it", Args: cobra.ExactArgs(1),
		Long: "backup writes a copy of the database as it is at one moment, looks it over, and only then gives it its name.\n" +
			"A file that is there already is never touched.",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error {
				if err := backup(c.Context(), db, args[0]); err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%s is a copy of %s, and whole\n", args[0], cfg.shown(cfg.Path(cfg.Database)))
				return nil
			})
		},
	}
}

func backup(ctx context.Context, db *store.DB, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %s is there already; name another file", path)
	}
	temporary := filepath.Join(filepath.Dir(path), ".umsrecon-backup-"+uuid.NewString())
	defer removeDatabase(temporary)
	if err := db.Backup(ctx, temporary); err != nil {
		return err
	}
	if err := os.Link(temporary, path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(temporary, path) // a file system without hard links
}

// removeDatabase removes a database and what SQLite keeps beside it.
func removeDatabase(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(path + suffix)
	}
}
