package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/store"
)

// FuzzNoticeFile: whatever a file of notices holds, each line of it is counted
// under one word, nothing is stored that does not verify while no signature
// holds, a second import stores nothing, and nothing moves the cursor of whoever
// looks on.
func FuzzNoticeFile(f *testing.F) {
	good := signedNotice("bill", "N1", "B0000", "2026-01-05", playNoticeKey)
	f.Add(good + "\n" + signedNotice("deduction", "N2", "B0001", "2026-01-05", playNoticeKey) + "\n\n")
	f.Add(signedNotice("bill", "N\x1b[31m3", "B0000", "2026-01-05", "another key"))
	f.Add(good + "\n" + signedNotice("bill", "N\x1b[2J3", "B0000", "2026-01-05", "another key") + "\nnotifyId=1&notifyId=2\n{\"a\":")
	f.Add(`{"id":"C1","eventType":"PAYSCORE.USER_OPEN_SERVICE","resource":{"mid":"m"}}`)
	path := filepath.Join(f.TempDir(), "notices.db")
	db, err := store.Open(f.Context(), path)
	require.NoError(f, err)
	f.Cleanup(func() { _ = db.Close() })
	cfg := defaults()
	cfg.Merchant.MID, cfg.Notices.Key = "898340149000005", newSecret(playNoticeKey)
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "notices.log")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		take := func() (importedFile, error) {
			var said strings.Builder
			i := noticeImport{app: &app{stderr: &said, clock: wallClock{}}, cfg: &cfg, db: db, done: importedFile{File: "notices.log"}}
			err := i.file(t.Context())
			require.False(t, strings.ContainsFunc(said.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", said.String())
			return i.done, err
		}
		first, err := take()
		if err != nil {
			require.Zero(t, first.Lines)
			return
		}
		require.LessOrEqual(t, first.Read+first.Unreadable, first.Lines)
		require.Equal(t, first.Read, first.Stored+first.Repeated+first.Unverified)
		again, err := take()
		require.NoError(t, err)
		require.Zero(t, again.Stored)
		require.Equal(t, first.Read, again.Read)
	})
}
