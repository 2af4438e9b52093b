package reports

import (
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// pendingTable is 等待与未核实: what time will settle, and what nobody answered.
func (b *book) pendingTable(info string, today reconcile.Day) table[reconcile.Line] {
	columns := b.whichColumns()[:8]
	columns = append(columns,
		lineColumn{head: "类型", width: 10, look: lookWord, value: func(l reconcile.Line, _ int64) any { return b.kindOfCase(l) }},
		lineColumn{head: "台账金额", width: 14, look: lookMoney, sum: true, value: func(l reconcile.Line, _ int64) any { return ledgerAmount(l) }},
		lineColumn{head: "处理状态", width: 10, look: lookWord, tint: tintPending, value: func(l reconcile.Line, _ int64) any { return b.caseState(l) }},
		lineColumn{head: "差异类型", width: 15, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.code(l.Case.Code) }},
		lineColumn{head: "代码", folded: true, width: 18, look: lookText, value: func(l reconcile.Line, _ int64) any { return string(l.Case.Code) }},
		lineColumn{head: "原因", width: 34, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.reason(l) }},
		lineColumn{head: "首次发现日", folded: true, width: 11, look: lookDay, value: func(l reconcile.Line, _ int64) any { return l.Case.FirstSeen }},
		lineColumn{head: "账龄", width: 7, look: lookCount, value: func(l reconcile.Line, _ int64) any { return age(l, today) }},
		lineColumn{head: "请求次数", width: 7, look: lookCount, value: func(l reconcile.Line, _ int64) any { return attempts(l) }},
		lineColumn{head: "最近查询", width: 18.5, look: lookTime, value: func(l reconcile.Line, _ int64) any { return askedAt(l) }},
		lineColumn{head: "最近错误", width: 30, look: lookText, value: func(l reconcile.Line, _ int64) any { return b.lastError(l) }},
	)
	return table[reconcile.Line]{
		name: pendingSheet, title: b.say(pendingSheet), info: info, empty: "本次对账无等待与未核实",
		frozen: 2, columns: columns, kind: kindOf, kindColumn: 9,
	}
}

func attempts(l reconcile.Line) any {
	if l.Last == nil {
		return nil
	}
	return int64(l.Last.Attempts)
}

func askedAt(l reconcile.Line) any {
	if l.Last == nil {
		return time.Time{}
	}
	return l.Last.AskedAt
}

// lastError is why the last question brought nothing to rely on.
func (b *book) lastError(l reconcile.Line) string {
	if l.Last == nil || l.Last.Trustworthy() {
		return ""
	}
	if b.OneOfSeveral && l.Last.Outcome == reconcile.WrongKey {
		return b.pickWords(reconcile.AboutAnother())
	}
	if l.Last.Code == "SUCCESS" || strings.HasPrefix(l.Last.Message, l.Last.Code) {
		return l.Last.Message // the code adds nothing, or says the contrary
	}
	return l.Last.Code + " " + l.Last.Message
}

func tintPending(l reconcile.Line, base look) look {
	if l.Case.State == reconcile.StateUnverified {
		return base.filled(fillWarn).inked(inkWarn).strong()
	}
	return base.filled(fillMild).inked(inkMild)
}
