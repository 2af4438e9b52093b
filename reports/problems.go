package reports

import "github.com/umsrecon/umsrecon/reconcile"

// rawLimit is how much of a bad row's text is shown; the rest stands in the
// file that the row names.
const rawLimit = 500

// problemTable is 台账问题: rows that could not be read, and rows too many.
func (b *book) problemTable(info string) table[reconcile.Line] {
	return table[reconcile.Line]{
		name: problemSheet, title: b.say(problemSheet), info: info, empty: "台账无问题", frozen: 2,
		columns: []lineColumn{
			{head: "序号", width: 6, look: lookCount, value: func(_ reconcile.Line, n int64) any { return n }},
			{head: "差异编号", width: 10, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.ID }},
			{head: "对账日", folded: true, width: 11, look: lookDay, value: func(l reconcile.Line, _ int64) any { return ledgerDay(l) }},
			{head: "文件", width: 22, look: lookText, value: func(l reconcile.Line, _ int64) any { return source(l).File }},
			{head: "行号", width: 8, look: lookCount, value: func(l reconcile.Line, _ int64) any { return lineNumber(l) }},
			{head: "列名", width: 14, look: lookText, value: func(l reconcile.Line, _ int64) any { return columnOf(l) }},
			{head: "账单号", width: 13, look: lookID, value: func(l reconcile.Line, _ int64) any { return l.Case.Key.BillNo }},
			{head: "台账金额", width: 14, look: lookMoney, value: func(l reconcile.Line, _ int64) any { return ledgerAmount(l) }},
			{head: "差异类型", width: 16, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.code(l.Case.Code) }},
			{head: "代码", folded: true, width: 25, look: lookText, value: func(l reconcile.Line, _ int64) any { return string(l.Case.Code) }},
			{head: "严重程度", width: 10, look: lookWord, tint: tintSeverity, value: func(l reconcile.Line, _ int64) any { return b.severity(l.Case.Severity) }},
			{head: "原因", width: 36, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.problem(l) }},
			{head: "原文", width: 44, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.raw(l) }},
			{head: "处理状态", width: 9, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.caseState(l) }},
		},
	}
}

func source(l reconcile.Line) reconcile.Source {
	if l.Row != nil {
		return l.Row.Source
	}
	return l.Order.Source
}

func lineNumber(l reconcile.Line) any {
	if n := source(l).Line; n > 0 {
		return int64(n)
	}
	return nil
}

func columnOf(l reconcile.Line) string {
	if l.Row == nil {
		return ""
	}
	return l.Row.Column
}

func (b *book) problem(l reconcile.Line) string {
	if l.Row != nil {
		return b.pickWords(l.Row.Reason)
	}
	return b.reason(l)
}

func (b *book) raw(l reconcile.Line) string {
	if l.Row == nil {
		return ""
	}
	text := []rune(l.Row.Raw)
	if len(text) <= rawLimit {
		return l.Row.Raw
	}
	return b.say("%s……（共 %d 字，全文见原文件）", string(text[:rawLimit]), len(text))
}
