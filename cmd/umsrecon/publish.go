package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// publish writes the workbooks of a run: the discrepancies of its day, and
// the settlement of the months that it has to do with.
// A workbook of figures that were signed is kept beside the restated ones.
// That of the discrepancies is recorded last, and as awaiting others where some
// could not be written: a run of which there is none, or one that awaits others,
// is taken up again. Those of merchants come before it and are not among the
// paths: merchants is how many have got theirs.
func (a *app) publish(ctx context.Context, cfg *Config, db *store.DB, s reconcile.Summary, restated bool) (paths []string, merchants int, err error) {
	w := a.writer(ctx, cfg, db, cfg.Path(cfg.Reports.Dir))
	w.log = w.log.With("run", s.RunID, "day", s.Day.String())
	months, err := w.months(s)
	for _, day := range months {
		from, to := month(day)
		err = following(err, w.settlement(day.Month(), from, to))
	}
	settlements := w.paths
	w.paths, w.runID, w.beside, w.awaited = []string{}, s.RunID, restated, err != nil // the others are about no single run
	err = following(err, w.discrepancies(s))
	return append(w.paths, settlements...), len(w.folders), w.end(err)
}

// months are those whose settlement a run writes, each by a day in it: the day's
// month, the next when the day ends one, and others where it changed a line; of
// those to come only what was written before: their own nights begin them. What
// is history is not written again.
func (w *workbookWriter) months(s reconcile.Summary) ([]reconcile.Day, error) {
	months := []reconcile.Day{s.Day}
	from, to := month(s.Day)
	if s.Day == to {
		months = append(months, s.Day+1)
		_, to = month(s.Day + 1)
	}
	begun, err := w.begun(to + 1)
	if err != nil {
		return months, err
	}
	if !begun {
		to += 366 // a night whose orders settle next month need not be looked through
	}
	moved, err := w.db.MovedMonths(w.ctx, s.RunID, w.since(s), from, to, w.cfg.Settings().Calendar)
	if err != nil {
		return months, err
	}
	horizon, err := w.db.Horizon(w.ctx)
	if err != nil {
		return months, err
	}
	for _, day := range moved {
		if day < horizon {
			w.warn.Warn("a settlement line of history has changed; its workbook stays as it was written", "month", day.Month())
			continue
		}
		if begun, err = w.begun(day); err != nil {
			return months, err
		}
		if day < from || begun {
			months = append(months, day)
		}
	}
	return months, err
}

// begun says whether the settlement of a month was written before.
func (w *workbookWriter) begun(day reconcile.Day) (bool, error) {
	return w.db.KnowsWorkbook(w.ctx, w.record(filepath.Join(w.dir, settlementName(day.Month()))))
}

// month is the first and the last day of a day's month.
func month(d reconcile.Day) (from, to reconcile.Day) {
	t := d.Start()
	return d.FirstOfMonth(), reconcile.MakeDay(t.Year(), t.Month()+1, 1) - 1
}

// workbookWriter writes workbooks from the database into a folder.
type workbookWriter struct {
	ctx     context.Context
	cfg     *Config
	db      *store.DB
	dir     string
	now     time.Time
	runID   string
	mid     string // of the merchant whose folder it is; empty: it is about all
	pulse   *pulse
	log     *slog.Logger
	warn    *slog.Logger // of what nobody else says
	beside  bool         // the workbook that is there stays
	paths   []string     // what was written: of each workbook, itself first
	options reports.Options
	served  func(mid string) bool
	folders map[string]bool // of merchants that have got a workbook, by mid
	awaited bool            // a workbook beside those of merchants could not be written
	failed  *failures       // merchants that have not got theirs
	others  map[string]bool // mids that have lines and that nobody has listed
}

func (a *app) writer(ctx context.Context, cfg *Config, db *store.DB, dir string) *workbookWriter {
	now := a.clock.Now()
	return &workbookWriter{ctx: ctx, cfg: cfg, db: db, dir: dir, now: now, log: a.logger(slog.LevelError), warn: a.logger(slog.LevelWarn), pulse: a.pulse, paths: []string{}, served: cfg.served(), folders: map[string]bool{}, failed: &failures{errs: map[string]error{}}, others: map[string]bool{}, options: reports.Options{
		Language: reports.Language(cfg.Reports.Language), Merchant: cfg.merchantName(), Cutoff: cfg.cutoffText(),
		Settings: cfg.shownSettings(cfg.Ledger), MadeAt: now, NoticesExpected: cfg.Settings().ExpectNotices,
	}}
}

