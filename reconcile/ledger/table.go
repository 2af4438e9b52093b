package ledger

import (
	"errors"
	"io"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Format is how the books are kept.
type Format string

// The formats.
const (
	CSV   Format = "csv" // separated by commas, tabs, semicolons or |, whichever makes the header fit; also gzipped
	XLSX  Format = "xlsx"
	JSONL Format = "jsonl" // one JSON object a line; also gzipped

	MySQL    Format = "mysql" // and MariaDB: what a query answers
	Postgres Format = "postgres"
	SQLite   Format = "sqlite" // a file, and a query about it
)

// Formats lists the formats.
func Formats() []string {
	return []string{string(CSV), string(XLSX), string(JSONL), string(MySQL), string(Postgres), string(SQLite)}
}

// Queried says whether the books of a format are asked with a query.
func (f Format) Queried() bool { return f == MySQL || f == Postgres || f == SQLite }

// table is the rows of one source, one after the other.
type table interface {
	// header reads the headings; io.EOF: there are none. file names the
	// source in errors.
	header(b *Books, file string) (header, error)
	// under tells the header that the rows behind stand under.
	under(h header)
	// next is the next record that is not blank, or io.EOF.
	next() (record, error)
	// close frees what the table holds beside the file it reads.
	close() error
}

// tableOf reads a file as a table.
func (b *Books) tableOf(f file, in io.Reader) (table, error) {
	switch b.source.Format {
	case XLSX:
		return openWorkbook(in, f.name, b.source.Sheet)
	case JSONL:
		text, err := unpacked(in)
		if err != nil {
			return nil, err
		}
		return &jsonTable{lines: newLineReader(text, f.census), keys: f.keys}, nil
	}
	text, err := unpacked(in)
	if err != nil {
		return nil, err
	}
	return &recordReader{lines: newLineReader(text, f.census)}, nil
}

func (rr *recordReader) header(b *Books, file string) (header, error) {
	return b.firstHeader(rr, file)
}

func (rr *recordReader) under(h header) { rr.width, rr.dateAt = len(h.cells), h.at[colBillDate] }

func (rr *recordReader) close() error { return nil }

// headerOf finds the columns among headings that stand on a line of a file.
func (b *Books) headerOf(cells []string, file string, line int) (header, error) {
	h, faults := b.header(cells)
	if len(faults) > 0 {
		return header{}, b.headerError(file, line, h.cells, faults)
	}
	return h, nil
}

// headerError is what is said of a header that lacks something.
func (b *Books) headerError(file string, line int, there []string, faults []HeaderFault) *HeaderError {
	e := &HeaderError{File: file, Line: line, Faults: faults}
	if b.columns == nil {
		e.Unused = b.unnamed(there)
	}
	return e
}

// headless says whether an error of table.header means that there is nothing.
func headless(err error) bool { return errors.Is(err, io.EOF) }

// fill makes cells as wide as the header, and takes away what is blank behind it.
func fill(cells []string, width int) []string {
	for len(cells) > width && blank(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1]
	}
	for len(cells) < width {
		cells = append(cells, "")
	}
	return cells
}

// cutOff is what is said of the last line of a text that breaks off.
func cutOff(why reconcile.Words, last bool) reconcile.Words {
	if !last {
		return why
	}
	return reconcile.Words{ZH: why.ZH + "；这是最后一行，文件可能被截断", EN: why.EN + "; it is the last line, the file is probably cut off"}
}
