package reports

import "github.com/umsrecon/umsrecon/reconcile"

// coveredTable is 同因明细: the orders for which one case stands, because one
// fault is likely to be behind all of them.
func (b *book) coveredTable(info string) table[reconcile.Line] {
	columns := []lineColumn{
		{head: "序号", width: 6, look: lookCount, value: func(_ reconcile.Line, n int64) any { return n }},
		{head: "所属差异", width: 10, look: lookID, value: func(l reconcile.Line, _ int64) any { return coveredBy(l) }},
		{head: "差异类型", width: 13, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.code(l.Case.Code) }},
		{head: "代码", folded: true, width: 24, look: lookText, value: func(l reconcile.Line, _ int64) any { return string(l.Case.Code) }},
		{head: "严重程度", width: 8, look: lookWord, tint: tintSeverity, value: func(l reconcile.Line, _ int64) any { return b.severity(l.Case.Severity) }},
	}
	columns = append(columns, b.whichColumns()[2:9]...)
	columns = append(columns,
		lineColumn{head: "类型", width: 7, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.kindOfCase(l) }},
		lineColumn{head: "台账金额", width: 12, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return ledgerAmount(l) }},
		lineColumn{head: "账单总额", width: 12, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return bill(l).Total }},
		lineColumn{head: "差额（渠道−台账）", width: 12, look: lookMoney.strong(), sum: true, value: func(l reconcile.Line, _ int64) any { return difference(l) }},
		lineColumn{head: "资金方向", width: 10, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.say(direction(kindOf(l), difference(l))) }},
		lineColumn{head: "台账状态", width: 8, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.status(l.Order.Status) }},
		lineColumn{head: "渠道状态", width: 14, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.umsStatus(l) }},
		lineColumn{head: "原因", width: 34, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.reason(l) }},
	)
	if info != "" {
		info += "    " + b.say("每行一笔订单，由所属差异一并处理；金额已计入该差异，请勿重复统计。")
	}
	return table[reconcile.Line]{
		name: coveredSheet, title: b.say(coveredSheet), info: info, optional: true, frozen: 2,
		columns: columns, kind: kindOf, kindColumn: 13,
	}
}

// coveredBy is the id of the case that stands for the order.
func coveredBy(l reconcile.Line) string {
	c := reconcile.Cause{Group: reconcile.Group{MID: l.Order.MID, Day: ledgerDay(l)}, Code: l.Case.Code}
	return c.CaseID()
}
