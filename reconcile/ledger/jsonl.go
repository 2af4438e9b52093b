package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

const (
	maxKeys    = 1000 // of all objects of a file
	maxNesting = 5    // of objects in an object
)

// jsonTable is a file of one JSON object a line. Its header are the keys of
// all objects; an object within an object lends its keys with a point:
// payment.amount. A key that a line does not have is an empty cell.
type jsonTable struct {
	lines *lineReader
	keys  []string
	at    map[string]int // where in the cells a key stands
	cells []string
	ahead *line
}

func (t *jsonTable) header(b *Books, file string) (header, error) {
	if len(t.keys) == 0 {
		if _, ok, err := t.peek(); err != nil || !ok {
			return header{}, errors.Join(err, io.EOF)
		}
	}
	t.index()
	return b.headerOf(t.keys, file, 1)
}

func (t *jsonTable) index() {
	t.at = make(map[string]int, len(t.keys))
	for i, k := range t.keys {
		t.at[k] = i
	}
}

func (t *jsonTable) under(header) {}
func (t *jsonTable) close() error { return nil }

// peek is the next line that is not blank; false at the end.
func (t *jsonTable) peek() (line, bool, error) {
	for t.ahead == nil {
		l, err := t.lines.next()
		if errors.Is(err, io.EOF) {
			return line{}, false, nil
		}
		if err != nil {
			return line{}, false, err
		}
		if l.flaw != flawless || strings.TrimSpace(l.text) != "" {
			t.ahead = &l
		}
	}
	return *t.ahead, true, nil
}

func (t *jsonTable) next() (record, error) {
	l, ok, err := t.peek()
	if err != nil {
		return record{}, err
	}
	if !ok {
		return record{}, io.EOF
	}
	t.ahead = nil
	_, more, err := t.peek()
	if err != nil {
		return record{}, err
	}
	rec := record{line: l.no, text: l.text, flaw: l.flaw, length: l.length, digest: l.digest, last: !more}
	if l.flaw == flawless {
		t.read(&rec)
	}
	return rec, nil
}

func (t *jsonTable) read(rec *record) {
	t.cells = slices.Grow(t.cells[:0], len(t.keys))[:len(t.keys)]
	clear(t.cells)
	rec.cells, rec.numbers = t.cells, make([]bool, len(t.keys))
	seen := make([]bool, len(t.keys))
	err := eachValue(rec.text, func(key string, v jsonValue) error {
		i, known := t.at[key]
		switch {
		case !known:
			return nil
		case seen[i]:
			rec.column = key
			return errTwice
		}
		seen[i], t.cells[i], rec.numbers[i] = true, v.text, v.number
		return nil
	})
	switch {
	case errors.Is(err, errTwice):
		rec.why = say("键 %s 重复出现，无法确定以哪个为准", "the key %s stands twice, and which one counts is not known: leave one out", shown(rec.column))
	case err != nil:
		rec.why = cutOff(reconcile.Words{ZH: "本行不是一个完整的 JSON 对象（每行应为一个）", EN: fmt.Sprintf("is not one JSON object (%v)", err)}, rec.last)
	}
}

var errTwice = errors.New("key stands twice")

// keysOf lists the keys of a file in the order in which they come up.
func keysOf(ctx context.Context, f file) ([]string, error) {
	in, _, err := open(f.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := unpacked(in)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", f.path, err)
	}
	lines, known, keys := newLineReader(text, f.census), map[string]bool{}, []string(nil)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l, err := lines.next()
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", f.path, err)
		}
		if n == 0 && strings.HasPrefix(strings.TrimSpace(l.text), "[") {
			return nil, refusal{fmt.Errorf("%q: it is one JSON list; write one object a line (JSON Lines)", f.path)}
		}
		if l.flaw != flawless {
			continue
		}
		err = eachValue(l.text, func(key string, _ jsonValue) error {
			if !known[key] {
				known[key], keys = true, append(keys, key)
			}
			if len(keys) > maxKeys {
				return refusal{fmt.Errorf("%q: it has more than %d keys; leave out what is no ledger", f.path, maxKeys)}
			}
			return nil
		})
		if errors.Is(err, reconcile.ErrUnreadable) {
			return nil, err
		}
	}
}

// jsonValue is a value as a cell: the text of a string, the digits of a number
// as they are written, true and false; of null nothing, of a list its JSON.
type jsonValue struct {
	text   string
	number bool
}

// eachValue goes through the values of the object that a line holds. Its
// error is that of see, or says that the line is no single object.
func eachValue(text string, see func(key string, v jsonValue) error) error {
	d := json.NewDecoder(strings.NewReader(text))
	if err := eachOf(d, "", 0, see); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text behind the object")
	}
	return nil
}

func eachOf(d *json.Decoder, prefix string, depth int, see func(string, jsonValue) error) error {
	open, err := d.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return errors.New("it does not begin with {")
	}
	if depth > maxNesting {
		return errors.New("objects are nested too deeply")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("a key is no text")
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if raw[0] == '{' {
			err = eachOf(json.NewDecoder(bytes.NewReader(raw)), prefix+name+".", depth+1, see)
		} else {
			err = see(prefix+name, valueOf(raw))
		}
		if err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func valueOf(raw json.RawMessage) jsonValue {
	switch {
	case raw[0] == '"':
		var s string
		_ = json.Unmarshal(raw, &s) // it is valid: the decoder took it
		return jsonValue{text: s}
	case raw[0] == 'n':
		return jsonValue{}
	}
	return jsonValue{string(raw), raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'}
}
