package main

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// A pod has its configuration here; relative paths count from the folder.
const (
	podFolder = "/etc/umsrecon"
	podConfig = podFolder + "/config.yaml"
)

// mount is a place of a pod and what is there.
type mount struct {
	Volume, Path string
	SubPath      string // of the volume; empty: all of it
	ReadOnly     bool
}

// always are the mounts of every pod. The configuration is mounted as a file, so
// that other things can be mounted beside it.
var always = []mount{
	{Volume: "config", Path: podConfig, SubPath: "config.yaml", ReadOnly: true},
	{Volume: "tmp", Path: "/tmp"},
}

// inPod is where a path of the configuration is in a pod.
func inPod(p string) string {
	p = filepath.ToSlash(p)
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(podFolder, p)
}

// inVolume is how a volume names a place of the pod.
func inVolume(p string) string {
	return strings.TrimPrefix(strings.TrimPrefix(p, podFolder+"/"), "/")
}

// within says whether a path is another, or below it.
func within(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, strings.TrimSuffix(folder, "/")+"/")
}

// files are those that references name, each a key of a Secret.
func (m meeting) files() (all []mount) {
	for _, ref := range m.refs {
		name, ok := strings.CutPrefix(ref, "file:")
		at := mount{Volume: "files", Path: inPod(name), ReadOnly: true}
		if !ok || slices.ContainsFunc(all, at.samePlace) {
			continue
		}
		at.SubPath = strings.Map(secretKey, inVolume(at.Path))
		for slices.ContainsFunc(all, func(b mount) bool { return at.SubPath == b.SubPath }) {
			at.SubPath += "-"
		}
		all = append(all, at)
	}
	return all
}

func (m mount) samePlace(b mount) bool { return m.Path == b.Path }

// secretKey is a rune as the key of a Secret can have it.
func secretKey(r rune) rune {
	if strings.ContainsRune("-._", r) || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return '-'
}

// among are those of all that are some.
func among(all, some []mount) []mount {
	return slices.DeleteFunc(slices.Clone(all), func(m mount) bool { return !slices.ContainsFunc(some, m.samePlace) })
}

// written are the folders into which a run writes. What node_exporter could read
// on a machine nobody reads in a pod: it goes with the pod.
func (c *Config) written() []mount {
	reports := mount{Volume: "reports", Path: inPod(c.Reports.Dir)}
	all := []mount{reports}
	if file := c.Monitor.MetricsFile; file != "" && !within(inPod(file), reports.Path) {
		all = append(all, mount{Volume: "tmp", Path: path.Dir(inPod(file)), SubPath: "metrics"})
	}
	return all
}

// bookMounts are the folders of the files that a run reads.
func (a *app) bookMounts(runs meeting) (all []mount, err error) {
	unknown := slices.DeleteFunc(slices.Clone(runs.faults), func(f Fault) bool {
		return !strings.HasSuffix(f.Key, ".path") && !strings.HasSuffix(f.Key, ".format")
	})
	if err := unknown.asError(configPath(a.configFlag, a.lookupEnv)); err != nil {
		return nil, err
	}
	folders := runs.cfg.bookFolders()
	slices.Sort(folders) // a folder before what is in it
	for _, folder := range folders {
		if n := len(all); n == 0 || !within(folder, all[n-1].Path) {
			all = append(all, mount{Volume: "books", Path: folder, SubPath: inVolume(folder), ReadOnly: true})
		}
	}
	return all, nil
}

func (c *Config) bookFolders() (folders []string) {
	add := func(pattern string) {
		fixed, _, _ := strings.Cut(strings.NewReplacer("*", "{", "?", "{", "[", "{").Replace(pattern), "{")
		folders = append(folders, path.Dir(inPod(fixed+"x"))) // x: so that a folder's own slash ends it
	}
	for _, m := range c.Merchants() {
		for _, source := range m.Ledger.Each() {
			if f := ledger.Format(source.Format); f != ledger.MySQL && f != ledger.Postgres {
				add(source.Pattern)
			}
		}
	}
	if c.Statement.Pattern != "" {
		add(c.Statement.Pattern)
	}
	return folders
}

// apart refuses mounts of which one lies in another.
func apart(mounts []mount) error {
	for i, a := range mounts {
		for j, b := range mounts {
			if i != j && within(a.Path, b.Path) {
				return usage("--kubernetes: a pod would have %s in %s; try: folders of their own, ledger/orders-{date}.csv and reports for example", a.Path, b.Path)
			}
		}
	}
	return nil
}
