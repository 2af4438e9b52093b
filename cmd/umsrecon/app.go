package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

// app is the program with everything it takes from its surroundings.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer // results; everything else
	lookupEnv      func(string) (string, bool)
	clock          reconcile.Clock
	terminal       bool       // stderr is a terminal that can show progress
	columns        func() int // of that terminal; nil: not known

	pulse      *pulse           // of the daemon's loop; nil: nobody watches
	tokens     *chinaums.Tokens // of the gateway, shared by all runs of the process
	mask       *masker          // nil: no configuration was read
	logFormat  string
	verbose    bool
	configFlag string
	started    bool // the command line was understood
}

// wallClock is the time of the machine.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run runs one command line and returns its exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.tokens = chinaums.NewTokens()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started && exitCode(err) != exitUsage {
		err = &exitError{code: exitUsage, err: unknown(root, args, err)}
	}
	if ctx.Err() != nil && exitCode(err) == exitFailed {
		err = reconcile.ErrInterrupted // whatever it cut off on its way
	}
	a.complain(err)
	return exitCode(err)
}

// complain is the one message about what ended the program.
func (a *app) complain(err error) {
	text := a.mask.text(a.explain(err))
	switch {
	case text == "":
	case a.logFormat == "json":
		a.logger(slog.LevelError).Error(text, "exit", exitCode(err))
	default:
		fmt.Fprintln(a.stderr, "umsrecon: "+text)
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "umsrecon",
		Short: "nightly reconciliation of a merchant's orders with ChinaUMS (银联商务 网付账单)",
		Long: "umsrecon reads the merchant's order ledger, asks ChinaUMS for the bill of each open order,\n" +
			"reconciles amounts and settle dates into SQLite, and writes Excel workbooks.\n\n" + exitHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.started = true
			if a.logFormat != "text" && a.logFormat != "json" {
				return usage("--log-format: must be text or json, is %q", a.logFormat)
			}
			return nil
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.PersistentFlags().StringVarP(&a.configFlag, "config", "c", "", "configuration file (default $UMSRECON_CONFIG, then ./config.yaml)")
	root.PersistentFlags().StringVar(&a.logFormat, "log-format", "text", "of what is logged on stderr: text or json")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log each step, too")
	root.AddCommand(
		a.demoCommand(), a.runCommand(), a.reportCommand(), a.discrepanciesCommand(), a.runsCommand(),
		a.dayCommand(), a.serveCommand(), a.noticesCommand(), a.preauthCommand(), a.payScoreCommand(),
		a.billCommand(), a.checkCommand(), a.ledgerCommand(), a.configCommand(), a.simulateCommand(), a.versionCommand(),
		a.workCommand(), a.backupCommand(), a.manCommand(), a.unitsCommand(),
	)
	for _, c := range root.Commands() {
		helpful(c)
	}
	return root
}

// group is a command that only holds others: alone it shows its help, and a
// word that is none of them is an error.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(commands...)
	return c
}

// load reads the configuration with the sections that a command needs.
func (a *app) load(needs ...Section) (*Config, error) {
	cfg, err := Load(configPath(a.configFlag, a.lookupEnv), a.lookupEnv, needs...)
	if err == nil {
		if a.mask == nil {
			a.mask = &masker{}
		}
		a.mask.learn(cfg)
	}
	return cfg, err
}

// today is the Beijing date.
func (a *app) today() reconcile.Day { return reconcile.DayOf(a.clock.Now()) }

// dayFlag reads a --date; empty is the given day.
func dayFlag(name, value string, otherwise reconcile.Day) (reconcile.Day, error) {
	if value == "" {
		return otherwise, nil
	}
	day, err := reconcile.ParseDay(value)
	if err != nil {
		return 0, usage("--%s: %v", name, err)
	}
	return day, nil
}

// formatFlag adds --format to a command.
func formatFlag(c *cobra.Command, into *string) {
	c.Flags().StringVar(into, "format", "text", "text or json")
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return usage("--format: must be text or json, is %q", format)
	}
	return nil
}
