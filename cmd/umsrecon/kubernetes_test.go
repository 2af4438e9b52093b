package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// server is the address of a database that nothing connects to.
const server = "postgres://umsrecon:pa55w0rd@db.example.org:5432/umsrecon"

// unitsOf is what units prints of a configuration, where the environment has the
// address of a server.
func unitsOf(t *testing.T, config string, args ...string) (code int, stdout, stderr string) {
	a, out, err := newApp(wallClock{})
	a.lookupEnv = environment(map[string]string{"DATABASE": server, "UMS_APP_KEY": "s3cr3t-app", "BOOKS": "books/{date}.csv"})
	code = a.run(t.Context(), append([]string{"-c", writeConfig(t, config), "units"}, args...))
	require.NotContains(t, out.String()+err.String(), "pa55w0rd")
	require.NotContains(t, out.String()+err.String(), "s3cr3t")
	return code, out.String(), err.String()
}

const clustered = `timezone: Asia/Tokyo
merchant: {mid: "898340149000005", tid: "00000001"}
gateway: {app_id: app-1, app_key: env:UMS_APP_KEY}
database: env:DATABASE
ledger: {sources: [{path: "ledger/{date}.csv"}, {name: refunds, path: "ledger/refunds/{date}.csv"}, {name: shop, format: mysql, dsn: env:NO, query: SELECT 1}]}
statement: {path: "/srv/statement/{date}.csv"}
reports: {dir: out}
schedule: {cron: "*/30 2-4 * * mon", retry_at: ["05:00", "08:00", "09:30"]}
notices: {key: env:UMS_NOTICE_KEY}
alerts: {recipients: [{channel: dingtalk, url: file:keys/ding, secret: "file:./keys/ding", when: [S1]}]}
monitor: {metrics_file: /var/lib/node_exporter/umsrecon.prom}
`

func TestKubernetes(t *testing.T) {
	code, text, stderr := unitsOf(t, clustered, "--kubernetes", "example.org/umsrecon:1.4.0", "--workers", "5")
	require.Zero(t, code, stderr)
	jobs := readManifest(t, text)
	var names, schedules []string
	var commands [][]string
	for _, j := range jobs {
		names, schedules, commands = append(names, j.Metadata.Name), append(schedules, j.Spec.Schedule), append(commands, j.container().Command)
		guarded(t, j)
	}
	require.Equal(t, []string{"umsrecon", "umsrecon-retry", "umsrecon-retry-2", "umsrecon-work"}, names)
	require.Equal(t, []string{"*/30 2-4 * * mon", "0 5,8 * * *", "30 9 * * *", "*/30 2-4 * * mon"}, schedules)
	program := []string{"umsrecon", "-c", "/etc/umsrecon/config.yaml"}
	require.Equal(t, [][]string{
		append(slices.Clip(program), "run"), append(slices.Clip(program), "run", "--due"), append(slices.Clip(program), "run", "--due"),
		append(slices.Clip(program), "work", "--once", "--wait", "2h"),
	}, commands)
	for _, j := range jobs[:3] {
		isRun(t, j)
	}
	isCrew(t, jobs[3], 5)
	for _, want := range []string{"put in your own", "--from-file=keys-ding=FILE", `in "ledger", "srv/statement"`} {
		require.Contains(t, text, want)
	}
}

