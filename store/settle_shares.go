package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/umsrecon/umsrecon/reconcile"
)

// SettleShare is what SettleLines yields of one merchant. Its lines can be read
// more than once, until the next share is asked for.
type SettleShare struct {
	MID   string
	Lines func() iter.Seq2[reconcile.SettleLine, error]
}

// SettleShares yields the merchants that have a line in [from, to], by mid: all
// from one snapshot, so that their lines together are those of SettleLines. Not
// more than the lines of a few hundred bills are in memory at a time.
func (db *DB) SettleShares(ctx context.Context, from, to reconcile.Day, c reconcile.Calendar) iter.Seq2[SettleShare, error] {
	return stream(fmt.Sprintf("settlement %s to %s by merchant", from, to), func(emit func(SettleShare) error) error {
		return db.settlePeriod(ctx, from, to, c, func(p settlePeriod) error {
			merchants, err := p.merchants()
			for _, m := range merchants {
				share, any, err := p.share(m)
				if err != nil {
					return err
				}
				if !any {
					continue
				}
				if err := emit(share); err != nil {
					return err
				}
			}
			return err
		})
	})
}

// bunch is where the families of a merchant stand among those listed.
type bunch struct {
	mid         string
	first, last int
}

// merchants lists them by mid: the families are bunch by key.
func (p settlePeriod) merchants() (all []bunch, err error) {
	err = p.each("SELECT mid, min(nth), max(nth) FROM families GROUP BY mid ORDER BY min(nth)", nil, func(row scanner) error {
		var s bunch
		err := row.Scan(&s.mid, &s.first, &s.last)
		all = append(all, s)
		return err
	})
	return all, err
}

// share reads a small merchant once; any says whether there is a line at all.
func (p settlePeriod) share(m bunch) (share SettleShare, any bool, err error) {
	read := func() iter.Seq2[reconcile.SettleLine, error] {
		return stream("settlement of "+m.mid, func(emit func(reconcile.SettleLine) error) error {
			return p.lines(between(m.first, m.last), emit)
		})
	}
	if m.last-m.first >= familyBatch {
		for _, err := range read() {
			return SettleShare{m.mid, read}, true, err
		}
		return share, false, nil
	}
	var lines []reconcile.SettleLine
	for l, err := range read() {
		if err != nil {
			return share, false, err
		}
		lines = append(lines, l)
	}
	again := func(yield func(reconcile.SettleLine, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
	return SettleShare{m.mid, func() iter.Seq2[reconcile.SettleLine, error] { return again }}, len(lines) > 0, nil
}
