package reconcile

// nothingToSay says whether nothing is to be said of a family: whatever other orders
// come to and people decide, its verdicts stay as they are.
func nothingToSay(f Family, verdicts []Verdict) bool {
	for _, s := range f.Subjects {
		if s.ID == 0 || len(s.Cases)+len(s.Clashes) > 0 {
			return false
		}
	}
	for _, v := range verdicts {
		if v.Class != Matched || len(v.Findings) > 0 {
			return false
		}
	}
	return true
}

// agree counts the orders of such a family and keeps their numbers, which are
// few bytes each, for the publication.
func (n *night) agree(f Family, verdicts []Verdict) error {
	for nth, s := range f.inScope() {
		v := verdicts[nth]
		if err := n.count(s, v); err != nil {
			return err
		}
		n.matched[v.Final] = append(n.matched[v.Final], v.ID)
	}
	return nil
}

// agreed writes their verdicts.
func (b *book) agreed() error {
	for final, orders := range b.matched {
		if err := b.out.Matched(orders, final); err != nil {
			return err
		}
	}
	return nil
}
