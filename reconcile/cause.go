package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// Cause is one fault behind a code that most orders of a merchant's day carry,
// or behind most rows of a source that could not be understood: a wrong mid or
// unit, a broken export, a dead source of notices. It is said once, with its
// evidence, and where it is large one case stands for all.
type Cause struct {
	Group
	Code      Code
	Severity  Severity // the gravest of its findings
	LedgerDay Day
	// Count of the Of orders of the day, or rows of the source, carry the code.
	Count, Of int64
	// Covered are those of them that have no case of their own, with their
	// stakes. The amounts are summed over those that state one; Gap is
	// UMS − ledger in money that moved, where the code carries it.
	Covered          Sum
	Ledger, UMS, Gap Amount
	First            []string // up to three examples
	Telling          int64    // orders that show what the suspect looks for
	// Stands: they get no case, the case of the cause stands for them.
	Stands bool
	Case   *Case // that the cause has had; nil: none
}

// Group is the orders of a merchant's ledger day, or the rows of one source.
type Group struct {
	MID   string
	Day   Day
	Scope string // of the source; empty: this is about orders
}

// suspect is a code that one wrong setting puts on most orders of a day.
type suspect struct {
	code  Code
	share int64 // per cent of the day's orders that have to be more than
	looks Words // what is likely
	// telling says whether an order shows more of it, and tells what so many
	// of the orders that carry the code mean, if anything; nil: nothing is told.
	telling func(Order, Verdict, Calendar) bool
	tells   func(telling, count int64) Words
}

// suspects holds the codes that a single cause explains better than as many
// faults. Notices are lost by the stretch, so that a tenth tells already.
var suspects = []suspect{
	{
		code: BillNotFound, share: 50,
		looks: Words{"商户号、终端号、机构商户号、账单日期或网关环境配置有误", "mid, tid, inst_mid, bill_date or the gateway's environment is wrong"},
		telling: func(o Order, _ Verdict, c Calendar) bool {
			return !o.PaidAt.IsZero() && c.BusinessDay(o.PaidAt) != o.BillDay
		},
		tells: func(n, _ int64) Words {
			if n == 0 {
				return Words{}
			}
			return words("其中 %d 笔的台账支付日不是账单日期，疑为日期错", "%d of them were paid on another day than their bill_date, so the date is the likeliest", n)
		},
	},
	{
		code: AmountUnitSuspect, share: 50, looks: Words{"ledger.amount_unit 配置有误（元与分）", "ledger.amount_unit is wrong"},
		telling: func(_ Order, v Verdict, _ Calendar) bool { return v.Ledger > v.UMS },
		tells: func(n, of int64) Words {
			if 2*n > of {
				return words("台账金额是渠道的 100 倍（%d 笔）", "the ledger is 100 times UMS on %d of them", n)
			}
			return words("渠道金额是台账的 100 倍（%d 笔）", "UMS is 100 times the ledger on %d of them", of-n)
		},
	},
	{code: AmountBasisMismatch, share: 50, looks: Words{"rules.amount_basis 与台账口径不一致", "rules.amount_basis is not what the ledger carries"}},
	{code: AmountBillMore, share: 50, looks: Words{"total_amount 对应的列有误", "total_amount is mapped to the wrong column"}},
	{code: AmountBillLess, share: 50, looks: Words{"total_amount 对应的列有误", "total_amount is mapped to the wrong column"}},
	{code: BuyerPayMismatch, share: 50, looks: Words{"buyer_pay_amount 对应的列有误", "buyer_pay_amount is mapped to the wrong column"}},
	{code: CouponMismatch, share: 50, looks: Words{"coupon_amount 对应的列有误", "coupon_amount is mapped to the wrong column"}},
	{code: SettleDateMismatch, share: 50, looks: Words{"settle_date 对应的列有误", "settle_date is mapped to the wrong column"}},
	{code: SettleOverdue, share: 50, looks: Words{"rules.holidays 缺少节假日，或渠道未清算", "rules.holidays lacks a holiday, or UMS did not settle"}},
	{code: LedgerUnpaidBillPaid, share: 50, looks: Words{"台账导出过早，或 ledger.statuses 配置有误", "the ledger was exported too early, or ledger.statuses is wrong"}},
	{code: LedgerPaidBillUnpaid, share: 50, looks: Words{"网关环境或 ledger.statuses 配置有误", "the gateway's environment or ledger.statuses is wrong"}},
	{code: LedgerRowVanished, share: 50, looks: Words{"台账导出不完整，或商户号、日期配置改过", "the export was cut off, or mid or dates were configured anew"}},
	{code: LedgerChanged, share: 50, looks: Words{"台账导出的口径变了", "the export means something else than before"}},
	{code: BillStatusUnknown, share: 50, looks: Words{"平台启用了新的状态", "the platform has a new status"}},
	{code: CrossDay, share: 50, looks: Words{"rules 的 cutoff 或台账日期有误", "cutoff or the ledger's dates are wrong"}},
	{code: NoticeMissing, share: 10, looks: Words{"通知没有送达：检查接收端口、代理与平台登记的通知地址", "notices do not arrive: look at the receiver, its proxy and the address that the platform has"}},
	{code: StatementMissing, share: 50, looks: Words{"对账单导出不完整，或 statement.columns 的参考号、商户订单号列有误", "the statement was not exported whole, or statement.columns names the wrong reference or mer_order_id"}},
	{code: StatementAmountMismatch, share: 50, looks: Words{"statement.amount_unit、金额列或 rules.amount_basis 有误", "statement.amount_unit, the amount's column or rules.amount_basis is wrong"}},
	{code: FeeMismatch, share: 50, looks: Words{"settlement.fees 的费率，或 statement.columns 的手续费、净额列有误", "the rates of settlement.fees, or the columns fee or net of statement.columns, are wrong"}},
	{code: LedgerRowInvalid, share: 50, looks: Words{"ledger.columns、ledger.statuses、amount_unit 或导出格式有误", "ledger.columns, ledger.statuses, amount_unit or the form of the export is wrong"}},
	{code: LedgerKeyDamaged, share: 50, looks: Words{"台账被表格软件另存过", "a spreadsheet has saved the ledger"}},
}

