package reports

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// summaryColumns is how wide page one is; every block fits into it.
const summaryColumns = 7

// summary is 对账汇总: what is wrong with the run first, then its figures.
func (b *book) summary(sum reconcile.Summary) {
	s := b.sheet(b.say("对账汇总"), layout{widths: []float64{36, 17, 18, 17, 18, 17, 18}, tab: fillBlock})
	s.head(b.say("银联商务对账汇总"), [][2]string{
		{"商户", b.Merchant}, {"对账日", sum.Day.String()}, {"日切", b.Cutoff}, {"单位", b.say("元")},
		{"运行编号", sum.RunID}, {"生成时间", instant(b.MadeAt)}, {"对账开始", instant(sum.StartedAt)}, {"对账结束", instant(sum.EndedAt)},
	})
	s.alarms(sum)
	s.classes(sum)
	s.carried(sum)
	s.sides(sum)
	s.bridge(sum)
	s.rollForward(sum)
	s.signatures()
	s.codes(sum)
	s.finish()
}

// alarms says how the run ended and what concerns it as a whole.
func (s *sheet) alarms(sum reconcile.Summary) {
	for _, a := range sum.Alarms {
		s.wide("! "+s.pickWords(a), lookAlarm, summaryColumns)
	}
	unverified := sum.ClassCounts()[reconcile.Unverified]
	words := s.say(runWords[sum.Status])
	switch {
	case unverified > 0:
		words += s.say("：未核实 %d 笔", unverified)
	case sum.LedgerEmpty:
		words += s.say("：台账为空")
	case sum.ControlMissed():
		words += s.say("：控制总数不符")
	}
	if sum.NoQuery {
		words += s.say("；依据已有应答判定，本次未向渠道查询")
	}
	l := lookCalm
	if sum.Status != reconcile.RunComplete || unverified > 0 {
		l = look{bold: true, fill: fillWarn, ink: inkWarn, wrap: true}
	}
	s.wide(s.say("运行状态")+s.say("：")+words, l, summaryColumns)
	s.blank(1)
}

// classes says where every order ended up, and that none is lost.
func (s *sheet) classes(sum reconcile.Summary) {
	s.block("一、对账结果（含前期结转）")
	s.kindHeads("分类")
	holds, first := true, s.row+1
	for _, c := range reconcile.Classes {
		s.kindLine(s.class(c), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Classes[c] }, sum)
	}
	adds := func(k *reconcile.KindTotals) (t reconcile.Sum) {
		for _, c := range k.Classes {
			t.Count, t.Fen = t.Count+c.Count, t.Fen+c.Fen
		}
		holds = holds && t == k.Loaded
		return t
	}
	s.kindTotal(s.say("五类合计"), first, adds, sum)
	s.kindLine(s.say("加载订单"), lookText.total(), func(k *reconcile.KindTotals) reconcile.Sum { return k.Loaded }, sum)
	s.check("五类合计 = 加载订单", holds)
	s.wide(s.say("另有无效台账行 %d 行，不计入以上各类，见「台账问题」。", sum.Invalid), lookRemark, summaryColumns)
	s.remarks(sum)
	s.blank(1)
}

// carried shows the part that comes from earlier days by itself.
func (s *sheet) carried(sum reconcile.Summary) {
	s.keep(11)
	s.block("二、其中：前期结转订单")
	any := false
	for _, k := range sum.Kinds {
		any = any || len(k.Carried) > 0
	}
	if !any {
		s.wide(s.say("无前期结转"), lookRemark, summaryColumns)
		s.blank(1)
		return
	}
	s.kindHeads("分类")
	first := s.row + 1
	for _, c := range reconcile.Classes {
		s.kindLine(s.class(c), lookText, func(k *reconcile.KindTotals) reconcile.Sum { return k.Carried[c] }, sum)
	}
	s.kindTotal(s.say("合计"), first, func(k *reconcile.KindTotals) (t reconcile.Sum) {
		for _, c := range k.Carried {
			t.Count, t.Fen = t.Count+c.Count, t.Fen+c.Fen
		}
		return t
	}, sum)
	s.blank(1)
}

// sides sets the ledger against UMS.
func (s *sheet) sides(sum reconcile.Summary) {
	s.keep(8)
	s.block("三、台账与渠道（已发生的资金）")
	s.headRow("项目", "台账笔数", "台账金额", "渠道笔数", "渠道金额", "差额（渠道−台账）", "资金方向")
	for _, kind := range reconcile.Kinds {
		if k := sum.Kinds[kind]; k != nil {
			d := k.UMS.Fen - k.Ledger.Fen
			s.side(kindWord(kind), k.Ledger, k.UMS, k.Ledger.Fen, k.UMS.Fen, d, direction(kind, reconcile.Some(d)))
		}
	}
	if k := sum.Kinds[reconcile.Payment]; k != nil {
		s.sideStated("其中：买家实付", k.LedgerBuyerPay, k.BuyerPay)
		s.sideStated("其中：渠道优惠", k.LedgerCoupon, k.Coupon)
	}
	s.blank(1)
}

