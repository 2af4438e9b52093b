package store

import "errors"

var (
	// ErrForeign is returned by Open when the file is not a database of
	// umsrecon; the file is left as it was.
	ErrForeign = errors.New("not a database of umsrecon")

	// ErrNewer is returned by Open when a newer umsrecon has written the
	// database.
	ErrNewer = errors.New("the database belongs to a newer umsrecon")

	// ErrDamaged is returned by Check when SQLite finds a fault in the file.
	ErrDamaged = errors.New("the database is damaged")

	// ErrNoOrder is returned by SaveAnswers and by the methods of a
	// publication when a key names no order that was ever loaded.
	ErrNoOrder = errors.New("no such order")

	// ErrNoRun is returned by EndRun and Publish when there is no run of that id.
	ErrNoRun = errors.New("no such run")

	// ErrNoCase is returned by Case when no id begins like that.
	ErrNoCase = errors.New("no such case")

	// ErrAmbiguous is returned by Case when several ids begin like that.
	ErrAmbiguous = errors.New("more than one case begins like that")

	// errStopped ends a stream whose consumer has heard enough.
	errStopped = errors.New("stopped")
)
