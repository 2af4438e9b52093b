package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Encoding is how the text of a ledger is encoded.
type Encoding string

// Auto takes a byte order mark at its word, else UTF-8 when the whole file is
// valid UTF-8, else GB18030.
const (
	Auto    Encoding = "auto"
	UTF8    Encoding = "utf-8"
	GB18030 Encoding = "gb18030"
)

// Unit is what the amounts of a ledger are written in.
type Unit string

// The units.
const (
	Fen  Unit = "fen"  // whole: 1908
	Yuan Unit = "yuan" // with up to two decimals: 19.08
)

// Defaults stand in where a row does not name its terminal: the column is not
// there or the cell is empty.
type Defaults struct {
	MID, TID, InstMID string
}

// Source says where a ledger is and how to read it. The zero value of every
// field but Pattern means the default.
type Source struct {
	// Name tells the ledgers of several merchants apart, in Scope alone; Part
	// the several sources of one merchant.
	Name, Part string
	// Owner is the merchant whose own ledger it is; empty: several may share it.
	Owner string
	// Pattern is the path as configured, with {date} (2026-11-19),
	// {yyyymmdd} (20261119) and the glob characters of filepath.Match; Dir is
	// the folder that a relative one counts from.
	Pattern, Dir string

	Format Format // default CSV
	Sheet  string // of a workbook; default the first

	// DSN is how a MySQL or PostgreSQL database is reached; a function, so
	// that nothing prints it. Query is what it, or the SQLite file of
	// Pattern, is asked; :day, :yyyymmdd, :from and :to stand for the ledger
	// day, the first instant of its business day and that of the next.
	DSN     func() string
	Query   string
	Timeout time.Duration    // of the whole answer; default 10 minutes
	Now     func() time.Time // when a query was asked; needed where there is one, or Quiet is set

	Control    Control
	MayBeEmpty bool // a day without a row is nothing unusual

	// Quiet is for how long a file must not have been changed; 0: it is not
	// looked at. Patience is how long is waited for that, with Sleep.
	Quiet, Patience time.Duration
	Sleep           func(context.Context, time.Duration) error

	Encoding Encoding // default Auto
	Unit     Unit     // default Fen

	Columns map[string]string // our names: theirs; a column not named here is looked up under its own name
	// Statuses are the merchant's words, compared trimmed and without regard
	// to the case of ASCII letters. A status that is not a key has its
	// default words.
	Statuses map[reconcile.Status][]string
	Defaults Defaults
	// Terminals are those of the merchants that share the ledger, by mid: what a
	// row leaves out is its merchant's.
	Terminals map[string]Defaults

	Location *time.Location     // of times without a zone; default reconcile.Beijing
	Calendar reconcile.Calendar // turns paid_at into a business day
}

// Books are the files of one source. They are safe for concurrent use.
type Books struct {
	source   Source
	headings [columnCount]string // as configured; empty: the canonical name
	statuses map[string]reconcile.Status
	query    []piece
	// columns finds the columns of another table than a ledger; nil: it is one.
	columns func(there []string) []HeaderFault
}

var _ reconcile.Ledger = (*Books)(nil)

