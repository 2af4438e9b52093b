package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
)

// maxCauses bounds the causes that page one tells.
const maxCauses = 10

// settle decides which causes stand and says those that are likely, the
// largest first. of is how many orders, or rows, a group has.
func (n *night) settle(cs *causes, of func(Group) (int64, error)) ([]*Cause, error) {
	var told, all []*Cause
	for g, codes := range cs.byCode {
		for _, c := range codes {
			if c.Case == nil && c.Count < alarmFrom {
				continue
			}
			var err error
			if c.Of, err = of(g); err != nil {
				return nil, err
			}
			c.decide(cs.OneCaseFrom, cs.of(g).untold)
			all = append(all, c)
			if c.likely() && (c.Covered.Count > 0 || c.LedgerDay == n.Day) {
				told = append(told, c)
			}
		}
	}
	sortCauses(all)
	sortCauses(told)
	for i, c := range told {
		if n.told(cmp.Or(c.MID, n.owners[c.Scope]), c.alarm()); i < maxCauses {
			n.alarm(c.alarm())
		}
	}
	if more := len(told) - maxCauses; more > 0 {
		n.alarm(words("另有 %d 个疑似的共同原因，见差异表", "%d more likely causes, see the cases", more))
	}
	return all, cs.err
}

func sortCauses(all []*Cause) {
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Day, b.Day), cmp.Compare(a.MID, b.MID),
			cmp.Compare(a.Scope, b.Scope), a.Code.place()-b.Code.place()) < 0
	})
}

// silence says of which merchants a notice has never come, though notices are
// expected and bills were paid.
func (n *night) silence(cs *causes) {
	var mids []string
	for mid, paid := range cs.silent {
		if paid >= alarmFrom {
			mids = append(mids, mid)
		}
	}
	slices.Sort(mids)
	for i, mid := range mids {
		w := words("商户 %s 从未收到验签通过的通知，而已付账单有 %d 笔：检查接收端口、通讯密钥与平台登记的通知地址",
			"no verified notice has ever come of mid %s, and %d bills are paid: look at the receiver, the communication key and the address that the platform has", mid, cs.silent[mid])
		if n.told(mid, w); i < maxCauses {
			n.alarm(w)
		}
	}
	if more := len(mids) - maxCauses; more > 0 {
		n.alarm(words("另有 %d 个商户从未收到通知", "no notice has ever come of %d more merchants", more))
	}
}

// orderCauses looks for what the orders of the run have in common.
func (n *night) orderCauses(ctx context.Context) (err error) {
	n.together, err = n.settle(n.causes, func(g Group) (int64, error) { return n.Store.DayOrders(ctx, g.MID, g.Day) })
	n.silence(n.causes)
	return err
}

// rowsOf is how many rows a source has.
func (n *night) rowsOf(g Group) (int64, error) {
	var rows int64
	for _, l := range n.sum.Loads {
		if l.Scope == g.Scope {
			rows += l.Rows
		}
	}
	return rows, nil
}

// common moves the cases of causes: one that explains its orders no longer is
// cleared, and they stand for themselves again.
func (b *book) common(cs *causes, all []*Cause) error {
	for _, c := range all {
		if err := b.oneForAll(c, cs.of(c.Group)); err != nil {
			return fmt.Errorf("cause %s: %w", c.Code, err)
		}
	}
	return nil
}

func (b *book) oneForAll(c *Cause, seen *answered) error {
	if seen.judged > 0 && (seen.untold == 0 || !c.alive()) && (c.Stands || c.Case != nil) {
		now, err := b.move(c.Case, c.sighting(b.today, b.sum.Systemic))
		if err != nil {
			return err
		}
		c.Case = &now
	}
	if seen.judged+seen.untold > 0 && c.Case != nil && c.Case.State.Pending() {
		b.sum.Pending++
	}
	return nil
}

// sighting is the cause in the form in which cases are moved.
func (c *Cause) sighting(today Day, keepOpen bool) Sighting {
	s := Sighting{CaseID: c.CaseID(), Scope: c.Scope, Today: today, KeepOpen: keepOpen, Cause: c}
	s.Order.LedgerDay, s.Verdict.Class = c.LedgerDay, Discrepant
	s.Verdict.Key.MID = c.MID
	if c.Stands {
		f := c.finding()
		s.Finding, s.Verdict.Findings = &f, []Finding{f}
	}
	return s
}
