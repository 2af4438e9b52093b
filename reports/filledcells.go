package reports

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// cellFaults are the cells of a sheet that show a person something which the
// values in the file do not hold: why, in words, by row and by column counted
// from 0.
type cellFaults map[int]map[int]string

func (f cellFaults) add(cell, why string) error {
	column, row, err := excelize.CellNameToCoordinates(cell)
	if err != nil {
		return err
	}
	if f[row] == nil {
		f[row] = map[int]string{}
	}
	f[row][column-1] = why
	return nil
}

const (
	faultFormula = "the cell holds a formula whose value was not saved; try: opening and saving the file in a spreadsheet program, or typing the value"
	faultLogical = "the cell holds TRUE or FALSE, not a text; try: typing the text"
	faultDate    = "the cell holds a date or time, not a text; try: formatting it as text and typing it again"
	faultError   = "the cell holds an error of a formula"
	faultMerged  = "the cell is merged with %s, and what is seen there is stored for that cell only; try: unmerging the cells and filling in every row"
)

// faultsOf streams the part of a sheet, which excelize would hold whole in
// memory to tell a formula from a value.
func faultsOf(file, sheet string) (cellFaults, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	part, err := partOf(&z.Reader, sheet)
	if err != nil {
		return nil, err
	}
	r, err := z.Open(part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readFaults(xml.NewDecoder(r))
}

func readFaults(d *xml.Decoder) (cellFaults, error) {
	r := faultReader{Decoder: d, faults: cellFaults{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return r.faults, nil
		}
		if err != nil {
			return nil, err
		}
		at, is := token.(xml.StartElement)
		switch {
		case is && at.Name.Local == "c" && !r.over:
			err = r.cell(at)
		case is && at.Name.Local == "row" && !r.over:
			err = r.row(at)
		case is && at.Name.Local == "mergeCell":
			err = r.merged(at)
		}
		if end, is := token.(xml.EndElement); is && end.Name.Local == "sheetData" {
			r.over = true
		}
		if err != nil {
			return nil, err
		}
	}
}

// faultReader reads the part of one sheet.
type faultReader struct {
	*xml.Decoder
	faults  cellFaults
	lastRow int  // that the sheet holds
	lastCol int  // of that row, from 1
	hidden  int  // cells behind merged ones, so far
	over    bool // the cells have all been seen
}

// row counts rows, of which a sheet may leave out empty ones. One that is out of
// order excelize would lose, and it goes through all up to the one that is named.
func (r *faultReader) row(start xml.StartElement) error {
	row := r.lastRow + 1
	for _, a := range start.Attr {
		if a.Name.Local == "r" {
			row, _ = strconv.Atoi(a.Value) // what is no number stands in no place
		}
	}
	if row <= r.lastRow || row > excelize.TotalRows {
		return fmt.Errorf("%w: a row behind row %d is out of place; try: saving the file in a spreadsheet program", ErrNotOurs, r.lastRow)
	}
	r.lastRow, r.lastCol = row, 0
	return nil
}

func (r *faultReader) cell(start xml.StartElement) error {
	var c struct {
		Cell    string    `xml:"r,attr"`
		Type    string    `xml:"t,attr"`
		Formula *struct{} `xml:"f"`
		Value   *string   `xml:"v"`
	}
	if err := r.DecodeElement(&c, &start); err != nil {
		return err
	}
	column, row := r.lastCol+1, r.lastRow
	if c.Cell != "" {
		column, row, _ = excelize.CellNameToCoordinates(c.Cell) // as above
	}
	if row != r.lastRow || column <= r.lastCol {
		return fmt.Errorf("%w: a cell in row %d is out of place; try: saving the file in a spreadsheet program", ErrNotOurs, r.lastRow)
	}
	r.lastCol, c.Cell = column, at(column, row)
	switch {
	case c.Type == "b" && c.Value != nil:
		return r.faults.add(c.Cell, faultLogical)
	case c.Type == "e" && c.Value != nil:
		return r.faults.add(c.Cell, faultError+" ("+*c.Value+")")
	case c.Formula != nil && (c.Value == nil || *c.Value == "" && c.Type != "str"): // a formula may well yield an empty text
		return r.faults.add(c.Cell, faultFormula)
	}
	return nil
}

// partOf finds a sheet's part of the file by its name.
func partOf(z *zip.Reader, sheet string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		Links []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(decodePart(z, "xl/workbook.xml", &book), decodePart(z, "xl/_rels/workbook.xml.rels", &links)); err != nil {
		return "", err
	}
	for _, s := range book.Sheets {
		for _, l := range links.Links {
			if s.Name == sheet && l.ID == s.ID {
				if whole, is := strings.CutPrefix(l.Target, "/"); is {
					return whole, nil
				}
				return path.Join("xl", l.Target), nil
			}
		}
	}
	return "", fmt.Errorf("%w: no part of the file holds it", ErrNotOurs)
}

func decodePart(z *zip.Reader, name string, into any) error {
	r, err := z.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	return xml.NewDecoder(io.LimitReader(r, 1<<24)).Decode(into)
}
