package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

var (
	// ErrNotText is matched by what Read returns for a file that is no text
	// at all: a workbook, an archive, UTF-16. It matches reconcile.ErrUnreadable.
	ErrNotText = refusal{errors.New("not a CSV file in UTF-8 or GB18030")}

	// ErrGzip is matched by what Read returns for a gzipped file that is cut
	// off or damaged. It matches reconcile.ErrUnreadable.
	ErrGzip = refusal{errors.New("gzip file is cut off or damaged, transfer it again")}

	// ErrNotWorkbook is matched by what Read returns for a file that is to be
	// a workbook and is none. It matches reconcile.ErrUnreadable.
	ErrNotWorkbook = refusal{errors.New("not an xlsx workbook")}

	// ErrNotReady is matched by what Read returns for a file that is still
	// being written, or whose control file is not there yet. It matches
	// reconcile.ErrUnreadable.
	ErrNotReady = refusal{errors.New("not ready yet")}

	// ErrChanged is matched by what Read returns when a file was written to
	// while it was read. It matches reconcile.ErrUnreadable.
	ErrChanged = refusal{errors.New("changed while it was read, run again")}
)

// refusal is an error that matches reconcile.ErrUnreadable and says in its
// own words why.
type refusal struct{ error }

func (refusal) Is(target error) bool { return target == reconcile.ErrUnreadable }

func (u refusal) Unwrap() error { return u.error }

// HeaderError is returned by Read when the header of a file does not have the
// columns that the configuration and the rules ask for. It holds every fault
// of that header, and matches reconcile.ErrUnreadable.
type HeaderError struct {
	File   string
	Line   int // of the header
	Faults []HeaderFault
	Unused []string // headings there that the configuration does not name
}

// HeaderFault is one fault of a header.
type HeaderFault struct {
	Column     string // our name of the column; empty when the header as a whole is at fault
	Heading    string // what was looked for in the header
	Problem    string
	DidYouMean string // the heading there is that comes closest; empty when none does

	unlike bool // the column is not there, and none of its headings comes close
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
	return fmt.Sprintf("%s:%d: %s%s", e.File, e.Line, strings.Join(faults, "; "), e.choice())
}

// choice lists the headings that could be meant, where no fault says which.
func (e *HeaderError) choice() string {
	const most = 8
	if len(e.Unused) == 0 || !slices.ContainsFunc(e.Faults, func(f HeaderFault) bool { return f.unlike }) {
		return ""
	}
	text, more := "", ""
	for _, heading := range e.Unused[:min(len(e.Unused), most)] {
		text += ", " + shown(heading)
	}
	if len(e.Unused) > most {
		more = ", …"
	}
	return "; headings there that nothing names: " + text[2:] + more
}

// Unwrap is reconcile.ErrUnreadable.
func (e *HeaderError) Unwrap() error { return reconcile.ErrUnreadable }
