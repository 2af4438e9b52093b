package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFolderOf(t *testing.T) {
	for mid, want := range map[string]string{
		"898340149000005": "898340149000005",
		"89834014900A005": "89834014900A005",
		"abc":             "_61_62_63", // ABC is another merchant, and one name on some file systems
		"..":              "_2e_2e",
		"../../etc":       "_2e_2e_2f_2e_2e_2f_65_74_63",
		`..\x`:            "_2e_2e_5c_78",
		"/":               "_2f",
		"A.":              "A_2e",
		"CON":             "_43ON",
		"COM1":            "_43OM1",
		"COM11":           "COM11",
		"<>:\"|?*":        "_3c_3e_3a_22_7c_3f_2a",
		"_2E":             "_5f2E",
	} {
		name, ok := folderOf(mid)
		require.True(t, ok, mid)
		require.Equal(t, want, name)
		back, ok := midOf(name)
		require.True(t, ok, name)
		require.Equal(t, mid, back)
	}
	for _, mid := range []string{"", strings.Repeat("1", 97), strings.Repeat("/", 33)} {
		_, ok := folderOf(mid)
		require.False(t, ok, mid)
	}
	for _, nobodys := range []string{"", "archive", "_2E", "_43", "_zz", "CON", ".", "..", "2026-11"} {
		_, ok := midOf(nobodys)
		require.False(t, ok, nobodys)
	}
}

// Whatever a ledger calls a merchant, its folder is one below that of the
// reports, and no other's on any file system.
func TestFoldersAreSafeAndApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mids := rapid.SliceOfN(rapid.StringMatching(`[!-~]{1,12}`), 2, 2).Draw(t, "mids")
		a, ok := folderOf(mids[0])
		require.True(t, ok)
		require.Regexp(t, `^[0-9A-Za-z_]+$`, a)
		require.Equal(t, filepath.Join("reports", a), filepath.Clean("reports/"+a))
		b, _ := folderOf(mids[1])
		require.Equal(t, mids[0] == mids[1], strings.EqualFold(a, b))
	})
}
