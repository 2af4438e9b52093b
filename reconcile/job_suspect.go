package reconcile

import (
	"context"
	"slices"
)

// suspect looks, before anything is written, whether so much is discrepant
// that a wrong setting is likelier than as many faults.
func (n *night) suspect(ctx context.Context) error {
	var judged, discrepant int64
	for f, err := range n.families(ctx) {
		if err != nil {
			return err
		}
		for _, v := range Judge(f, n.Settings, n.scope.Now) {
			if v.Class != Unverified {
				judged++
			}
			if v.Class == Discrepant {
				discrepant++
			}
		}
	}
	history, err := n.Store.History(ctx, n.Day)
	if err != nil {
		return err
	}
	if Systemic(judged, discrepant, history) {
		n.sum.Systemic = true
		n.alarm(words("疑似系统性问题：已核对 %d 笔中 %d 笔有差异；本次不自动消除任何差异，请先检查商户号、金额单位、日期与台账",
			"likely systemic: %[2]d of %[1]d judged orders are discrepant; nothing was cleared; check mid, amount unit, day and ledger first", judged, discrepant))
	}
	return nil
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
	slices.Sort(shares)
	median := (shares[(len(shares)-1)/2] + shares[len(shares)/2]) / 2
	return float64(discrepant) > max(0.1, 5*median)*float64(judged)
}