// alarmFrom is how many orders a cause must explain to be worth a word.
const alarmFrom = 20

func suspectOf(c Code) *suspect {
	if i := slices.IndexFunc(suspects, func(s suspect) bool { return s.code == c }); i >= 0 {
		return &suspects[i]
	}
	return nil
}

// likely says whether the code stands on so many of the day's orders that one
// cause explains them better than as many faults.
func (c *Cause) likely() bool {
	return c.Count >= alarmFrom && 100*c.Count > suspectOf(c.Code).share*c.Of
}

// alive says whether the cause has a case that somebody still has to deal with,
// or has dealt with.
func (c *Cause) alive() bool { return c.Case != nil && c.Case.alive() }

// decide says whether one case stands for the covered: there are at least from
// of them (0: never), or it has done so before and still explains them. While
// some orders have no trustworthy answer it goes on as before.
func (c *Cause) decide(from int, untold int64) {
	switch {
	case c.Covered.Count == 0 || from <= 0 || RuleOf(c.Code).Severity.Note():
	case c.alive():
		c.Stands = c.likely() || untold > 0
	default:
		c.Stands = c.likely() && c.Covered.Count >= int64(from)
	}
}

// CaseID is the stable id of the cause's case.
func (c *Cause) CaseID() string {
	return caseID("cause", c.MID, c.Scope, c.Day.String(), string(c.Code))
}

// finding is the cause in words, with the values summed.
func (c *Cause) finding() Finding {
	return Finding{
		Code: c.Code, Severity: c.Severity, Ledger: c.Ledger, UMS: c.UMS, Reason: c.says(),
		Basis: fmt.Sprintf("%d, %s", c.Covered.Count, c.Covered.Fen.Yuan()),
	}
}

// says tells the cause with its evidence.
func (c *Cause) says() Words {
	s, first := suspectOf(c.Code), strings.Join(c.First, ", ")
	w := Words{
		ZH: fmt.Sprintf("%d 笔中的 %d 笔为“%s”（如 %s），疑为同一原因：%s", c.Of, c.Count, RuleOf(c.Code).ZH, first, s.looks.ZH),
		EN: fmt.Sprintf("%d of %d are %s (such as %s), which looks like one cause: %s", c.Count, c.Of, c.Code, first, s.looks.EN),
	}
	if s.tells == nil {
		return w
	}
	if more := s.tells(c.Telling, c.Count); more != (Words{}) {
		w.ZH, w.EN = w.ZH+"；"+more.ZH, w.EN+"; "+more.EN
	}
	return w
}

// alarm is the cause as page one says it.
func (c *Cause) alarm() Words {
	of, w := "mid "+c.MID+" "+c.Day.String(), c.says()
	if c.Scope != "" {
		of = c.Scope
	}
	w.ZH, w.EN = of+"："+w.ZH, of+": "+w.EN
	if c.Stands {
		w.ZH += fmt.Sprintf("；其中 %d 笔合并为一个差异 %s", c.Covered.Count, c.CaseID())
		w.EN += fmt.Sprintf("; one case stands for %d of them: %s", c.Covered.Count, c.CaseID())
	}
	return w
}
