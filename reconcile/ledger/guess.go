package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
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

// columns finds ours among the headings: by name, and where no name fits by
// what stands in the cells.
func (g *Guess) columns(l look) (found [columnCount]int) {
	taken := map[int]bool{}
	for c := range columnCount {
		found[c] = -1
		for i, heading := range l.headings {
			if !taken[i] && slices.Contains(c.names(), bare(heading)) {
				found[c], taken[i] = i, true
				break
			}
		}
	}
	for _, c := range []column{colBillNo, colBillDate, colTotal, colStatus} {
		for i := range l.headings {
			if found[c] < 0 && !taken[i] && l.headings[i] != "" && l.looksLike(c, i) {
				found[c], taken[i] = i, true
				g.doubt("%s was taken for %s by its content alone", shown(l.headings[i]), c)
			}
		}
	}
	for c, at := range found {
		c := column(c)
		switch {
		case at < 0 && c.required():
			g.Missing = append(g.Missing, c.String())
		case at >= 0 && l.headings[at] != c.String():
			g.Columns[c.String()] = l.headings[at]
		}
	}
	for i, heading := range l.headings {
		if !taken[i] && heading != "" {
			g.Unused = append(g.Unused, heading)
		}
	}
	return found
}

func (g *Guess) doubt(format string, values ...any) {
	g.Doubtful = append(g.Doubtful, fmt.Sprintf(format, values...))
}

// cellsOf are the cells of a column that are not empty.
func (l look) cellsOf(at int) (cells []string) {
	for _, r := range l.rows {
		if c := strings.TrimSpace(r.cells[at]); c != "" {
			cells = append(cells, c)
		}
	}
	return cells
}

// looksLike says whether every cell of a column could be one of ours.
func (l look) looksLike(c column, at int) bool {
	filled, different := 0, map[string]bool{}
	for _, r := range l.rows {
		cell, n, fits := strings.TrimSpace(r.cells[at]), r.nature(at), false
		if cell == "" {
			continue
		}
		filled++
		different[cell] = true
		switch c {
		case colBillNo:
			fits = len(cell) >= 20 && sane(cell)
		case colBillDate:
			_, why := dateOf(cell, n)
			fits = why.EN == ""
		case colTotal:
			_, why := Yuan.amountOf(cell, n)
			_, dated := date(cell)
			fits = why.EN == "" && dated.EN != "" && len(cell) < 12
		case colStatus:
			_, known := statusWords[fold(cell)]
			fits = known
		}
		if !fits {
			return false
		}
	}
	return filled > 0 && (c != colBillNo || len(different) > filled/2)
}

// unit is told by the heading, or by a decimal point.
func (g *Guess) unit(l look, found [columnCount]int) {
	g.Unit = Fen
	for c, at := range found {
		if at < 0 || !column(c).money() {
			continue
		}
		if strings.Contains(l.headings[at], "元") || slices.ContainsFunc(l.cellsOf(at), func(s string) bool { return strings.Contains(s, ".") }) {
			g.Unit = Yuan
			return
		}
		if strings.Contains(l.headings[at], "分") {
			return
		}
	}
	g.doubt("no amount has a decimal point: is the unit fen, or whole yuan?")
}

// statuses sorts the words of the status column.
func (g *Guess) statuses(l look, found [columnCount]int) {
	at := found[colStatus]
	if at < 0 {
		return
	}
	words, ofRefund := map[string]reconcile.Status{}, map[string]bool{}
	for _, r := range l.rows {
		word := strings.TrimSpace(r.cells[at])
		if word == "" {
			continue
		}
		refund := (filledAt(r, found[colRefundID]) || filledAt(r, found[colAuthedID])) && !filledAt(r, found[colTotal])
		if _, seen := words[word]; seen && refund != ofRefund[word] {
			words[word] = ""
			continue
		}
		words[word], ofRefund[word] = meaning(word, refund), refund
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if status := words[word]; status != "" {
			g.Statuses[status] = append(g.Statuses[status], word)
		} else {
			g.Unknown = append(g.Unknown, word)
		}
	}
}

func filledAt(r record, at int) bool { return at >= 0 && strings.TrimSpace(r.cells[at]) != "" }

// meaning is the status that a word most likely stands for; none: nobody
// knows. The same word means another thing of a refund.
func meaning(word string, refund bool) reconcile.Status {
	s := statusWords[fold(word)]
	if !refund {
		return s
	}
	switch s {
	case reconcile.Paid, reconcile.Refunded:
		return reconcile.Success
	case reconcile.Unpaid:
		return reconcile.Processing
	case reconcile.Closed:
		return reconcile.Failed
	}
	return s
}

// lookAtDatabase looks at the table that has most of our columns.
func (g *Guess) lookAtDatabase(ctx context.Context, path string) (look, error) {
	db, err := openSQLite(path)
	if err != nil {
		return look{}, err
	}
	defer db.Close()
	names, err := textsOf(ctx, db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		return look{}, fmt.Errorf("%q: %w: %w", path, reconcile.ErrUnreadable, err)
	}
	var best look
	least := int(columnCount) + 1
	for _, name := range names {
		l, err := lookAtTable(ctx, db, name)
		if err != nil {
			return look{}, fmt.Errorf("%q: %w: %w", path, reconcile.ErrUnreadable, err)
		}
		trial := Guess{Columns: map[string]string{}}
		found := trial.columns(l)
		missing := 0
		for _, at := range found {
			if at < 0 {
				missing++
			}
		}
		if missing < least {
			best, least, g.Table = l, missing, name
		}
	}
	return best, nil
}

func quotedName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func lookAtTable(ctx context.Context, db *sql.DB, name string) (look, error) {
	var l look
	var err error
	if l.headings, err = textsOf(ctx, db, "SELECT name FROM pragma_table_info(?) ORDER BY cid", name); err != nil || len(l.headings) == 0 {
		return look{}, err
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("%s LIMIT %d", asText("SELECT * FROM "+quotedName(name), l.headings), guessRows))
	if err != nil {
		return look{}, err
	}
	defer rows.Close()
	for rows.Next() {
		values, into := make([]sql.NullString, len(l.headings)), make([]any, len(l.headings))
		cells := make([]string, len(l.headings))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return look{}, err
		}
		for i, v := range values {
			cells[i] = v.String
		}
		l.rows = append(l.rows, record{cells: cells})
	}
	return l, rows.Err()
}

func textsOf(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// QueryFor is a query of the guessed table that names our columns.
func (g Guess) QueryFor() string {
	text := "SELECT * FROM " + quotedName(g.Table)
	if day, ok := g.Columns[colBillDate.String()]; ok {
		return text + " WHERE " + quotedName(day) + " = :day"
	}
	return text + " WHERE bill_date = :day"
}
