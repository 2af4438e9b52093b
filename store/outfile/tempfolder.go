package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// heldName is a file in a folder made by TempFolder, which is held for as long
// as the process lives that made it.
const heldName = "held"

// TempFolder makes a folder (mode 0700) in dir for what need not outlive this
// process, and removes it with all that is in it. Sweep takes it away when the
// process was killed.
func TempFolder(dir string) (path string, remove func(), err error) {
	for {
		path, err := os.MkdirTemp(dir, ".umsrecon-*.tmp")
		if err != nil {
			return "", nil, err
		}
		held, err := os.OpenFile(filepath.Join(path, heldName), os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil && !errors.Is(hold(held), syscall.EWOULDBLOCK) && exists(held.Name()) {
			return path, keepOut(path, func() { dropFolder(held) }), nil
		}
		if err != nil && exists(path) {
			_ = os.Remove(path)
			return "", nil, err
		}
		_ = held.Close() // swept before it was held
	}
}

// keepOut has the folder itself locked until it is removed: systemd-tmpfiles,
// which takes away what nobody has touched for ten days, leaves such a one alone.
func keepOut(path string, remove func()) func() {
	folder, err := os.Open(path)
	if err != nil || runtime.GOOS == "windows" || hold(folder) != nil {
		_ = folder.Close()
		return remove
	}
	return func() {
		remove()
		_ = folder.Close()
	}
}

// dropFolder removes the folder of a file that is held.
func dropFolder(held *os.File) {
	defer held.Close()
	if runtime.GOOS == "windows" { // there it can be removed when nobody has it open
		_ = held.Close()
		if os.Remove(held.Name()) != nil {
			return
		}
	}
	_ = os.RemoveAll(filepath.Dir(held.Name()))
}

func sweepFolder(path string) {
	held := filepath.Join(path, heldName)
	info, err := os.Lstat(held)
	if err != nil || !info.Mode().IsRegular() {
		_ = os.Remove(path) // an empty one; any other is not ours
		return
	}
	f, err := os.Open(held)
	if err != nil {
		return
	}
	if hold(f) != nil {
		_ = f.Close()
		return
	}
	dropFolder(f)
}
