package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// fillDate puts the day into a pattern: digits and dashes, nothing else.
func fillDate(pattern string, day reconcile.Day) string {
	return strings.NewReplacer("{date}", day.String(), "{yyyymmdd}", day.Compact()).Replace(pattern)
}

// dated says whether there is a source per day.
func (b *Books) dated() bool {
	return fillDate(b.source.Pattern, 1) != b.source.Pattern || slices.ContainsFunc(b.query, func(p piece) bool { return p.name != "" })
}

// Scope is the name of the source and its pattern with the day filled in,
// whatever folder the files happen to be in; a pattern without a date is one
// scope for all days.
func (b *Books) Scope(day reconcile.Day) string {
	place := ""
	if b.source.Format.Queried() {
		place = b.answerName(day)
	} else {
		place = filepath.ToSlash(filepath.Clean(fillDate(b.source.Pattern, day)))
	}
	if b.source.Name == "" {
		return place
	}
	return b.source.Name + ":" + place
}

// Owner is the merchant whose own books these are.
func (b *Books) Owner() string { return b.source.Owner }

// Live says whether the rows are those of a database at the moment it is asked:
// a file per day, be it one of SQLite, stays as it was written.
func (b *Books) Live() bool {
	return b.source.Format.Queried() && fillDate(b.source.Pattern, 1) == b.source.Pattern
}

// paths lists the files of a day, sorted; reconcile.ErrNoLedger when there is none.
func (b *Books) paths(day reconcile.Day) ([]string, error) {
	if b.dated() && day <= 0 {
		return nil, fmt.Errorf("ledger %q: there is a file per day, and no day was named", b.source.Pattern)
	}
	pattern := fillDate(b.source.Pattern, day)
	path, glob := pattern, pattern
	if !filepath.IsAbs(pattern) {
		path, glob = filepath.Join(b.source.Dir, pattern), filepath.Join(literally(b.source.Dir), pattern)
	}
	found, err := filepath.Glob(glob)
	if err != nil {
		return nil, fmt.Errorf("ledger %q: %w", b.source.Pattern, err)
	}
	found = slices.DeleteFunc(found, func(p string) bool { return p != path && passing(p) })
	if len(found) == 0 {
		return nil, missing(path)
	}
	slices.Sort(found)
	return found, nil
}

// literally escapes what Glob would take for a pattern. A bracket works where
// the backslash separates folders, too.
func literally(dir string) string {
	if runtime.GOOS != "windows" {
		dir = strings.ReplaceAll(dir, `\`, `\\`)
	}
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(dir)
}

// missing tells why nothing matched. Glob passes over a folder that may not be
// read; that is no missing ledger.
func missing(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		err := readable(dir)
		if errors.Is(err, fs.ErrPermission) {
			return refusal{fmt.Errorf("folder %q: %w", dir, fs.ErrPermission)}
		}
		if err == nil || dir == filepath.Dir(dir) {
			return fmt.Errorf("%w: no file %q", reconcile.ErrNoLedger, path)
		}
	}
}

func readable(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err = d.ReadDir(1); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// shown is how a file is named to people: from the folder of the source where
// it lies in there.
func (b *Books) shown(path string) string {
	if rel, err := filepath.Rel(b.source.Dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

// open opens a regular file. Anything else is refused before it is opened, with
// reconcile.ErrUnreadable: opening a pipe would wait for its writer.
func open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, refusal{fmt.Errorf("%q is %s, not a file", path, kindOf(info.Mode()))}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, refusal{err}
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
