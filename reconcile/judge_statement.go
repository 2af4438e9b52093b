package reconcile

import (
	"fmt"
	"slices"
)

// statement holds what UMS settles, by the merchant portal's export, against
// what it says of the bill. Like settlement it speaks of the bill, whatever the
// ledger says.
func (v *view) statement() {
	if !v.set.Statements {
		return
	}
	p := pair(v.family, v.set.Calendar)
	v.surplus(p)
	i := slices.IndexFunc(p.settled, func(l SettleLine) bool { return l.Key == v.o.Key && !l.unnamed() })
	if i < 0 || p.settled[i].State != SettleCounted && p.settled[i].State != SettleUndetermined {
		return
	}
	if line := p.lines[i]; line != nil {
		v.lineAmount(p.settled[i], *line)
		v.lineFee(p.settled[i], *line)
		return
	}
	if bad := p.bad[i]; bad != nil {
		v.lineUnread(p.settled[i], *bad)
		return
	}
	v.lineMissing(p.settled[i])
}

var lineWords = map[Kind]Words{
	Payment: {"支付", "payment"}, Refund: {"退款", "refund"}, Completion: {"预授权完成", "completion"},
}

// lineMissing: a settle date that has arrived, whose statement was read.
func (v *view) lineMissing(s SettleLine) {
	cover := v.family.cover(s.SettleDay)
	if cover == nil || !v.arrived(s.SettleDay) || s.State != SettleCounted {
		return
	}
	kind := lineWords[s.Kind]
	w := words("清算日 %[1]s 的对账单 %[2]s 没有这笔%[3]s（%[5]s 元，参考号 %[6]s）", "the statement of %[1]s (%[2]s) does not have this %[4]s of %[5]s yuan, reference %[6]s",
		s.SettleDay, cover.File, kind.ZH, kind.EN, s.compared(v.set.AmountBasis).Yuan(), s.Reference)
	if cover.Invalid > 0 {
		w.ZH += fmt.Sprintf("；该对账单有 %d 行无效", cover.Invalid)
		w.EN += fmt.Sprintf("; %d of its lines were not understood", cover.Invalid)
	}
	f := v.add(StatementMissing, w)
	f.Worth = s.compared(v.set.AmountBasis)
	f.Basis += " " + s.Reference + " " + s.SettleDay.String()
}

// lineUnread: a line that names the block was not understood, so that nothing is
// known until it is mended. The line has a case of its own.
func (v *view) lineUnread(s SettleLine, r BadRow) {
	if !v.arrived(s.SettleDay) || s.State != SettleCounted {
		return
	}
	kind := lineWords[s.Kind]
	f := v.add(StatementWaiting, words("对账单 %[1]s:%[2]d 提到这笔%[3]s（%[5]s 元，参考号 %[6]s），但该行无效；待该行改正后再核对",
		"line %[1]s:%[2]d of the statement names this %[4]s of %[5]s yuan, reference %[6]s, and was not understood; it is compared when the line is mended",
		r.File, r.Line, kind.ZH, kind.EN, s.compared(v.set.AmountBasis).Yuan(), s.Reference))
	f.Worth = s.compared(v.set.AmountBasis)
	f.Basis += " " + r.Raw
}

// lineAmount compares the amounts of a line and a block.
func (v *view) lineAmount(s SettleLine, l StatementLine) {
	ums := s.compared(v.set.AmountBasis)
	if !ums.Known {
		return
	}
	v.facts.LineAgrees = ums.Fen == l.Amount
	if v.facts.LineAgrees {
		return
	}
	kind := lineWords[s.Kind]
	w := words("%[1]s：对账单 %[3]s 元（%[5]s），账单 %[4]s 元", "%[2]s: statement %[3]s yuan (%[5]s), bill %[4]s yuan", kind.ZH, kind.EN, l.Amount.Yuan(), ums.Yuan(), l.place())
	for _, other := range []struct {
		amount Amount
		zh, en string
	}{{s.BillTotal, "账单总额", "the bill total"}, {s.PaymentTotal, "流水金额", "the payment total"}, {s.BuyerPay, "买家实付", "what the buyer paid"}} {
		if other.amount == Some(l.Amount) {
			w.ZH, w.EN = w.ZH+"；等于"+other.zh+"，请核对 rules.amount_basis", w.EN+"; it equals "+other.en+", look at rules.amount_basis"
		}
	}
	f := v.lineSays(StatementAmountMismatch, l, w)
	f.Worth = Some((ums.Fen - l.Amount).Abs())
	if more := l.Amount > ums.Fen; more == (s.Kind != Refund) {
		f.Severity = S2 // a refund that takes back more pays out less
	}
}

