package main

import (
	"path/filepath"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports/alert"
)

// Config is the configuration file, checked. Load makes one; defaults has
// what holds where the file is silent. A value whose reference was not
// needed keeps its default. The yaml tags are the keys of the file; a need
// tag names the section that a value's reference belongs to, and holds for
// everything below it.
type Config struct {
	Timezone   *time.Location `yaml:"timezone"` // of the cron line, and of ledger times without a zone
	Cutoff     TimeOfDay      `yaml:"cutoff"`   // of the business day, in Beijing
	Merchant   Terminal       `yaml:"merchant" need:"merchant"`
	Gateway    Gateway        `yaml:"gateway" need:"gateway"`
	Ledger     Ledger         `yaml:"ledger" need:"ledger"`
	Statement  Statement      `yaml:"statement" need:"ledger"`
	Database   Location       `yaml:"database" need:"database"` // resolve it with database
	Reports    Reports        `yaml:"reports" need:"reports"`
	Rules      Rules          `yaml:"rules" need:"rules"`
	Settlement Settlement     `yaml:"settlement" need:"settlement"`
	Schedule   Schedule       `yaml:"schedule" need:"schedule"`
	Notices    Notices        `yaml:"notices" need:"notices"`
	PayScore   PayScore       `yaml:"pay_score" need:"pay_score"`
	Alerts     Alerts         `yaml:"alerts" need:"alerts"`
	Monitor    Monitor        `yaml:"monitor" need:"monitor"`
	Keep       Keep           `yaml:"keep" need:"database"`
	Listed     []Merchant     `yaml:"merchants" need:"merchant"` // as written; use Merchants

	dir string // of the configuration file, absolute
}

// TimeOfDay is the time since midnight.
type TimeOfDay time.Duration

// Days is a number of whole days.
type Days int

// Terminal names a merchant's terminal; its fields stand in where the ledger
// has no such column. MID (≤ 15) and TID (≤ 8) may be empty.
type Terminal struct {
	MID     string `yaml:"mid"`
	TID     string `yaml:"tid"`
	InstMID string `yaml:"inst_mid"`
}

// Merchant is one of several merchants that one installation serves. Empty
// fields of the file are filled in by Config.Merchants.
type Merchant struct {
	Terminal
	AppID     string  `yaml:"app_id" need:"gateway"`
	AppKey    Secret  `yaml:"app_key" need:"gateway"`
	NoticeKey Secret  `yaml:"notice_key" need:"notices key"`
	Ledger    *Ledger `yaml:"ledger" need:"ledger"` // nil: the top-level one
}

// Gateway says how UMS is asked.
type Gateway struct {
	BaseURL           string        `yaml:"base_url"` // scheme and host only
	AppID             string        `yaml:"app_id" need:"gateway id"`
	AppKey            Secret        `yaml:"app_key" need:"gateway key"`
	Auth              string        `yaml:"auth"`         // body-sig or access-token
	TokenHeader       string        `yaml:"token_header"` // plain or quoted
	RequestsPerSecond float64       `yaml:"requests_per_second"`
	Concurrency       int           `yaml:"concurrency"`
	Timeout           time.Duration `yaml:"timeout"` // of one request
	MaxAttempts       int           `yaml:"max_attempts"`
	MaxRequestsPerRun int           `yaml:"max_requests_per_run"` // 0: no limit
	Deadline          time.Duration `yaml:"deadline"`             // of a run's asking; 0: none
	Lease             time.Duration `yaml:"lease"`                // of a question that processes share on a server, when its holder is gone
}

// Reports says where the workbooks go and in which language.
type Reports struct {
	Dir      string `yaml:"dir"`      // resolve it with Path
	Language string `yaml:"language"` // zh or en
	CSV      bool   `yaml:"csv"`      // the tables as CSV files, too
	// PerMerchant: the workbooks of each merchant, too, in a folder of its own.
	PerMerchant bool `yaml:"per_merchant"`
}

// Rules are the settings of judging; Config.Settings has them as the domain
// wants them.
type Rules struct {
	AmountBasis    reconcile.Basis `yaml:"amount_basis"`
	Tolerance      reconcile.Fen   `yaml:"tolerance"`
	Lookback       Days            `yaml:"lookback"`
	StaleAfter     Days            `yaml:"stale_after"`
	Recheck        []Days          `yaml:"recheck"`
	PayWindow      time.Duration   `yaml:"pay_window"`
	LedgerGrace    time.Duration   `yaml:"ledger_grace"`
	SettleGrace    int             `yaml:"settle_grace"` // working days
	RefundGrace    time.Duration   `yaml:"refund_grace"`
	NoticeGrace    time.Duration   `yaml:"notice_grace"`
	AmountIdentity bool            `yaml:"amount_identity"`
	DoublePayment  bool            `yaml:"double_payment"`
	OneCaseFrom    int             `yaml:"one_case_from"` // orders; 0: never
	Holidays       []reconcile.Day `yaml:"holidays"`
	ExtraWorkdays  []reconcile.Day `yaml:"extra_workdays"`
}

