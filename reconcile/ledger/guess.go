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
	Encoding Encoding          // of a text file: what it was read as
	Table    string            // of a database: the one that is most like a ledger
	Pattern  string            // the path, with {date} or {yyyymmdd} where it names a day
	Unit     Unit              // none: no amount was seen
	Units    string            // what speaks for the unit, in a sentence
	Columns  map[string]string // ours: theirs
	Statuses map[reconcile.Status][]string
	Trailer  string

	day reconcile.Day // that the path names; zero: none

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
	g.place(path)
	found := g.columns(l)
	g.unit(l, found)
	g.statuses(l, found)
	g.named(l, found)
	g.prove(l)
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
	l, err := g.lookAt(b, f)
	if errors.Is(err, io.EOF) {
		return l, nil
	}
	return l, err
}

// opened is a file as a table, from its beginning.
func (b *Books) opened(f file) (t table, end func(), err error) {
	in, _, err := open(f.path)
	if err != nil {
		return nil, nil, err
	}
	if t, err = b.tableOf(f, in); err != nil {
		in.Close()
		return nil, nil, err
	}
	return t, func() { t.close(); in.Close() }, nil
}

// lookAt reads the headings and the rows; io.EOF: there are none.
func (g *Guess) lookAt(b *Books, f file) (l look, err error) {
	t, end, err := b.opened(f)
	if err != nil {
		return look{}, err
	}
	defer end()
	switch first := t.(type) {
	case *recordReader:
		line, sep := 0, byte(0)
		if l.headings, line, sep, err = first.likelyHeader(); err != nil {
			return l, err
		}
		again, end, err := b.opened(f) // what follows was read with another separator
		if err != nil {
			return l, err
		}
		defer end()
		rr := again.(*recordReader)
		rr.sep = sep
		for rec := (record{}); rec.line < line; {
			if rec, err = rr.next(); err != nil {
				return l, err
			}
		}
		rr.width, t = len(l.headings), rr
	case *workbookTable:
		l.headings, err = first.likelyHeader()
		first.width = len(l.headings)
	case *jsonTable:
		l.headings = first.keys
		first.index()
	}
	if err != nil {
		return l, err
	}
	return l, g.rows(&l, t)
}

// rows keeps the first rows, and reads on to the end for the trailer.
func (g *Guess) rows(l *look, t table) error {
	ended := "" // the word of the last row, if that was of a trailer
	for {
		rec, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if word := trailerWord(rec.cells); word != "" && !dated(rec) {
			if ended == "" || ended == "小计" {
				g.Trailer, ended = word, word
			}
			continue
		}
		if g.Trailer != "" && !dated(rec) {
			continue
		}
		ended = ""
		if slices.Equal(trimmedAll(rec.cells), l.headings) {
			g.doubt("the header stands again in line %d, where it is a bad row: files were joined", rec.line)
			continue
		}
		if len(l.rows) < guessRows && len(rec.cells) == len(l.headings) && rec.flaw == flawless && rec.why.EN == "" {
			rec.cells, rec.numbers, rec.stored = slices.Clone(rec.cells), slices.Clone(rec.numbers), slices.Clone(rec.stored)
			l.rows = append(l.rows, rec)
		}
	}
}

// dated says whether a cell of a record holds a date.
func dated(rec record) bool {
	for i, cell := range rec.cells {
		if day, _, _ := strings.Cut(strings.TrimSpace(cell), " "); day != "" {
			if _, why := dateOf(day, rec.nature(i)); why.EN == "" {
				return true
			}
		}
	}
	return false
}

func trailerWord(cells []string) string {
	if at := firstFilled(cells); at >= 0 {
		for _, w := range trailerWords {
			if strings.HasPrefix(Fold(strings.TrimSpace(cells[at])), w) {
				return strings.TrimSpace(cells[at])[:len(w)]
			}
		}
	}
	return ""
}
