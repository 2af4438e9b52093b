package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHold(t *testing.T) {
	onlyOnServer(t)
	at := newPlace(t)
	release, lost, err := Hold(t.Context(), at, "run of 2026-01-05, process 7, since 2026-01-06 02:30:00")
	require.NoError(t, err)
	var held *HeldError
	_, _, err = Hold(t.Context(), at, "another")
	require.ErrorAs(t, err, &held)
	require.Equal(t, "run of 2026-01-05, process 7, since 2026-01-06 02:30:00", held.By)

	elsewhere, _, err := Hold(t.Context(), newPlace(t), "another")
	require.NoError(t, err, "every schema is held for itself")
	elsewhere()
	release()
	release() // twice does no harm
	select {
	case <-lost:
		t.Fatal("given back is not lost")
	default:
	}
	again, _, err := Hold(t.Context(), at, "another")
	require.NoError(t, err)
	again()
}

// TestWatch: a connection that the server has cut off is told.
func TestWatch(t *testing.T) {
	onlyOnServer(t)
	db, err := dial(newPlace(t))
	require.NoError(t, err)
	defer db.Close()
	conn, err := take(t.Context(), db.readers, "x")
	require.NoError(t, err)
	defer conn.Close()
	ended := make(chan error)
	go func() { ended <- watch(conn, time.Millisecond, make(chan struct{})) }()
	onServer(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'x'")
	require.Error(t, <-ended)
}
