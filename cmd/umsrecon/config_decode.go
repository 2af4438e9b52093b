package main

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// decoder fills a Config from its nodes, strictly, and remembers what stood
// in the file for the checks that follow.
type decoder struct {
	config  *Config
	refs    references
	needs   map[string]bool
	faults  faultList
	written map[string]mark    // by key path
	pending []pendingReference // references that nothing has needed yet
	within  reflect.Value      // the struct whose field is decoded
}

// mark is where a value stands in the file.
type mark struct {
	line int
	// shown is the value as a fault may show it; empty for a secret, and the
	// reference itself for what it stands for.
	shown string
	unfit bool // could not be read or was not needed; checks pass it over
}

// preset is implemented by what has other defaults than zero where it stands
// in a list or behind a pointer.
// within is the struct that holds the list or the pointer.
type preset interface{ preset(c *Config, within any) }

func (d *decoder) decode(n *node, v reflect.Value, path, section string) {
	switch {
	case n.kind == brokenNode:
		d.written[path] = mark{line: n.line, unfit: true}
	case n.kind == scalarNode && n.sort == textScalar && isReference(n.text):
		d.reference(pendingReference{n.text, path, section, n.line, v})
	case isScalar(v.Type()):
		d.scalar(n, v, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, path, section)
	case n.kind != mappingNode:
		d.unfit(n, path, "must be a mapping, is "+n.describe())
	case v.Kind() == reflect.Map:
		d.entries(n, v, path, section)
	case v.Kind() == reflect.Pointer:
		v.Set(d.fresh(v.Type().Elem(), d.within).Addr())
		d.fields(n, v.Elem(), path, section)
	default:
		d.fields(n, v, path, section)
	}
}

// describe says what a node is, never what it holds.
func (n *node) describe() string {
	switch n.kind {
	case mappingNode:
		return "a mapping"
	case listNode:
		return "a list"
	}
	return string(n.sort)
}

func (d *decoder) unfit(n *node, path, message string) {
	d.written[path] = mark{line: n.line, unfit: true}
	d.faults.add(n.line, path, "%s", message)
}

func (d *decoder) fields(n *node, v reflect.Value, path, section string) {
	d.written[path] = mark{line: n.line}
	known := map[string]*pair{}
	for i := range n.pairs {
		p := &n.pairs[i]
		known[p.key] = d.first(known[p.key], p, keyPath(path, printable(p.key)))
	}
	for _, f := range keysOf(v.Type()) {
		p := known[f.key]
		if p == nil {
			continue
		}
		delete(known, f.key)
		below := section
		if f.need != "" {
			below = f.need
		}
		d.within = v
		d.decode(p.value, v.FieldByIndex(f.index), keyPath(path, f.key), below)
	}
	for i := range n.pairs {
		if p := &n.pairs[i]; known[p.key] == p {
			d.unknownKey(p, v.Type(), path)
		}
	}
}

// first keeps the first of two pairs of one key and tells of the second.
func (d *decoder) first(first, p *pair, path string) *pair {
	if first == nil {
		return p
	}
	d.faults.add(p.line, path, "stands twice, first on line %d", first.line)
	return first
}

// unknownKey does not repeat a key without a value: {app_key: abc,def} has
// one that is half of a secret.
func (d *decoder) unknownKey(p *pair, t reflect.Type, path string) {
	if p.value.kind == scalarNode && p.value.sort == nullScalar {
		d.faults.add(p.line, path, "has an unknown key without a value; put a value that has a comma in quotes")
		return
	}
	hint := ""
	if len(d.faults) < maxFaults {
		hint = cmp.Or(whereElse(p.key, t), didYouMean(p.key, keyNames(t)))
	}
	d.faults.add(p.line, keyPath(path, printable(p.key)), "is not a known key%s", hint)
}

// nearest is didYouMean for the faults that will be told: to look for the
// neighbours of a hundred thousand unknown keys would take many seconds.
func (d *decoder) nearest(word string, candidates []string) string {
	if len(d.faults) >= maxFaults {
		return ""
	}
	return didYouMean(word, candidates)
}

func (d *decoder) entries(n *node, v reflect.Value, path, section string) {
	d.written[path] = mark{line: n.line}
	seen := map[string]*pair{}
	for i := range n.pairs {
		p := &n.pairs[i]
		below := keyPath(path, printable(p.key))
		if seen[p.key] = d.first(seen[p.key], p, below); seen[p.key] != p {
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(p.value, value, below, section)
		if !d.written[below].unfit {
			v.SetMapIndex(reflect.ValueOf(p.key).Convert(v.Type().Key()), value)
		}
	}
}

func (d *decoder) list(n *node, v reflect.Value, path, section string) {
	if n.kind != listNode {
		d.unfit(n, path, "must be a list, is "+n.describe())
		return
	}
	d.written[path] = mark{line: n.line}
	v.SetZero()
	within := d.within
	for i, item := range n.items {
		// The slice must not move later: pending references point into it.
		if i == 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
		}
		v.Index(i).Set(d.fresh(v.Type().Elem(), within))
		d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), section)
	}
}

func (d *decoder) fresh(t reflect.Type, within reflect.Value) reflect.Value {
	v := reflect.New(t)
	if p, ok := v.Interface().(preset); ok {
		p.preset(d.config, within.Interface())
	}
	return v.Elem()
}

func (d *decoder) scalar(n *node, v reflect.Value, path string) {
	want := sortFor(v.Type())
	switch {
	case n.kind != scalarNode:
		d.unfit(n, path, "must be one value, is "+n.describe())
	case n.sort == nullScalar:
		d.unfit(n, path, "has no value")
	case want == textScalar && n.sort == booleanScalar:
		d.unfit(n, path, "must be text, is a boolean; put it in quotes")
	case want != textScalar && n.sort != want:
		d.unfit(n, path, "must be "+article(want)+isShown(shownValue(n, v.Type())))
	default:
		d.text(v, n.text, path, mark{line: n.line, shown: shownValue(n, v.Type())})
	}
}

func article(want scalarSort) string {
	if want == booleanScalar {
		return "true or false"
	}
	return string(want) + ", without quotes"
}

// text parses text into v and marks it.
func (d *decoder) text(v reflect.Value, text, path string, m mark) {
	if must := setScalar(v, text); must != "" {
		d.faults.add(m.line, path, "%s%s", must, isShown(m.shown))
		m.unfit = true
	}
	d.written[path] = m
}

func isShown(shown string) string {
	if shown == "" {
		return ""
	}
	return ", is " + shown
}

// shownValue is a value of the file as a fault may show it.
func shownValue(n *node, t reflect.Type) string {
	const longest = 80
	switch {
	case carriesSecret(t):
		return ""
	case n.sort != textScalar && utf8.RuneCountInString(n.text) <= longest:
		return n.text
	case utf8.RuneCountInString(n.text) > longest:
		return strconv.Quote(string([]rune(n.text)[:longest])) + "…"
	}
	return strconv.Quote(n.text)
}
