package ledger

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// settle waits until nobody writes to the files any more: none was changed for
// Source.Quiet; what changes while it is read is ErrChanged. What
// is not done after Source.Patience is not ready.
func (b *Books) settle(ctx context.Context, paths []string) error {
	if b.source.Quiet <= 0 {
		return nil
	}
	last := b.source.Now().Add(b.source.Patience)
	for _, path := range paths {
		for {
			rest, err := b.unsettled(path)
			if err != nil {
				return err
			}
			if rest <= 0 {
				break
			}
			if b.source.Now().Add(rest).After(last) {
				return fmt.Errorf("%w: %q was changed less than %s ago", ErrNotReady, path, b.source.Quiet)
			}
			if err := b.source.Sleep(ctx, rest); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsettled is how much longer a file must stay as it is. One from the future,
// off another machine's clock, must stay for the whole time.
func (b *Books) unsettled(path string) (time.Duration, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	age := b.source.Now().Sub(info.ModTime())
	return b.source.Quiet - max(age, 0), nil
}

// passing says whether a file is what programs leave beside one that they
// write or have open.
func passing(path string) bool {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	for _, suffix := range []string{".part", ".tmp", ".crdownload", ".filepart"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, "~$") || strings.HasPrefix(name, ".~lock.")
}
