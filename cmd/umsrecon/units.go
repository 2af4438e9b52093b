package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/umsrecon/umsrecon/store"
)

func (a *app) unitsCommand() *cobra.Command {
	var o unitOptions
	c := &cobra.Command{
		Use: "units", Short: "systemd units and crontab lines, or a manifest for Kubernetes, for this configuration", Args: cobra.NoArgs,
		Long: "units prints a service and a timer for the night, the same for what is tried again, a service for `serve`,\n" +
			"and crontab lines. Use one of the three ways. --dir writes the units into a folder instead. With the database\n" +
			"on a server there is a template for workers, too: umsrecon-work@1, umsrecon-work@2 and on, on any host.\n\n" +
			"--kubernetes prints CronJobs for a cluster in their place; the database must be on a server.",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.fit(c.Flags()); err != nil {
				return err
			}
			cfg, err := a.load(NeedDatabase, NeedReports, NeedSchedule, NeedMonitor)
			if err != nil {
				return err
			}
			if o.image != "" {
				return a.kubernetes(cfg, o)
			}
			return a.systemd(cfg, o)
		},
	}
	c.Flags().BoolVar(&o.user, "user", false, "for systemctl --user")
	c.Flags().StringVar(&o.dir, "dir", "", "a folder to write the units into")
	c.Flags().StringVar(&o.image, "kubernetes", "", "a manifest for Kubernetes with this container image")
	c.Flags().IntVar(&o.workers, "workers", 2, "with --kubernetes: how many help the run to ask, 1 to 1000")
	return c
}

type unitOptions struct {
	user       bool
	dir, image string
	workers    int
}

func (o unitOptions) fit(given *pflag.FlagSet) error {
	switch {
	case !given.Changed("kubernetes") && given.Changed("workers"):
		return usage("--workers goes with --kubernetes")
	case !given.Changed("kubernetes"):
		return nil
	case o.user || o.dir != "":
		return usage("--kubernetes prints one manifest; give it without --user and --dir")
	case o.image == "" || strings.ContainsFunc(o.image, notGraphic):
		return usage("--kubernetes: must be the name of a container image, is %q", o.image)
	case o.workers < 1 || o.workers > 1000:
		return usage("--workers: must be 1 to 1000, is %d", o.workers)
	}
	return nil
}

func notGraphic(r rune) bool { return r <= ' ' || r > '~' }

func (a *app) systemd(cfg *Config, o unitOptions) error {
	s, err := a.site(cfg, o.user)
	if err != nil {
		return err
	}
	units, err := s.units()
	if err != nil {
		return err
	}
	if o.dir != "" {
		return writeUnits(o.dir, units)
	}
	s.print(a.stdout, units)
	return nil
}

// stateDirectory is what StateDirectory=umsrecon stands for.
const stateDirectory = "/var/lib/umsrecon"

// unit is one file of systemd.
type unit struct{ name, text string }

// site is where the program and its files are.
type site struct {
	cfg             *Config
	user            bool
	program, config string
	writes          []string // folders
}

func (a *app) site(cfg *Config, user bool) (*site, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := filepath.Abs(configPath(a.configFlag, a.lookupEnv))
	if err != nil {
		return nil, err
	}
	s := &site{cfg: cfg, user: user, program: program, config: config}
	places := []string{cfg.Path(cfg.Reports.Dir)}
	if database := cfg.database(); !store.OnServer(database) {
		places = append([]string{filepath.Dir(database)}, places...)
	}
	if cfg.Monitor.MetricsFile != "" {
		places = append(places, filepath.Dir(cfg.Path(cfg.Monitor.MetricsFile)))
	}
	for _, p := range places {
		if !user && (p == stateDirectory || strings.HasPrefix(p, stateDirectory+"/")) {
			continue // systemd makes it
		}
		// What is not there yet is made below what is.
		if p = nearest(p); p != "/" && !strings.Contains(strings.Join(s.writes, "\n")+"\n", p+"\n") {
			s.writes = append(s.writes, p)
		}
	}
	return s, nil
}

func (s *site) units() ([]unit, error) {
	night, err := s.cfg.calendar()
	if err != nil {
		return nil, err
	}
	units := []unit{
		{"umsrecon.service", s.service("reconcile the night with ChinaUMS", "run", oneshot)},
		{"umsrecon.timer", s.timer("the night of umsrecon", night, "RandomizedDelaySec=120\n")},
	}
	if again := s.cfg.retryCalendar(); len(again) > 0 {
		units = append(units,
			unit{"umsrecon-retry.service", s.service("do what is due: nights missed or incomplete", "run --due", oneshot)},
			unit{"umsrecon-retry.timer", s.timer("what umsrecon tries again", again, "")})
	}
	units = append(units, unit{"umsrecon-serve.service", s.service("umsrecon as a daemon, instead of the timers", "serve", daemonic)})
	if s.shared() {
		units = append(units, unit{"umsrecon-work@.service", s.service("worker %i: help the run of umsrecon to ask", "work", helping)})
	}
	return units, nil
}

// shared says whether other hosts can use the database.
func (s *site) shared() bool { return store.OnServer(s.cfg.database()) }

func (s *site) print(w io.Writer, units []unit) {
	where, systemctl := "/etc/systemd/system", "systemctl"
	if s.user {
		where, systemctl = "~/.config/systemd/user", "systemctl --user"
	}
	fmt.Fprintf(w, "# Either by timers: %s enable --now umsrecon.timer", systemctl)
	if len(s.cfg.Schedule.RetryAt) > 0 {
		fmt.Fprint(w, " umsrecon-retry.timer")
	}
	fmt.Fprintf(w, "\n# or as a daemon: %s enable --now umsrecon-serve.service\n# or by cron, below. Write the files with: umsrecon units --dir %s\n", systemctl, where)
	if s.shared() {
		fmt.Fprintf(w, "# Workers, on this host and on others: %s enable --now umsrecon-work@1 umsrecon-work@2\n", systemctl)
	}
	for _, u := range units {
		fmt.Fprintf(w, "\n# %s/%s\n%s", where, u.name, u.text)
	}
	fmt.Fprintf(w, "\n# crontab -e; where cron does not know CRON_TZ the machine must be in %s\n# CRON_TZ=%s\n", s.cfg.Timezone, s.cfg.Timezone)
	for _, line := range s.crontab() {
		fmt.Fprintf(w, "# %s\n", line)
	}
}

func (s *site) crontab() []string {
	command := shellQuoted(s.program) + " -c " + shellQuoted(s.config)
	lines := []string{s.cfg.Schedule.Cron + "  " + command + " run"}
	for _, at := range s.cfg.Schedule.RetryAt {
		h, m := at.clock()
		lines = append(lines, fmt.Sprintf("%d %d * * *  %s run --due", m, h, command))
	}
	return lines
}

func writeUnits(dir string, units []unit) error {
	for _, u := range units {
		if err := os.WriteFile(filepath.Join(dir, u.name), []byte(u.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
