package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// TestGolden holds both workbooks against the text of everything that a reader
// sees or prints: cells with their formulas and stored values, formats and
// fills, widths, panes, filters, lists and the page. UPDATE_GOLDEN=1 writes
// the texts anew; read what has changed before you keep it.
func TestGolden(t *testing.T) {
	_, zh := written(t, sampleReport(), sampleOptions())
	settlement := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Settlement(settlement, sampleSettlement(), sampleOptions()))
	for name, path := range map[string]string{"discrepancies": zh, "settlement": settlement} {
		t.Run(name, func(t *testing.T) {
			got, golden := told(t, opened(t, path)), filepath.Join("testdata", name+".golden")
			if os.Getenv("UPDATE_GOLDEN") == "1" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"))
		})
	}
}

// told is a workbook as text.
func told(t *testing.T, f *excelize.File) string {
	var b strings.Builder
	names := f.GetDefinedName()
	slices.SortFunc(names, func(a, b excelize.DefinedName) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
	})
	for _, n := range names {
		fmt.Fprintf(&b, "name %s of %s: %s\n", n.Name, n.Scope, n.RefersTo)
	}
	for _, sheet := range f.GetSheetList() {
		fmt.Fprintf(&b, "\nsheet %s\n", sheet)
		tellPage(t, &b, f, sheet)
		tellCells(t, &b, f, sheet)
	}
	return b.String()
}

func tellPage(t *testing.T, b *strings.Builder, f *excelize.File, sheet string) {
	page, err := f.GetPageLayout(sheet)
	require.NoError(t, err)
	fmt.Fprintf(b, "page: paper %d %s, %d wide, %d tall\n", *page.Size, *page.Orientation, *page.FitToWidth, *page.FitToHeight)
	margins, err := f.GetPageMargins(sheet)
	require.NoError(t, err)
	fmt.Fprintf(b, "margins: %v %v %v %v, header %v, footer %v\n", *margins.Left, *margins.Right, *margins.Top, *margins.Bottom, *margins.Header, *margins.Footer)
	ends, err := f.GetHeaderFooter(sheet)
	require.NoError(t, err)
	fmt.Fprintf(b, "footer: %s\n", ends.OddFooter)
	panes, err := f.GetPanes(sheet)
	require.NoError(t, err)
	fmt.Fprintf(b, "frozen: %v, %d columns, %d rows\n", panes.Freeze, panes.XSplit, panes.YSplit)
	lists, err := f.GetDataValidations(sheet)
	require.NoError(t, err)
	for _, l := range lists {
		fmt.Fprintf(b, "list: %s %s\n", l.Sqref, l.Formula1)
	}
	merged, err := f.GetMergeCells(sheet)
	require.NoError(t, err)
	for _, m := range merged {
		fmt.Fprintf(b, "merged: %s:%s\n", m.GetStartAxis(), m.GetEndAxis())
	}
}

func tellCells(t *testing.T, b *strings.Builder, f *excelize.File, sheet string) {
	all, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	for r, row := range all {
		for c, value := range row {
			cell := at(c+1, r+1)
			if r == 0 || r == headingRow-1 {
				width, err := f.GetColWidth(sheet, columnName(c+1))
				require.NoError(t, err)
				fmt.Fprintf(b, "%s is %v wide\n", columnName(c+1), width)
			}
			formula, err := f.GetCellFormula(sheet, cell)
			require.NoError(t, err)
			if value == "" && formula == "" {
				continue
			}
			if formula != "" {
				formula = "=" + formula
			}
			fmt.Fprintln(b, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", cell, lookOf(t, f, sheet, cell), value, formula)), " "))
		}
	}
}

// lookOf is the format, the fill and the weight of a cell.
func lookOf(t *testing.T, f *excelize.File, sheet, cell string) string {
	id, err := f.GetCellStyle(sheet, cell)
	require.NoError(t, err)
	style, err := f.GetStyle(id)
	require.NoError(t, err)
	words := []string{}
	switch {
	case style.CustomNumFmt != nil:
		words = append(words, *style.CustomNumFmt)
	case style.NumFmt == 49:
		words = append(words, formatText)
	}
	words = append(words, style.Fill.Color...)
	if style.Font != nil && style.Font.Bold {
		words = append(words, "bold")
	}
	if style.Alignment != nil && style.Alignment.WrapText {
		words = append(words, "wraps")
	}
	return "[" + strings.Join(words, " ") + "]"
}
