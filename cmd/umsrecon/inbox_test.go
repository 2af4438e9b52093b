package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// TestInboxClosesUnderWay: notices that come while it closes are either on the
// disk, or their senders are told that they are not.
func TestInboxClosesUnderWay(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "umsrecon.db"))
	require.NoError(t, err)
	defer db.Close()
	box := newInbox(db)
	notice := func(id string) reconcile.Notice {
		return reconcile.Notice{
			Kind: reconcile.BillNotice, ID: id, Digest: id, Verified: true, Path: reconcile.NoticePath, ReceivedAt: time.Now(),
			BillKey: reconcile.BillKey{MID: "898340149000005"}, Raw: []byte("{}"),
		}
	}
	require.NoError(t, box.put(t.Context(), notice("first")))
	var senders sync.WaitGroup
	var mu sync.Mutex
	kept := 1
	for s := range 8 {
		senders.Go(func() {
			for i := 0; ; i++ {
				if err := box.put(t.Context(), notice(fmt.Sprintf("%d-%d", s, i))); err != nil {
					require.ErrorIs(t, err, errInboxClosed)
					return
				}
				mu.Lock()
				kept++
				mu.Unlock()
			}
		})
	}
	box.close()
	senders.Wait()
	require.ErrorIs(t, box.put(t.Context(), notice("late")), errInboxClosed)
	stored := 0
	for _, err := range db.Notices(t.Context(), store.NoticeFilter{}) {
		require.NoError(t, err)
		stored++
	}
	require.Equal(t, kept, stored)
}
