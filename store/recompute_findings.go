package store

import (
	"fmt"
	"strings"
)

// findings are what Recompute has found, by rule.
type findings []*finding

// finding is what does not keep a rule.
type finding struct {
	says  string
	count int64
	first string
	// otherwise: this version reads them otherwise than the one that stored them
	otherwise bool
}

// rule is a new one, which nothing breaks so far.
func (f *findings) rule(says string) *finding {
	*f = append(*f, &finding{says: says})
	return (*f)[len(*f)-1]
}

func (f *finding) see(which string) {
	if f.count++; f.count == 1 {
		f.first = which
	}
}

func (f *finding) String() string {
	return fmt.Sprintf("%s: %d, the first %s", f.says, f.count, f.first)
}

// err says all of it; nil: every rule is kept.
func (f findings) err() error {
	var lines []string
	gravest := ErrReadOtherwise
	for _, one := range f {
		if one.count == 0 {
			continue
		}
		lines = append(lines, one.String())
		if !one.otherwise {
			gravest = ErrContradictory
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("%w:\n%s", gravest, strings.Join(lines, "\n"))
}

// take adds the rows of a group that differ.
func (f *finding) take(g group) {
	if f.count == 0 {
		f.first = g.first
	}
	f.count += g.differ
}

// group are the rows of one run, or of one load.
type group struct {
	agree, differ int64
	silent        bool   // they say nothing
	first         string // that differs
}

// see counts a row; which: it differs, and this is its name; empty: it agrees.
func (g *group) see(which string) {
	if which == "" {
		g.agree++
	} else if g.differ++; g.differ == 1 {
		g.first = which
	}
}

// readings hold rows against what this version reads from them, in groups. Where
// most of a group differ, it is the reading that has changed, not they.
type readings struct {
	broken, otherwise *finding
	groups            map[string]*group
	names             []string // of groups, as they were seen
}

func (f *findings) readings(what, broken string) *readings {
	r := &readings{groups: map[string]*group{}}
	r.broken = f.rule(what + " " + broken)
	r.otherwise = f.rule(what + " that this version of umsrecon reads otherwise than the one that stored them")
	r.otherwise.otherwise = true
	return r
}

func (r *readings) of(name string) *group {
	if r.groups[name] == nil {
		r.groups[name] = &group{}
		r.names = append(r.names, name)
	}
	return r.groups[name]
}

// judge says what the groups are, once all rows have been seen.
func (r *readings) judge() {
	for _, name := range r.names {
		switch g := r.groups[name]; {
		case g.differ == 0 || g.silent:
		case g.differ > g.agree:
			r.otherwise.take(*g)
		default:
			r.broken.take(*g)
		}
	}
}
