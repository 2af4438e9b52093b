package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// manner is how systemd treats a service.
type manner struct {
	kind, limit, lines string
	installed, writes  bool
}

// oneshot: done with findings or unverified orders is done; a wrong
// configuration is as wrong a second time.
var oneshot = manner{kind: "oneshot", limit: fiveInTwoHours, writes: true, lines: `SuccessExitStatus=3 4
Restart=on-failure
RestartSec=600
RestartPreventExitStatus=2
TimeoutStartSec=infinity
TimeoutStopSec=40
`}

var daemonic = manner{kind: "notify", limit: fiveInTwoHours, installed: true, writes: true, lines: `ExecReload=/bin/sh -c "kill -HUP $MAINPID"
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2
WatchdogSec=60
TimeoutStopSec=40
`}

// helping: a worker has nothing to lose, and comes back however long the server
// of the database was away.
var helping = manner{kind: "exec", limit: "StartLimitIntervalSec=0\n", installed: true, lines: `Restart=on-failure
RestartSec=30
RestartPreventExitStatus=2
TimeoutStopSec=40
`}

const fiveInTwoHours = "StartLimitIntervalSec=7200\nStartLimitBurst=5\n"

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

func (s *site) service(what, arguments string, m manner) string {
	var b strings.Builder
	b.WriteString("[Unit]\nDescription=" + what + "\nWants=network-online.target\nAfter=network-online.target\n" + m.limit)
	fmt.Fprintf(&b, "\n[Service]\nType=%s\nExecStart=%s -c %s %s\n", m.kind, unitQuoted(s.program), unitQuoted(s.config), arguments)
	fmt.Fprintf(&b, "EnvironmentFile=-%s\n", unitPath(filepath.Join(filepath.Dir(s.config), "umsrecon.env")))
	b.WriteString("# A secret that only systemd hands over; in the configuration: app_key: file:app.key\n#LoadCredential=app.key:/etc/umsrecon/app.key\n")
	b.WriteString(m.lines + hardened)
	if !s.user {
		b.WriteString(walledIn)
		if m.writes {
			b.WriteString(s.mayWrite())
		}
	}
	if m.installed {
		b.WriteString("\n[Install]\nWantedBy=" + map[bool]string{true: "default.target", false: "multi-user.target"}[s.user] + "\n")
	}
	return b.String()
}

func (s *site) mayWrite() string {
	lines := "StateDirectory=umsrecon\nStateDirectoryMode=0750\n"
	for _, p := range s.writes {
		lines += "ReadWritePaths=" + unitQuoted(p) + "\n"
	}
	return lines
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
