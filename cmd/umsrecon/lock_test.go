package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLock(t *testing.T) {
	database := filepath.Join(t.TempDir(), "umsrecon.db")
	now := time.Date(2026, time.January, 5, 18, 30, 0, 0, time.UTC)
	release, err := lockFile(database, "run of 2026-01-05", now)
	require.NoError(t, err)

	_, err = lockFile(database, "another", now)
	require.ErrorIs(t, err, errBusy)
	require.Regexp(t, `run of 2026-01-05, process \d+, since 2026-01-06 02:30:00$`, err.Error())

	release()
	again, err := lockFile(database, "another", now)
	require.NoError(t, err, "it was given back")
	require.FileExists(t, database+".lock", "the file stays")
	again()
	again() // twice does no harm
}

// TestLockMute: a holder that has not said who it is yet holds it all the same.
func TestLockMute(t *testing.T) {
	database := filepath.Join(t.TempDir(), "umsrecon.db")
	release, err := lockFile(database, "x", time.Now())
	require.NoError(t, err)
	defer release()
	require.NoError(t, os.Truncate(database+".lock", 0))
	_, err = lockFile(database, "y", time.Now())
	require.ErrorIs(t, err, errBusy)
	require.ErrorContains(t, err, "does not say who it is")
}

// TestLockNowhere: a place that cannot hold a lock is an error, not a run
// without one.
func TestLockNowhere(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	_, err := lockFile(filepath.Join(dir, "file", "umsrecon.db"), "x", time.Now())
	require.Error(t, err)
	require.NotErrorIs(t, err, errBusy)
}
