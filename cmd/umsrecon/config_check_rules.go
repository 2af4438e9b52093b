package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

func (d *decoder) checkRules(r Rules) {
	d.checkBasis("rules.amount_basis", r.AmountBasis)
	d.checkFen("rules.tolerance", r.Tolerance)
	d.between("rules.lookback", int(r.Lookback), 1, 3660)
	d.between("rules.stale_after", int(r.StaleAfter), 0, 3660)
	d.notNegative("rules.pay_window", r.PayWindow)
	d.notNegative("rules.ledger_grace", r.LedgerGrace)
	d.between("rules.settle_grace", r.SettleGrace, 0, 250)
	d.notNegative("rules.refund_grace", r.RefundGrace)
	d.notNegative("rules.notice_grace", r.NoticeGrace)
	d.must("rules.one_case_from", r.OneCaseFrom == 0 || r.OneCaseFrom >= 20, "must be 0 (never), or 20 or more")
	d.checkRecheck(r.Recheck)
	d.checkCalendar(r)
}

func (d *decoder) checkBasis(path string, b reconcile.Basis) {
	d.oneOf(path, string(b), string(reconcile.BasisBillTotal), string(reconcile.BasisPaymentTotal), string(reconcile.BasisBuyerPay))
}

func (d *decoder) checkFen(path string, f reconcile.Fen) {
	d.must(path, f >= 0, "must be 0 fen or more")
	d.must(path, f <= reconcile.MaxFen, "must be at most %d fen", int64(reconcile.MaxFen))
}

func (d *decoder) checkRecheck(recheck []Days) {
	seen := map[Days]bool{}
	for i, days := range recheck {
		path := fmt.Sprintf("rules.recheck[%d]", i)
		d.between(path, int(days), 1, 3660)
		d.must(path, !seen[days], "stands twice")
		seen[days] = true
	}
}

// checkCalendar refuses a day that is to be both free and worked.
func (d *decoder) checkCalendar(r Rules) {
	free := daySet(r.Holidays)
	for i, day := range r.ExtraWorkdays {
		d.must(fmt.Sprintf("rules.extra_workdays[%d]", i), !free[day], "stands in holidays, too")
	}
}

func (d *decoder) checkSettlement(s Settlement) {
	d.oneOf("settlement.mode", s.Mode, "net", "full")
	d.oneOf("settlement.coupon_funder", s.CouponFunder, "platform", "merchant")
	d.oneOf("settlement.alliance_funder", s.AllianceFunder, "platform", "merchant")
	d.checkBasis("settlement.fee_base", s.FeeBase)
	first := map[[2]string]int{}
	for i, f := range s.Fees {
		d.checkFee(fmt.Sprintf("settlement.fees[%d]", i), f)
		rated := [2]string{strings.ToLower(f.TargetSys), strings.ToLower(f.Card)}
		if before, twice := first[rated]; twice {
			d.wrong(fmt.Sprintf("settlement.fees[%d]", i), "has the target_sys and card of fees[%d]", before)
			continue
		}
		first[rated] = i
	}
}

func (d *decoder) checkFee(path string, f Fee) {
	const whole = 1_000_000
	d.must(path+".rate_ppm", f.RatePPM >= 0 && f.RatePPM <= whole, "must be 0 to %d millionths", whole)
	d.checkFen(path+".cap", f.Cap)
	if _, ok := d.written[path+".rate_ppm"]; !ok && !d.written[path].unfit {
		d.wrong(path+".rate_ppm", "is missing")
	}
}

// checkKeep keeps what orders that are still asked may need.
func (d *decoder) checkKeep(path string, keep, lookback Days) {
	d.must(path, keep == 0 || keep > lookback, "must be 0d (for ever), or more than rules.lookback (%dd)", lookback)
}

func (d *decoder) checkSchedule(s Schedule) {
	d.checkCron(s.Cron)
	d.between("schedule.catch_up", int(s.CatchUp), 0, 366)
	d.notNegative("schedule.retry_for", s.RetryFor)
	d.must("schedule.retry_for", s.RetryFor <= 7*24*time.Hour, "must be at most 7d")
}

var cronField = regexp.MustCompile(`^[0-9A-Za-z*/,?-]+$`)

// checkCron looks at the form of a cron line, and whether it ever comes. TZ= is
// refused because `timezone` is the one place for it.
func (d *decoder) checkCron(spec string) {
	const path = "schedule.cron"
	if strings.Contains(strings.ToUpper(spec), "TZ=") {
		d.must(path, false, "must not name a time zone; use the key timezone")
		return
	}
	ok := len(strings.Fields(spec)) == 5
	for _, f := range strings.Fields(spec) {
		ok = ok && cronField.MatchString(f)
	}
	if ok = ok || spec == "@daily"; !ok {
		d.must(path, false, `must be five fields such as "30 2 * * *", or @daily`)
		return
	}
	// Which year it is does not matter: the next 29 February is always near enough.
	if _, err := nextTime(spec, reconcile.MakeDay(2000, time.January, 1).Start()); err != nil {
		d.must(path, false, "%v", err)
	}
}
