package ledger

import (
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

var (
	// ErrNotText is matched by what Read returns for a file that is no text
	// at all: a workbook, an archive, UTF-16. It matches reconcile.ErrUnreadable.
	ErrNotText = fmt.Errorf("not a CSV file in UTF-8 or GB18030: %w", reconcile.ErrUnreadable)

	// ErrGzip is matched by what Read returns for a gzipped file that is cut
	// off or damaged. It matches reconcile.ErrUnreadable.
	ErrGzip = fmt.Errorf("gzip file is cut off or damaged, transfer it again: %w", reconcile.ErrUnreadable)

	// ErrNotWorkbook is matched by what Read returns for a file that is to be
	// a workbook and is none. It matches reconcile.ErrUnreadable.
	ErrNotWorkbook = fmt.Errorf("not an xlsx workbook: %w", reconcile.ErrUnreadable)

	// ErrNotReady is matched by what Read returns for a file that is still
	// being written, or whose control file is not there yet. It matches
	// reconcile.ErrUnreadable.
	ErrNotReady = fmt.Errorf("the ledger is not ready yet: %w", reconcile.ErrUnreadable)

	// ErrChanged is matched by what Read returns when a file was written to
	// while it was read. It matches reconcile.ErrUnreadable.
	ErrChanged = fmt.Errorf("changed while it was read, run again: %w", reconcile.ErrUnreadable)
)

// HeaderError is returned by Read when the header of a file does not have the
// columns that the configuration and the rules ask for. It holds every fault
// of that header, and matches reconcile.ErrUnreadable.
type HeaderError struct {
	File   string
	Line   int // of the header
	Faults []HeaderFault
}

// HeaderFault is one fault of a header.
type HeaderFault struct {
	Column     string // our name of the column; empty when the header as a whole is at fault
	Heading    string // what was looked for in the header
	Problem    string
	DidYouMean string // the heading there is that comes closest; empty when none does
}

func (f HeaderFault) String() string {
	if f.DidYouMean == "" {
		return f.Problem
	}
	return fmt.Sprintf("%s (did you mean %q?)", f.Problem, f.DidYouMean)
}

func (e *HeaderError) Error() string {
	faults := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		faults[i] = f.String()
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, strings.Join(faults, "; "))
}

// Unwrap is reconcile.ErrUnreadable.
func (e *HeaderError) Unwrap() error { return reconcile.ErrUnreadable }
