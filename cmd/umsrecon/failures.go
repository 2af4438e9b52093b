package main

import (
	"fmt"
	"slices"
	"strings"
)

// maxNamed bounds how many merchants one message names.
const maxNamed = 5

// failures are the merchants whose workbooks could not be written; the others
// get theirs.
type failures struct {
	mids []string
	errs map[string]error // the first of each
}

func (f *failures) add(mid string, err error) {
	if f.errs[mid] == nil {
		f.mids, f.errs[mid] = append(f.mids, mid), err
	}
}

// err is all of them in one line; nil: there are none.
func (f *failures) err() (err error) {
	for _, mid := range f.mids[:min(len(f.mids), maxNamed)] {
		err = following(err, fmt.Errorf("merchant %s: %w", mid, f.errs[mid]))
	}
	if more := len(f.mids) - maxNamed; more > 0 {
		err = fmt.Errorf("%w; and %d more", err, more)
	}
	if err != nil {
		err = fmt.Errorf("the workbooks of %d merchants were not written, those of the others were: %w; try: running the day again when they can be", len(f.mids), err)
	}
	return err
}

// following joins two errors in one line; either may be nil.
func following(err, next error) error {
	switch {
	case err == nil:
		return next
	case next == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, next)
}

// end says which merchants have lines and no workbooks, and why.
func (w *workbookWriter) end(err error) error {
	if n := len(w.others); n > 0 {
		mids := make([]string, 0, n)
		for mid := range w.others {
			mids = append(mids, mid)
		}
		slices.Sort(mids)
		w.warn.Warn("orders stand under mids that merchants does not list: there are no workbooks of these, they stand in those of all; try: listing them under merchants",
			"mids", n, "first", strings.Join(mids[:min(n, maxNamed)], ", "))
	}
	return following(err, w.failed.err())
}
