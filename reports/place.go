package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/umsrecon/umsrecon/store/outfile"
)

// Writable makes the folder (mode 0750) if it is not there, clears away what a
// killed process has left in it, and proves that files can be made in it.
func Writable(dir string) error {
	if err := outfile.Folder(dir); err != nil {
		return fmt.Errorf("reports folder %q: %w", dir, err)
	}
	return nil
}

// Fingerprint is the SHA-256 of a file in lower-case hex.
func Fingerprint(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Place is where a workbook of that name goes, and with it its twins: over the
// newest revision (discrepancies-2026-11-19.xlsx, then …-r2.xlsx, …-r3.xlsx)
// if all its files are what we wrote, else under the next number. ours says
// whether a file with this fingerprint is what we wrote to a path.
func Place(dir, name string, twins []string, ours func(path, sha256 string) (bool, error)) (string, error) {
	ext := filepath.Ext(name)
	base, endings := strings.TrimSuffix(name, ext), append([]string{ext}, twins...)
	newest, err := newestRevision(dir, base, endings)
	if err != nil || newest == 0 {
		return filepath.Join(dir, name), err
	}
	for _, ending := range endings {
		path := filepath.Join(dir, revision(base, newest)+ending)
		sum, err := Fingerprint(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		unedited, err := ours(path, sum)
		if err != nil {
			return "", err
		}
		if !unedited {
			newest++
			break
		}
	}
	return filepath.Join(dir, revision(base, newest)+ext), nil
}

// revision is the name of the nth revision; the first has no number.
func revision(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s-r%d", base, n)
}

// newestRevision is the highest revision in the folder of which there is any
// file, 0 when there is none.
func newestRevision(dir, base string, endings []string) (newest int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		for _, ending := range endings {
			which, is := strings.CutSuffix(e.Name(), ending)
			if !is {
				continue
			}
			n, err := strconv.Atoi(strings.TrimPrefix(which, base+"-r"))
			if which == base {
				n, err = 1, nil
			}
			if err == nil && n > 0 && which == revision(base, n) {
				newest = max(newest, n)
			}
		}
	}
	return newest, nil
}
