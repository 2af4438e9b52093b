package reconcile_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

var updateGolden = flag.Bool("update", false, "write expected.csv of the golden cases anew")

// The golden cases happen on one ledger day; testdata/cases/README.md says how
// one is written.
var (
	goldenDay   = reconcile.MakeDay(2026, time.January, 5) // a Monday
	goldenTaken = "2026-01-05 23:50:00"
	goldenNight = "2026-01-06 02:30:00"
)

const (
	goldenNoticeKey = "notice-key"
	goldenCases     = "testdata/cases"
)

// goldenSettings is settings.json.
type goldenSettings struct {
	Now            string            `json:"now"`
	Taken          string            `json:"taken"`
	Tolerance      reconcile.Fen     `json:"tolerance"`
	AmountIdentity bool              `json:"amount_identity"`
	DoublePayment  *bool             `json:"double_payment"`
	AmountBasis    reconcile.Basis   `json:"amount_basis"`
	Cutoff         string            `json:"cutoff"`
	Holidays       []string          `json:"holidays"`
	ExtraWorkdays  []string          `json:"extra_workdays"`
	ExpectNotices  bool              `json:"expect_notices"`
	ContractNotice bool              `json:"contract_notices"`
	MatchContracts bool              `json:"match_contracts"`
	Misbehave      map[string]string `json:"misbehave"`
	MisbehaveFirst int               `json:"misbehave_first"`
	MaxRequests    int64             `json:"max_requests"`
	Synced         []string          `json:"synced"`
	Statement      bool              `json:"expect_statement"`
	RatePPM        int64             `json:"rate_ppm"`
}

// goldenNotice is an item of notices.json.
type goldenNotice struct {
	ReceivedAt string          `json:"receivedAt"`
	Forged     bool            `json:"forged"`
	Notice     json.RawMessage `json:"notice"`
}

// TestGoldenCases plays every folder and holds what was found against its
// expected.csv.
func TestGoldenCases(t *testing.T) {
	folders, err := filepath.Glob(goldenCases + "/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		name := strings.TrimPrefix(folder, goldenCases+"/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := playGolden(t, folder)
			golden := filepath.Join(folder, "expected.csv")
			if *updateGolden {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
			code, polarity, _ := strings.Cut(name, "/")
			require.NotEmpty(t, reconcile.RuleOf(reconcile.Code(code)).ZH, "a code that exists")
			require.Regexp(t, "^(fires|close)(-|$)", polarity)
			require.Equal(t, strings.HasPrefix(polarity, "fires"), strings.Contains(got, ","+code+","), "a case that fires has its code, one that is close has not")
		})
	}
}

// TestEveryCodeHasItsCases: a code without a folder of either polarity fails.
func TestEveryCodeHasItsCases(t *testing.T) {
	for _, rule := range reconcile.Rules {
		for _, polarity := range []string{"fires", "close"} {
			require.FileExists(t, filepath.Join(goldenCases, string(rule.Code), polarity, "expected.csv"))
			require.FileExists(t, filepath.Join(goldenCases, string(rule.Code), polarity, "README.md"), "a sentence that says what happens")
		}
	}
}

// playGolden runs the nights of a folder and lists what is found at the end.
func playGolden(t *testing.T, folder string) string {
	w := newWorld(t)
	nights, err := filepath.Glob(folder + "/night*")
	require.NoError(t, err)
	if len(nights) == 0 {
		nights = []string{folder}
	}
	for _, night := range nights {
		w.playNight(night)
	}
	return w.foundGolden()
}

func (w *world) playNight(folder string) {
	set := goldenSettings{Now: goldenNight, Taken: goldenTaken}
	w.readJSON(folder, "settings.json", &set)
	books := filepath.Join(w.dir, "orders-"+goldenDay.String()+".csv")
	if text, err := os.ReadFile(filepath.Join(folder, "ledger.csv")); err == nil {
		require.NoError(w, os.WriteFile(books, text, 0o600))
	}
	require.NoError(w, os.Chtimes(books, w.at(set.Taken), w.at(set.Taken)))
	var bills []chinaumstest.Bill
	w.readJSON(folder, "bills.json", &bills)
	w.ums.Put(bills...)
	w.ums.Behave()
	for billNo, name := range set.Misbehave {
		require.NoError(w, w.ums.Misbehave(chinaumstest.Fault{Name: name, BillNo: billNo, First: set.MisbehaveFirst}))
	}
	w.receiveGolden(folder)
	w.stateGolden(folder, &set)
	w.clock.set(w.at(set.Now))
	for _, id := range set.Synced {
		w.syncGolden(id)
	}
	w.options.Budget = nil
	if set.MaxRequests > 0 {
		w.options.Budget = chinaums.NewBudget(set.MaxRequests)
	}
	w.connect()
	w.job.Settings = set.rules(w.T)
	_, err := w.job.Run(w.Context(), reconcile.Request{Day: goldenDay, Requery: true})
	require.NoError(w, err)
}

