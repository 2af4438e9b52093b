package ledger

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// likelyHeader is, of the top lines and for every separator, what most looks
// like headings.
func (rr *recordReader) likelyHeader() (headings []string, line int, sep byte, err error) {
	rr.sep = separators[0]
	most := -1
	for range titleRows {
		rec, err := rr.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, 0, err
		}
		for _, by := range separators {
			cells, _, _ := split(rec.text, by, nil)
			if n := headingLike(cells); n > most {
				headings, line, sep, most = trimmedAll(cells), rec.line, by, n
			}
		}
	}
	if most < 0 {
		return nil, 0, 0, io.EOF
	}
	return headings, line, sep, nil
}

// likelyHeader is the one of the top rows that most looks like headings.
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
		if headingLike(r.stored) > headingLike(rows[best].stored) {
			best = len(rows) - 1
		}
	}
	if len(rows) == 0 {
		return nil, io.EOF
	}
	t.before = rows[best+1:]
	return trimmedAll(rows[best].stored), nil
}

// headingLike weighs a row as headings: those that are known count most, then
// how many cells are filled.
func headingLike(cells []string) (n int) {
	for _, cell := range cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		n++
		for c := range columnCount {
			if slices.Contains(c.names(), bare(cell)) {
				n += 100
				break
			}
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
