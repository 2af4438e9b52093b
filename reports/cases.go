package reports

import (
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

type lineColumn = column[reconcile.Line]

// caseTable is 对账差异表: one row per case, the right end to be filled in. Its
// 38 columns on one page would print at 3 points: what is not signed for is
// folded, so that the rest is read on a screen and on A4 without a lens.
func (b *book) caseTable(info string, today reconcile.Day) table[reconcile.Line] {
	return table[reconcile.Line]{
		name: caseSheet, title: b.say(caseSheet), info: info, empty: "本次对账无差异",
		frozen: 2, columns: b.caseColumns(today), kind: kindOf, kindColumn: 12,
	}
}

// The sheets that list cases, in Chinese.
const (
	caseSheet    = "对账差异表"
	pendingSheet = "等待与未核实"
	problemSheet = "台账问题"
	coveredSheet = "同因明细"
)

func (b *book) caseColumns(today reconcile.Day) []lineColumn {
	return slices.Concat(b.whichColumns(), b.moneyColumns(), b.findingColumns(today), b.handColumns())
}

// whichColumns say which order a case is about.
func (b *book) whichColumns() []lineColumn {
	return []lineColumn{
		{head: "序号", width: 5, look: lookCount, value: func(_ reconcile.Line, n int64) any { return n }},
		{head: "差异编号", width: 10, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.ID }},
		{head: "对账日", folded: true, key: true, width: 10.5, look: lookDay, value: func(l reconcile.Line, _ int64) any { return ledgerDay(l) }},
		{head: "账单日期", key: true, width: 10.5, look: lookDay, value: func(l reconcile.Line, _ int64) any { return l.Case.Key.BillDay }},
		{head: "商户号", folded: true, key: true, width: 9, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.Key.MID }},
		{head: "终端号", folded: true, key: true, width: 9.5, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.Key.TID }},
		{head: "业务单号", width: 11.5, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Order.OrderNo }},
		{head: "账单号", key: true, width: 12, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.Key.BillNo }},
		{head: "商户订单号", width: 12, look: lookID, value: func(l reconcile.Line, _ int64) any { return merchantNo(l) }},
		{head: "渠道流水", folded: true, width: 11.5, look: lookID, value: func(l reconcile.Line, _ int64) any { return flow(l).PaySeqID }},
		{head: "支付渠道", folded: true, width: 8, look: lookWord, value: func(l reconcile.Line, _ int64) any { return channel(l) }},
		{head: "类型", width: 6.5, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.kindOfCase(l) }},
	}
}

// kindOfCase is 类型 in words.
func (b *book) kindOfCase(l reconcile.Line) string { return b.say(kindWord(kindOf(l))) }

func (b *book) moneyColumns() []lineColumn {
	return []lineColumn{
		{head: "台账金额", key: true, width: 10.5, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return ledgerAmount(l) }},
		{head: "账单总额", width: 10.5, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return bill(l).Total }},
		{head: "流水金额", width: 10.5, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return flow(l).Total }},
		{head: "实付金额", folded: true, width: 11.5, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return flow(l).BuyerPay }},
		{head: "优惠金额", folded: true, width: 9.5, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return flow(l).Coupon }},
		{head: "差额（渠道−台账）", key: true, width: 12, look: lookMoney.strong(), sum: true, value: func(l reconcile.Line, _ int64) any { return difference(l) }},
		{head: "资金方向", folded: true, width: 10, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.say(direction(kindOf(l), difference(l))) }},
	}
}

func (b *book) findingColumns(today reconcile.Day) []lineColumn {
	return []lineColumn{
		{head: "台账状态", folded: true, width: 7, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.status(l.Order.Status) }},
		{head: "渠道状态", folded: true, width: 13, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.umsStatus(l) }},
		{head: "通知状态", folded: true, width: 9, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.noticeStatus(l) }},
		{head: "支付时间", folded: true, width: 17, look: lookTime, value: func(l reconcile.Line, _ int64) any { return flow(l).PaidAt }},
		{head: "清算日期", folded: true, width: 10.5, look: lookDay, value: func(l reconcile.Line, _ int64) any { return flow(l).SettleDay }},
		{head: "差异类型", width: 11, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.code(l.Case.Code) }},
		{head: "代码", folded: true, key: true, width: 14, look: lookText, value: func(l reconcile.Line, _ int64) any { return string(l.Case.Code) }},
		{head: "其他差异", folded: true, width: 11, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.others(l) }},
		{head: "严重程度", width: 8, look: lookWord, tint: tintSeverity, value: func(l reconcile.Line, _ int64) any { return b.severity(l.Case.Severity) }},
		{head: "首次发现日", folded: true, width: 10.5, look: lookDay, value: func(l reconcile.Line, _ int64) any { return l.Case.FirstSeen }},
		{head: "账龄", width: 6, look: lookCount, value: func(l reconcile.Line, _ int64) any { return age(l, today) }},
		{head: "处理状态", width: 8, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.caseState(l) }},
	}
}

// handColumns are filled in by people; what is known already stands in them.
// 核对码 tells, when they are read back, whether the case has changed since.
func (b *book) handColumns() []lineColumn {
	return []lineColumn{
		{head: "处理方式", width: 9.5, look: lookWord.filled(fillInput), pick: outcomes, value: func(l reconcile.Line, _ int64) any { return b.say(l.Case.Outcome) }},
		{head: "处理说明", width: 15, look: lookText.filled(fillInput), value: func(l reconcile.Line, _ int64) any { return l.Case.Note }},
		{head: "处理人", width: 8, look: lookWord.filled(fillInput), value: func(l reconcile.Line, _ int64) any { return l.Case.By }},
		{head: "处理日期", width: 10.5, look: lookDay.filled(fillInput)},
		{head: "复核人", width: 8, look: lookWord.filled(fillInput), value: func(l reconcile.Line, _ int64) any { return l.Case.Reviewer }},
		{head: "复核结果", width: 7, look: lookWord.filled(fillInput), pick: reviews},
		{head: "核对码", folded: true, width: 9, look: lookID.inked(inkQuiet), value: func(l reconcile.Line, _ int64) any { return l.Case.Version() }},
	}
}
