package reconcile

import (
	"context"
	"slices"
	"sort"
)

// suspect looks, before anything is written, whether so much is discrepant
// that a wrong setting is likelier than as many faults, and for what the
// discrepant orders have in common.
func (n *night) suspect(ctx context.Context) error {
	n.causes = newCauses(n.Settings, nil)
	if err := n.recall(ctx); err != nil {
		return err
	}
	n.again = []int{}
	for f, err := range n.families(nil) {
		if err != nil {
			return err
		}
		if err := n.compare(f); err != nil {
			return err
		}
	}
	history, err := n.Store.History(ctx, n.Day)
	if err != nil {
		return err
	}
	if Systemic(n.sum.Judged, n.sum.Discrepant, history) {
		n.sum.Systemic = true
		n.alarm(words("疑似系统性问题：已核对 %d 笔中 %d 笔有差异；本次不自动消除任何差异，请先检查商户号、金额单位、日期与台账",
			"likely systemic: %[2]d of %[1]d judged orders are discrepant; nothing was cleared; check mid, amount unit, day and ledger first", n.sum.Judged, n.sum.Discrepant))
	}
	return n.orderCauses(ctx)
}

// recall reads what the cases of causes have come to.
func (n *night) recall(ctx context.Context) error {
	had, err := n.Store.CauseCases(ctx, n.scope.Since)
	if err != nil {
		return err
	}
	n.rowsHad = slices.DeleteFunc(slices.Clone(had), func(c Case) bool { return c.Scope == "" })
	n.causes.recall(slices.DeleteFunc(had, func(c Case) bool { return c.Scope != "" }))
	return nil
}

// compare counts the orders of a family. One that agrees needs no more.
func (n *night) compare(f Family) error {
	verdicts := Judge(f, n.Settings, n.scope.Now)
	for nth, s := range f.inScope() {
		v := verdicts[nth]
		n.causes.order(s, v)
		if v.Class == Unverified || n.known(s, v) || s.Revisited && v.Final {
			continue
		}
		n.sum.Judged++
		if v.Class == Discrepant {
			n.sum.Discrepant++
		}
	}
	if !nothingToSay(f, verdicts) {
		n.again = append(n.again, f.Number)
		return nil
	}
	return n.agree(f, verdicts)
}

// known says whether an order of an earlier day has been discrepant before:
// what is still open of other nights says nothing about this one.
func (n *night) known(s *Subject, v Verdict) bool {
	if s.Order.LedgerDay == n.Day || v.Class != Discrepant {
		return false
	}
	return slices.ContainsFunc(v.Findings, func(f Finding) bool {
		c := n.causes.byCode[groupOf(s.Order)][f.Code]
		return aliveIn(s.Cases, f.Code) || c != nil && c.alive()
	})
}

// Systemic says whether a run looks wrong as a whole: of at least 20 judged
// orders more than half are discrepant, or, where at least 5 earlier days of
// 20 orders are known, more than 10 % and five times their median.
func Systemic(judged, discrepant int64, history []DayShare) bool {
	if judged < 20 {
		return false
	}
	if 2*discrepant > judged {
		return true
	}
	var shares []float64
	for _, h := range history {
		if h.Judged >= 20 {
			shares = append(shares, float64(h.Discrepant)/float64(h.Judged))
		}
	}
	if len(shares) < 5 {
		return false
	}
	sort.Slice(shares, func(i, j int) bool { return shares[i] < shares[j] })
	median := (shares[(len(shares)-1)/2] + shares[len(shares)/2]) / 2
	return float64(discrepant) > max(0.1, 5*median)*float64(judged)
}
