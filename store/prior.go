package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/umsrecon/umsrecon/store/outfile"
)

// keepPrior copies a database of an older schema beside itself before it is
// brought up to this one. Another copy is never replaced; one that is the same,
// because an upgrade was cut off, is kept.
func (db *DB) keepPrior(ctx context.Context, found int) error {
	f, err := outfile.Temp(filepath.Dir(db.path))
	if err != nil {
		return fmt.Errorf("backup before migrating: %w", err)
	}
	defer outfile.Drop(f)
	if err := db.copyTo(ctx, f); err != nil {
		return fmt.Errorf("backup before migrating: %w", err)
	}
	dest := fmt.Sprintf("%s.schema-%d.bak", db.path, found)
	for n := 2; ; n++ {
		err := outfile.Link(f, dest)
		if err == nil {
			return outfile.SyncFolder(filepath.Dir(db.path))
		}
		if !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("backup before migrating: %w", err)
		}
		if same, err := sameFile(f.Name(), dest); err != nil || same {
			return err
		}
		dest = fmt.Sprintf("%s.schema-%d.%d.bak", db.path, found, n)
	}
}

// sameFile says whether two files hold the same bytes.
func sameFile(a, b string) (bool, error) {
	x, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer y.Close()
	for p, q := make([]byte, 1<<16), make([]byte, 1<<16); ; {
		n, errA := io.ReadFull(x, p)
		m, errB := io.ReadFull(y, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			return ended(errA) && ended(errB), nil
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
