package ledger

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sheetMarks are the cells that excelize does not tell from others. The sheets
// of a workbook are not told apart: that matters only where one has such a cell
// and another has another one in the same place.
type sheetMarks struct {
	// long hold a number of more than 15 digits, and not a text: excelize tells
	// no difference where the number is shown in full.
	long cellSet
	// formulas hold a formula whose value was not saved: to excelize they are empty.
	formulas cellSet
}

// cellSet is a set of cells, a bit for each row of a column.
type cellSet map[cellPlace]uint64

// cellPlace is a column, and 64 rows of it: what a sheet takes here grows with
// its cells, wherever they claim to stand.
type cellPlace struct{ column, rows int }

func (s cellSet) add(row, column int) { s[cellPlace{column, row / 64}] |= 1 << (row % 64) }

// has takes a row counted from 1 and a column counted from 0.
func (s cellSet) has(row, column int) bool {
	return len(s) > 0 && s[cellPlace{column, row / 64}]&(1<<(row%64)) != 0
}

// wholeSheets looks whether every sheet is whole, and marks cells: excelize takes the first fault of a sheet for its end, and the rows
// behind it would be lost in silence.
func wholeSheets(data []byte) (sheetMarks, error) {
	marks := sheetMarks{cellSet{}, cellSet{}}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return marks, err
	}
	if err := notSwollen(z, int64(len(data))); err != nil {
		return marks, err
	}
	for _, part := range z.File {
		if !strings.HasPrefix(strings.ToLower(part.Name), "xl/worksheets/") || !strings.HasSuffix(strings.ToLower(part.Name), ".xml") {
			continue
		}
		if err := wholeSheet(part, marks); err != nil {
			return marks, fmt.Errorf("%q is damaged: %w", part.Name, err)
		}
	}
	return marks, nil
}

// notSwollen refuses an archive that unpacks to a multiple of its size that no
// spreadsheet has. No part unpacks to more than it says.
func notSwollen(z *zip.Reader, packed int64) error {
	var size uint64
	for _, part := range z.File {
		size += min(part.UncompressedSize64, maxWorkbook+1) // no sum of these overflows
	}
	if size > uint64(unpackedLimit(packed)) {
		return fmt.Errorf("it unpacks to %d MiB, which is more than a spreadsheet of %d KiB holds; save it anew", size>>20, packed>>10)
	}
	return nil
}

func unpackedLimit(packed int64) int64 {
	return min(maxWorkbook, max(smallWorkbook, maxSwelling*packed))
}

func wholeSheet(part *zip.File, marks sheetMarks) error {
	in, err := part.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	d := xml.NewDecoder(in)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	at := sheetCell{sheetMarks: marks}
	for depth := 0; ; {
		token, err := d.RawToken()
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			err = at.begin(token)
		case xml.EndElement:
			depth--
			at.end(token)
		case xml.CharData:
			at.text(token)
		}
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
}

// sheetCell follows the cells of a sheet. A row or a cell that does not say where
// it is stands behind the last one; one that says so must stand behind it, too:
// excelize loses or shifts what is out of order, and goes through every row up to
// the one that is named.
type sheetCell struct {
	sheetMarks
	row, column     int // the row from 1, the column from 0
	number          bool
	formula, valued bool // it has the one, the other
	inValue         bool
	over            bool // the cells have all been seen
}

func (c *sheetCell) begin(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		return c.beginRow(attribute(e, "r"))
	case "c":
		kind := attribute(e, "t")
		c.number, c.formula, c.valued = kind == "" || kind == "n", false, false
		return c.beginCell(attribute(e, "r"))
	case "f":
		c.formula = true
	case "v":
		c.inValue, c.valued = true, c.valued || !c.number // of a text, an empty one is a value
	}
	return nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (c *sheetCell) beginRow(named string) error {
	row := c.row + 1
	if named != "" {
		row, _ = strconv.Atoi(named) // what is no number stands in no place
	}
	if !c.over && (row <= c.row || row > excelize.TotalRows) {
		return fmt.Errorf("row %.20q behind row %d is out of place; save it anew", named, c.row)
	}
	c.row, c.column = row, -1
	return nil
}

func (c *sheetCell) beginCell(named string) error {
	column, row := c.column+2, c.row
	if named != "" {
		column, row, _ = excelize.CellNameToCoordinates(named) // as above
	}
	if !c.over && (row != c.row || column-1 <= c.column) {
		return fmt.Errorf("cell %.20q in row %d is out of place; save it anew", named, c.row)
	}
	c.column = column - 1
	return nil
}

func (c *sheetCell) text(value []byte) {
	if !c.inValue {
		return
	}
	c.valued = c.valued || len(bytes.TrimSpace(value)) > 0
	if c.number && len(value) > exactDigits && digits(string(value)) {
		c.long.add(c.row, c.column)
	}
}

func (c *sheetCell) end(e xml.EndElement) {
	c.inValue = false
	c.over = c.over || e.Name.Local == "sheetData"
	if e.Name.Local == "c" && c.formula && !c.valued {
		c.formulas.add(c.row, c.column)
	}
}