// lineFee holds a line's fee against its own net amount, and that of a payment
// against the rate that was agreed.
func (v *view) lineFee(s SettleLine, l StatementLine) {
	if !l.Fee.Known {
		return
	}
	compared := l.Net.Known
	if l.Net.Known && l.signed()-l.Fee.Fen != l.Net.Fen {
		v.feeDiffers(l, l.signed()-l.Fee.Fen-l.Net.Fen, words("对账单 %[1]s：金额 %[2]s − 手续费 %[3]s ≠ 净额 %[4]s",
			"statement %[1]s: amount %[2]s − fee %[3]s ≠ net %[4]s", l.place(), l.signed().Yuan(), l.Fee.Yuan(), l.Net.Yuan()))
		return
	}
	if s.Kind != Refund && s.State == SettleCounted {
		agreed, err := v.set.Terms.fee(s, v.set.Terms.feeBase(s))
		if d := l.Fee.Fen - agreed.Fen; err == nil && agreed.Known {
			compared = true
			if d.Abs() > v.set.FeeTolerance {
				v.feeDiffers(l, d, words("对账单 %[1]s：手续费 %[2]s 元，按 settlement.fees 应为 %[3]s 元",
					"statement %[1]s: fee %[2]s yuan, by settlement.fees it is %[3]s", l.place(), l.Fee.Yuan(), agreed.Yuan()))
				return
			}
		}
	}
	v.facts.FeeAgrees = compared
}

func (v *view) feeDiffers(l StatementLine, by Fen, w Words) {
	v.lineSays(FeeMismatch, l, w).Worth = Some(by.Abs())
}

func (v *view) lineSays(c Code, l StatementLine, w Words) *Finding {
	f := v.add(c, w)
	f.Basis += " " + l.basis()
	return f
}

// surplus: lines about this bill that no block of it answers for. They stand on
// the payment; where the ledger has no row of it, it was never asked about.
func (v *view) surplus(p paired) {
	if v.o.Kind() != Payment {
		return
	}
	open := func(k Kind) bool { // a question that was not answered may explain them
		return slices.ContainsFunc(p.settled, func(s SettleLine) bool { return s.State == SettleUnverified && (s.Kind == Refund) == (k == Refund) })
	}
	left := slices.DeleteFunc(slices.Clone(p.left), func(l StatementLine) bool { return open(l.Kind) })
	v.facts.NoSurplus = len(left) == 0 && len(p.left) == 0
	if len(left) == 0 {
		return
	}
	first, sum := left[0], Fen(0)
	for _, l := range left {
		sum += l.Amount
	}
	kind := lineWords[first.Kind]
	w := words("对账单 %[1]s 有一笔%[2]s %[4]s 元（参考号 %[5]s），账单没有对应的流水（渠道状态 %[6]s）",
		"statement %[1]s has a %[3]s of %[4]s yuan (reference %[5]s) that no block of the bill answers for (UMS says %[6]s)",
		first.place(), kind.ZH, kind.EN, first.Amount.Yuan(), first.number(), v.billWord())
	if n := len(left); n > 1 {
		w.ZH += fmt.Sprintf("；此类共 %d 行 %s 元", n, sum.Yuan())
		w.EN += fmt.Sprintf("; %d such lines, %s yuan", n, sum.Yuan())
	}
	v.lineSays(StatementOnly, first, w).Worth = Some(sum)
}
