package reconcile

import (
	"context"
	"slices"
)

// notices opens, moves and clears the cases of notices that no order carries.
func (b *book) notices() error {
	return b.out.Notices(b.scope, func(s NoticeSighting) error {
		found := JudgeNotices(s, b.Settings)
		for _, code := range noticeCodes(s, found) {
			if err := b.notice(s, code, found); err != nil {
				return err
			}
		}
		return nil
	})
}

// noticeCodes are the codes to look at. Whether an order is missing in the
// ledger is left as it stands while the books do not tell, and so is what the
// order is to carry until it does.
func noticeCodes(s NoticeSighting, found []Finding) []Code {
	codes := caseCodes(s.Cases, Verdict{Findings: found})
	return slices.DeleteFunc(codes, func(c Code) bool {
		if c == LedgerNotFound {
			return !s.Placed && !s.Looked
		}
		return s.Placed && !slices.Contains(s.Carried, c)
	})
}

func (b *book) notice(n NoticeSighting, code Code, found []Finding) error {
	v := Verdict{Class: Discrepant, Facts: Facts{
		Placed: n.Placed, Appeared: n.Appeared, Covered: b.Settings.ExpectNotices, ContractsMatched: b.Settings.MatchContracts,
	}}
	s := Sighting{CaseID: n.NoticeCaseID(code), Today: b.today, KeepOpen: b.sum.Systemic, Predecessors: n.Cases}
	s.Order.LedgerDay = n.LedgerDay(b.Settings.Calendar)
	if i := slices.IndexFunc(found, func(f Finding) bool { return f.Code == code }); i >= 0 {
		v.Findings = found[i : i+1]
		s.Finding = &found[i]
	}
	s.Verdict, s.Notified = v, n.merchant()
	if err := b.found(s, nil); err != nil {
		return err
	}
	var before *Case
	if i := slices.IndexFunc(n.Cases, func(c Case) bool { return c.Code == code }); i >= 0 {
		before = &n.Cases[i]
		s.CaseID = before.ID
	}
	now, err := b.move(before, s)
	if err == nil && now.State.Pending() {
		b.sum.Pending++
	}
	return err
}

// lateNotices tells of notices about payments of history: whether the order was
// taken away or never was there nobody knows any more.
func (n *night) lateNotices(ctx context.Context) error {
	if n.scope.History == 0 {
		return nil
	}
	late, err := n.Store.LateNotices(ctx, n.scope)
	if err == nil && late > 0 {
		n.alarm(words("收到 %d 条有效通知，其支付早于 %s（此前月份的订单按 keep.orders 移除）：已保存，不核对是否有订单",
			"%d valid notices came about payments before %s (of those months orders were taken away, keep.orders): they are kept, and not held against the books", late, n.scope.History.Month()))
	}
	return err
}
