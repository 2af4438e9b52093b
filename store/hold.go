package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/umsrecon/umsrecon/store/postgres"
)

// HeldError is returned by Hold when another run holds the database.
type HeldError struct {
	By string // who it is, and since when
}

func (e *HeldError) Error() string { return "held by " + e.By }

// heldBy is the lock of a run, beside that of writers. The note of who has it is
// the name of its connection, which a server cuts at 63 bytes.
const (
	takeHold = "SELECT pg_try_advisory_lock(1431130963, hashtext(current_schema()))"
	giveHold = "SELECT pg_advisory_unlock(1431130963, hashtext(current_schema()))"
	noteHold = "SELECT set_config('application_name', ?, FALSE)"
	whoHolds = `SELECT a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1431130963 AND CAST(l.objid AS BIGINT) = CAST(hashtext(current_schema()) AS BIGINT) & 4294967295
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`
)

// Every holdPulse the connection of a hold is looked after; an answer that takes
// longer than that is none.
const holdPulse = 5 * time.Second

// Hold takes the database of a server for one run, until release is called, or
// the process or its connection dies: then lost is closed. note says who it is.
// The error is a HeldError when another has it.
func Hold(ctx context.Context, address, note string) (release func(), lost <-chan struct{}, err error) {
	c, err := postgres.NewConnector(address, "BEGIN")
	if err != nil {
		return nil, nil, err
	}
	db := sql.OpenDB(c)
	conn, err := take(ctx, db, note)
	if err != nil {
		return nil, nil, fmt.Errorf("database %s: %w", c.Place(), errors.Join(err, db.Close()))
	}
	sweepTrials(ctx, conn)
	gone, done := make(chan struct{}), make(chan struct{})
	var watched sync.WaitGroup
	watched.Go(func() {
		if watch(conn, holdPulse, done) != nil {
			close(gone)
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		watched.Wait()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), holdPulse)
		defer cancel()
		_, _ = conn.ExecContext(ctx, giveHold) // the server notices some time later that a connection is closed
		_ = conn.Close()
		_ = db.Close()
	}), gone, nil
}

func take(ctx context.Context, db *sql.DB, note string) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got bool
	if err := conn.QueryRowContext(ctx, takeHold).Scan(&got); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var text string
	if got {
		if err = conn.QueryRowContext(ctx, noteHold, note).Scan(&text); err == nil {
			return conn, nil
		}
	} else if err = conn.QueryRowContext(ctx, whoHolds).Scan(&text); err == nil {
		err = &HeldError{text}
	} else if errors.Is(err, sql.ErrNoRows) {
		err = &HeldError{"one that has just ended"}
	}
	return nil, errors.Join(err, conn.Close())
}

// watch returns an error when the connection is gone.
func watch(conn *sql.Conn, every time.Duration, done <-chan struct{}) error {
	pulse := time.NewTicker(every)
	defer pulse.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-pulse.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), holdPulse)
		err := conn.PingContext(ctx)
		cancel()
		if err != nil {
			return err
		}
	}
}