// sideStated compares what a side may not state at all: that is no zero, and
// there is no difference to it.
func (s *sheet) sideStated(label string, ledger, ums reconcile.Sum) {
	var left, right, gap any = s.say("未列"), s.say("未列"), nil
	if ledger.Count > 0 {
		left = ledger.Fen
	}
	if ums.Count > 0 {
		right = ums.Fen
	}
	if ledger.Count > 0 && ums.Count > 0 {
		gap = ums.Fen - ledger.Fen
	}
	s.side(label, ledger, ums, left, right, gap, "")
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
	s.keep(lines)
	s.block("四、差额桥接（渠道−台账）")
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

// rollForward carries the cases from the last run to this one, with their
// ages beside.
func (s *sheet) rollForward(sum reconcile.Summary) {
	r := sum.Cases
	s.keep(14)
	s.block("五、差异单滚动与账龄（全库待处理、待复核）")
	left := []struct {
		label string
		sum   reconcile.Sum
	}{
		{"期初", r.Opening}, {"加：新增", r.New}, {"加：重开", r.Reopened}, {"加减：金额调整", r.Revalued},
		{"减：系统消除", r.Cleared}, {"减：人工处理", r.Resolved}, {"期末", r.Closing},
	}
	s.write(1, append(append(s.headCells("项目", "笔数", "金额"), excelize.Cell{}), s.headCells("账龄", "笔数", "金额")...)...)
	for i, line := range left {
		l := lookText
		if line.label == "期初" || line.label == "期末" {
			l = l.total()
		}
		cells := append(s.sumCells(s.say(line.label), l, line.sum), excelize.Cell{})
		if i == len(left)-1 {
			cells[1].Formula, cells[2].Formula = rolled(2, s.row), rolled(3, s.row)+"+"+at(3, s.row-2)
		}
		if i < len(sum.Ageing) {
			cells = append(cells, s.sumCells(s.band(sum.Ageing[i]), lookWord, sum.Ageing[i].Sum)...)
		}
		s.write(1, cells...)
	}
	count := r.Opening.Count + r.New.Count + r.Reopened.Count - r.Cleared.Count - r.Resolved.Count
	fen := r.Opening.Fen + r.New.Fen + r.Reopened.Fen + r.Revalued.Fen - r.Cleared.Fen - r.Resolved.Fen
	s.check("期初 + 新增 + 重开 ± 调整 − 消除 − 处理 = 期末", count == r.Closing.Count && fen == r.Closing.Fen)
	s.blank(1)
}

// rolled is 期末 out of the six lines above it, in one column, without what
// was revalued: that has no count of its own.
func rolled(column, last int) string {
	return fmt.Sprintf("SUM(%s)-SUM(%s)", span(column, last-5, last-3), span(column, last-1, last))
}

// sumCells are a label, a count and an amount.
func (s *sheet) sumCells(label string, l look, sum reconcile.Sum) []excelize.Cell {
	count, money := lookCount, lookMoney
	count.bold, money.bold, count.fill, money.fill = l.bold, l.bold, l.fill, l.fill
	return []excelize.Cell{s.cell(label, l), s.cell(sum.Count, count), s.cell(sum.Fen, money)}
}

func (s *sheet) band(a reconcile.AgeBand) string {
	if a.To < 0 {
		return s.say("超过 %d 天", a.From-1)
	}
	return s.say("%d–%d 天", a.From, a.To)
}

// kindLine is one line of counts and amounts per kind. A kind that the run
// did not load is empty.
func (s *sheet) kindLine(label string, l look, pick func(*reconcile.KindTotals) reconcile.Sum, sum reconcile.Summary) {
	s.kindCells(label, l, pick, sum, func(int) string { return "" })
}

// kindCells writes a line whose figures are computed by formulas, of their
// columns; empty: they are values.
func (s *sheet) kindCells(label string, l look, pick func(*reconcile.KindTotals) reconcile.Sum, sum reconcile.Summary, formula func(column int) string) {
	cells := []excelize.Cell{s.cell(label, l)}
	for _, kind := range reconcile.Kinds {
		if k := sum.Kinds[kind]; k != nil {
			two := s.sumCells("", l, pick(k))[1:]
			two[0].Formula, two[1].Formula = formula(len(cells)+1), formula(len(cells)+2)
			cells = append(cells, two...)
		} else {
			cells = append(cells, s.cell(nil, l), s.cell(nil, l))
		}
	}
	s.write(linesOf(label, s.widths[0]), cells...)
}

// kindTotal adds up the lines since row first.
func (s *sheet) kindTotal(label string, first int, pick func(*reconcile.KindTotals) reconcile.Sum, sum reconcile.Summary) {
	last := s.row
	s.kindCells(label, lookText.total(), pick, sum, func(column int) string { return "SUM(" + span(column, first, last) + ")" })
}

// kindHeads are two rows of headings: the kinds, and what stands under each.
func (s *sheet) kindHeads(label string) {
	cells := []excelize.Cell{s.cell(s.say(label), lookHead)}
	under := []excelize.Cell{s.cell(nil, lookHead)}
	for _, k := range reconcile.Kinds {
		cells = append(cells, s.cell(s.say(kindWord(k)), lookHead), s.cell(nil, lookHead))
		under = append(under, s.cell(s.say("笔数"), lookHead), s.cell(s.say("金额"), lookHead))
	}
	s.write(1, cells...)
	for i := range reconcile.Kinds {
		s.mergeAt(2+2*i, 3+2*i)
	}
	s.write(1, under...)
	s.fail(s.mergeRows(1, s.row-1, s.row))
}

func (s *sheet) mergeRows(column, from, to int) error {
	if s.err != nil {
		return s.err
	}
	return s.stream.MergeCell(at(column, from), at(column, to))
}

// check says in words and colour whether figures that must agree do.
func (s *sheet) check(what string, holds bool) {
	words, l := "✓ 相符", lookCalm
	if !holds {
		words, l = "✗ 不符，请勿使用本表", lookAlarm
	}
	s.wide(s.say("勾稽")+s.say("：")+s.say(what)+"  "+s.say(words), l, len(s.widths))
}
