package main

import (
	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "the configuration", &cobra.Command{
		Use: "example", Short: "print an annotated configuration with every key and its default", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(umsrecon.ExampleConfig)
			return err
		},
	})
}
