package reconcile

import "strings"

// ledgerAlone records what the ledger shows without UMS. These findings hold
// whether or not an answer came, and rest on the ledger alone.
func (v *view) ledgerAlone() {
	v.ledgerFindings()
	for i := range v.findings {
		if f := &v.findings[i]; f.Code != LedgerRowVanished {
			f.Basis = string(v.o.Status) + " " + v.o.Amount.Yuan() + " " + v.s.Row
		}
	}
}

func (v *view) ledgerFindings() {
	s := v.s
	if s.Copies > 1 {
		v.add(LedgerDuplicateRow, words("台账中有 %d 行完全相同，只计一次", "the ledger holds %d identical rows; counted once", s.Copies))
	}
	if s.Conflicting {
		v.held = true
		v.add(LedgerDuplicateKey, words("台账（含不同来源之间）同一单号有内容不同的行，取金额最大的一行（%s 元），不参与比对",
			"ledger rows of this key differ, in one source or between two; the one with the largest amount (%s yuan) stands for them and is not compared", v.o.Amount.Yuan()))
	}
	if s.Vanished {
		v.add(LedgerRowVanished, words("此前读到的台账记录（%s 第 %d 行）在最近一次台账中不见了",
			"the row stood in %s line %d and is gone from the last reading", v.o.Source.File, v.o.Source.Line)).Basis = s.Row
	}
	if p := s.Pinned; p != nil && !p.allows(v.o) {
		v.add(LedgerChanged, words("对平后台账被改：原“%[5]s” %[2]s 元，现“%[6]s” %[4]s 元",
			"changed after it was reconciled: was %[1]s %[2]s yuan, is %[3]s %[4]s yuan", p.Status, p.Amount.Yuan(), v.o.Status, v.o.Amount.Yuan(), p.Status.ZH(), v.o.Status.ZH()))
	}
}

// allows says whether a final order may look like this without anybody having
// tampered: unchanged, or further along paid → part_refunded → refunded.
func (p Pinned) allows(o Order) bool {
	if p.Amount != o.Amount {
		return false
	}
	refunding := map[Status]int{Paid: 1, PartRefunded: 2, Refunded: 3}
	from, to := refunding[p.Status], refunding[o.Status]
	return p.Status == o.Status || (from > 0 && from < to)
}

// unverified records why there is no answer to go by.
func (v *view) unverified() {
	a := v.s.Answer
	switch {
	case a == nil:
		v.unsaid(NotQueriedCode, "没有可用的查询结果", "there is no answer to go by")
	case a.Outcome == Found:
		v.unsaid(ResponseMalformed, "应答缺少比对所用的金额（"+string(v.set.AmountBasis)+"）",
			"the answer lacks the amount to compare with ("+string(v.set.AmountBasis)+")")
	default:
		u := unverifiedWords[a.Outcome]
		v.unsaid(u.code, u.zh+"："+inChinese(a.Message), u.en+": "+strings.TrimPrefix(a.Message, u.en+": "))
	}
}

func (v *view) unsaid(c Code, zh, en string) {
	v.addOver(c, v.ledger, Amount{}, Words{ZH: strings.TrimSuffix(zh, "："), EN: strings.TrimSuffix(en, ": ")})
}

var unverifiedWords = map[Outcome]struct {
	code   Code
	zh, en string
}{
	NotQueried:  {NotQueriedCode, "未查询", "not asked"},
	QueryFailed: {QueryFailedCode, "多次查询均失败", "every attempt failed"},
	InProcess:   {QueryFailedCode, "渠道处理中，稍后再查仍未完成", "still in process at UMS"},
	Rejected:    {QueryRejected, "查询被拒", "rejected"},
	Refused:     {QueryRejected, "渠道拒绝回答此账单", "UMS refuses to answer about this bill"},
	Malformed:   {ResponseMalformed, "应答不符合接口约定", "the answer is not what the interface promises"},
	WrongKey:    {ResponseKeyMismatch, "应答说的是另一张账单", "the answer is about another bill"},
}

// clashes records that other orders claim the same payment.
func (v *view) clashes() {
	for _, c := range v.s.Clashes {
		list := strings.Join(c.named(v.o.MID), ", ")
		switch {
		case c.Over:
			v.facts.OthersRefunded = true
		case c.Code == PaymentReferenceReused:
			v.add(c.Code, c.says(v.o.MID)).Basis += " " + c.Reference + " " + list
		case c.Code == DoublePayment && v.set.CheckDouble && !v.facts.RefundedInFull && v.facts.BillPaid:
			v.add(c.Code, words("业务单号 %s 另有已付账单 %s", "order %s is also paid by %s", c.Reference, list)).Basis += " " + c.Reference + " " + list
		}
	}
}
