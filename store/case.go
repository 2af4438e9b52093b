package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Case finds one case or note by its id, or by the beginning of an id that no
// other has, with all its events, oldest first. The error matches ErrNoCase
// or ErrAmbiguous. The line's answers come without their bodies.
func (db *DB) Case(ctx context.Context, idOrPrefix string) (reconcile.Line, []reconcile.Event, error) {
	line, events, err := db.findCase(ctx, idOrPrefix)
	if err != nil {
		return line, nil, fmt.Errorf("case %q: %w", idOrPrefix, err)
	}
	return line, events, nil
}

func (db *DB) findCase(ctx context.Context, prefix string) (line reconcile.Line, events []reconcile.Event, err error) {
	if prefix == "" {
		return line, nil, ErrNoCase
	}
	args := named{"prefix": prefix, "end": prefix + "\U0010FFFF"}
	found, err := pick(prefix, db.lines(ctx, "cases", 0, inList, args, fromCases+" WHERE c.case_id >= :prefix AND c.case_id < :end"))
	if err != nil {
		return line, nil, err
	}
	if found == nil { // the ids of notes are not stored
		found, err = pick(prefix, db.Cases(ctx, Filter{State: reconcile.StateNote}))
	}
	switch {
	case err != nil:
		return line, nil, err
	case found == nil:
		return line, nil, ErrNoCase
	}
	events, err = db.events(ctx, found.Case.ID)
	return *found, events, err
}

// pick is the one line whose id is the prefix, or begins with it; nil when
// none does.
func pick(prefix string, lines reconcile.Lines) (*reconcile.Line, error) {
	var found []reconcile.Line
	for line, err := range lines {
		switch {
		case err != nil:
			return nil, err
		case line.Case.ID == prefix:
			return &line, nil
		case strings.HasPrefix(line.Case.ID, prefix):
			found = append(found, line)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return &found[0], nil
	}
	return nil, fmt.Errorf("%w: %s, %s", ErrAmbiguous, found[0].Case.ID, found[1].Case.ID)
}

var eventsOf = "SELECT " + eventColumns(&reconcile.Event{}).list("") + " FROM events WHERE case_id = ? ORDER BY event_id"

func (db *DB) events(ctx context.Context, caseID string) (events []reconcile.Event, err error) {
	err = db.read(ctx, func(t *tx) error {
		events, err = eventsIn(t, caseID)
		return err
	})
	return events, err
}

func eventsIn(t *tx, caseID string) (events []reconcile.Event, err error) {
	err = t.each(eventsOf, []any{caseID}, func(row scanner) error {
		var e reconcile.Event
		err := row.Scan(eventColumns(&e).pointers()...)
		events = append(events, e)
		return err
	})
	return events, err
}
