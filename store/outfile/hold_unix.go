//go:build !windows

package outfile

import (
	"os"
	"syscall"
)

// hold takes the lock of a file, which ends with the process; an error when
// another has it.
func hold(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// ready is a file that may be renamed: here it stays held meanwhile.
func ready(*os.File) error { return nil }
