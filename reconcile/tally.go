package reconcile

// tally adds with overflow checks and keeps the first error.
type tally struct{ err error }

func (t *tally) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *tally) add(s *Sum, f Fen) {
	if err := s.Add(f); err != nil {
		t.fail(err)
	}
}

func (t *tally) addKnown(s *Sum, a Amount) {
	if a.Known {
		t.add(s, a.Fen)
	}
}

// merge adds a whole sum to another.
func (t *tally) merge(s *Sum, more Sum) {
	total, err := s.Fen.Add(more.Fen)
	if err != nil {
		t.fail(err)
		return
	}
	s.Count, s.Fen = s.Count+more.Count, total
}

// addTo adds to one entry of a map of sums.
func addTo[K comparable](t *tally, m map[K]Sum, key K, f Fen) {
	s := m[key]
	t.add(&s, f)
	m[key] = s
}
