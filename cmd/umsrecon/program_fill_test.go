package main

import (
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// fill FILE CODE HEADING=VALUE…: writes into the row of that code in the sheet
// of discrepancies, as a person would; a value that begins with = is a formula
// whose value is not saved. The word copied copies the row below itself, the
// word hidden hides it.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	const sheet = "对账差异表"
	rows, err := f.GetRows(sheet)
	ts.Check(err)
	heads := rows[2]
	row := slices.IndexFunc(rows, func(cells []string) bool { return slices.Contains(cells, args[1]) })
	if row < 0 {
		ts.Fatalf("no row of %s in %v", args[1], rows)
	}
	for _, pair := range args[2:] {
		head, value, _ := strings.Cut(pair, "=")
		switch head {
		case "copied":
			ts.Check(f.DuplicateRow(sheet, row+1))
			continue
		case "hidden":
			ts.Check(f.SetRowVisible(sheet, row+1, false))
			continue
		}
		cell, err := excelize.CoordinatesToCellName(slices.Index(heads, head)+1, row+1)
		ts.Check(err)
		if strings.HasPrefix(value, "=") {
			ts.Check(f.SetCellFormula(sheet, cell, value))
		} else {
			ts.Check(f.SetCellValue(sheet, cell, value))
		}
	}
	ts.Check(f.Save())
}
