package store

import (
	"context"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Decide lets a person decide about one case, found by its id or the beginning
// of it that no other case has. The case and its event are written in one
// transaction, or nothing is. The case comes without its key. The error
// matches ErrNoCase or ErrAmbiguous, or is that of decide.
func (db *DB) Decide(ctx context.Context, idOrPrefix string, decide func(reconcile.Case) (reconcile.Case, reconcile.Event, error)) (reconcile.Case, error) {
	var decided reconcile.Case
	err := db.write(ctx, func(t *tx) error {
		c, err := findDecidable(t, idOrPrefix)
		if err != nil {
			return err
		}
		now, event, err := decide(c)
		if err != nil {
			return err
		}
		decided = now
		return keepDecision(t, now, event)
	})
	if err != nil {
		return decided, fmt.Errorf("case %q: %w", idOrPrefix, err)
	}
	return decided, nil
}

func keepDecision(t *tx, c reconcile.Case, events ...reconcile.Event) error {
	if err := t.exec("UPDATE cases SET state = ?, outcome = ?, note = ?, decided_by = ?, reviewed_by = ? WHERE case_id = ?",
		string(c.State), c.Outcome, c.Note, c.By, c.Reviewer, c.ID); err != nil {
		return err
	}
	for i := range events {
		cols := eventColumns(&events[i])
		if err := t.exec(cols.insertInto("events"), cols.pointers()...); err != nil {
			return err
		}
	}
	return nil
}

func findDecidable(t *tx, prefix string) (reconcile.Case, error) {
	var found []reconcile.Case
	if prefix != "" {
		err := t.each("SELECT "+caseList("c")+" FROM cases AS c WHERE c.case_id >= ? AND c.case_id < ? ORDER BY c.case_id LIMIT 2",
			[]any{prefix, prefix + "\U0010FFFF"}, func(row scanner) error {
				var c reconcile.Case
				err := row.Scan(caseColumns(&c).pointers()...)
				found = append(found, c)
				return err
			})
		if err != nil {
			return reconcile.Case{}, err
		}
	}
	switch {
	case len(found) == 0:
		return reconcile.Case{}, ErrNoCase
	case len(prefix) < reconcile.MinIDPrefix && found[0].ID != prefix:
		return reconcile.Case{}, fmt.Errorf("%w: who decides gives at least %d characters of the id", ErrAmbiguous, reconcile.MinIDPrefix)
	case len(found) > 1 && found[0].ID != prefix:
		return reconcile.Case{}, fmt.Errorf("%w: %s, %s", ErrAmbiguous, found[0].ID, found[1].ID)
	}
	return found[0], nil
}
