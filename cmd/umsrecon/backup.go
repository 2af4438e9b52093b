package main

import (
	"errors"
	"fmt"
	"io/fs"

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
				err := db.Backup(c.Context(), args[0])
				if errors.Is(err, fs.ErrExist) {
					return fmt.Errorf("backup: %s is there already; name another file", args[0])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%s is a copy of %s, and whole\n", args[0], cfg.shown(store.Shown(cfg.database())))
				return nil
			})
		},
	}
}
