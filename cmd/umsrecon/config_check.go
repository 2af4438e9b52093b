package main

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check holds every value that stands in the file against the rules that go
// beyond its type. Defaults are not looked at: their own test does that.
func (d *decoder) check() {
	c := d.config
	d.checkTerminal("merchant", c.Merchant)
	d.checkGateway(c.Gateway)
	d.checkLedger("ledger", c.Ledger)
	d.checkStatement(c.Statement)
	d.must("database", c.Database != "", "must not be empty")
	d.must("database", c.Database.understood(), "must be a file, or an address: postgres://user:password@host:5432/database")
	d.must("reports.dir", c.Reports.Dir != "", "must not be empty")
	d.oneOf("reports.language", c.Reports.Language, "zh", "en")
	d.checkRules(c.Rules)
	d.checkSettlement(c.Settlement)
	d.checkSchedule(c.Schedule)
	d.checkNotices(c.Notices)
	d.checkPayScore(c.PayScore)
	d.checkAlerts(c.Alerts)
	d.checkMonitor(c.Monitor)
	d.checkKeep("keep.answers", c.Keep.Answers, c.Rules.Lookback)
	d.checkKeep("keep.runs", c.Keep.Runs, c.Rules.Lookback)
	d.must("keep.orders", c.Keep.Orders == 0 || c.Keep.Orders > c.leastKept(),
		"must be 0d (for ever), or more than rules.lookback, schedule.catch_up and 31 days together (%dd)", c.leastKept())
	d.checkMerchants(c.Listed)
}

// must adds a fault when the value at path stands in the file, could be read,
// and is not ok.
func (d *decoder) must(path string, ok bool, format string, args ...any) {
	m, written := d.written[path]
	if ok || !written || m.unfit {
		return
	}
	d.faults.add(m.line, path, "%s%s", fmt.Sprintf(format, args...), isShown(m.shown))
}

// wrong is must for what stands in no relation to the value itself.
func (d *decoder) wrong(path, format string, args ...any) {
	d.faults.add(d.lineOf(path), path, format, args...)
}

