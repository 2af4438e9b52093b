package reports

import "github.com/umsrecon/umsrecon/reconcile"

// sides sets the ledger against UMS.
func (s *sheet) sides(sum reconcile.Summary) {
	s.whole("三、台账与渠道（已发生的资金）", 5+len(sum.Kinds))
	s.headRow("项目", "台账笔数", "台账金额", "渠道笔数", "渠道金额", "差额（渠道−台账）", "资金方向")
	for _, kind := range reconcile.Kinds {
		if k := sum.Kinds[kind]; k != nil {
			d := k.UMS.Fen - k.Ledger.Fen
			s.side(kindWord(kind), k.Ledger, k.UMS, k.Ledger.Fen, k.UMS.Fen, d, direction(kind, reconcile.Some(d)))
		}
	}
	if k := sum.Kinds[reconcile.Payment]; k != nil {
		s.sideStated("其中：买家实付", k.LedgerBuyerPay, k.BuyerPay, k.BuyerPayBeside)
		s.sideStated("其中：渠道优惠", k.LedgerCoupon, k.Coupon, k.CouponBeside)
	}
	s.blank(1)
}

// sideStated compares what a side may not state at all: that is no zero, and
// there is no difference to it. Where the ledger carries a figure on some rows,
// what UMS states beside those is compared, and how many others it has is said.
func (s *sheet) sideStated(label string, ledger, ums, beside reconcile.Sum) {
	var left, right, gap any = s.say("未列"), s.say("未列"), nil
	note := ""
	if ledger.Count > 0 {
		if others := ums.Count - beside.Count; others > 0 {
			note = s.say("另有 %d 笔台账未列，未比对", others)
		}
		left, ums = ledger.Fen, beside
	}
	if ums.Count > 0 {
		right = ums.Fen
	}
	if ledger.Count > 0 && ums.Count > 0 {
		gap = ums.Fen - ledger.Fen
	}
	s.side(label, ledger, ums, left, right, gap, note)
}

func (s *sheet) side(label string, ledger, ums reconcile.Sum, left, right, gap any, note string) {
	difference := s.cell(nil, lookMoney.strong())
	if gap != nil {
		difference = s.formula(at(5, s.row+1)+"-"+at(3, s.row+1), gap, lookMoney.strong())
	}
	s.write(1, s.cell(s.say(label), lookText), s.cell(ledger.Count, lookCount), s.cell(left, lookMoney), s.cell(ums.Count, lookCount),
		s.cell(right, lookMoney), difference, s.cell(s.say(note), lookWord))
}

// bridge explains the difference to the fen.
func (s *sheet) bridge(sum reconcile.Summary) {
	lines := 8
	for _, r := range reconcile.Rules {
		if bridged(sum, r.Code) {
			lines++
		}
	}
	s.whole("四、差额桥接（渠道−台账）", lines)
	s.kindHeads("差额来源")
	first := s.row + 1
	s.kindLine(s.say("单边（仅一方有资金）"), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Bridge.OneSided }, sum)
	for _, r := range reconcile.Rules {
		if bridged(sum, r.Code) {
			s.kindLine(s.code(r.Code), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Bridge.ByCode[r.Code] }, sum)
		}
	}
	s.kindLine(s.say("未核实"), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Bridge.Unverified }, sum)
	s.kindLine(s.say("等待中"), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Bridge.Waiting }, sum)
	s.kindTotal(s.say("合计"), first, func(k *reconcile.KindTotals) reconcile.Sum { return explained(k.Bridge) }, sum)
	holds := true
	for _, k := range sum.Kinds {
		holds = holds && explained(k.Bridge).Fen == k.UMS.Fen-k.Ledger.Fen
	}
	s.check("桥接合计 = 渠道 − 台账", holds)
	s.blank(1)
}

func bridged(sum reconcile.Summary, c reconcile.Code) bool {
	for _, k := range sum.Kinds {
		if _, ok := k.Bridge.ByCode[c]; ok {
			return true
		}
	}
	return false
}

func explained(b reconcile.Bridge) (t reconcile.Sum) {
	parts := []reconcile.Sum{b.OneSided, b.Unverified, b.Waiting}
	for _, s := range b.ByCode {
		parts = append(parts, s)
	}
	for _, p := range parts {
		t.Count, t.Fen = t.Count+p.Count, t.Fen+p.Fen
	}
	return t
}
