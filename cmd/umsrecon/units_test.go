package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCalendar(t *testing.T) {
	for _, c := range []struct {
		cron string
		want []string
	}{
		{"30 2 * * *", []string{"*-*-* 02:30:00 Asia/Shanghai"}},
		{"@daily", []string{"*-*-* 00:00:00 Asia/Shanghai"}},
		{"0,30 4-6 * * 1-5", []string{"Mon,Tue,Wed,Thu,Fri *-*-* 04,05,06:00,30:00 Asia/Shanghai"}},
		{"*/20 3 1 */6 *", []string{"*-01,07-01 03:00,20,40:00 Asia/Shanghai"}},
		{"0 3 1 * sun", []string{"*-*-01 03:00:00 Asia/Shanghai", "Sun *-*-* 03:00:00 Asia/Shanghai"}},
	} {
		cfg := defaults()
		cfg.Schedule.Cron = c.cron
		got, err := cfg.calendar()
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	cfg := defaults()
	cfg.Schedule.Cron = "30 2 31 2 *"
	_, err := cfg.calendar()
	require.ErrorContains(t, err, "never comes")
}

func TestQuoting(t *testing.T) {
	require.Equal(t, `"/a b/100%%/$$x\"\\"`, unitQuoted(`/a b/100%/$x"\`))
	require.Equal(t, `'/a b/it'\''s 100\%'`, shellQuoted("/a b/it's 100%"))
	require.Equal(t, "/usr/bin/umsrecon", shellQuoted("/usr/bin/umsrecon"))
}

// TestUnits holds what is printed against systemd itself.
func TestUnits(t *testing.T) {
	for name, c := range map[string]struct {
		cron, database string
		files          int
	}{
		"plain":  {"30 2 * * *", "", 5},
		"wild":   {"*/30 2-4 1 * mon", "", 5},
		"server": {"30 2 * * *", "database: env:DATABASE\n", 6},
	} {
		for _, user := range []bool{false, true} {
			dir := filepath.Join(t.TempDir(), "100% $x "+name)
			units := filepath.Join(dir, "units")
			require.NoError(t, os.MkdirAll(units, 0o750))
			config := filepath.Join(dir, "config.yaml")
			require.NoError(t, os.WriteFile(config, []byte("schedule: {cron: \""+c.cron+"\"}\nreports: {dir: a/b}\nmonitor: {metrics_file: /tmp/umsrecon.prom}\n"+c.database), 0o600))
			args := []string{"-c", config, "units"}
			if user {
				args = append(args, "--user")
			}
			a, stdout, stderr := newApp(wallClock{})
			a.lookupEnv = environment(map[string]string{"DATABASE": server})
			require.Zero(t, a.run(t.Context(), append(args, "--dir", units)), stderr)
			require.Empty(t, stdout.String())
			files, err := filepath.Glob(filepath.Join(units, "*"))
			require.NoError(t, err)
			require.Len(t, files, c.files)
			verifyUnits(t, files, user)
		}
	}
}

// verifyUnits lets systemd read them, a template by two of its instances.
func verifyUnits(t *testing.T, files []string, user bool) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil && os.Getenv("REQUIRE_SYSTEMD") != "" {
		t.Fatal("systemd-analyze is not installed")
	}
	if err != nil {
		t.Log("systemd-analyze is not installed: the units are not verified")
		return
	}
	verify := exec.Command(analyze, "verify", "--man=no")
	for _, f := range files {
		name, ending, template := strings.Cut(f, "@")
		if !template {
			verify.Args = append(verify.Args, f)
			continue
		}
		for _, instance := range []string{"1", "2"} {
			link := name + "@" + instance + ending
			require.NoError(t, os.Symlink(f, link))
			verify.Args = append(verify.Args, link)
		}
	}
	verify.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	if user {
		verify.Args = append(verify.Args, "--user")
	}
	out, err := verify.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, strings.TrimSpace(string(out)))
}

// TestUnitOfWorkers: there is a template where other hosts can use the database,
// and only there; it is as walled in as the others, and can write nowhere.
func TestUnitOfWorkers(t *testing.T) {
	const config = "reports: {dir: /srv/reports}\nmonitor: {metrics_file: /srv/metrics/umsrecon.prom}\n"
	code, text, stderr := unitsOf(t, config)
	require.Zero(t, code, stderr)
	require.NotContains(t, text, "umsrecon-work", "a file is for one machine")
	for _, user := range []bool{false, true} {
		var args []string
		if user {
			args = []string{"--user"}
		}
		code, text, stderr = unitsOf(t, config+"database: env:DATABASE\n", args...)
		require.Zero(t, code, stderr)
		require.Contains(t, text, "enable --now umsrecon-work@1 umsrecon-work@2\n")
		night, worker := unitNamed(t, text, "umsrecon.service"), unitNamed(t, text, "umsrecon-work@.service")
		for _, want := range []string{"Type=exec", " work\n", "Restart=on-failure\n", "RestartPreventExitStatus=2\n", "StartLimitIntervalSec=0\n", "WantedBy=", hardened} {
			require.Contains(t, worker, want)
		}
		require.NotContains(t, worker, "SuccessExitStatus")
		require.NotContains(t, worker, "ExecReload", "SIGHUP would end it")
		require.NotContains(t, worker, "WatchdogSec", "it tells none")
		require.Equal(t, !user, strings.Contains(worker, walledIn))
		for _, writes := range []string{"ReadWritePaths=", "StateDirectory="} {
			require.NotContains(t, worker, writes)
			require.Equal(t, !user, strings.Contains(night, writes))
		}
	}
}

// unitNamed is one unit of those that are printed.
func unitNamed(t *testing.T, text, name string) string {
	_, after, found := strings.Cut(text, "/"+name+"\n")
	require.True(t, found, name)
	unit, _, _ := strings.Cut(after, "\n\n# ")
	return unit
}

func TestUnitsThatArePrinted(t *testing.T) {
	config := writeConfig(t, "database: /var/lib/umsrecon/umsrecon.db\nreports: {dir: /var/lib/umsrecon/reports}\nmonitor: {ping: env:NOT_SET}\n")
	a, stdout, stderr := newApp(wallClock{})
	require.Zero(t, a.run(t.Context(), []string{"-c", config, "units"}), stderr)
	text := stdout.String()
	for _, want := range []string{
		"enable --now umsrecon.timer umsrecon-retry.timer", "# /etc/systemd/system/umsrecon.service", "SuccessExitStatus=3 4", "ProtectSystem=strict",
		"OnCalendar=*-*-* 02:30:00 Asia/Shanghai", "Persistent=true", "StateDirectory=umsrecon", "Type=notify", "WatchdogSec=60",
		"# 30 2 * * *  ", " run --due\n", "# 0 5 * * *  ",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "ReadWritePaths", "the state directory is systemd's own")
	a, stdout, _ = newApp(wallClock{})
	require.Zero(t, a.run(t.Context(), []string{"-c", config, "units", "--user"}))
	require.Contains(t, stdout.String(), "systemctl --user enable")
	require.NotContains(t, stdout.String(), "ProtectSystem", "a user's manager cannot")
}

func TestCredentialsOfSystemd(t *testing.T) {
	path := writeConfig(t, "gateway: {app_id: a, app_key: file:app.key}")
	credentials := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "app.key"), []byte("beside"), 0o600))
	key := func() string {
		c, err := Load(path, environment(map[string]string{"CREDENTIALS_DIRECTORY": credentials}), NeedGateway)
		require.NoError(t, err)
		return c.Gateway.AppKey.Reveal()
	}
	require.Equal(t, "beside", key())
	require.NoError(t, os.WriteFile(filepath.Join(credentials, "app.key"), []byte("handed over"), 0o400))
	require.Equal(t, "handed over", key())
}
