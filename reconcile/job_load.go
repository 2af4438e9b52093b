package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// load reads the books of the day, and those of every earlier day with
// something open, the latest first: a correction in the ledger is how most cases
// clear, and what a later day's books have lost may stand in earlier ones.
func (n *night) load(ctx context.Context) error {
	read := readings{}
	for _, l := range n.Ledgers {
		if err := n.loadOne(ctx, l, n.Day, read); err != nil {
			return err
		}
	}
	days, err := n.Store.OpenDays(ctx, n.scope.Since, n.Day)
	if err != nil {
		return err
	}
	for _, day := range slices.Backward(days) {
		for _, l := range n.Ledgers {
			if err := n.reload(ctx, l, day, read); err != nil {
				return err
			}
		}
	}
	return n.emptiness(ctx)
}

func (n *night) loadOne(ctx context.Context, l Ledger, day Day, read readings) error {
	scope := l.Scope(day)
	if _, done := read[scope]; done {
		return nil
	}
	from := n.reading(l, day, read)
	read[scope] = false
	ahead := astray{until: n.scope.newest() + 1}
	load, err := n.Store.LoadLedger(ctx, n.sum.RunID, from, n.Clock.Now(), func(w LoadWriter) (Load, error) {
		load, err := l.Read(ctx, day, func(o Order, row string) error {
			if o.LedgerDay == n.Day {
				n.ofDay[scope]++
			}
			ahead.see(o)
			return w.Order(o, row)
		}, w.BadRow)
		load.Scope, load.Owner = scope, l.Owner()
		if errors.Is(err, ErrHeadless) {
			if day == n.Day {
				n.headless = err
			}
			err = nil
		}
		return load, err
	})
	if err != nil {
		return err
	}
	if load.Rows > 0 {
		read[scope] = true
	}
	load.Suspect = append(load.Suspect, unjudged(load, from.Since, ahead)...)
	if load.Emptied && day != n.Day && len(load.Headless) == 0 {
		n.alarmOf(load.Owner, words("台账 %s 此次重读没有任何记录，而此前有：其订单仍按此前的读数核对，请检查导出",
			"ledger %s holds no row any more, and did before: its orders are still judged as they were read then; check the export", scope))
	}
	n.sum.Loads = append(n.sum.Loads, load)
	n.owners[scope] = load.Owner
	n.sum.Invalid += load.Invalid
	n.controls(load)
	for _, why := range load.Suspect {
		n.alarmOf(load.Owner, words("台账可疑：%[2]s", "the ledger is suspect: %[1]s", why.EN, why.ZH))
	}
	for _, file := range load.Headless {
		n.alarmOf(load.Owner, words("台账文件 %s 是空的，连标题行都没有", "ledger file %s is empty, it has not even a header", file))
	}
	return nil
}

// controls tells of what a source states of itself and does not hold, and of
// what could not be compared.
func (n *night) controls(l Load) {
	for _, c := range l.Controls {
		switch {
		case c.Missed.EN != "":
			n.alarmOf(l.Owner, words("控制总数不符：%[2]s", "control total not met: %[1]s", c.Missed.EN, c.Missed.ZH))
		case c.Open.EN != "":
			n.alarmOf(l.Owner, words("控制总数未能核对：%[2]s", "control total not compared: %[1]s", c.Open.EN, c.Open.ZH))
		}
	}
}

// reload reads an earlier day again. Its source may be gone by now, or broken:
// that is said, and costs this day nothing.
func (n *night) reload(ctx context.Context, l Ledger, day Day, read readings) error {
	err := n.loadOne(ctx, l, day, read)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.Is(err, ErrNoLedger):
		n.sum.Loads = append(n.sum.Loads, Load{Scope: l.Scope(day), Owner: l.Owner(), Day: day, Missing: true})
	case errors.Is(err, ErrUnreadable):
		n.alarmOf(l.Owner(), words("%s 的台账未能重读：%v", "the ledger of %s could not be read again: %v", day, err))
	default:
		return err
	}
	return nil
}

// emptiness: a ledger that holds nothing of the day is suspicious. It makes
// the run incomplete when it holds rows of other days alone (the wrong file),
// or when a source has no row though the days beside it have orders.
func (n *night) emptiness(ctx context.Context) error {
	var empty []Load
	for _, l := range n.Ledgers {
		scope := l.Scope(n.Day)
		i := slices.IndexFunc(n.sum.Loads, func(load Load) bool { return load.Scope == scope })
		switch load := n.sum.Loads[i]; {
		case load.MayBeEmpty, n.ofDay[scope] > 0 || load.Rows > 0 && load.Rows == load.Invalid:
		case load.Rows > 0 && load.Day == n.Day:
			n.sum.LedgerEmpty, n.emptied[l.Owner()] = true, true
			n.alarmOf(l.Owner(), words("台账 %[2]s 没有 %[1]s 的订单，只有其他日期的：请检查导出与 ledger.path", "ledger %[2]s holds no order of %[1]s, only of other days: check the export and ledger.path", n.Day, scope))
		default:
			empty = append(empty, load)
		}
	}
	filled, err := n.Store.NeighboursFilled(ctx, n.Day)
	if err != nil {
		return fmt.Errorf("neighbouring days: %w", err)
	}
	if len(empty) < len(n.Ledgers) || !filled {
		for _, load := range empty {
			n.alarmOf(load.Owner, words("%s 的台账没有任何记录：%s", "the ledger of %s has no rows: %s", n.Day, load.Scope))
		}
	}
	switch {
	case len(empty) == 0, !filled && len(empty) < len(n.Ledgers):
		return nil
	case !filled:
		return n.headless
	}
	n.sum.LedgerEmpty, n.emptied[""] = true, true
	n.alarm(words("%s 的台账没有任何记录，而相邻日期或此前读数有：请检查导出", "the ledger of %s is empty though the days beside it, or an earlier reading, are not: check the export", n.Day))
	return nil
}

func (n *night) alarm(w Words) { n.sum.Alarms = append(n.sum.Alarms, w) }
