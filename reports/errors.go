package reports

import "errors"

var (
	// ErrBooksOpen is returned by Settlement when the detail and the summary do
	// not add up to the same; no workbook is left.
	ErrBooksOpen = errors.New("the detail and the summary of the workbook differ")
	// ErrNotOurs is returned by ReadFilled for a file that is not a
	// discrepancies workbook, or has lost what it is read back by.
	ErrNotOurs = errors.New("not a discrepancies workbook of this program")
	// ErrKeyEdited and ErrNoCaseID stand in a row of ReadFilled, or come from
	// Filled.Unchanged: the row no longer says which case it is about.
	ErrKeyEdited = errors.New("a cell that names the case was edited")
	ErrNoCaseID  = errors.New("the row has no case number (差异编号)")
)
