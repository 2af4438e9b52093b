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
)

// Writable makes the folder (mode 0750) if it is not there and proves that
// files can be made in it.
func Writable(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("reports folder %q: %w", dir, err)
	}
	probe, err := os.CreateTemp(dir, ".umsrecon-probe-*")
	if err != nil {
		return fmt.Errorf("reports folder %q: %w", dir, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
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

// Place is where a workbook of that name goes: over the newest revision
// (discrepancies-2026-11-19.xlsx, then …-r2.xlsx, …-r3.xlsx) if that is what
// we wrote, else under the next number. written returns the fingerprint
// recorded when path was last written; false: no record of it.
func Place(dir, name string, written func(path string) (sha256 string, ok bool)) (string, error) {
	newest, err := newestRevision(dir, name)
	if err != nil || newest == 0 {
		return filepath.Join(dir, name), err
	}
	path := filepath.Join(dir, revision(name, newest))
	is, err := Fingerprint(path)
	if err != nil {
		return "", err
	}
	if was, ok := written(path); ok && was == is {
		return path, nil
	}
	return filepath.Join(dir, revision(name, newest+1)), nil
}

// revision is the name of the nth revision; the first has no number.
func revision(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-r%d%s", strings.TrimSuffix(name, ext), n, ext)
}

// newestRevision is the highest revision in the folder, 0 when there is none.
func newestRevision(dir, name string) (int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	ext := filepath.Ext(name)
	newest := 0
	for _, e := range entries {
		if e.Name() == name {
			newest = max(newest, 1)
			continue
		}
		rest, ours := strings.CutPrefix(e.Name(), strings.TrimSuffix(name, ext)+"-r")
		n, err := strconv.Atoi(strings.TrimSuffix(rest, ext))
		if ours && err == nil && n > 1 && e.Name() == revision(name, n) {
			newest = max(newest, n)
		}
	}
	return newest, nil
}
