package main

import (
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/umsrecon/umsrecon/store"
)

//go:embed kubernetes.tmpl
var manifestText string

var manifestTemplate = template.Must(template.New("manifest").Funcs(template.FuncMap{"quoted": quotedYAML}).Parse(manifestText))

// manifest is what the template shows.
type manifest struct {
	Image, Zone string
	Jobs        []cronJob
	Files       []mount  // those of all jobs
	Books       []string // folders, as the claim has them
}

// cronJob is one of the manifest.
type cronJob struct {
	Name, What string
	Part       string // run or work
	Schedule   string
	Command    []string
	Workers    int   // 0: it is one run
	Enough     []int // exit codes after which it is not tried again
	Variables  []string
	Mounts     []mount
}

// kubernetes prints the manifest of a configuration.
func (a *app) kubernetes(cfg *Config, o unitOptions) error {
	if !store.OnServer(cfg.database()) {
		return usage("--kubernetes: database: %s is a file, which the pods of a cluster cannot share; try: postgres://… as env:NAME", cfg.Database)
	}
	if _, err := cfg.calendar(); err != nil {
		return err
	}
	if err := a.refuseWrittenSecrets(cfg); err != nil {
		return err
	}
	m, err := a.manifest(cfg, o)
	if err != nil {
		return err
	}
	return manifestTemplate.Execute(a.stdout, m)
}

// refuseWrittenSecrets looks for secrets that stand in the configuration itself,
// which goes into a ConfigMap.
func (a *app) refuseWrittenSecrets(cfg *Config) error {
	bare, err := a.meet(cfg, nil)
	if err != nil {
		return err
	}
	var found []string
	collectSecrets(reflect.ValueOf(*bare.cfg), &found)
	found = append(found, bare.cfg.Database.passwords()...)
	if slices.ContainsFunc(found, func(s string) bool { return s != "" }) {
		return usage("--kubernetes: a secret stands in the configuration itself, which would go into a ConfigMap; try: env:NAME or file:PATH in its place")
	}
	return nil
}

// meeting is a configuration as a command sees it that needs these sections, as
// far as it can be resolved here, and the references that the command meets.
type meeting struct {
	cfg    *Config
	refs   []string
	faults faultList
}

func (a *app) meet(cfg *Config, needs []Section) (m meeting, err error) {
	data, err := readConfig(configPath(a.configFlag, a.lookupEnv))
	if err != nil {
		return m, err
	}
	m.cfg, m.faults = parseConfig(data, references{dir: cfg.Dir(), lookupEnv: a.lookupEnv, met: func(ref string) { m.refs = append(m.refs, ref) }}, needs)
	return m, nil
}

// variables are the environment variables among references, in order.
func (m meeting) variables() (names []string) {
	for _, ref := range m.refs {
		if name, ok := strings.CutPrefix(ref, "env:"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (a *app) manifest(cfg *Config, o unitOptions) (m manifest, err error) {
	runs, err := a.meet(cfg, runNeeds(nightOptions{}))
	if err != nil {
		return m, err
	}
	works, err := a.meet(cfg, workNeeds)
	if err != nil {
		return m, err
	}
	books, err := a.bookMounts(runs)
	if err != nil {
		return m, err
	}
	m = manifest{Image: o.image, Zone: cfg.Timezone.String(), Files: runs.files()}
	night := cronJob{Part: "run", Enough: []int{exitUsage, exitDiscrepant, exitIncomplete}, Variables: runs.variables(), Mounts: slices.Concat(always, m.Files, cfg.written(), books)}
	m.Jobs = nightJobs(cfg, night)
	m.Jobs = append(m.Jobs, cronJob{
		Name: "umsrecon-work", What: "workers, who help the run to ask and end with it", Part: "work", Schedule: cfg.Schedule.Cron,
		Command: inPodCommand("work", "--once", "--wait", "2h"), Workers: o.workers, Enough: []int{exitUsage},
		Variables: works.variables(), Mounts: slices.Concat(always, among(m.Files, works.files())),
	})
	for _, b := range books {
		m.Books = append(m.Books, b.SubPath)
	}
	return m, apart(night.Mounts)
}

// nightJobs are the night, and what is tried again.
func nightJobs(cfg *Config, like cronJob) []cronJob {
	night := like
	night.Name, night.What, night.Schedule, night.Command = "umsrecon", "the night", cfg.Schedule.Cron, inPodCommand("run")
	jobs := []cronJob{night}
	for i, line := range cfg.retryCron() {
		again := like
		again.Enough = append(slices.Clone(like.Enough), exitBusy) // the night is under way; there is a next time
		again.Name, again.What, again.Schedule, again.Command = "umsrecon-retry", "what is due: nights missed or incomplete", line, inPodCommand("run", "--due")
		if i > 0 {
			again.Name += fmt.Sprintf("-%d", i+1)
		}
		jobs = append(jobs, again)
	}
	return jobs
}

func inPodCommand(arguments ...string) []string {
	return append([]string{"umsrecon", "-c", podConfig}, arguments...)
}

// Has says whether a pod of the job has something of a volume.
func (j cronJob) Has(volume string) bool {
	return slices.ContainsFunc(j.Mounts, func(m mount) bool { return m.Volume == volume })
}
