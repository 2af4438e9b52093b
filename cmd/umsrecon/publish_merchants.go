package main

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports"
	"github.com/umsrecon/umsrecon/store"
)

// ofMerchant lets write put workbooks into the folder of a merchant, if it is
// one of ours.
func (w *workbookWriter) ofMerchant(mid string, write func(*workbookWriter) error) error {
	if !w.served(mid) {
		return nil
	}
	folder, ok := folderOf(mid)
	if !ok {
		w.warn.Warn("no folder can be named by this mid: its workbooks are not written, it stands in those of all", "mid", mid)
		return nil
	}
	one := *w
	one.mid, one.dir, one.options.Merchant = mid, filepath.Join(w.dir, folder), mid
	if err := reports.Writable(one.dir); err != nil {
		return err
	}
	w.folders[mid] = true
	return write(&one)
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
		if !ok || !e.IsDir() {
			continue
		}
		if with[mid], err = w.db.KnowsWorkbook(w.ctx, w.record(filepath.Join(w.dir, e.Name(), name))); err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(with, func(_ string, known bool) bool { return !known })
	return with, nil
}
