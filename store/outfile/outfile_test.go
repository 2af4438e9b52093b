package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	dir := os.Getenv("UMSRECON_TEST_VICTIM")
	if dir == "" {
		os.Exit(m.Run())
	}
	f, err := Temp(dir)
	if err == nil {
		err = os.WriteFile(f.Name()+"-wal", nil, 0o600)
	}
	folder, _, folderErr := TempFolder(dir)
	if err = errors.Join(err, folderErr); err == nil {
		err = os.WriteFile(filepath.Join(folder, "sheet1.xml"), nil, 0o600)
	}
	fmt.Println(err)
	select {}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write := func(text string, err error) error {
		return Write(path, 0o604, func(f *os.File) error {
			_, writing := f.WriteString(text)
			return errors.Join(writing, err)
		})
	}
	require.NoError(t, write("first", nil))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o604), info.Mode().Perm())
	full := errors.New("the disk is full")
	require.ErrorIs(t, write("second", full), full)
	require.Equal(t, "first", read(t, path), "not in part")
	require.NoError(t, write("second", nil))
	require.Equal(t, "second", read(t, path))
	require.Equal(t, []string{"a"}, names(t, dir))
	require.ErrorIs(t, Write(filepath.Join(dir, "no", "a"), 0o640, nil), fs.ErrNotExist)
}

func TestLinkReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for i, want := range []error{nil, fs.ErrExist} {
		f, err := Temp(dir)
		require.NoError(t, err)
		_, err = fmt.Fprint(f, i)
		require.NoError(t, err)
		require.ErrorIs(t, Link(f, path), want)
		Drop(f)
	}
	require.Equal(t, "0", read(t, path))
	require.Equal(t, []string{"a"}, names(t, dir))
}

// TestSweep: what a living process makes stays, what a killed one was making
// goes, and what is not ours is not touched.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	others := []string{".umsrecon-1.tmp.txt", ".umsrecon-x.tmp", ".umsrecon-demo", "umsrecon.db-wal"}
	for _, name := range others {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".umsrecon-2.tmp", "another's"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".umsrecon-4.tmp"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".umsrecon-3.tmp-journal"), nil, 0o600))

	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), "UMSRECON_TEST_VICTIM="+dir)
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	said := make([]byte, 6)
	_, err = out.Read(said)
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", string(said))
	Sweep(dir)
	mine, err := Temp(dir)
	require.NoError(t, err)
	Sweep(dir)
	require.Len(t, names(t, dir), len(others)+1+3+1, "the victim's three and mine are there")

	require.NoError(t, victim.Process.Kill())
	require.Error(t, victim.Wait())
	Sweep(dir)
	require.FileExists(t, mine.Name())
	Drop(mine)
	folder, remove, err := TempFolder(dir)
	require.NoError(t, err)
	Sweep(dir)
	require.DirExists(t, folder)
	requireLocked(t, folder)
	remove()
	require.ElementsMatch(t, append(others, ".umsrecon-2.tmp"), names(t, dir))
}

// requireLocked: it cannot be locked by those who clear up, nor anybody else.
func requireLocked(t *testing.T, folder string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	f, err := os.Open(folder)
	require.NoError(t, err)
	defer f.Close()
	require.ErrorIs(t, hold(f), syscall.EWOULDBLOCK)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, Folder(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".umsrecon-1.tmp"), nil, 0o600))
	require.NoError(t, Folder(dir))
	require.Empty(t, names(t, dir))
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, Folder(file), file)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
