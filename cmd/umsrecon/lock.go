package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// errBusy is matched by what lock returns when another run holds the database.
var errBusy = errors.New("another run holds the database")

// errLost is why the context of lock ended.
var errLost = errors.New("the connection that held the database is gone")

// lock takes the database for one run. what names the work, for whoever is kept
// waiting. The context that it returns ends when the lock is lost, which only one
// on a server can be.
func lock(ctx context.Context, database, what string, now time.Time) (held context.Context, release func(), err error) {
	if store.OnServer(database) {
		return lockServer(ctx, database, what, now)
	}
	release, err = lockFile(database, what, now)
	return ctx, release, err
}

func lockServer(ctx context.Context, database, what string, now time.Time) (context.Context, func(), error) {
	host, _ := os.Hostname()
	release, lost, err := store.Hold(ctx, database, note(what, now)+" on "+host)
	if held := (*store.HeldError)(nil); errors.As(err, &held) {
		err = fmt.Errorf("%w: %s", errBusy, held.By)
	}
	if err != nil {
		return ctx, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-lost:
			cancel(errLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil); release() }, nil
}

// lockFile has the kernel free the lock when the process dies; the file stays,
// and says who holds it and since when.
func lockFile(database, what string, now time.Time) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(database), 0o750); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	path := database + ".lock"
	l := flock.New(path, flock.SetPermissions(0o640))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s", errBusy, holder(path))
	}
	if err := os.WriteFile(path, []byte(note(what, now)+"\n"), 0o640); err != nil {
		_ = l.Unlock()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

// note says who holds a lock.
func note(what string, now time.Time) string {
	return fmt.Sprintf("%s, process %d, since %s", what, os.Getpid(), now.In(reconcile.Beijing).Format(time.DateTime))
}

func holder(path string) string {
	text, err := os.ReadFile(path)
	said := strings.TrimSpace(string(text))
	if err != nil || said == "" {
		return "it does not say who it is"
	}
	return said
}
