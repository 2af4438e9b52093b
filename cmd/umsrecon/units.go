package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/store"
)

func (a *app) unitsCommand() *cobra.Command {
	var user bool
	var dir string
	c := &cobra.Command{
		Use: "units", Short: "systemd units and crontab lines for this configuration", Args: cobra.NoArgs,
		Long: "units prints a service and a timer for the night, the same for what is tried again, a service for `serve`,\n" +
			"and crontab lines. Use one of the three ways. --dir writes the units into a folder instead.",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load(NeedDatabase, NeedReports, NeedSchedule, NeedMonitor)
			if err != nil {
				return err
			}
			s, err := a.site(cfg, user)
			if err != nil {
				return err
			}
			units, err := s.units()
			if err != nil {
				return err
			}
			if dir != "" {
				return writeUnits(dir, units)
			}
			s.print(a.stdout, units)
			return nil
		},
	}
	c.Flags().BoolVar(&user, "user", false, "for systemctl --user")
	c.Flags().StringVar(&dir, "dir", "", "a folder to write the units into")
	return c
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
		{"umsrecon.service", s.service("reconcile the night with ChinaUMS", "oneshot", "run", s.oneshot())},
		{"umsrecon.timer", s.timer("the night of umsrecon", night, "RandomizedDelaySec=120\n")},
	}
	if again := s.cfg.retryCalendar(); len(again) > 0 {
		units = append(units,
			unit{"umsrecon-retry.service", s.service("do what is due: nights missed or incomplete", "oneshot", "run --due", s.oneshot())},
			unit{"umsrecon-retry.timer", s.timer("what umsrecon tries again", again, "")})
	}
	return append(units, unit{"umsrecon-serve.service", s.service("umsrecon as a daemon, instead of the timers", "notify", "serve", longRunning)}), nil
}

// oneshot: done with findings or unverified orders is done; a wrong
// configuration is as wrong a second time.
func (s *site) oneshot() string {
	return `SuccessExitStatus=3 4
Restart=on-failure
RestartSec=600
RestartPreventExitStatus=2
TimeoutStartSec=infinity
TimeoutStopSec=40
`
}

const longRunning = `ExecReload=/bin/sh -c "kill -HUP $MAINPID"
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2
WatchdogSec=60
TimeoutStopSec=40
`

// hardened is what a user's manager can do, too.
const hardened = `UMask=0027
LimitCORE=0
NoNewPrivileges=yes
SystemCallFilter=@system-service
SystemCallArchitectures=native
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
`

const walledIn = `User=umsrecon
Group=umsrecon
StateDirectory=umsrecon
StateDirectoryMode=0750
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictSUIDSGID=yes
CapabilityBoundingSet=
`

func (s *site) service(what, kind, arguments, manner string) string {
	var b strings.Builder
	b.WriteString("[Unit]\nDescription=" + what + "\nWants=network-online.target\nAfter=network-online.target\nStartLimitIntervalSec=7200\nStartLimitBurst=5\n")
	fmt.Fprintf(&b, "\n[Service]\nType=%s\nExecStart=%s -c %s %s\n", kind, unitQuoted(s.program), unitQuoted(s.config), arguments)
	fmt.Fprintf(&b, "EnvironmentFile=-%s\n", unitPath(filepath.Join(filepath.Dir(s.config), "umsrecon.env")))
	b.WriteString("# A secret that only systemd hands over; in the configuration: app_key: file:app.key\n#LoadCredential=app.key:/etc/umsrecon/app.key\n")
	b.WriteString(manner + hardened)
	if !s.user {
		b.WriteString(walledIn)
		for _, p := range s.writes {
			fmt.Fprintf(&b, "ReadWritePaths=%s\n", unitQuoted(p))
		}
	}
	if kind == "notify" {
		b.WriteString("\n[Install]\nWantedBy=" + map[bool]string{true: "default.target", false: "multi-user.target"}[s.user] + "\n")
	}
	return b.String()
}

func (s *site) timer(what string, calendar []string, more string) string {
	return "[Unit]\nDescription=" + what + "\n\n[Timer]\nOnCalendar=" + strings.Join(calendar, "\nOnCalendar=") +
		"\nPersistent=true\nAccuracySec=1s\n" + more + "\n[Install]\nWantedBy=timers.target\n"
}

// unitQuoted is a word of a unit: no specifier, no variable, no escape.
func unitQuoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(s) + `"`
}

// unitPath is a path that stands alone.
func unitPath(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// shellQuoted is a word for cron's shell; cron itself reads %.
func shellQuoted(s string) string {
	s = strings.ReplaceAll(s, "%", `\%`)
	if strings.ContainsAny(s, " '\"$`&|;<>()*?[]#~!{}") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

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
