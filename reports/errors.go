package reports

import "errors"

// ErrBooksOpen is returned by Settlement when the detail and the summary do
// not add up to the same; no workbook is left.
var ErrBooksOpen = errors.New("the detail and the summary of the workbook differ")
