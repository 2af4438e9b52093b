package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// maxDepth is how deep a configuration can nest; the deepest key,
// merchants[].ledger.sources[].statuses.paid[], lies at 8.
const maxDepth = 10

type nodeKind int

const (
	scalarNode nodeKind = iota
	mappingNode
	listNode
	brokenNode // its fault is told already
)

type scalarSort string

// What a scalar is, by the core schema; a quoted one is always text.
const (
	textScalar    scalarSort = "text"
	numberScalar  scalarSort = "a number"
	booleanScalar scalarSort = "a boolean"
	nullScalar    scalarSort = "nothing"
)

// node is a value of a configuration as it is written.
type node struct {
	kind  nodeKind
	line  int
	text  string // of a scalar: as written, without quotes and escapes
	sort  scalarSort
	pairs []pair  // of a mapping, in the order of the file
	items []*node // of a list
}

type pair struct {
	key   string
	line  int
	value *node
}

// parseYAML reads one YAML document that needs neither anchors, aliases, merge
// keys nor tags: these are faults, so nothing can grow on expansion. The node
// is nil when the document is empty or not YAML at all.
func parseYAML(data []byte) (*node, faultList) {
	if faults := checkText(data); faults != nil {
		return nil, faults
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, faultList{{Message: err.Error()}}
	}
	var document, second yaml.Node
	if err := loader.Load(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, faultList{syntaxFault(data, err)}
	}
	if err := loader.Load(&second); err == nil {
		return nil, faultList{{Line: second.Line, Message: "a second document begins; keep one"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, faultList{syntaxFault(data, err)}
	}
	var t translation
	if len(document.Content) != 1 {
		return nil, nil
	}
	return t.value(document.Content[0], "", 0), t.faults
}

// checkText refuses what the YAML reader would take for another encoding, or
// refuse without saying where.
func checkText(data []byte) faultList {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for number, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return faultList{{Line: number + 1, Message: "is not UTF-8; save the file as UTF-8"}}
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if i := bytes.IndexFunc(line, forbidden); i >= 0 {
			r, _ := utf8.DecodeRune(line[i:])
			return faultList{{Line: number + 1, Message: fmt.Sprintf("has the control character %U", r)}}
		}
	}
	return nil
}

func forbidden(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 }

// syntaxFault says what the YAML reader stumbled over, without quoting the
// file: a secret may stand there.
func syntaxFault(data []byte, err error) Fault {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return Fault{Message: "is not valid YAML"}
	}
	f := Fault{Line: e.Mark.Line, Message: "is not valid YAML: " + e.Message}
	switch {
	case strings.HasPrefix(lineOf(data, f.Line), "\t"):
		f.Message = "begins with a tab; indent with blanks"
	case strings.Contains(e.Message, "anchor") || strings.Contains(e.Message, "alias"):
		f.Message = "anchors and aliases are not allowed; write the value out, in quotes if it begins with * or &"
	case strings.Contains(e.Message, "tag"):
		f.Message = "tags are not allowed; put a value that begins with ! in quotes"
	}
	return f
}

func lineOf(data []byte, number int) string {
	lines := bytes.Split(data, []byte("\n"))
	if number < 1 || number > len(lines) {
		return ""
	}
	return string(lines[number-1])
}

// translation turns the nodes of the YAML reader into ours.
type translation struct{ faults faultList }

func (t *translation) value(n *yaml.Node, path string, depth int) *node {
	broken := &node{kind: brokenNode, line: n.Line}
	switch {
	case depth > maxDepth:
		t.faults.add(n.Line, path, "nests too deeply")
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		t.faults.add(n.Line, path, "anchors and aliases are not allowed; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		t.faults.add(n.Line, path, "tags are not allowed")
	case n.Kind == yaml.MappingNode:
		return t.mapping(n, path, depth)
	case n.Kind == yaml.SequenceNode:
		return t.list(n, path, depth)
	case n.Kind == yaml.ScalarNode:
		return &node{line: n.Line, text: n.Value, sort: sortOf(n)}
	default:
		t.faults.add(n.Line, path, "is not a value")
	}
	return broken
}

func (t *translation) mapping(n *yaml.Node, path string, depth int) *node {
	m := &node{kind: mappingNode, line: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			t.faults.add(key.Line, path, "merge keys are not allowed; write the keys out")
		case key.Kind != yaml.ScalarNode || key.Anchor != "" || key.Style&yaml.TaggedStyle != 0:
			t.faults.add(key.Line, path, "has a key that is not plain text")
		default:
			below := keyPath(path, printable(key.Value))
			m.pairs = append(m.pairs, pair{key.Value, key.Line, t.value(value, below, depth+1)})
		}
	}
	return m
}

func (t *translation) list(n *yaml.Node, path string, depth int) *node {
	l := &node{kind: listNode, line: n.Line}
	for i, item := range n.Content {
		l.items = append(l.items, t.value(item, fmt.Sprintf("%s[%d]", path, i), depth+1))
	}
	return l
}

func sortOf(n *yaml.Node) scalarSort {
	switch n.Tag {
	case "!!int", "!!float":
		return numberScalar
	case "!!bool":
		return booleanScalar
	case "!!null":
		return nullScalar
	}
	return textScalar
}
