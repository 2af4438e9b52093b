package reconcile

import "slices"

// loadsOf are the books of a merchant: its own, and the name and time of those
// that several share. These are left out where it has its own, no order in them,
// and nothing is wrong with them.
func (s Summary) loadsOf(m Share) (loads []Load) {
	owns := m.MID != "" && slices.ContainsFunc(s.Loads, func(l Load) bool { return l.Owner == m.MID })
	for _, l := range s.Loads {
		switch {
		case l.Owner != "" && l.Owner == m.MID:
			loads = append(loads, l)
		case l.Owner == "" && (!owns || m.Sharing || l.Missed() || len(l.Suspect) > 0):
			loads = append(loads, l.shared())
		}
	}
	return loads
}

// shared is what one of the merchants that share a source may know of it. Its
// figures, less the merchant's own, would be those of the others.
func (l Load) shared() Load {
	told := Load{Scope: l.Scope, Files: l.Files, SnapshotAt: l.SnapshotAt, Day: l.Day, Missing: l.Missing, MayBeEmpty: l.MayBeEmpty, Shared: true}
	said := words("见全部商户的工作簿", "see the workbook of all merchants")
	if l.Missed() {
		told.Controls = []Control{{Missed: said}}
	}
	if len(l.Suspect) > 0 {
		told.Suspect = []Words{said}
	}
	return told
}

// stands remembers whose orders stand in books that several share.
func (n *night) stands(o Order) {
	if n.parts == nil {
		return
	}
	if n.sharedFiles == nil {
		n.sharedFiles = map[string]bool{}
		for _, l := range n.sum.Loads {
			for _, file := range l.Files {
				n.sharedFiles[file] = n.sharedFiles[file] || l.Owner == ""
			}
		}
	}
	if n.sharedFiles[o.Source.File] {
		n.sharing[o.MID] = true
	}
}
