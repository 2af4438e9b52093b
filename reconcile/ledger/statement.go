package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// StatementSource says where the merchant portal's exports (对账明细) are and
// how to read them. What it shares with a Source means the same.
type StatementSource struct {
	// Source's Pattern has the settle date that an export was made for, its
	// Format is that of a file. Columns are those of StatementColumns; Statuses
	// are not looked at, and of the Defaults InstMID is not.
	Source
	// Types are the merchant portal's words for payments and refunds, compared
	// trimmed and without regard to the case of ASCII letters.
	Types map[reconcile.Kind][]string
}

// Statements are the exports of one source. They are safe for concurrent use.
type Statements struct {
	books    Books // finds and scans the files
	source   StatementSource
	headings [stmtCount]string
	types    map[string]reconcile.Kind
}

var _ reconcile.Statement = (*Statements)(nil)

// stmtColumn is a column of a statement.
type stmtColumn int

const (
	stmtReference stmtColumn = iota
	stmtMerOrderID
	stmtType
	stmtAmount
	stmtFee
	stmtNet
	stmtSettleDate
	stmtPaidAt
	stmtMID
	stmtTID

	stmtCount
)

var stmtNames = [stmtCount]string{"reference", "mer_order_id", "type", "amount", "fee", "net", "settle_date", "paid_at", "mid", "tid"}

// StatementColumns lists the canonical names of the columns of a statement.
func StatementColumns() []string { return slices.Clone(stmtNames[:]) }

func (c stmtColumn) String() string { return stmtNames[c] }

func (c stmtColumn) money() bool { return c == stmtAmount || c == stmtFee || c == stmtNet }

// NewStatements checks a source; the error joins everything that is wrong with
// it. No file is looked at.
func NewStatements(s StatementSource) (*Statements, error) {
	if s.Location == nil {
		s.Location = reconcile.Beijing
	}
	if s.Encoding == "" {
		s.Encoding = Auto
	}
	if s.Unit == "" {
		s.Unit = Yuan
	}
	if s.Format == "" {
		s.Format = CSV
	}
	st := &Statements{source: s, types: map[string]reconcile.Kind{}}
	st.books = Books{source: s.Source, columns: func(there []string) []HeaderFault { _, faults := st.header(there); return faults }}
	errs := []error{checkPattern(s.Pattern), s.checkWords(), s.Control.check(func(name string) bool { return stmtColumn(slices.Index(stmtNames[:], name)).money() })}
	if s.Format.Queried() {
		errs = append(errs, fmt.Errorf("format %s: a statement is a file", s.Format))
	}
	for _, ours := range slices.Sorted(maps.Keys(s.Columns)) {
		c := slices.Index(stmtNames[:], ours)
		if c < 0 {
			errs = append(errs, fmt.Errorf("columns: %q is not a column of a statement%s", ours, didYouMean(ours, stmtNames[:])))
			continue
		}
		st.headings[c] = strings.TrimSpace(s.Columns[ours])
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Types)) {
		for _, word := range s.Types[kind] {
			folded := Fold(strings.TrimSpace(word))
			if other, taken := st.types[folded]; taken && other != kind {
				errs = append(errs, fmt.Errorf("types: the word %q stands for both %s and %s", word, other, kind))
			}
			st.types[folded] = kind
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return st, nil
}

// Scope is that of the source as Books has it.
func (st *Statements) Scope(day reconcile.Day) string { return st.books.Scope(day) }

// Fingerprint changes with the bytes of the files of a settle date, of their
// control files, and with the settings that they are read by. The errors are
// those of Read.
func (st *Statements) Fingerprint(ctx context.Context, day reconcile.Day) (string, error) {
	paths, err := st.books.paths(day)
	if err != nil {
		return "", err
	}
	var load reconcile.Load
	if _, err := st.books.scanAll(ctx, paths, &load); err != nil {
		return "", err
	}
	s, sum := st.source, sha256.New()
	fmt.Fprintf(sum, "%s %q %q %q %q %v %v %v %s %+v", load.SHA256, s.Format, s.Sheet, s.Encoding, s.Unit, s.Columns, s.Types, s.Defaults, s.Location, s.Control)
	if s.Control.Sidecar != "" {
		for _, path := range paths {
			text, err := sidecarText(st.books.sidecar(path))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, " %q", text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Read passes on the lines and the bad rows of the files of a settle date; see
// Books.Read. The load is about the merchant of the defaults, whatever lines
// the files have.
func (st *Statements) Read(ctx context.Context, day reconcile.Day, line func(reconcile.StatementLine) error, bad func(reconcile.BadRow) error) (reconcile.Load, error) {
	r := stmtReader{of: st, line: line}
	if st.books.dated() {
		r.day = day
	}
	load, err := st.books.read(ctx, day, pass{books: &st.books, line: r.record, bad: bad})
	if err != nil {
		return reconcile.Load{}, err
	}
	if mid := st.source.Defaults.MID; mid != "" {
		load.MIDs = []string{mid}
	}
	return load, nil
}
