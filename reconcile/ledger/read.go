package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Read passes on the orders and the bad rows of a day's files, file by file
// in the order of their names, row by row.
//
// SnapshotAt of the Load is the time of the file, of several as Load says: what
// was paid after it cannot be in the books. Rows that a spreadsheet left blank count
// as lines, not as rows. Orders and Total are left for the store, which knows
// the duplicates. The error of order or bad is returned as it is; others
// match reconcile.ErrNoLedger, reconcile.ErrHeadless, ErrNotText or ErrChanged, or are a
// *HeaderError or what the system says of a file.
func (b *Books) Read(ctx context.Context, day reconcile.Day, order func(reconcile.Order, string) error, bad func(reconcile.BadRow) error) (reconcile.Load, error) {
	return b.read(ctx, day, pass{books: b, order: order, bad: bad})
}

func (b *Books) read(ctx context.Context, day reconcile.Day, p pass) (reconcile.Load, error) {
	if b.source.Format.Queried() {
		return b.readQuery(ctx, day, p)
	}
	paths, err := b.paths(day)
	if err != nil {
		return reconcile.Load{}, err
	}
	if err := b.settle(ctx, paths); err != nil {
		return reconcile.Load{}, err
	}
	load := reconcile.Load{Scope: b.Scope(day), MayBeEmpty: b.source.MayBeEmpty}
	if b.dated() {
		load.Day = day
	}
	files, err := b.scanAll(ctx, paths, &load)
	if err != nil {
		return reconcile.Load{}, err
	}
	p.load, p.again = &load, sha256.New()
	for _, f := range files {
		err := p.read(ctx, f)
		if errors.Is(err, reconcile.ErrHeadless) {
			load.Headless = append(load.Headless, f.name)
		} else if err != nil {
			return reconcile.Load{}, err
		}
	}
	if len(load.Headless) == len(files) {
		return load, fmt.Errorf("%q: %w", paths[0], reconcile.ErrHeadless)
	}
	return load, nil
}

// scanAll looks at every file before a row of any is passed on.
func (b *Books) scanAll(ctx context.Context, paths []string, load *reconcile.Load) ([]file, error) {
	files, sum := make([]file, len(paths)), sha256.New()
	for i, path := range paths {
		c, err := b.scan(ctx, path, sum)
		if err != nil {
			return nil, err
		}
		at := c.info.ModTime().In(reconcile.Beijing)
		if i == 0 || at.After(load.SnapshotAt) != b.dated() {
			load.SnapshotAt = at
		}
		if len(paths) > 1 {
			load.Taken = append(load.Taken, at)
		}
		files[i] = file{path: path, name: b.shown(path), census: c, sum: sum.Sum(nil)}
		load.Files = append(load.Files, files[i].name)
		if b.source.Format == JSONL {
			if files[i].keys, err = keysOf(ctx, files[i]); err != nil {
				return nil, err
			}
		}
	}
	load.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return files, nil
}
