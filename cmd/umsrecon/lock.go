package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/umsrecon/umsrecon/reconcile"
)

// errBusy is matched by what lock returns when another run holds the database.
var errBusy = errors.New("another run holds the database")

// lock takes the database for one run. The kernel frees it when the process
// dies; the file stays, and says who holds it and since when. what names the
// work, for whoever is kept waiting.
func lock(database, what string, now time.Time) (release func(), err error) {
	path := database + ".lock"
	l := flock.New(path, flock.SetPermissions(0o640))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s", errBusy, holder(path))
	}
	note := fmt.Sprintf("%s, process %d, since %s", what, os.Getpid(), now.In(reconcile.Beijing).Format(time.DateTime))
	if err := os.WriteFile(path, []byte(note+"\n"), 0o640); err != nil {
		_ = l.Unlock()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

func holder(path string) string {
	text, err := os.ReadFile(path)
	note := strings.TrimSpace(string(text))
	if err != nil || note == "" {
		return "it does not say who it is"
	}
	return note
}