// guarded holds what is true of every job.
func guarded(t *testing.T, j manifestJob) {
	require.Equal(t, []string{"batch/v1", "CronJob", "Asia/Tokyo", "Forbid"}, []string{j.APIVersion, j.Kind, j.Spec.TimeZone, j.Spec.ConcurrencyPolicy})
	p, c := j.pod(), j.container()
	require.Equal(t, "Never", p.RestartPolicy, "podFailurePolicy takes no other")
	require.Len(t, p.Containers, 1)
	require.Equal(t, []string{"umsrecon", "example.org/umsrecon:1.4.0"}, []string{c.Name, c.Image})
	require.True(t, p.SecurityContext.RunAsNonRoot)
	require.Equal(t, "RuntimeDefault", p.SecurityContext.SeccompProfile.Type)
	require.Positive(t, p.SecurityContext.FSGroup, "whose the files of a Secret are")
	require.Positive(t, p.SecurityContext.RunAsUser)
	require.False(t, *p.AutomountServiceAccountToken)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.True(t, c.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop)
	require.Equal(t, j.Metadata.Labels, j.Spec.JobTemplate.Spec.Template.Metadata.Labels)
	moved := j.Spec.JobTemplate.Spec.PodFailurePolicy.Rules[1]
	require.Equal(t, "Ignore", moved.Action)
	require.Equal(t, []struct{ Type, Status string }{{"DisruptionTarget", "True"}}, moved.OnPodConditions)
	for _, v := range c.VolumeMounts {
		require.Contains(t, j.volumes(), v.Name)
	}
	require.Equal(t, map[string]any{"configMap": map[string]any{"name": "umsrecon"}}, j.volumes()["config"])
	require.Equal(t, map[string]any{"emptyDir": map[string]any{}}, j.volumes()["tmp"])
}

// notTriedAgain are the exit codes of which a Job makes no second attempt.
func notTriedAgain(t *testing.T, j manifestJob) []int {
	rule := j.Spec.JobTemplate.Spec.PodFailurePolicy.Rules[0]
	require.Equal(t, []string{"FailJob", "umsrecon", "In"}, []string{rule.Action, rule.OnExitCodes.ContainerName, rule.OnExitCodes.Operator})
	return rule.OnExitCodes.Values
}

func isRun(t *testing.T, j manifestJob) {
	job := j.Spec.JobTemplate.Spec
	done := []int{exitUsage, exitDiscrepant, exitIncomplete} // 1, 5 and 130 are tried again
	if strings.HasPrefix(j.Metadata.Name, "umsrecon-retry") {
		done = append(done, exitBusy) // what is due waits for its next time
	}
	require.Equal(t, done, notTriedAgain(t, j))
	require.Positive(t, *job.BackoffLimit)
	require.Empty(t, job.CompletionMode)
	require.Nil(t, job.Completions)
	require.Equal(t, []string{"DATABASE", "NO", "UMS_APP_KEY"}, j.variables(t), "what a run reads, not the key of notices")
	require.Equal(t, []string{
		"/etc/umsrecon/config.yaml config/config.yaml", "/tmp tmp writable", "/etc/umsrecon/keys/ding files/keys-ding",
		"/etc/umsrecon/out reports writable", "/var/lib/node_exporter tmp/metrics writable",
		"/etc/umsrecon/ledger books/ledger", "/srv/statement books/srv/statement",
	}, j.places())
	require.Equal(t, map[string]any{"secret": map[string]any{"secretName": "umsrecon-files", "defaultMode": 0o440}}, j.volumes()["files"])
	require.Equal(t, map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "umsrecon-reports"}}, j.volumes()["reports"])
	require.Equal(t, map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "umsrecon-books"}}, j.volumes()["books"])
}

func isCrew(t *testing.T, j manifestJob, workers int) {
	job := j.Spec.JobTemplate.Spec
	require.Equal(t, "Indexed", job.CompletionMode)
	require.Equal(t, workers, *job.Completions)
	require.Equal(t, workers, *job.Parallelism)
	require.Positive(t, *job.BackoffLimitPerIndex, "one that fails does not stop the others")
	require.Nil(t, job.BackoffLimit)
	require.Equal(t, []int{exitUsage}, notTriedAgain(t, j))
	require.Equal(t, []string{"DATABASE", "UMS_APP_KEY"}, j.variables(t), "no more than a worker needs")
	require.Equal(t, []string{"/etc/umsrecon/config.yaml config/config.yaml", "/tmp tmp writable"}, j.places())
	require.Len(t, j.volumes(), 2)
	require.Equal(t, j.Metadata.Labels, j.pod().TopologySpreadConstraints[0].LabelSelector.MatchLabels)
}

