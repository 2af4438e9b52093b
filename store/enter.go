package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Entered is what became of one entry. Err says why it was not applied: it
// matches ErrNoCase or is that of reconcile.Enter. Changed is false for one
// that had been applied before.
type Entered struct {
	Case    reconcile.Case
	Changed bool
	Err     error
}

// Enter applies what people have filled in, the good entries in one
// transaction; what became of each, in their order.
func (db *DB) Enter(ctx context.Context, entries []reconcile.Entry) ([]Entered, error) {
	return db.enterAll(ctx, entries, nil)
}

// TryEnter is what Enter would return now; nothing is changed.
func (db *DB) TryEnter(ctx context.Context, entries []reconcile.Entry) ([]Entered, error) {
	results, err := db.enterAll(ctx, entries, errTried)
	if errors.Is(err, errTried) {
		err = nil
	}
	return results, err
}

var errTried = errors.New("tried")

// enterAll ends its transaction with the error given: nil keeps it.
func (db *DB) enterAll(ctx context.Context, entries []reconcile.Entry, end error) ([]Entered, error) {
	results := make([]Entered, len(entries))
	err := db.write(ctx, func(t *tx) error {
		for i, e := range entries {
			var err error
			if results[i], err = enter(t, e); err != nil {
				return fmt.Errorf("case %q: %w", e.CaseID, err)
			}
		}
		return end
	})
	return results, err
}

// enter returns an error of the database; one of the entry stands in the
// result.
func enter(t *tx, e reconcile.Entry) (Entered, error) {
	c, err := caseIn(t, e.CaseID)
	if errors.Is(err, ErrNoCase) {
		return Entered{Err: err}, nil
	}
	if err != nil {
		return Entered{}, err
	}
	events, err := eventsIn(t, c.ID)
	if err != nil {
		return Entered{}, err
	}
	now, steps, refused := reconcile.Enter(c, events, e)
	if refused != nil || len(steps) == 0 {
		return Entered{Case: c, Err: refused}, nil
	}
	return Entered{Case: now, Changed: true}, keepDecision(t, now, steps...)
}

func caseIn(t *tx, id string) (c reconcile.Case, err error) {
	err = t.row("SELECT "+caseList("c")+" FROM cases AS c WHERE c.case_id = ?", id).Scan(caseColumns(&c).pointers()...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrNoCase
	}
	return c, err
}

// CasesNamed yields the cases of these ids, as Cases does; an id that no case
// has yields nothing.
func (db *DB) CasesNamed(ctx context.Context, ids []string) reconcile.Lines {
	return db.lines(ctx, "cases", 0, inList, named{"ids": list(ids)}, casesNamed)
}

var casesNamed = fromCases + " WHERE c.case_id IN (SELECT value FROM json_each(:ids))"
