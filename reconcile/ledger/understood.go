package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Understood is how one of our columns was found and read.
type Understood struct {
	Column  string // our name
	Heading string // the merchant's; empty: Default stands in for every row
	Default string
	Cell    string          // the first that is not empty, as it stands there; empty: none of the rows looked at has one
	Value   string          // what it was read as
	Why     reconcile.Words // why it could not be read
}

var errEnough = errors.New("enough rows were read")

// Understand reads the first rows of a day, at most rows, and tells how each
// column that the ledger has, or that has a default, was understood. Its
// errors are those of Read; a source without a row gives an empty list.
func (b *Books) Understand(ctx context.Context, day reconcile.Day, rows int) ([]Understood, error) {
	var seen [columnCount]Understood
	n := 0
	next := func() error {
		if n >= rows {
			return errEnough
		}
		return nil
	}
	_, err := b.read(ctx, day, pass{
		books: b,
		order: func(reconcile.Order, string) error { return next() },
		bad:   func(reconcile.BadRow) error { return next() },
		see: func(r *rowReader, rec record, v *values) {
			n++
			for c := range columnCount {
				if seen[c].Cell == "" {
					seen[c] = r.understood(c, rec, v)
				}
			}
		},
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	var all []Understood
	for _, u := range seen {
		if u.Heading != "" || u.Default != "" {
			all = append(all, u)
		}
	}
	return all, nil
}

func (r *rowReader) understood(c column, rec record, v *values) Understood {
	u := Understood{Column: c.String(), Heading: r.books.headings[c], Default: r.books.source.Defaults.of(c)}
	if len(r.books.source.Terminals) > 0 && (c == colTID || c == colInstMID) {
		u.Default = "the merchant's own"
	}
	at := r.header.at[c]
	if at < 0 {
		return u
	}
	u.Heading, u.Cell = r.header.cells[at], rec.cells[at]
	for _, p := range r.problems {
		if p.column == c {
			u.Why = p.words
			return u
		}
	}
	if u.Cell != "" {
		u.Value = v.shown(c)
	}
	return u
}

// shown is a value as people read it.
func (v *values) shown(c column) string {
	switch {
	case c == colStatus:
		return string(v.status)
	case c.money() && v.amount[c].Known:
		return v.amount[c].Fen.Yuan() + " yuan"
	case v.day[c] != 0:
		return v.day[c].String()
	case !v.at[c].IsZero():
		return v.at[c].Format(time.DateTime) + " in Beijing"
	}
	return v.text[c]
}
