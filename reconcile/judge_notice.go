package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// noticesAlone records what the notices about the bill show by themselves,
// whatever the ledger says.
func (v *view) noticesAlone() {
	v.facts.Noticed = v.paidNotice() != nil
	v.facts.NoticesAgree = v.facts.BillPaid
	for _, n := range v.s.Notices {
		if what, _, _ := n.conflict(v.bill); n.Paid() && what != "" {
			v.facts.NoticesAgree = false
		}
	}
	if !v.set.ExpectNotices {
		return
	}
	v.facts.Covered, v.facts.ContractsMatched = true, v.set.MatchContracts
	v.findings = append(v.findings, aloneOf(v.s.Notices, v.set)...)
}

// aloneOf are the findings about notices of one payment, one of a code: the
// last one that shows it.
func aloneOf(notices []Notice, set Settings) []Finding {
	var found []Finding
	for _, n := range slices.Backward(notices) {
		for _, f := range n.alone(set) {
			if !slices.ContainsFunc(found, func(g Finding) bool { return g.Code == f.Code }) {
				found = append(found, f)
			}
		}
	}
	return found
}

// alone are the findings about a verified notice for which no order is needed.
func (n Notice) alone(set Settings) []Finding {
	var found []Finding
	if first := n.Changes; first != nil {
		changed := n.changedFrom(*first)
		found = append(found, n.finding(NoticeMutated, words("通知号 %[1]s 重复到达但内容不同（%[2]s）：%[3]s",
			"notice %[1]s came again with other content (%[2]s): %[4]s", n.ID, n.says(), changed.ZH, changed.EN)))
	}
	if why, matched := n.uncovered(set); why != (Words{}) {
		f := n.finding(DeductionWithoutContract, why)
		if matched {
			f.Basis += byMatching
		}
		found = append(found, f)
	}
	return found
}

// changedFrom lists what the first notice of the id said otherwise.
func (n Notice) changedFrom(first Notice) Words {
	var changed []string
	for _, c := range []struct{ name, was, is string }{
		{"billStatus", first.BillStatus, n.BillStatus},
		{"status", first.Status, n.Status},
		{"totalAmount", first.Total.Yuan(), n.Total.Yuan()},
		{"billPayment.totalAmount", first.PaymentTotal.Yuan(), n.PaymentTotal.Yuan()},
		{"buyerPayAmount", first.BuyerPay.Yuan(), n.BuyerPay.Yuan()},
		{"couponAmount", first.Coupon.Yuan(), n.Coupon.Yuan()},
		{"refundAmount", first.Refund.Yuan(), n.Refund.Yuan()},
		{"payTime", stamp(first.PaidAt), stamp(n.PaidAt)},
		{"settleDate", dayWord(first.SettleDay), dayWord(n.SettleDay)},
		{"merOrderId", first.MerOrderID, n.MerOrderID},
		{"seqId", first.PaySeqID, n.PaySeqID},
		{"targetOrderId", first.TargetOrderID, n.TargetOrderID},
	} {
		if c.was != c.is {
			changed = append(changed, fmt.Sprintf("%s %q → %q", c.name, c.was, c.is))
		}
	}
	if len(changed) == 0 {
		return Words{ZH: "金额、状态、时间与单号未变，变的是其他签名字段", EN: "amounts, status, times and ids are the same, another signed field is not"}
	}
	list := strings.Join(changed, ", ")
	return Words{ZH: list, EN: list}
}

// byMatching marks what rests on a contract notice: while the numbers are not
// taken for the same, nothing is known about it.
const byMatching = " by contract notices"

// finding is one about the notice's own amount.
func (n Notice) finding(c Code, w Words) Finding {
	return Finding{Code: c, Severity: RuleOf(c).Severity, UMS: n.Total, Reason: w, Basis: n.ID + " " + n.Digest}
}

// says is the notice in a few words, for a reason in either language.
func (n Notice) says() string {
	s := n.Status
	if n.BillStatus != "" {
		s = n.BillStatus + "/" + s
	}
	return s + " " + n.Total.Yuan() + " (" + stamp(n.PaidAt) + ", " + n.SettleDay.String() + ")"
}

// notices holds the notices about the bill against the ledger and the answer.
func (v *view) notices() {
	v.noticedRefund()
	if !v.set.ExpectNotices {
		return
	}
	v.noticeMissing()
	v.notApplied()
	if n := v.paidNotice(); n != nil {
		v.paidThoughUnpaid(n)
	}
	v.noticeConflict()
}

// noticesUnanswered is what needs no answer of UMS: when it cannot be asked,
// the second witness is all there is.
func (v *view) noticesUnanswered() {
	if v.o.Kind() == Payment && v.set.ExpectNotices {
		v.findings = append(v.findings, aloneOf(v.s.Notices, v.set)...)
		v.notApplied()
	}
}

func (v *view) noticeMissing() {
	at := v.bill.Payment.PaidAt
	if v.awaitsNotice() && v.past(at, v.set.NoticeGrace) {
		v.add(NoticeMissing, words("渠道 %[1]s 支付，至 %[2]s 未收到有效通知", "paid at UMS %[1]s, no valid notice until %[2]s", stamp(at), stamp(at.Add(v.set.NoticeGrace))))
	}
}

