// Package outfile puts files into their places whole or not at all, and clears
// away what a killed process has left half-written.
//
// A file that is being made has a name of its own in the folder where it is to
// stand, and is held by a lock of the kernel for as long as its process lives.
// Sweep takes away those that nobody holds.
package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
)

// Write makes a file with this mode appear at path whole or not at all: written
// beside its place, synced and renamed. One that is there is replaced.
func Write(path string, mode os.FileMode, write func(*os.File) error) error {
	f, err := Temp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer Drop(f)
	for _, step := range []func() error{
		func() error { return f.Chmod(mode) }, func() error { return write(f) }, f.Sync, func() error { return Rename(f, path) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return SyncFolder(filepath.Dir(path))
}

// Temp makes an empty file of mode 0640 in a folder, to be put into its place
// by Rename or Link. Drop it in the end, whatever became of it.
func Temp(dir string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(dir, ".umsrecon-*.tmp")
		if err != nil {
			return nil, err
		}
		if err := f.Chmod(0o640); err != nil {
			Drop(f)
			return nil, err
		}
		// Without locks nobody can take it for left behind either.
		if err := hold(f); !errors.Is(err, syscall.EWOULDBLOCK) && exists(f.Name()) {
			return f, nil
		}
		_ = f.Close() // swept before it was held
	}
}

// Rename puts a file made by Temp into its place, replacing what is there.
func Rename(f *os.File, path string) error {
	if err := ready(f); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Link is Rename where nothing may be replaced: then the error matches
// fs.ErrExist.
func Link(f *os.File, path string) error {
	if err := ready(f); err != nil {
		return err
	}
	err := os.Link(f.Name(), path)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	if exists(path) {
		return os.ErrExist
	}
	return os.Rename(f.Name(), path) // a file system without hard links
}

// besides are what stands beside a database.
var besides = []string{"-wal", "-shm", "-journal", ".lock"}

// Drop closes a file made by Temp and removes it where it is not in its place.
func Drop(f *os.File) {
	for _, ending := range append(besides, "") {
		_ = os.Remove(f.Name() + ending)
	}
	if f.Close(); runtime.GOOS == "windows" {
		_ = os.Remove(f.Name()) // there an open file stays
	}
}

var half = regexp.MustCompile(`^(\.umsrecon-\d+\.tmp)(-wal|-shm|-journal|\.lock)?$`)

// Sweep removes what processes that are gone have left half-written in a folder.
func Sweep(dir string) {
	entries, _ := os.ReadDir(dir) // one that cannot be read has nothing to sweep
	for _, e := range entries {
		name := half.FindStringSubmatch(e.Name())
		switch {
		case name == nil:
		case e.IsDir() && name[2] == "":
			sweepFolder(filepath.Join(dir, e.Name()))
		case !e.Type().IsRegular():
		case name[2] == "":
			sweep(filepath.Join(dir, e.Name()))
		case !exists(filepath.Join(dir, name[1])):
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

func sweep(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if hold(f) == nil {
		Drop(f)
	}
}

// Folder makes a folder (mode 0750) if it is not there, sweeps it, and proves
// that files can be made in it.
func Folder(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	Sweep(dir)
	f, err := Temp(dir)
	if err != nil {
		return err
	}
	Drop(f)
	return nil
}

// SyncFolder makes the names in a folder last through a power cut.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if runtime.GOOS == "windows" || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil // these cannot sync a folder, and need not
	}
	return errors.Join(err, d.Close())
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