// lineOf is the line of a path, or of the nearest one above it that stands in
// the file; 0: none does.
func (d *decoder) lineOf(path string) int {
	for path != "" {
		if m, ok := d.written[path]; ok {
			return m.line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

func (d *decoder) oneOf(path, value string, allowed ...string) {
	m, written := d.written[path]
	if !written || m.unfit || slices.Contains(allowed, value) {
		return
	}
	hint := ""
	if m.shown == strconv.Quote(value) {
		hint = didYouMean(value, allowed)
	}
	d.faults.add(m.line, path, "must be %s%s%s", either(allowed), isShown(m.shown), hint)
}

func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

var alphanumeric = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func identifier(s string, longest int) bool {
	return len(s) <= longest && alphanumeric.MatchString(s)
}

var digitsOnly = regexp.MustCompile(`^[0-9]+$`)

// Lengths as bills/query has them: mid 15, tid 8, instMid 32.
func (d *decoder) checkTerminal(path string, t Terminal) {
	d.must(path+".mid", identifier(t.MID, 15), "must be at most 15 letters and digits")
	d.must(path+".tid", identifier(t.TID, 8), "must be at most 8 letters and digits")
	d.must(path+".tid", !digitsOnly.MatchString(t.TID) || len(t.TID) >= 8, "has lost its leading zeros; write all 8 digits")
	d.must(path+".inst_mid", identifier(t.InstMID, 32) && t.InstMID != "", "must be 1 to 32 letters and digits")
}

func (d *decoder) checkMerchants(listed []Merchant) {
	d.must("merchants", len(listed) > 0, "lists no merchant")
	if _, both := d.written["merchant"]; both && len(listed) > 0 {
		d.wrong("merchants", "stands beside merchant on line %d; keep one of the two", d.lineOf("merchant"))
	}
	first := map[string]int{}
	for i, m := range listed {
		path := fmt.Sprintf("merchants[%d]", i)
		d.checkTerminal(path, m.Terminal)
		d.must(path+".app_id", appID.MatchString(m.AppID), mustBeAppID)
		if m.Ledger != nil {
			d.checkLedger(path+".ledger", *m.Ledger)
		}
		d.checkMID(path, m.MID, first, i)
	}
}

func (d *decoder) checkMID(path, mid string, first map[string]int, i int) {
	m, written := d.written[path+".mid"]
	switch before, twice := first[mid]; {
	case m.unfit || d.written[path].unfit:
	case !written || mid == "":
		d.wrong(path+".mid", "is missing")
	case twice:
		d.wrong(path+".mid", "is that of merchants[%d], too", before)
	default:
		first[mid] = i
	}
}

var appID = regexp.MustCompile(`^[!#-+\--\[\]-~]+$`)

const mustBeAppID = "must be printable ASCII without blanks, quotes and commas"

func (d *decoder) checkGateway(g Gateway) {
	d.checkBaseURL(g.BaseURL)
	d.must("gateway.app_id", appID.MatchString(g.AppID), mustBeAppID)
	d.oneOf("gateway.auth", g.Auth, "body-sig", "access-token")
	d.oneOf("gateway.token_header", g.TokenHeader, "plain", "quoted")
	const fastest = 100_000
	d.must("gateway.requests_per_second", g.RequestsPerSecond > 0 && g.RequestsPerSecond <= fastest,
		"must be more than 0 and at most %d", fastest)
	d.between("gateway.concurrency", g.Concurrency, 1, 1024)
	d.must("gateway.timeout", g.Timeout > 0, "must be more than 0s")
	d.must("gateway.timeout", g.Timeout <= 10*time.Minute, "must be at most 10m")
	d.between("gateway.max_attempts", g.MaxAttempts, 1, 20)
	d.between("gateway.max_requests_per_run", g.MaxRequestsPerRun, 0, math.MaxInt)
	d.notNegative("gateway.deadline", g.Deadline)
	d.must("gateway.lease", g.Lease >= time.Second && g.Lease <= time.Hour, "must be at least 1s and at most 1h")
}

func (d *decoder) between(path string, n, least, most int) {
	d.must(path, n >= least, "must be at least %d", least)
	d.must(path, n <= most, "must be at most %d", most)
}

func (d *decoder) notNegative(path string, t time.Duration) {
	d.must(path, t >= 0, "must be 0s or more")
}

// checkBaseURL repeats nothing of the URL: it may hold a password.
func (d *decoder) checkBaseURL(base string) {
	const path = "gateway.base_url"
	if d.written[path].unfit {
		return
	}
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https":
		d.wrong(path, "must be a URL such as https://api-mop.chinaums.com")
	case u.User != nil:
		d.wrong(path, "must not hold a user or password")
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(base, "#"):
		d.wrong(path, "must end after the host: no path, query or fragment")
	case u.Hostname() == "" || !validPort(u.Port(), true) || strings.HasSuffix(u.Host, ":"):
		d.wrong(path, "must name a host, and a port from 1 to 65535 if any")
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		d.wrong(path, "must be https; plain http goes to this machine only")
	}
}

func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func validPort(port string, optional bool) bool {
	if port == "" {
		return optional
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

var urlPath = regexp.MustCompile(`^(/[0-9A-Za-z_.~-]+)+$`)

func (d *decoder) checkNotices(n Notices) {
	const mustBePath = "must be a path such as /ums/notice, of letters, digits and -._~"
	if n.Listen != "" {
		_, port, err := net.SplitHostPort(n.Listen)
		d.must("notices.listen", err == nil && validPort(port, false), `must be host:port such as "127.0.0.1:8080", or empty`)
	}
	d.must("notices.path", plainPath(n.Path), mustBePath)
	contract := n.ContractPath.Reveal()
	switch {
	case contract == "":
	case !plainPath(contract):
		d.must("notices.contract_path", false, mustBePath)
	case contract == n.Path:
		d.must("notices.contract_path", false, "must differ from notices.path")
	case len(contract)-strings.LastIndex(contract, "/") <= leastSecret:
		d.must("notices.contract_path", false, "carries a secret, its last part: at least %d letters and digits that nobody guesses", leastSecret)
	}
}

// leastSecret is the length of what keeps a contract notice, which is not
// signed, from being anybody's.
const leastSecret = 16

func (d *decoder) checkPayScore(p PayScore) {
	d.must("pay_score.service_id", identifier(p.ServiceID, 32), "must be at most 32 letters and digits")
	d.oneOf("pay_score.detail", p.Detail, "object", "text")
	d.must("pay_score.success", len(p.Success) > 0, "names no code")
}

// plainPath says whether a path means itself, with no dots to walk.
func plainPath(path string) bool {
	return urlPath.MatchString(path) && !strings.Contains(path+"/", "/./") && !strings.Contains(path+"/", "/../")
}
