package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/umsrecon/umsrecon/store/outfile"
)

// Backup copies the database, consistent while others write, to a file that
// only its owner and group can read. It has its name only when it is whole,
// looked over and on the disk; the error matches fs.ErrExist when something has
// that name already.
func (db *DB) Backup(ctx context.Context, dest string) error {
	err := db.backup(ctx, dest)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func (db *DB) backup(ctx context.Context, dest string) error {
	if db.postgres {
		return ErrOnServer
	}
	dest, err := filepath.Abs(dest)
	if err != nil {
		return err
	}
	outfile.Sweep(filepath.Dir(dest))
	if exists(dest) {
		return fmt.Errorf("%q: %w", dest, fs.ErrExist)
	}
	f, err := outfile.Temp(filepath.Dir(dest))
	if err != nil {
		return err
	}
	defer outfile.Drop(f)
	if err := db.copyTo(ctx, f); err != nil {
		return err
	}
	if err := outfile.Link(f, dest); err != nil {
		return err
	}
	return outfile.SyncFolder(filepath.Dir(dest))
}

// copyTo fills an empty file with a copy, looked over and on the disk.
func (db *DB) copyTo(ctx context.Context, f *os.File) error {
	if _, err := db.readers.ExecContext(ctx, "VACUUM INTO ?", f.Name()); err != nil {
		return err
	}
	copied, err := connect(f.Name())
	if err != nil {
		return err
	}
	return errors.Join(copied.Check(ctx), copied.writer.Close(), copied.readers.Close(), f.Sync())
}
