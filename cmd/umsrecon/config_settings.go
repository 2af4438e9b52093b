package main

import (
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Settings are the rules of judging.
func (c *Config) Settings() reconcile.Settings {
	r := c.Rules
	return reconcile.Settings{
		Calendar: reconcile.Calendar{
			Cutoff:        time.Duration(c.Cutoff),
			Holidays:      daySet(r.Holidays),
			ExtraWorkdays: daySet(r.ExtraWorkdays),
		},
		AmountBasis:   r.AmountBasis,
		Tolerance:     r.Tolerance,
		Lookback:      int(r.Lookback),
		StaleAfter:    int(r.StaleAfter),
		Recheck:       ages(r.Recheck),
		PayWindow:     r.PayWindow,
		LedgerGrace:   r.LedgerGrace,
		SettleGrace:   r.SettleGrace,
		RefundGrace:   r.RefundGrace,
		NoticeGrace:   r.NoticeGrace,
		CheckIdentity: r.AmountIdentity,
		CheckDouble:   r.DoublePayment,
		OneCaseFrom:   r.OneCaseFrom,

		Statements:   c.Statement.Pattern != "",
		FeeTolerance: c.Statement.FeeTolerance,
		Terms:        c.terms(),

		ExpectNotices:   c.Notices.Listen != "" || c.Notices.Expected,
		ContractNotices: !c.Notices.ContractPath.IsZero(),
		MatchContracts:  c.Notices.MatchContracts,
	}
}

func daySet(days []reconcile.Day) map[reconcile.Day]bool {
	set := make(map[reconcile.Day]bool, len(days))
	for _, d := range days {
		set[d] = true
	}
	return set
}

func ages(days []Days) []int {
	all := make([]int, len(days))
	for i, d := range days {
		all[i] = int(d)
	}
	return all
}