// Settlement says what is taken off a payment before it is settled.
type Settlement struct {
	Mode              string          `yaml:"mode"`                // net or full
	CouponFunder      string          `yaml:"coupon_funder"`       // of couponAmount: platform or merchant
	AllianceFunder    string          `yaml:"alliance_funder"`     // of bill total − payment total: platform or merchant
	FeeBase           reconcile.Basis `yaml:"fee_base"`            // what a rate applies to
	RefundsReturnFees bool            `yaml:"refunds_return_fees"` // UMS gives the fee of a refund back
	Fees              []Fee           `yaml:"fees"`                // at most one for a channel and card kind
}

// Fee is the rate of a payment channel and card kind.
type Fee struct {
	TargetSys string        `yaml:"target_sys"` // as UMS spells it: WXPay; empty: every channel
	Card      string        `yaml:"card"`       // cardAttr as UMS spells it; empty: every kind
	RatePPM   int64         `yaml:"rate_ppm"`   // millionths: 3800 is 0.38 %
	Cap       reconcile.Fen `yaml:"cap"`        // of one transaction; 0: none
}

// Schedule is when nights are run and run again, in Config.Timezone.
type Schedule struct {
	Cron     string        `yaml:"cron"`      // five fields or @daily
	CatchUp  Days          `yaml:"catch_up"`  // how far back missed nights are done
	RetryAt  []TimeOfDay   `yaml:"retry_at"`  // when unfinished nights are tried again
	RetryFor time.Duration `yaml:"retry_for"` // from an unfinished night's first run
}

// Notices says how the platform's notices are received.
type Notices struct {
	Listen       string     `yaml:"listen"`   // host:port; empty: no receiver
	Expected     bool       `yaml:"expected"` // they come, though by another way
	Path         string     `yaml:"path"`
	ContractPath SecretPath `yaml:"contract_path"` // empty: no contract notices
	Key          Secret     `yaml:"key" need:"notices common key"`
	AllowMD5     bool       `yaml:"allow_md5"`
	// MatchContracts takes the contractId of a deduction for the
	// authorizationCode of a contract notice.
	MatchContracts bool `yaml:"match_contracts"`
}

// PayScore is about WeChat pay-score orders.
type PayScore struct {
	ServiceID string   `yaml:"service_id"` // where the ledger has no such column
	Detail    string   `yaml:"detail"`     // of order/sync: object or text
	Success   []string `yaml:"success"`    // respCodes that mean success
	Refused   []string `yaml:"refused"`    // respCodes that mean that nothing was done
}

// Alerts says who hears of runs.
type Alerts struct {
	Silence    time.Duration `yaml:"silence"` // without a complete run; 0: never
	Recipients []Recipient   `yaml:"recipients"`
}

// Recipient is one channel to people, and when they want to hear. A robot has
// url and secret, mail the rest.
type Recipient struct {
	Channel   string       `yaml:"channel"` // wecom, dingtalk, feishu, webhook or mail
	When      []alert.When `yaml:"when"`
	URL       Secret       `yaml:"url"`
	Secret    Secret       `yaml:"secret"` // what the robot signs with; not set: it does not
	Host      string       `yaml:"host"`
	Port      int          `yaml:"port"` // 0: 465, then 587
	TLS       string       `yaml:"tls"`  // implicit, starttls or none
	User      string       `yaml:"user"`
	Password  Secret       `yaml:"password"`
	From      string       `yaml:"from"`
	Addresses []string     `yaml:"addresses"`
	Attach    bool         `yaml:"attach"` // the workbooks
}

// Keep says how long what can be done without is kept; 0: for ever.
type Keep struct {
	Answers Days `yaml:"answers"` // the words of UMS's answers
	Runs    Days `yaml:"runs"`    // runs that a later one of their day has replaced
	Orders  Days `yaml:"orders"`  // whole ledger months of orders that nobody will look at again
}

// Monitor says how programs watch over this one.
type Monitor struct {
	Ping        SecretPath `yaml:"ping" need:"ping"` // a URL in the manner of healthchecks.io; empty: none
	MetricsFile string     `yaml:"metrics_file"`     // resolve it with Path; empty: none
	Listen      string     `yaml:"listen"`           // of `serve`, on loopback; empty: none
}

// Dir is the absolute folder of the configuration file, from which every
// relative path counts.
func (c *Config) Dir() string { return c.dir }

// Path resolves a path of the configuration.
func (c *Config) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.dir, p)
}

// Merchants are the merchants served, at least one, with everything filled
// in: credentials from gateway, the notice key from notices, the ledger from
// the top level. Their Ledger is never nil.
func (c *Config) Merchants() []Merchant {
	if len(c.Listed) == 0 {
		return []Merchant{c.filled(Merchant{Terminal: c.Merchant})}
	}
	all := make([]Merchant, len(c.Listed))
	for i, m := range c.Listed {
		all[i] = c.filled(m)
	}
	return all
}

func (c *Config) filled(m Merchant) Merchant {
	if m.AppID == "" {
		m.AppID = c.Gateway.AppID
	}
	if m.AppKey.IsZero() {
		m.AppKey = c.Gateway.AppKey
	}
	if m.NoticeKey.IsZero() {
		m.NoticeKey = c.Notices.Key
	}
	if m.Ledger == nil {
		m.Ledger = &c.Ledger
	}
	return m
}