// discrepancies writes the workbook of all merchants when those of each, where
// they are wanted, are there or cannot be written.
func (w *workbookWriter) discrepancies(s reconcile.Summary) (err error) {
	if w.cfg.Reports.PerMerchant {
		err = w.discrepanciesOfEach(s)
		w.awaited = w.awaited || err != nil
	}
	return following(err, w.discrepanciesOf(s, func(sheet store.Sheet) reconcile.Lines { return w.db.DayLines(w.ctx, s, sheet, w.since(s)) }))
}

func discrepanciesName(day reconcile.Day) string { return "discrepancies-" + day.String() + ".xlsx" }

// since is the oldest ledger day that a run still asks.
func (w *workbookWriter) since(s reconcile.Summary) reconcile.Day {
	return s.Day - reconcile.Day(w.cfg.Rules.Lookback)
}

func (w *workbookWriter) discrepanciesOf(s reconcile.Summary, read func(store.Sheet) reconcile.Lines) error {
	lines := func(sheet store.Sheet) func() reconcile.Lines {
		return func() reconcile.Lines { return felt(w.pulse, read(sheet)) }
	}
	return w.write(discrepanciesName(s.Day), reports.DayTwins, func(path string, o reports.Options) error {
		d := reports.DayReport{
			Summary: s, Discrepancies: lines(store.Discrepancies), Pending: lines(store.Pending), LedgerProblems: lines(store.LedgerProblems),
			Covered: lines(store.Covered),
		}
		if err := reports.Page(path, s, o); err != nil {
			return err
		}
		if w.cfg.Reports.CSV {
			if err := reports.DiscrepanciesCSV(path, d, o); err != nil {
				return err
			}
		}
		return reports.Discrepancies(path, d, o)
	})
}

// settlement writes the workbook of all merchants, and those of each where that
// is wanted.
func (w *workbookWriter) settlement(period string, from, to reconcile.Day) error {
	calendar := w.cfg.Settings().Calendar
	err := w.settlementOf(period, func() iter.Seq2[reconcile.SettleLine, error] { return w.db.SettleLines(w.ctx, from, to, calendar) })
	if !w.cfg.Reports.PerMerchant {
		return err
	}
	return following(err, w.settlementOfEach(period, w.db.SettleShares(w.ctx, from, to, calendar)))
}

func settlementName(period string) string { return "settlement-" + period + ".xlsx" }

func (w *workbookWriter) settlementOf(period string, lines func() iter.Seq2[reconcile.SettleLine, error]) error {
	return w.write(settlementName(period), reports.SettlementTwins, func(path string, o reports.Options) error {
		r := reports.SettlementReport{
			Period: period, Terms: w.cfg.terms(),
			Lines: func() iter.Seq2[reconcile.SettleLine, error] { return felt(w.pulse, lines()) },
		}
		if w.cfg.Reports.CSV {
			if err := reports.SettlementCSV(path, r, o); err != nil {
				return err
			}
		}
		return reports.Settlement(path, r, o)
	})
}

// write places a workbook and its twins beside those that somebody has edited,
// writes them, and remembers what was written: the workbook last, and it alone
// as that of the run.
func (w *workbookWriter) write(name string, twins []string, make func(path string, o reports.Options) error) error {
	path, err := reports.Place(w.dir, name, twins, func(path, sum string) (bool, error) {
		if w.beside {
			return false, nil
		}
		return w.db.OurWorkbook(w.ctx, w.record(path), sum)
	})
	if err != nil {
		return fmt.Errorf("workbook %s: %w", name, err)
	}
	sums, order, o := map[string]string{}, []string{path}, w.options
	o.Intend = func(file, sum string) error {
		if file != path {
			order = append(order, file)
		}
		sums[file] = sum
		return w.db.IntendWorkbook(w.ctx, w.record(file), sum, w.now)
	}
	if err := make(path, o); err != nil {
		return err
	}
	for _, file := range slices.Backward(order) {
		saved := store.Workbook{Path: w.record(file), SHA256: sums[file], MID: w.mid}
		if file == path {
			saved.RunID = w.runID
			saved.Awaited = w.mid == "" && w.runID != "" && (w.awaited || len(w.failed.mids) > 0)
		}
		if err := w.db.SaveWorkbook(w.ctx, saved, w.now); err != nil {
			return err
		}
	}
	if w.pulse.beat(); w.mid != "" {
		return nil // thousands of paths tell nobody anything
	}
	w.log.Info("workbook", "path", w.cfg.shown(path))
	w.paths = append(w.paths, order...)
	return nil
}