// New checks a source; the error joins everything that is wrong with it. No
// file is looked at.
func New(s Source) (*Books, error) {
	if s.Location == nil {
		s.Location = reconcile.Beijing
	}
	if s.Encoding == "" {
		s.Encoding = Auto
	}
	if s.Unit == "" {
		s.Unit = Fen
	}
	if s.Format == "" {
		s.Format = CSV
	}
	if s.DSN == nil {
		s.DSN = func() string { return "" }
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Minute
	}
	b := &Books{source: s}
	var statusErr, columnErr, queryErr error
	b.query, queryErr = s.checkQuery()
	b.headings, columnErr = headings(s.Columns)
	b.statuses, statusErr = vocabulary(s.Statuses)
	err := errors.Join(s.checkPlace(), queryErr, s.checkWords(), s.Control.check(moneyNamed), columnErr, statusErr)
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (s Source) checkWords() error {
	var errs []error
	if s.Quiet > 0 && (s.Now == nil || s.Sleep == nil) {
		errs = append(errs, errors.New("to wait for a file needs a clock"))
	}
	if !slices.Contains(Formats(), string(s.Format)) {
		errs = append(errs, fmt.Errorf("format %q is not one of %s", s.Format, strings.Join(Formats(), ", ")))
	}
	if s.Encoding != Auto && s.Encoding != UTF8 && s.Encoding != GB18030 {
		errs = append(errs, fmt.Errorf("encoding %q is not auto, utf-8 or gb18030", s.Encoding))
	}
	if s.Unit != Fen && s.Unit != Yuan {
		errs = append(errs, fmt.Errorf("amount unit %q is not fen or yuan", s.Unit))
	}
	return errors.Join(errs...)
}

// checkPlace looks at how the books are found.
func (s Source) checkPlace() error {
	switch {
	case s.Format != MySQL && s.Format != Postgres:
		return checkPattern(s.Pattern)
	case s.DSN() == "":
		return errors.New("the dsn of the ledger is empty")
	}
	return nil
}

func (s Source) checkQuery() ([]piece, error) {
	switch {
	case !s.Format.Queried():
		return nil, nil
	case strings.TrimSpace(s.Query) == "":
		return nil, errors.New("the query of the ledger is empty")
	case s.Now == nil:
		return nil, errors.New("a query needs a clock")
	}
	return pieces(s.Format, s.Query)
}

// CheckQuery says what is wrong with a query of a database of the format, in
// the words of New.
func CheckQuery(f Format, query string) error {
	_, err := pieces(f, query)
	return err
}

func checkPattern(pattern string) error {
	if pattern == "" {
		return errors.New("the path of the ledger is empty")
	}
	if strings.ContainsRune(pattern, 0) {
		return fmt.Errorf("path %q holds a NUL byte", pattern)
	}
	if rest := fillDate(pattern, 1); strings.ContainsAny(rest, "{}") {
		return fmt.Errorf("path %q may hold {date} and {yyyymmdd}, no other braces", pattern)
	}
	if _, err := filepath.Match(pattern, ""); err != nil {
		return fmt.Errorf("path %q: %w", pattern, err)
	}
	return nil
}

// headings sorts the configured headings by column.
func headings(columns map[string]string) (theirs [columnCount]string, err error) {
	var errs []error
	for _, ours := range slices.Sorted(maps.Keys(columns)) {
		c, ok := columnNamed(ours)
		if !ok {
			errs = append(errs, fmt.Errorf("columns: %q is not a column of umsrecon%s", ours, didYouMean(ours, columnNames[:])))
			continue
		}
		theirs[c] = strings.TrimSpace(columns[ours])
		if theirs[c] == "" {
			errs = append(errs, fmt.Errorf("columns: the heading of %s is empty", ours))
		}
	}
	return theirs, errors.Join(errs...)
}

func didYouMean(word string, choices []string) string {
	if near := nearest(word, choices); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// DefaultStatuses are the words of the statuses that a source does not name.
func DefaultStatuses() map[reconcile.Status][]string {
	return map[reconcile.Status][]string{
		reconcile.Paid:         {"PAID", "已支付"},
		reconcile.Unpaid:       {"UNPAID"},
		reconcile.Closed:       {"CLOSED"},
		reconcile.Refunded:     {"REFUNDED"},
		reconcile.PartRefunded: {"PART_REFUNDED"},
		reconcile.Success:      {"SUCCESS"},
		reconcile.Processing:   {"PROCESSING"},
		reconcile.Failed:       {"FAILED"},
	}
}

// vocabulary maps each word, folded, to its status.
func vocabulary(configured map[reconcile.Status][]string) (map[string]reconcile.Status, error) {
	words, errs := map[string]reconcile.Status{}, []error(nil)
	defaults := DefaultStatuses()
	for _, status := range slices.Sorted(maps.Keys(configured)) {
		if !slices.Contains(reconcile.Statuses, status) {
			errs = append(errs, fmt.Errorf("statuses: %q is not a status%s", status, didYouMean(string(status), statusNames())))
		}
	}
	for _, status := range reconcile.Statuses {
		list, named := configured[status]
		if !named {
			list = defaults[status]
		}
		for _, word := range list {
			folded := Fold(strings.TrimSpace(word))
			if other, taken := words[folded]; taken && other != status {
				errs = append(errs, fmt.Errorf("statuses: the word %q stands for both %s and %s", word, other, status))
			}
			if folded == "" {
				errs = append(errs, fmt.Errorf("statuses: %s has an empty word", status))
			}
			words[folded] = status
		}
	}
	return words, errors.Join(errs...)
}

func statusNames() []string {
	names := make([]string, len(reconcile.Statuses))
	for i, s := range reconcile.Statuses {
		names[i] = string(s)
	}
	return names
}

// Fold lowers the ASCII letters of s and leaves everything else: two words that
// fold alike are one status or heading.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
