package reports

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWritableMakesTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, Writable(dir))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), info.Mode().Perm())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "the probe is gone")
}

func TestWritableRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, Writable(file), file)
	require.ErrorContains(t, Writable(filepath.Join(file, "below")), file)
}

func TestFingerprint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("abc"), 0o600))
	sum, err := Fingerprint(file)
	require.NoError(t, err)
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", sum)
	_, err = Fingerprint(file + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPlace(t *testing.T) {
	const name = "discrepancies-2026-11-19.xlsx"
	const r2, r3, r10, r11 = "discrepancies-2026-11-19-r2.xlsx", "discrepancies-2026-11-19-r3.xlsx", "discrepancies-2026-11-19-r10.xlsx", "discrepancies-2026-11-19-r11.xlsx"
	const page, page2, cases = "discrepancies-2026-11-19.html", "discrepancies-2026-11-19-r2.html", "discrepancies-2026-11-19-cases.csv"
	for _, c := range []struct {
		name  string
		files map[string]string // name: content
		wrote map[string]string // name: content when we wrote it
		want  string
	}{
		{"nothing there", nil, nil, name},
		{"ours, as we left it", map[string]string{name: "1"}, map[string]string{name: "1"}, name},
		{"ours, edited since", map[string]string{name: "1 and notes"}, map[string]string{name: "1"}, r2},
		{"not ours", map[string]string{name: "1"}, nil, r2},
		{"edited, the second as we left it", map[string]string{name: "x", r2: "2"}, map[string]string{name: "1", r2: "2"}, r2},
		{"both edited", map[string]string{name: "x", r2: "y"}, map[string]string{name: "1", r2: "2"}, r3},
		{"an older one is never written over", map[string]string{name: "1", r2: "y"}, map[string]string{name: "1", r2: "2"}, r3},
		{"the first was moved away", map[string]string{r2: "y"}, map[string]string{r2: "2"}, r3},
		{"its page was edited", map[string]string{name: "1", page: "x"}, map[string]string{name: "1", page: "p"}, r2},
		{"a table was edited, and the workbook moved away", map[string]string{cases: "x"}, map[string]string{name: "1", cases: "c"}, r2},
		{"the page of the second was edited", map[string]string{name: "x", r2: "2", page2: "y"}, map[string]string{r2: "2", page2: "p"}, r3},
		{"all as we left them", map[string]string{name: "1", page: "p", cases: "c"}, map[string]string{name: "1", page: "p", cases: "c"}, name},
		{"somebody's own file has a like name", map[string]string{"discrepancies-2026-11-19-mine.csv": "x", "discrepancies-2026-11-19-r3.html.bak": "x"}, nil, name},
		{"ten comes after nine", map[string]string{name: "x", r10: "y"}, nil, r11},
		{"other files do not count", map[string]string{"discrepancies-2026-11-19-r2.xlsx.bak": "", "discrepancies-2026-11-19-r02.xlsx": "", "discrepancies-2026-11-20.xlsx": "", "~$" + name: ""}, nil, name},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			records := map[string]string{}
			for file, content := range c.wrote {
				path := filepath.Join(dir, file)
				require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
				sum, err := Fingerprint(path)
				require.NoError(t, err)
				records[path] = sum
			}
			for file, content := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
			}
			got, err := Place(dir, name, DayTwins, func(path, sum string) (bool, error) { return records[path] == sum, nil })
			require.NoError(t, err)
			require.Equal(t, filepath.Join(dir, c.want), got)
		})
	}
}

func TestPlaceInAFolderThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	got, err := Place(dir, "a.xlsx", nil, nil)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "a.xlsx"), got)
}
