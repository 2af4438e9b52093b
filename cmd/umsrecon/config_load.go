package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
)

// maxConfig bounds the configuration file.
const maxConfig = 1 << 20

// Section is a part of the configuration whose references a command needs.
// timezone and cutoff are needed always.
type Section string

// The sections. NeedMerchant is about merchant and merchants; NeedGateway
// includes every app_id and app_key that will be used; NeedReceiver is about the
// notice keys when there is a receiver, NeedNoticeKey in any case.
const (
	NeedMerchant   Section = "merchant"
	NeedGateway    Section = "gateway"
	NeedLedger     Section = "ledger"
	NeedDatabase   Section = "database"
	NeedReports    Section = "reports"
	NeedRules      Section = "rules"
	NeedSettlement Section = "settlement"
	NeedSchedule   Section = "schedule"
	NeedNotices    Section = "notices"
	NeedReceiver   Section = "receiver"
	NeedNoticeKey  Section = "notices key"
	NeedPayScore   Section = "pay_score"
	NeedAlerts     Section = "alerts"
	NeedMonitor    Section = "monitor"
	NeedPing       Section = "ping"
)

// EverySection is what a command needs that looks at everything.
var EverySection = []Section{
	NeedMerchant, NeedGateway, NeedLedger, NeedDatabase, NeedReports, NeedRules,
	NeedSettlement, NeedSchedule, NeedNotices, NeedReceiver, NeedPayScore,
	NeedAlerts, NeedMonitor, NeedPing,
}

const (
	tryExample   = "; try: umsrecon config example > config.yaml"
	configEnv    = "UMSRECON_CONFIG"
	configByName = "config.yaml"
)

// configPath is the configuration file to load: the flag, else
// $UMSRECON_CONFIG, else ./config.yaml.
func configPath(flag string, lookupEnv func(string) (string, bool)) string {
	if flag != "" {
		return flag
	}
	if path, ok := lookupEnv(configEnv); ok && path != "" {
		return path
	}
	return configByName
}

// Load reads and checks a configuration file. References are resolved where
// a needed section has them; elsewhere they are looked at for their form
// only, and the value stays as defaults has it. Any error is a *ConfigError
// with all faults at once, and then there is no Config.
func Load(path string, lookupEnv func(string) (string, bool), needs ...Section) (*Config, error) {
	data, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, &ConfigError{File: path, Faults: []Fault{{Message: err.Error()}}, Err: err}
	}
	config, faults := parseConfig(data, references{dir: dir, lookupEnv: lookupEnv}, needs)
	if err := faults.asError(path); err != nil {
		return nil, err
	}
	return config, nil
}

func readConfig(path string) ([]byte, error) {
	fault := func(err error, format string, args ...any) ([]byte, error) {
		return nil, &ConfigError{File: path, Faults: []Fault{{Message: fmt.Sprintf(format, args...)}}, Err: err}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault(err, "does not exist%s", tryExample)
	case err != nil:
		return fault(err, "%v", withoutPath(err))
	case info.IsDir():
		return fault(nil, "is a directory; name the file in it")
	}
	data, err := readUpTo(path, maxConfig)
	if err != nil {
		return fault(err, "%v", withoutPath(err))
	}
	return data, nil
}

// withoutPath is an error without the path, which its fault names already.
func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// parseConfig is Load without the file.
func parseConfig(data []byte, refs references, needs []Section) (*Config, faultList) {
	root, faults := parseYAML(data)
	if faults != nil && root == nil {
		return nil, faults
	}
	if root == nil || root.sort == nullScalar || root.kind == mappingNode && len(root.pairs) == 0 && faults == nil {
		return nil, faultList{{Message: "is empty: merchant, gateway and ledger are missing" + tryExample}}
	}
	config := defaults()
	config.dir = refs.dir
	d := decoder{config: &config, refs: refs, faults: faults, needs: map[string]bool{"": true}, written: map[string]mark{}}
	for _, need := range needs {
		d.needs[string(need)] = true
	}
	d.decode(root, reflect.ValueOf(&config).Elem(), "", "")
	d.credentials()
	d.check()
	return &config, d.faults
}

// credentials resolves the keys that will be used: gateway's only where a
// merchant has none of its own, those of notices only where there is a
// receiver.
func (d *decoder) credentials() {
	c := d.config
	d.fallBack("gateway.app_id", "gateway id", &c.Gateway.AppID)
	d.fallBack("gateway.app_key", "gateway key", &c.Gateway.AppKey)
	d.fallBack("notices.key", "notices common key", &c.Notices.Key)
	if d.needs["gateway"] {
		d.needs["gateway id"] = !d.eachMerchantHas("app_id")
		d.needs["gateway key"] = !d.eachMerchantHas("app_key")
	}
	if d.needs["receiver"] && c.Notices.Listen != "" {
		d.needs["notices key"] = true
	}
	d.needs["notices common key"] = d.needs["notices key"] && !d.eachMerchantHas("notice_key")
	for _, p := range d.pending {
		if d.needs[p.section] {
			d.resolve(p)
		}
	}
}

// fallBack puts the default reference where the file has no value.
func (d *decoder) fallBack(path, section string, into any) {
	if _, ok := d.written[path]; ok {
		return
	}
	p := pendingReference{ref: defaultReferences[path], path: path, section: section, into: reflect.ValueOf(into).Elem()}
	p.line = d.lineOf(path)
	d.pending = append(d.pending, p)
}

func (d *decoder) eachMerchantHas(key string) bool {
	for i := range d.config.Listed {
		if _, ok := d.written[fmt.Sprintf("merchants[%d].%s", i, key)]; !ok {
			return false
		}
	}
	return len(d.config.Listed) > 0
}

// preset lets a merchant's own ledger differ from the top-level one in what
// it names, and be like it in the rest. Sources are not inherited: a ledger
// that names a path means it.
func (l *Ledger) preset(c *Config, _ any) { l.LedgerSource = c.Ledger.clone() }

// preset lets a source be like the ledger that lists it in what it does not name.
func (s *LedgerSource) preset(_ *Config, within any) {
	if l, ok := within.(Ledger); ok {
		*s = l.clone()
	}
}

func (s LedgerSource) clone() LedgerSource {
	s.Columns = maps.Clone(s.Columns)
	s.Statuses = maps.Clone(s.Statuses)
	return s
}

func (m *Merchant) preset(*Config, any) { m.InstMID = defaultInstMID }
