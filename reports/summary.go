package reports

import (
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// summaryColumns is how wide page one is; every block fits into it.
const summaryColumns = 7

// summarySheet adds 对账汇总, whose rows come when the lists are through.
func (b *book) summarySheet() *sheet {
	return b.sheet(b.say("对账汇总"), layout{widths: []float64{41, 19, 20, 19, 20, 19, 20}, tab: fillBlock})
}

// summary says what is wrong with the run first, then its figures. Those of
// orders are values: the workbook lists what needs a person, not every order.
// Those of the lists are formulas over them.
func (s *sheet) summary(sum reconcile.Summary, l lists) {
	b := s.book
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
	s.listed(l)
	s.signatures()
	s.codes(sum)
	s.finish()
}

// partRemark is said where the workbook is of one merchant of several.
const partRemark = "本表只列本商户的部分：不属于任何商户的（多个商户共用的台账中的无效行、对账单的无效行、验签失败的通知、整个来源的差异与告警）只见于全部商户的工作簿。"

// alarms says how the run ended and what concerns it as a whole.
func (s *sheet) alarms(sum reconcile.Summary) {
	for _, a := range sum.Alarms {
		s.wide("! "+s.pickWords(a), lookAlarm, summaryColumns)
	}
	l := lookCalm
	if sum.Status != reconcile.RunComplete || sum.ClassCounts()[reconcile.Unverified] > 0 {
		l = look{bold: true, fill: fillWarn, ink: inkWarn, wrap: true}
	}
	s.wide(s.say("运行状态")+s.say("：")+s.runState(sum), l, summaryColumns)
	if s.OneOfSeveral {
		s.wide(s.say(partRemark), lookRemark, summaryColumns)
	}
	s.blank(1)
}

// runState says how the run ended, and why not better.
func (b *book) runState(sum reconcile.Summary) string {
	words := b.say(runWords[sum.Status])
	unverified := sum.ClassCounts()[reconcile.Unverified]
	switch {
	case unverified > 0:
		words += b.say("：未核实 %d 笔", unverified)
	case sum.LedgerEmpty:
		words += b.say("：台账为空")
	case sum.ControlMissed():
		words += b.say("：控制总数不符")
	case sum.Suspected():
		words += b.say("：台账可疑")
	}
	if sum.NoQuery {
		words += b.say("；依据已有应答判定，本次未向渠道查询")
	}
	return words
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
	s.wide(s.say("另有无效台账行 %d 行，不计入以上各类，见「台账问题」。", sum.InvalidRows()), lookRemark, summaryColumns)
	if n := sum.InvalidLines(); n > 0 {
		s.wide(s.say("另有无效对账单行 %d 行，见「台账问题」。", n), lookRemark, summaryColumns)
	}
	s.wide(s.say("以上按全部订单计，已平订单不逐笔列出，故为数值；由各明细表算出的见第六部分。"), lookRemark, summaryColumns)
	s.remarks(sum)
	s.blank(1)
}

// carried shows the part that comes from earlier days by itself.
func (s *sheet) carried(sum reconcile.Summary) {
	any := false
	for _, k := range sum.Kinds {
		any = any || len(k.Carried) > 0
	}
	if !any {
		s.whole("二、其中：前期结转订单", 2)
		s.wide(s.say("无前期结转"), lookRemark, summaryColumns)
		s.blank(1)
		return
	}
	s.whole("二、其中：前期结转订单", 4+len(reconcile.Classes))
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
