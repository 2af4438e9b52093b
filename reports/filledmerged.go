package reports

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// mergedLimit is how many cells of a sheet may stand behind merged ones: each
// is told of.
const mergedLimit = 1 << 20

// merged tells of the cells of a merged range but the first: a person sees its
// value in all of them, the file has it in one.
func (r *faultReader) merged(start xml.StartElement) error {
	var m struct {
		Range string `xml:"ref,attr"`
	}
	if err := r.DecodeElement(&m, &start); err != nil {
		return err
	}
	first, last, _ := strings.Cut(m.Range, ":")
	left, top, err := excelize.CellNameToCoordinates(first)
	if err != nil {
		return err
	}
	right, bottom, err := excelize.CellNameToCoordinates(cmp.Or(last, first))
	if err != nil {
		return err
	}
	bottom = min(bottom, max(r.lastRow, top)) // a range may well reach to the end of the sheet
	if r.hidden += (right - left + 1) * (bottom - top + 1); r.hidden > mergedLimit {
		return fmt.Errorf("over %d cells are merged; try: unmerging %s", mergedLimit, m.Range)
	}
	for row := top; row <= bottom; row++ {
		for column := left; column <= right; column++ {
			if row == top && column == left {
				continue
			}
			if err := r.faults.add(at(column, row), fmt.Sprintf(faultMerged, first)); err != nil {
				return err
			}
		}
	}
	return nil
}