// record is the name under which a workbook is remembered: relative to the
// configuration where it lies below it, so that a moved folder keeps its memory.
func (w *workbookWriter) record(path string) string { return filepath.ToSlash(w.cfg.shown(path)) }

func (c *Config) merchantName() string {
	var mids []string
	for _, m := range c.Merchants() {
		if m.MID != "" {
			mids = append(mids, m.MID)
		}
	}
	return strings.Join(mids, ", ")
}

func (c *Config) cutoffText() string {
	d := time.Duration(c.Cutoff)
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// shownSettings are the settings that a verdict depends on, under their keys,
// the ledger being this one.
func (c *Config) shownSettings(l Ledger) []reports.Setting {
	r, fen := c.Rules, "分"
	if c.Reports.Language == string(reports.EN) {
		fen = "fen"
	}
	rows := []reports.Setting{
		{Name: "timezone", Value: c.Timezone.String()},
		{Name: "cutoff", Value: c.cutoffText()},
		{Name: "ledger.path", Value: l.places()},
		{Name: "ledger.amount_unit", Value: l.AmountUnit},
		{Name: "statement", Value: fmt.Sprintf("path %q, amount_unit %s, fee_tolerance %d %s", c.Statement.Pattern, c.Statement.AmountUnit, c.Statement.FeeTolerance, fen)},
	}
	for _, s := range []struct {
		key   string
		value any
	}{
		{"amount_basis", r.AmountBasis}, {"tolerance", fmt.Sprintf("%d %s", r.Tolerance, fen)}, {"lookback", fmt.Sprintf("%dd", r.Lookback)},
		{"stale_after", fmt.Sprintf("%dd", r.StaleAfter)}, {"recheck", fmt.Sprint(r.Recheck)}, {"pay_window", r.PayWindow},
		{"ledger_grace", r.LedgerGrace}, {"settle_grace", r.SettleGrace}, {"refund_grace", r.RefundGrace}, {"notice_grace", r.NoticeGrace},
		{"amount_identity", r.AmountIdentity}, {"double_payment", r.DoublePayment}, {"one_case_from", r.OneCaseFrom},
		{"holidays", joined(r.Holidays)}, {"extra_workdays", joined(r.ExtraWorkdays)},
	} {
		rows = append(rows, reports.Setting{Name: "rules." + s.key, Value: fmt.Sprint(s.value)})
	}
	return append(rows,
		reports.Setting{Name: "notices", Value: fmt.Sprintf("expected %v, contract notices %v", c.Settings().ExpectNotices, c.Settings().ContractNotices)},
		reports.Setting{Name: "notices.match_contracts", Value: fmt.Sprint(c.Notices.MatchContracts)},
		reports.Setting{Name: "settlement.mode", Value: c.Settlement.Mode},
		reports.Setting{Name: "settlement.coupon_funder", Value: c.Settlement.CouponFunder},
		reports.Setting{Name: "settlement.alliance_funder", Value: c.Settlement.AllianceFunder},
		reports.Setting{Name: "settlement.fee_base", Value: string(c.Settlement.FeeBase)},
		reports.Setting{Name: "settlement.refunds_return_fees", Value: fmt.Sprint(c.Settlement.RefundsReturnFees)})
}

func joined(days []reconcile.Day) string {
	var texts []string
	for _, d := range days {
		texts = append(texts, d.String())
	}
	return strings.Join(texts, ", ")
}

// terms are the settlement settings in the domain's words.
func (c *Config) terms() reconcile.SettleTerms {
	s := c.Settlement
	t := reconcile.SettleTerms{
		Mode: reconcile.SettleMode(s.Mode), CouponFunder: reconcile.Funder(s.CouponFunder), AllianceFunder: reconcile.Funder(s.AllianceFunder),
		FeeBase: s.FeeBase, RefundsReturnFees: s.RefundsReturnFees,
	}
	for _, f := range s.Fees {
		t.Rates = append(t.Rates, reconcile.FeeRate{TargetSys: f.TargetSys, Card: f.Card, RatePPM: f.RatePPM, Cap: f.Cap})
	}
	return t
}
