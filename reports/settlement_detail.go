package reports

import "github.com/umsrecon/umsrecon/reconcile"

type settleColumn = column[settled]

// firstMoney is the place, from 0, of 支付总额 in 结算明细; the sums that the
// summary is held against follow it in order.
const firstMoney = 11

// settleTable is 结算明细: one row per payment, refund or completion.
func (b *book) settleTable(info string, t reconcile.SettleTerms) table[settled] {
	return table[settled]{
		name: "结算明细", title: b.say("结算明细"), info: info, empty: "本期无结算记录", frozen: 2,
		columns: append(b.settleWhich(), b.settleMoney()...),
	}
}

func (b *book) settleWhich() []settleColumn {
	return []settleColumn{
		{head: "序号", width: 6, look: lookCount, value: func(_ settled, n int64) any { return n }},
		{head: "清算日期", width: 11, look: lookDay, value: func(l settled, _ int64) any { return b.settleDate(l) }},
		{head: "商户号", width: 16, look: lookID, value: func(l settled, _ int64) any { return l.Key.MID }},
		{head: "终端号", folded: true, width: 10.5, look: lookID, value: func(l settled, _ int64) any { return l.Key.TID }},
		{head: "支付渠道", width: 12, look: lookWord, value: func(l settled, _ int64) any { return b.settleChannel(l) }},
		{head: "卡种", folded: true, width: 13, look: lookWord, value: func(l settled, _ int64) any { return l.CardAttr }},
		{head: "类型", width: 9, look: lookWord, value: func(l settled, _ int64) any { return b.say(kindWord(l.Kind)) }},
		{head: "账单日期", folded: true, width: 11, look: lookDay, value: func(l settled, _ int64) any { return l.Key.BillDay }},
		{head: "账单号", width: 16, look: lookID, value: func(l settled, _ int64) any { return l.Key.BillNo }},
		{head: "退款/完成单号", width: 16, look: lookID, value: func(l settled, _ int64) any { return l.Key.RefundID + l.Key.CompletionID }},
		{head: "支付时间", folded: true, width: 18.5, look: lookTime, value: func(l settled, _ int64) any { return l.PaidAt }},
	}
}

func (b *book) settleMoney() []settleColumn {
	return []settleColumn{
		{head: "支付总额", width: 12, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.Payment }},
		{head: "联盟优惠", width: 11, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.Alliance }},
		{head: "渠道优惠", width: 11, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.SettleFigures.Coupon }},
		{head: "买家实付", width: 12, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.SettleFigures.BuyerPay }},
		{head: "退款金额", width: 12, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.SettleFigures.Refund }},
		{head: "净额", width: 12, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.counted(l.Net) }},
		{head: "手续费", width: 11, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.Fee }},
		{head: "应结金额", width: 12, look: lookMoney, sum: true, value: func(l settled, _ int64) any { return l.counted(l.Payable) }},
		{head: "来源", width: 8, look: lookWord, value: func(l settled, _ int64) any { return b.feeSource(l) }},
		{head: "跨日", folded: true, width: 7, look: lookWord, value: func(l settled, _ int64) any { return b.yes(l.CrossDay) }},
		{head: "计入", width: 10, look: lookWord, tint: tintSettle, value: func(l settled, _ int64) any { return b.say(settleWords[l.State]) }},
		{head: "未计入金额", width: 12, look: lookMoney, value: func(l settled, _ int64) any { return l.LeftOut }},
	}
}

// counted is an amount that only a counted line has.
func (l settled) counted(f reconcile.Fen) reconcile.Amount {
	if l.State != reconcile.SettleCounted {
		return reconcile.Amount{}
	}
	return reconcile.Some(f)
}

// feeSource is where the fee and the payable amount come from.
func (b *book) feeSource(l settled) string {
	switch {
	case l.State != reconcile.SettleCounted:
		return ""
	case l.SettleFigures.Stated:
		return b.say("对账单")
	}
	return b.say("预估")
}

// settleDate says in words where a line that counts has none.
func (b *book) settleDate(l settled) any {
	if l.SettleDay == 0 && l.State == reconcile.SettleCounted {
		return b.say("未给清算日期")
	}
	return l.SettleDay
}

func (b *book) yes(is bool) string {
	if is {
		return b.say("是")
	}
	return ""
}

func tintSettle(l settled, base look) look {
	switch l.State {
	case reconcile.SettleUnverified, reconcile.SettleUndetermined:
		return base.filled(fillWarn).inked(inkWarn).strong()
	case reconcile.SettleHeld:
		return base.filled(fillMild).inked(inkMild)
	}
	return base
}

// settleChannel says in words where a line that counts has none.
func (b *book) settleChannel(l settled) string {
	if l.State != reconcile.SettleCounted {
		return l.TargetSys
	}
	return b.channelWord(l.TargetSys)
}

func (b *book) channelWord(target string) string {
	if target == "" {
		return b.say("未返回")
	}
	return target
}
