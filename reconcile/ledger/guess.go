package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Guess is what a file looks like; a person decides.
type Guess struct {
	Format   Format
	Encoding Encoding // of a text file: what it was read as
	Table    string   // of a database: the one that is most like a ledger
	Unit     Unit
	Columns  map[string]string // ours: theirs
	Statuses map[reconcile.Status][]string
	Trailer  string

	Missing  []string // required columns of ours that nothing looks like
	Unknown  []string // words in the status column whose meaning nobody can know, or that have two
	Unused   []string // headings that are none of ours
	Doubtful []string // what a person should look at, in a sentence each
}

// guessRows is how many rows are looked at.
const guessRows = 500

// look is a file as far as it is looked at.
type look struct {
	headings []string
	rows     []record
}

// GuessFile proposes how to read a file. Its errors match ErrNotText,
// ErrNotWorkbook, ErrGzip or reconcile.ErrUnreadable, or are what the system
// says of the file.
func GuessFile(ctx context.Context, path string) (Guess, error) {
	g := Guess{Columns: map[string]string{}, Statuses: map[reconcile.Status][]string{}}
	var err error
	if g.Format, err = formatOf(path); err != nil {
		return Guess{}, err
	}
	l, err := g.look(ctx, path)
	if err != nil {
		return Guess{}, err
	}
	if len(l.headings) == 0 {
		return Guess{}, fmt.Errorf("%q: %w", path, reconcile.ErrHeadless)
	}
	found := g.columns(l)
	g.unit(l, found)
	g.statuses(l, found)
	return g, nil
}

const sqliteMagic = "SQLite format 3\x00"

// formatOf goes by the first bytes, not by the name.
func formatOf(path string) (Format, error) {
	in, _, err := open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	switch head := string(head[:n]); {
	case head == sqliteMagic:
		return SQLite, nil
	case strings.HasPrefix(head, "PK\x03\x04"), strings.HasPrefix(head, "\xd0\xcf\x11\xe0"):
		return XLSX, nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	text, err := unpacked(in)
	if err != nil {
		return "", fmt.Errorf("%q: %w", path, err)
	}
	start := make([]byte, 512)
	n, err = io.ReadFull(text, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%q: %w", path, err)
	}
	if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(string(start[:n]), "\ufeff")), "{") {
		return JSONL, nil
	}
	return CSV, nil
}

// look reads the headings and the first rows.
func (g *Guess) look(ctx context.Context, path string) (look, error) {
	if g.Format == SQLite {
		return g.lookAtDatabase(ctx, path)
	}
	b, err := New(Source{Pattern: path, Format: g.Format})
	if err != nil {
		return look{}, err
	}
	c, err := b.scan(ctx, path, sha256.New())
	if err != nil {
		return look{}, err
	}
	f := file{path: path, name: path, census: c}
	if g.Format == JSONL {
		if f.keys, err = keysOf(ctx, f); err != nil {
			return look{}, err
		}
	}
	if g.Format != XLSX {
		g.Encoding = c.encoding
	}
	in, _, err := open(path)
	if err != nil {
		return look{}, err
	}
	defer in.Close()
	t, err := b.tableOf(f, in)
	if err != nil {
		return look{}, err
	}
	defer t.close()
	return g.lookAt(t)
}

func (g *Guess) lookAt(t table) (look, error) {
	var l look
	var err error
	switch t := t.(type) {
	case *recordReader:
		l.headings, err = t.likelyHeader()
		t.width = len(l.headings)
	case *workbookTable:
		l.headings, err = t.likelyHeader()
		t.width = len(l.headings)
	case *jsonTable:
		l.headings = t.keys
		t.index()
	}
	for err == nil && len(l.rows) < guessRows {
		var rec record
		if rec, err = t.next(); err == nil && len(rec.cells) == len(l.headings) && rec.flaw == flawless && rec.why.EN == "" {
			rec.cells = slices.Clone(rec.cells)
			l.rows = append(l.rows, rec)
		} else if err == nil && g.Trailer == "" {
			g.Trailer = trailerWord(rec.cells)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return l, err
}

// likelyHeader is the first line, with the separator that makes most of it.
func (rr *recordReader) likelyHeader() ([]string, error) {
	rr.sep = separators[0]
	rec, err := rr.next()
	if err != nil {
		return nil, err
	}
	var best []string
	for _, sep := range separators {
		if cells, _, _ := split(rec.text, sep, nil); len(cells) > len(best) {
			best, rr.sep = trimmedAll(cells), sep
		}
	}
	return best, nil
}

// likelyHeader is the first of the top rows that has most cells.
func (t *workbookTable) likelyHeader() ([]string, error) {
	var rows []sheetRow
	best := 0
	for range titleRows {
		r, err := t.take()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
		if filled(r.stored) > filled(rows[best].stored) {
			best = len(rows) - 1
		}
	}
	if len(rows) == 0 {
		return nil, io.EOF
	}
	t.before = rows[best+1:]
	return trimmedAll(rows[best].stored), nil
}

func filled(cells []string) (n int) {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

func trimmedAll(cells []string) []string {
	all := make([]string, len(cells))
	for i, c := range cells {
		all[i] = strings.TrimSpace(c)
	}
	return all
}

func trailerWord(cells []string) string {
	if at := firstFilled(cells); at >= 0 {
		for _, w := range trailerWords {
			if strings.HasPrefix(strings.TrimSpace(cells[at]), w) {
				return w
			}
		}
	}
	return ""
}
