package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// notExpected is said where notices are there that nobody is told to look at.
const notExpected = "notices are stored, but notices.expected is false and notices.listen is empty: what they say against the bills, " +
	"and which are missing, changed or forged, is not judged; try: notices: {expected: true}"

// checkStoredNotices holds what is stored against whether notices are expected.
// Neither that they are ignored nor that none ever came keeps a night from
// being right: both are warnings.
func (a *app) checkStoredNotices(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	stored, err := storedNotices(ctx, cfg.database())
	if err != nil {
		return "", err
	}
	total, silent := stored.sum(), cfg.silentMerchants(stored)
	switch {
	case !cfg.Settings().ExpectNotices && total.All > 0:
		return "", warning(notExpected)
	case !cfg.Settings().ExpectNotices:
		return "none, and none are expected", nil
	case total.Payments == 0:
		return "", warning("notices are expected, but none that verifies ever came: none is missed before the first; " +
			"try: umsrecon notices list, the address that UMS was given, umsrecon notices import")
	case len(silent) > 0:
		return "", warning("notices are expected, but of merchant " + strings.Join(silent, ", ") + " none that verifies ever came: none is missed before the first")
	}
	return fmt.Sprintf("%d of payments verified", total.Payments), nil
}

// warning is what check tells that is no error.
func warning(text string) error { return &exitError{code: exitDone, err: errors.New(text)} }

type noticesByMID map[string]store.NoticeCount

// storedNotices counts what is stored; nothing where there is no database yet.
func storedNotices(ctx context.Context, path string) (noticesByMID, error) {
	if there, err := store.Exists(ctx, path); err != nil || !there {
		return nil, err
	}
	db, err := store.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return db.CountNotices(ctx)
}

func (n noticesByMID) sum() (all store.NoticeCount) {
	for _, c := range n {
		all.All += c.All
		all.Payments += c.Payments
	}
	return all
}

// silentMerchants are those of a list of which no notice of a payment came.
func (c *Config) silentMerchants(stored noticesByMID) (mids []string) {
	for _, m := range c.Listed {
		if stored[m.MID].Payments == 0 {
			mids = append(mids, m.MID)
		}
	}
	return mids
}