func (s goldenSettings) rules(t *testing.T) reconcile.Settings {
	rules := reconcile.DefaultSettings()
	rules.Tolerance, rules.CheckIdentity = s.Tolerance, s.AmountIdentity
	rules.ExpectNotices, rules.ContractNotices, rules.MatchContracts = s.ExpectNotices, s.ContractNotice, s.MatchContracts
	rules.Statements = s.Statement
	if s.RatePPM > 0 {
		rules.Terms.Rates = []reconcile.FeeRate{{RatePPM: s.RatePPM}}
	}
	if s.DoublePayment != nil {
		rules.CheckDouble = *s.DoublePayment
	}
	if s.AmountBasis != "" {
		rules.AmountBasis = s.AmountBasis
	}
	rules.Calendar.Holidays, rules.Calendar.ExtraWorkdays = goldenDays(t, s.Holidays), goldenDays(t, s.ExtraWorkdays)
	if s.Cutoff != "" {
		at, err := time.Parse("15:04", s.Cutoff)
		require.NoError(t, err)
		rules.Calendar.Cutoff = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	return rules
}

func goldenDays(t *testing.T, named []string) map[reconcile.Day]bool {
	days := map[reconcile.Day]bool{}
	for _, name := range named {
		day, err := reconcile.ParseDay(name)
		require.NoError(t, err)
		days[day] = true
	}
	return days
}

func (w *world) at(text string) time.Time {
	at, err := time.ParseInLocation(time.DateTime, text, reconcile.Beijing)
	require.NoError(w, err)
	return at
}

// readJSON reads a file of the folder strictly; one that is not there is left
// as it was.
func (w *world) readJSON(folder, name string, into any) {
	text, err := os.ReadFile(filepath.Join(folder, name))
	if os.IsNotExist(err) {
		return
	}
	require.NoError(w, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(w, d.Decode(into), name)
}

// stateGolden puts the statement of 2026-01-06 where it is looked for.
func (w *world) stateGolden(folder string, set *goldenSettings) {
	text, err := os.ReadFile(filepath.Join(folder, "statement.csv"))
	if err == nil {
		set.Statement = true
		require.NoError(w, os.WriteFile(filepath.Join(w.dir, "statement-"+(goldenDay+1).String()+".csv"), text, 0o600))
	}
	if !set.Statement {
		return
	}
	st, err := ledger.NewStatements(ledger.StatementSource{
		Source: ledger.Source{Name: "statement", Dir: w.dir, Pattern: "statement-{date}.csv", Unit: ledger.Fen, Defaults: ledger.Defaults{MID: mid}},
		Types:  map[reconcile.Kind][]string{reconcile.Payment: {"PAYMENT"}, reconcile.Refund: {"REFUND"}},
	})
	require.NoError(w, err)
	w.job.Statements = []reconcile.Statement{st}
}

// receiveGolden signs the notices, unless they are forged, and takes them in as
// the receiver does.
func (w *world) receiveGolden(folder string) {
	var notices []goldenNotice
	w.readJSON(folder, "notices.json", &notices)
	for _, n := range notices {
		parsed, err := chinaums.ParseNotice("application/json", n.Notice)
		require.NoError(w, err)
		r := chinaums.Received{Notice: parsed, At: w.at(n.ReceivedAt), Path: reconcile.NoticePath, Verified: true}
		if parsed.Kind == chinaums.NoticeContract {
			r.Path = reconcile.ContractPath
		} else {
			key := map[bool]string{true: "nobody's key", false: goldenNoticeKey}[n.Forged]
			parsed.Params = chinaumstest.Sign(parsed.Params, chinaums.NewSecret(key), "SHA256")
			if err := parsed.Verify(chinaums.NewSecret(goldenNoticeKey), true); err != nil {
				r.Verified, r.Why = false, err.Error()
			}
		}
		_, err = w.db.SaveNotices(w.Context(), []reconcile.Notice{gateway.Notice(r)})
		require.NoError(w, err)
	}
}

func (w *world) syncGolden(fenOrderID string) {
	_, err := w.sender().Send(w.Context(), reconcile.Sending{
		Kind: reconcile.SendSync, Key: reconcile.Key{BillKey: reconcile.BillKey{MID: mid}}, FenOrderID: fenOrderID, ServiceID: "500001",
		PaidAt: goldenDay.Start().Add(10 * time.Hour), MadeAt: w.clock.Now(),
	})
	require.NoError(w, err)
}

func fenOf(a reconcile.Amount) string {
	if !a.Known {
		return ""
	}
	return strconv.FormatInt(int64(a.Fen), 10)
}

// foundGolden is every case and note, one line each.
func (w *world) foundGolden() string {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	lines := [][]string{}
	for l, err := range w.db.Cases(w.Context(), store.Filter{}) {
		require.NoError(w, err)
		k := l.Case.Key
		subject := strings.Trim(k.BillNo+"/"+k.RefundID+k.CompletionID, "/")
		if l.Row != nil {
			subject = fmt.Sprintf("line %d", l.Row.Line)
		}
		if l.Notice != nil && subject == "" {
			subject = "notices"
		}
		switch {
		case l.Statement != nil:
			subject = fmt.Sprintf("statement line %d", l.Statement.Source.Line)
		case l.Case.Code == reconcile.SettleTotalMismatch:
			subject = "settle date " + l.Case.LedgerDay.String()
		}
		lines = append(lines, []string{
			subject, string(l.Case.Code), string(l.Case.Severity), string(l.Case.State), fenOf(l.Case.Ledger), fenOf(l.Case.UMS), l.Case.Reason.ZH, l.Case.Reason.EN,
		})
	}
	slices.SortFunc(lines, slices.Compare)
	require.NoError(w, out.Write([]string{"order", "code", "severity", "state", "ledger_fen", "ums_fen", "原因", "reason"}))
	require.NoError(w, out.WriteAll(lines))
	return text.String()
}
