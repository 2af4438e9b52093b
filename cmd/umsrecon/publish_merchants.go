package main

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// ofMerchant lets write put workbooks into the folder of a merchant, if it is
// one of ours. That it cannot costs the others nothing: the error is the run's.
func (w *workbookWriter) ofMerchant(mid string, write func(*workbookWriter) error) error {
	if mid != "" && !w.served(mid) {
		w.others[mid] = true
	}
	if !w.served(mid) {
		return nil
	}
	folder, ok := folderOf(mid)
	if !ok {
		w.warn.Warn("no folder can be named by this mid: its workbooks are not written, it stands in those of all", "mid", mid)
		return nil
	}
	one := *w
	one.mid, one.dir = mid, filepath.Join(w.dir, folder)
	one.options.Merchant, one.options.OneOfSeveral, one.options.Settings = mid, true, w.cfg.shownSettings(w.cfg.ledgerOf(mid))
	err := reports.Writable(one.dir)
	if err == nil {
		err = write(&one)
	}
	if err != nil {
		w.failed.add(mid, err)
		return w.ctx.Err()
	}
	w.folders[mid] = true
	return nil
}

// settlementOfEach writes the settlement of every merchant, also of those that
// had lines in the period when it was written before and have none now.
func (w *workbookWriter) settlementOfEach(period string, shares iter.Seq2[store.SettleShare, error]) error {
	left, err := w.merchantsWith(settlementName(period))
	if err != nil {
		return err
	}
	write := func(mid string, lines func() iter.Seq2[reconcile.SettleLine, error]) error {
		return w.ofMerchant(mid, func(one *workbookWriter) error { return one.settlementOf(period, lines) })
	}
	for s, err := range shares {
		if err != nil {
			return err
		}
		delete(left, s.MID)
		if err := write(s.MID, s.Lines); err != nil {
			return err
		}
	}
	none := func() iter.Seq2[reconcile.SettleLine, error] {
		return func(func(reconcile.SettleLine, error) bool) {}
	}
	for mid := range maps.Keys(left) {
		if err := write(mid, none); err != nil {
			return err
		}
	}
	return nil
}

// discrepanciesOfEach writes the workbooks of a run for every merchant that has
// a figure or a line in it, or had when the day was run before. Their figures are
// those that the run has kept.
func (w *workbookWriter) discrepanciesOfEach(s reconcile.Summary) error {
	sharers, err := w.db.Sharers(w.ctx, s.RunID)
	if err != nil {
		return err
	}
	if len(sharers) == 0 {
		w.warn.Warn("this run has kept no figures by merchant, so that there are no workbooks of each; try: running the day again with reports.per_merchant", "run", s.RunID, "day", s.Day.String())
		return nil
	}
	lines, err := w.db.DayShares(w.ctx, s, w.since(s))
	if err != nil {
		return err
	}
	before, err := w.merchantsWith(discrepanciesName(s.Day))
	if err != nil {
		return err
	}
	mids := slices.Concat(sharers, lines.Merchants(), slices.Collect(maps.Keys(before)))
	slices.Sort(mids)
	for _, mid := range slices.Compact(mids) {
		if err := w.ofMerchant(mid, func(one *workbookWriter) error { return one.discrepanciesOfOne(s, lines) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *workbookWriter) discrepanciesOfOne(s reconcile.Summary, lines *store.DayShares) error {
	share, found, err := w.db.Share(w.ctx, s.RunID, w.mid)
	if err != nil {
		return err
	}
	if !found {
		share.Status = reconcile.RunComplete
	}
	return w.discrepanciesOf(s.Of(share), func(sheet store.Sheet) reconcile.Lines { return lines.Lines(w.ctx, w.mid, sheet) })
}

// merchantsWith are the merchants in whose folder we have put a workbook of that
// name before.
func (w *workbookWriter) merchantsWith(name string) (map[string]bool, error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	with := map[string]bool{}
	for _, e := range entries {
		mid, ok := midOf(e.Name())
		if !ok || !e.IsDir() || !w.served(mid) {
			continue
		}
		if with[mid], err = w.db.KnowsWorkbook(w.ctx, w.record(filepath.Join(w.dir, e.Name(), name))); err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(with, func(_ string, known bool) bool { return !known })
	return with, nil
}

// ledgerOf is the ledger of a merchant: its own, or the one for all.
func (c *Config) ledgerOf(mid string) Ledger {
	for _, m := range c.Listed {
		if m.MID == mid && m.Ledger != nil {
			return *m.Ledger
		}
	}
	return c.Ledger
}
