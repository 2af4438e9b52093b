package store

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrForeign is returned by Open when the file is not a database of
	// umsrecon; the file is left as it was.
	ErrForeign = errors.New("not a database of umsrecon")

	// ErrNewer is returned by Open when a newer umsrecon has written the
	// database.
	ErrNewer = errors.New("the database belongs to a newer umsrecon")

	// ErrDamaged is returned by Open and Check when SQLite finds a fault in the
	// file.
	ErrDamaged = errors.New("the database is damaged")

	// ErrContradictory is returned by Recompute when values do not follow from
	// others. Which of them is wrong is not known.
	ErrContradictory = errors.New("values in the database contradict each other")

	// ErrReadOtherwise is returned by Recompute when nothing is found but that
	// this version reads what was kept otherwise than the one that stored it.
	ErrReadOtherwise = errors.New("this version reads some of what the database holds otherwise than the one that stored it")

	// ErrFull is returned by every method that writes, when the disk has no room
	// for it; nothing of it was written.
	ErrFull = errors.New("the disk is full")

	// ErrOnServer is returned by Backup and Copy for a database of PostgreSQL,
	// which has its own means.
	ErrOnServer = errors.New("the database is kept by a PostgreSQL server")

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

// told makes what a database says of a full disk match ErrFull.
func told(err error) error {
	if (isSQLite(err, sqlite3.SQLITE_FULL) || isPostgres(err, diskFull)) && !errors.Is(err, ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// isSQLite says whether an error is SQLite's, of a primary result code.
func isSQLite(err error, code int) bool {
	const primary = 0xff // the code without its extension
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primary == code
}