// notApplied: the merchant was told before the books were taken, and they do
// not have it.
func (v *view) notApplied() {
	i := slices.IndexFunc(v.s.Notices, func(n Notice) bool { return n.Paid() && n.Since().Before(v.s.SnapshotAt) })
	if i >= 0 && v.o.Status == Unpaid {
		n := &v.s.Notices[i]
		f := v.addOver(NoticeNotApplied, v.ledger, n.Total, words("通知 %[1]s 已于 %[2]s 到达（%[4]s），%[3]s 的台账仍为“%[5]s”", "notice %[1]s of %[2]s (%[4]s), the ledger of %[3]s still says %[6]s",
			n.ID, stamp(n.Since()), stamp(v.s.SnapshotAt), n.says(), v.o.Status.ZH(), v.o.Status))
		f.Basis = string(v.o.Status) + " " + v.o.Amount.Yuan() + ", " + n.ID + " " + n.Digest // whatever UMS answers
	}
}

func (v *view) paidThoughUnpaid(n *Notice) {
	closedUnseen := v.col == closed && !v.o.Booked() // nothing else would tell of the money
	if v.col == unpaid || v.col == noOrder || closedUnseen {
		v.noticeSays(NoticePaidBillUnpaid, n, words("通知 %[1]s 为已付，查询为“%[2]s”：疑为伪造、环境或商户号有误", "notice %[1]s says paid, the query says %[2]s: forged, another environment, or another mid",
			n.ID, v.billWord()))
	}
}

// noticeConflict: the last notice of those that contradict the bill.
func (v *view) noticeConflict() {
	if !v.facts.BillPaid {
		return
	}
	for i := len(v.s.Notices) - 1; i >= 0; i-- {
		n := &v.s.Notices[i]
		if what, said, answered := n.conflict(v.bill); n.Paid() && what != "" {
			f := v.noticeSays(NoticeBillConflict, n, words("%[1]s：通知 %[2]s，查询 %[3]s", "%[1]s: notice %[2]s, query %[3]s", what, said, answered))
			f.Basis += " " + what + " " + said + " " + answered
			return
		}
	}
}

func (v *view) noticeSays(c Code, n *Notice, w Words) *Finding {
	f := v.add(c, w)
	f.Basis += " " + n.ID + " " + n.Digest
	return f
}

// paidNotice is the last notice that says the bill was paid.
func (v *view) paidNotice() *Notice {
	for i := len(v.s.Notices) - 1; i >= 0; i-- {
		if n := &v.s.Notices[i]; n.Paid() {
			return n
		}
	}
	return nil
}

// noticeDue: a payment from before the merchant's first notice has none.
func (v *view) noticeDue() bool {
	return !v.s.NoticesFrom.IsZero() && !v.bill.Payment.PaidAt.Before(v.s.NoticesFrom)
}

// awaitsNotice says whether a notice may still come, or be missed.
func (v *view) awaitsNotice() bool {
	return v.set.ExpectNotices && v.facts.BillPaid && v.paidNotice() == nil && v.noticeDue()
}

// noticedRefund: a notice shows a refund that the ledger has not, or more of it
// than the ledger has; a plain query cannot tell how much was refunded.
func (v *view) noticedRefund() {
	if v.has(RefundNotInLedger) || v.has(RefundUndetermined) {
		return
	}
	booked := v.refundsClaimed()
	for i := range v.s.Notices {
		n := &v.s.Notices[i]
		unspecified := v.claimedRefunds() == 0 && (v.o.Status == PartRefunded || v.o.Status == Refunded) // and has codes of its own
		more := n.Refund.Known && n.Refund.Fen > booked && !unspecified
		unknown := n.Refunds() && !n.Refund.Known && v.claimedRefunds() == 0 && !unspecified
		if !more && !unknown || v.o.Status == Closed && v.facts.RefundedInFull {
			continue
		}
		f := v.addOver(RefundNotInLedger, Some(booked), n.Refund, words("通知 %[1]s 显示已退款 %[3]s 元（%[2]s），台账退款合计 %[4]s 元",
			"notice %[1]s shows a refund of %[3]s yuan (%[2]s), the refunds in the ledger sum to %[4]s", n.ID, n.says(), n.Refund.Yuan(), booked.Yuan()))
		f.Basis += " " + n.ID
		return
	}
}

// refundsClaimed adds up the refund rows that did not fail.
func (v *view) refundsClaimed() (sum Fen) {
	for _, s := range v.flows(Refund) {
		if s.Order.Status != Failed {
			sum += s.Order.Amount
		}
	}
	return sum
}

// payScore: a pay-score order that was paid by other means must be told to UMS.
func (v *view) payScore() {
	if v.o.FenOrderID == "" || !v.facts.BothPaid || v.facts.Synced {
		return
	}
	v.add(PayScoreSyncDue, words("支付分订单 %s 已于 %s 支付，尚未同步（umsrecon pay-score sync）", "pay-score order %s was paid at %s and is not told to UMS (umsrecon pay-score sync)",
		v.o.FenOrderID, stamp(v.bill.Payment.PaidAt)))
}
