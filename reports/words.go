package reports

import (
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// say is a Chinese sentence in the language of the reader, with its values.
// What is not in the table of English stays as it is: it is data.
func (l Language) say(zh string, args ...any) string {
	if en, ok := english[zh]; ok && l == EN {
		zh = en
	}
	if len(args) == 0 {
		return zh
	}
	return fmt.Sprintf(zh, args...)
}

func (b *book) say(zh string, args ...any) string { return b.Language.say(zh, args...) }

// pickWords is a sentence that the domain gives in both languages.
func (b *book) pickWords(w reconcile.Words) string {
	if b.Language == EN {
		return w.EN
	}
	return w.ZH
}

// reason is why a case stands; in the workbook of one merchant it names no other.
func (b *book) reason(l reconcile.Line) string {
	if b.OneOfSeveral {
		return b.pickWords(l.Case.ForMerchant())
	}
	return b.pickWords(l.Case.Reason)
}

// code is the name of a code; one that is not listed stands for itself.
func (b *book) code(c reconcile.Code) string {
	r := reconcile.RuleOf(c)
	if r.ZH == "" {
		return string(c)
	}
	return b.pickWords(reconcile.Words{ZH: r.ZH, EN: r.EN})
}

func (b *book) state(s reconcile.State) string { return b.say(s.ZH()) }

func (b *book) class(c reconcile.Class) string { return b.say(c.ZH()) }

func (b *book) severity(s reconcile.Severity) string { return b.say(severityWords[s]) }

func (b *book) status(s reconcile.Status) string { return b.say(s.ZH()) }

// kindWord is 类型 in Chinese.
func kindWord(k reconcile.Kind) string { return kindWords[k] }

// The domain's values in Chinese; english has the other language.
var (
	kindWords = map[reconcile.Kind]string{
		reconcile.Payment: "支付", reconcile.Refund: "退款", reconcile.Completion: "预授权完成",
	}
	severityWords = map[reconcile.Severity]string{
		reconcile.S1: "S1 严重", reconcile.S2: "S2 重要", reconcile.S3: "S3 一般",
		reconcile.Wait: "等待", reconcile.S4: "S4 提示", reconcile.Info: "INFO 提示",
	}
	billWords = map[string]string{
		reconcile.BillPaid: "已支付", reconcile.BillUnpaid: "未支付", reconcile.BillRefund: "已退款",
		reconcile.BillClosed: "已关闭", reconcile.BillUnknown: "不明",
	}
	runWords = map[reconcile.RunStatus]string{
		reconcile.RunComplete: "完成", reconcile.RunIncomplete: "未完成", reconcile.RunRunning: "进行中",
		reconcile.RunInterrupted: "已中断", reconcile.RunFailed: "失败",
	}
	settleWords = map[reconcile.SettleState]string{
		reconcile.SettleCounted: "计入", reconcile.SettleUnverified: "未核实",
		reconcile.SettleHeld: "冻结或已撤销", reconcile.SettleUndetermined: "金额待定",
	}
	modeWords   = map[reconcile.SettleMode]string{reconcile.SettleNet: "净额清算（扣手续费）", reconcile.SettleFull: "全额清算（手续费另付）"}
	funderWords = map[reconcile.Funder]string{reconcile.FunderMerchant: "商户承担", reconcile.FunderPlatform: "平台承担"}
	basisWords  = map[reconcile.Basis]string{reconcile.BasisBillTotal: "账单总额", reconcile.BasisPaymentTotal: "流水金额", reconcile.BasisBuyerPay: "买家实付"}

	// outcomes are what a person can decide; discrepancies import reads them back.
	outcomes = outcomeWords()
	reviews  = []string{"同意", "驳回"}

	readingNotes = []string{
		"差额 = 渠道（银联商务）− 台账：正数为渠道多，负数为渠道少。资金方向用文字写明：支付为渠道多收、渠道少收，退款为渠道多退、渠道少退，预授权完成为渠道多完成、渠道少完成。",
		"金额单位为元，由分换算，保留两位小数；空白表示该方未提供，不等于零。支付、退款、预授权完成分别统计，互不相加。",
		"每笔订单只归入一类，依次为：未核实、差异、等待中、容差内平、已平；五类合计等于加载订单。",
		"一单可有多行差异，金额会重复出现，故只对差额求合计；一单的资金差额只由其中一行承载。",
		"所有金额与差额均为现状：已消除或情形已消失的差异不再有差额，也不计入合计；其原差额写在「处理状态」中。",
		"「商户订单号」：退款行为退款单号，预授权完成行为完成单号。「其他差异」为同一订单上的其余差异。",
		"未核实：没有取得可信的渠道应答，既不算相符也不算差异。等待中：仅由时间造成且仍在宽限期内。",
		"账龄以天计，自首次发现日起算，以对账运行当天为止。",
		"浅黄色单元格由人工填写：处理方式、处理说明、处理人、处理日期、复核人、复核结果；复核人不得与处理人相同。",
		"填好后可读回：umsrecon discrepancies import 本文件。可排序、筛选、加列；请勿改动差异编号、单号、金额、代码与核对码。",
		"严重程度：S1 涉及资金或货物风险，当日处理；S2 金额或状态有误，次一工作日处理；S3 时间或属性差异；S4 与 INFO 仅为提示。",
	}
	settleNotes = []string{
		"本表以渠道所述为准，不看台账；未核实订单单列，不计入。",
		"净额 = 支付总额 − 退款金额。退款单独成行，不冲减支付。",
		"应结金额 = 净额 − 商户承担的优惠 − 手续费（净额清算）；全额清算时不扣手续费。",
		"联盟优惠 = 账单总额 − 流水金额；渠道优惠为渠道返回的 couponAmount；渠道未提供的金额不计入合计。",
		"对账单（商户门户对账明细）所述的手续费与清算净额优先于预估，「来源」一列注明；只有预估时应结金额亦为预估。",
		"手续费逐笔预估：计费基数 × 费率，四舍五入到分，不超过单笔封顶。",
		"预授权按完成金额计入，不按冻结金额；担保交易按已完成金额计入，未完成的不计应收。",
		"未给清算日期：渠道未提供清算日期的记录，按支付时间归入本期。",
		"跨日笔数：台账日与支付时间的营业日不同的笔数。",
	}
)

func outcomeWords() []string {
	words := make([]string, len(reconcile.Remedies))
	for i, o := range reconcile.Remedies {
		words[i] = o.ZH
	}
	return words
}