// TestKubernetesOfLittle: what a configuration does not need is not there.
func TestKubernetesOfLittle(t *testing.T) {
	code, text, stderr := unitsOf(t, `merchant: {mid: "898340149000005", tid: "00000001"}
database: env:DATABASE
ledger: {format: postgres, dsn: env:LEDGER, query: SELECT 1}
schedule: {retry_at: []}
`, "--kubernetes", "umsrecon")
	require.Zero(t, code, stderr)
	jobs := readManifest(t, text)
	require.Len(t, jobs, 2)
	require.Equal(t, []string{"DATABASE", "LEDGER", "UMS_APP_ID", "UMS_APP_KEY"}, jobs[0].variables(t))
	require.Equal(t, []string{"/etc/umsrecon/config.yaml config/config.yaml", "/tmp tmp writable", "/etc/umsrecon/reports reports writable"}, jobs[0].places())
	require.Equal(t, 2, *jobs[1].Spec.JobTemplate.Spec.Completions)
	require.NotContains(t, text, "umsrecon-files")
	require.NotContains(t, text, "umsrecon-books")
}

func TestKubernetesRefuses(t *testing.T) {
	const merchant = "merchant: {mid: \"898340149000005\", tid: \"00000001\"}\n"
	const shared = merchant + "database: env:DATABASE\n"
	for _, c := range []struct {
		config, want string
		args         []string
	}{
		{merchant, "database: umsrecon.db is a file, which the pods of a cluster cannot share; try: postgres://", []string{"--kubernetes", "i"}},
		{merchant + "database: " + server, "a secret stands in the configuration itself", []string{"--kubernetes", "i"}},
		{shared + "gateway: {app_key: s3cr3t-inside}", "a secret stands in the configuration itself", []string{"--kubernetes", "i"}},
		{shared + "schedule: {cron: \"30 2 31 2 *\"}", "never comes", []string{"--kubernetes", "i"}},
		{shared + "ledger: {path: env:NOT_SET}", "ledger.path: env:NOT_SET is not set", []string{"--kubernetes", "i"}},
		{shared + "ledger: {path: \"{date}.csv\"}", "a pod would have /etc/umsrecon/config.yaml in /etc/umsrecon; try: folders of their own", []string{"--kubernetes", "i"}},
		{shared + "ledger: {path: \"reports/in/{date}.csv\"}", "a pod would have /etc/umsrecon/reports/in in /etc/umsrecon/reports", []string{"--kubernetes", "i"}},
		{shared, "--kubernetes: must be the name of a container image", []string{"--kubernetes", ""}},
		{shared, "--kubernetes: must be the name of a container image", []string{"--kubernetes", "a b"}},
		{shared, "--workers: must be 1 to 1000, is 0", []string{"--kubernetes", "i", "--workers", "0"}},
		{shared, "--workers goes with --kubernetes", []string{"--workers", "3"}},
		{shared, "give it without --user and --dir", []string{"--kubernetes", "i", "--user"}},
		{shared, "give it without --user and --dir", []string{"--kubernetes", "i", "--dir", "."}},
	} {
		code, stdout, stderr := unitsOf(t, c.config, c.args...)
		require.Equal(t, exitUsage, code, "%s %s", c.config, c.args)
		require.Contains(t, stderr, c.want)
		require.Empty(t, stdout)
	}
	code, text, stderr := unitsOf(t, shared+"ledger: {path: env:BOOKS}", "--kubernetes", "i")
	require.Zero(t, code, stderr)
	require.Contains(t, readManifest(t, text)[0].places(), "/etc/umsrecon/books books/books")
	code, _, stderr = unitsOf(t, merchant+"database: postgres://umsrecon@db.example.org/umsrecon", "--kubernetes", "i")
	require.Zero(t, code, "an address without a password is no secret: %s", stderr)
}

// TestKeysOfFiles: files of several names have keys of several names.
func TestKeysOfFiles(t *testing.T) {
	m := meeting{refs: []string{"file:a/b", "env:X", "file:a-b", "file:/etc/umsrecon/a/b", "file:钥.key"}}
	var keys []string
	for _, f := range m.files() {
		keys = append(keys, f.Path+" "+f.SubPath)
	}
	require.Equal(t, []string{"/etc/umsrecon/a/b a-b", "/etc/umsrecon/a-b a-b-", "/etc/umsrecon/钥.key -.key"}, keys)
}
