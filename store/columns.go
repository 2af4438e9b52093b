package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// column ties a column to the value it holds in memory; at is a pointer that
// database/sql can both bind and scan into.
type column struct {
	name string
	at   any
}

type columns []column

// list is the columns' names, each behind a table's name where one is given.
func (cs columns) list(table string) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.name
		if table != "" {
			names[i] = table + "." + c.name
		}
	}
	return strings.Join(names, ", ")
}

// definitions are the columns as CREATE TABLE wants them.
func (cs columns) definitions() string {
	defined := make([]string, len(cs))
	for i, c := range cs {
		kind := "TEXT"
		switch c.at.(type) {
		case *number, *whole, *money, *amount, *flag:
			kind = "INTEGER"
		}
		defined[i] = c.name + " " + kind
	}
	return strings.Join(defined, ", ")
}

// only are the columns of some names, in their own order.
func (cs columns) only(names []string) (some columns) {
	for _, c := range cs {
		if slices.Contains(names, c.name) {
			some = append(some, c)
		}
	}
	return some
}

func (cs columns) pointers() []any {
	at := make([]any, len(cs))
	for i, c := range cs {
		at[i] = c.at
	}
	return at
}

func (cs columns) insertInto(table string) string {
	return "INSERT INTO " + table + " (" + cs.list("") + ") VALUES (" + cs.marks() + ")"
}

// marks are as many parameters.
func (cs columns) marks() string { return strings.Repeat(", ?", len(cs))[2:] }

// The types of columns. All of them read NULL, which an outer join yields
// where there is no row, as their zero value.
type (
	word    string           // never NULL when written
	text    string           // empty is NULL
	number  int              // never NULL when written
	whole   int64            // never NULL when written
	money   reconcile.Fen    // never NULL when written
	amount  reconcile.Amount // absent is NULL
	date    reconcile.Day    // no day is NULL
	instant time.Time        // zero is NULL
	flag    bool             // 0 or 1
)

// instantLayout is of fixed width, so that the order of the text is the order
// of time; always written in Beijing time.
const instantLayout = "2006-01-02T15:04:05.000-07:00"

func (w word) Value() (driver.Value, error) { return string(w), nil }

func (w *word) Scan(src any) error { return scanString((*string)(w), src) }

func (t text) Value() (driver.Value, error) {
	if t == "" {
		return nil, nil
	}
	return string(t), nil
}

func (t *text) Scan(src any) error { return scanString((*string)(t), src) }

func scanString(dst *string, src any) error {
	switch v := src.(type) {
	case nil:
		*dst = ""
	case string:
		*dst = v
	case []byte:
		*dst = string(v)
	default:
		return fmt.Errorf("text expected, found %T", src)
	}
	return nil
}

func (n number) Value() (driver.Value, error) { return int64(n), nil }

func (n *number) Scan(src any) error {
	v, _, err := integer(src)
	*n = number(v)
	return err
}

func (w whole) Value() (driver.Value, error) { return int64(w), nil }

func (w *whole) Scan(src any) error {
	v, _, err := integer(src)
	*w = whole(v)
	return err
}

func (m money) Value() (driver.Value, error) { return int64(m), nil }

func (m *money) Scan(src any) error {
	v, _, err := integer(src)
	*m = money(v)
	return err
}

func (a amount) Value() (driver.Value, error) {
	if !a.Known {
		return nil, nil
	}
	return int64(a.Fen), nil
}

func (a *amount) Scan(src any) error {
	v, known, err := integer(src)
	*a = amount{Fen: reconcile.Fen(v), Known: known}
	return err
}

func (f flag) Value() (driver.Value, error) {
	if f {
		return int64(1), nil
	}
	return int64(0), nil
}

func (f *flag) Scan(src any) error {
	v, _, err := integer(src)
	*f = v != 0
	return err
}

func integer(src any) (v int64, known bool, err error) {
	switch n := src.(type) {
	case nil:
		return 0, false, nil
	case int64:
		return n, true, nil
	}
	return 0, false, fmt.Errorf("integer expected, found %T", src)
}

func (d date) Value() (driver.Value, error) {
	if d == 0 {
		return nil, nil
	}
	return reconcile.Day(d).String(), nil
}

func (d *date) Scan(src any) error {
	var s string
	if err := scanString(&s, src); err != nil {
		return err
	}
	return (*reconcile.Day)(d).UnmarshalText([]byte(s))
}

func (i instant) Value() (driver.Value, error) {
	t := time.Time(i)
	if t.IsZero() {
		return nil, nil
	}
	return t.In(reconcile.Beijing).Format(instantLayout), nil
}

func (i *instant) Scan(src any) error {
	var s string
	if err := scanString(&s, src); err != nil || s == "" {
		*i = instant{}
		return err
	}
	t, err := time.Parse(time.RFC3339, s) // takes instantLayout, too, and in a third of the time
	if err != nil {
		return err
	}
	*i = instant(t.In(reconcile.Beijing))
	return nil
}

// presence is the status of a flow whose block may be absent: NULL is absent,
// an empty status is not.
type presence struct{ flow *reconcile.Flow }

func (p presence) Value() (driver.Value, error) {
	if !p.flow.Present {
		return nil, nil
	}
	return p.flow.Status, nil
}

func (p *presence) Scan(src any) error {
	p.flow.Present = src != nil
	return scanString(&p.flow.Status, src)
}

// sumList is a JSON array of counts and amounts, in turn.
type sumList []int64

func (s *sumList) Scan(src any) error {
	var text string
	if err := scanString(&text, src); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), s)
}

// at is the nth sum; zero beyond the end.
func (s sumList) at(n int) reconcile.Sum {
	if len(s) < 2*n+2 {
		return reconcile.Sum{}
	}
	return reconcile.Sum{Count: s[2*n], Fen: reconcile.Fen(s[2*n+1])}
}
