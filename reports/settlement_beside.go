package reports

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// feeSources says how much of the totals statements state, and how much is an
// estimate.
func (s *sheet) feeSources(total reconcile.SettleSum, detail listed) {
	if total.StatedFee.Count == 0 {
		return
	}
	s.block("手续费与应结金额的来源")
	s.headRow("来源", "", "", "笔数", "手续费", "应结金额")
	s.mergeAt(1, 3)
	first := s.row + 1
	of := func(label string, count int64, fee, payable reconcile.Fen) {
		which := fmt.Sprintf("$A%d", s.row+1)
		s.beside(lookText, []string{label, "", ""}, s.formula(detail.count("来源", which), count, lookCount),
			s.formula(detail.sum("手续费", "来源", which), fee, lookMoney), s.formula(detail.sum("应结金额", "来源", which), payable, lookMoney))
	}
	of("对账单", total.StatedPayable.Count, total.StatedFee.Fen, total.StatedPayable.Fen)
	of("预估", total.Payable.Count-total.StatedPayable.Count, total.Fee.Fen-total.StatedFee.Fen, total.Payable.Fen-total.StatedPayable.Fen)
	sum := func(column int) string { return "SUM(" + span(column, first, first+1) + ")" }
	s.beside(lookText.total(), []string{"合计", "", ""}, s.formula(sum(4), total.Payable.Count, lookCount.total()),
		s.formula(sum(5), total.Fee.Fen, lookMoney.total()), s.formula(sum(6), total.Payable.Fen, lookMoney.total()))
	s.blank(1)
}

// beside is a line of words, of which an empty one belongs to the word on its
// left, and of figures.
func (s *sheet) beside(l look, words []string, figures ...excelize.Cell) {
	var cells []excelize.Cell
	height, from := 1, 0
	for i, w := range words {
		cells = append(cells, s.cell(s.say(w), l))
		if w != "" {
			height, from = max(height, linesOf(s.say(w), s.widths[i])), i
		}
	}
	s.write(height, append(cells, figures...)...)
	s.mergeAt(from+1, len(words))
}

// leftOut is what stands beside the figures, each state on lines of its own.
func (s *sheet) leftOut(books *reconcile.Settlement, detail listed) {
	s.block("二、未计入以上的订单")
	s.headRow("类别", "类型", "", "笔数", "涉及金额")
	s.mergeAt(2, 3)
	none := true
	for _, state := range []reconcile.SettleState{reconcile.SettleUnverified, reconcile.SettleHeld, reconcile.SettleUndetermined} {
		for _, k := range reconcile.Kinds {
			if sum := books.LeftOut(state, k); sum.Count > 0 {
				none = false
				which := []string{"计入", fmt.Sprintf("$A%d", s.row+1), "类型", fmt.Sprintf("$B%d", s.row+1)}
				s.beside(lookText, []string{settleWords[state], kindWord(k), ""},
					s.formula(detail.count(which...), sum.Count, lookCount), s.formula(detail.sum("未计入金额", which...), sum.Fen, lookMoney))
			}
		}
	}
	if none {
		s.wide(s.say("全部订单均已计入"), lookCalm, 5)
	}
	s.blank(1)
}

// terms lists what the estimate rests on.
func (s *sheet) terms(t reconcile.SettleTerms) {
	s.block("六、结算设置")
	returned := "退款不退手续费"
	if t.RefundsReturnFees {
		returned = "退款退还手续费"
	}
	s.wide(s.say("渠道优惠：%s；联盟优惠：%s；计费基数：%s；%s。", s.say(funderWords[t.CouponFunder]), s.say(funderWords[t.AllianceFunder]),
		s.say(basisWords[t.FeeBase]), s.say(returned)), look{wrap: true}, len(s.widths))
	s.headRow("支付渠道", "卡种", "费率（%）", "单笔封顶")
	for _, r := range t.Rates {
		limit := reconcile.Amount{Fen: r.Cap, Known: r.Cap > 0}
		s.write(1, s.cell(s.orAny(r.TargetSys), lookWord), s.cell(s.orAny(r.Card), lookWord), s.cell(percent(r.RatePPM), lookWord), s.cell(limit, lookMoney))
	}
	s.blank(1)
	var settings []string
	for _, one := range s.Settings {
		settings = append(settings, one.Name+s.say("：")+one.Value)
	}
	s.wide(strings.Join(settings, "    "), lookRemark, len(s.widths))
}

func (s *sheet) orAny(word string) string {
	if word == "" {
		return s.say("任意")
	}
	return word
}

// percent writes millionths as a percentage: 3800 is 0.38.
func percent(ppm int64) string {
	digits := strconv.FormatInt(ppm%10_000+10_000, 10)[1:]
	for len(digits) > 2 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return strconv.FormatInt(ppm/10_000, 10) + "." + digits
}
