package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// TestGolden holds both workbooks against the text of everything that a reader
// sees or prints: cells with their formulas and stored values, formats and
// fills, widths, panes, filters, lists, the page, and what the charts show. UPDATE_GOLDEN=1 writes
// the texts anew; read what has changed before you keep it.
func TestGolden(t *testing.T) {
	_, zh := written(t, sampleReport(), sampleOptions())
	settlement := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Settlement(settlement, sampleSettlement(), sampleOptions()))
	for name, path := range map[string]string{"discrepancies": zh, "settlement": settlement} {
		t.Run(name, func(t *testing.T) {
			got, golden := told(t, opened(t, path))+toldCharts(t, path), filepath.Join("testdata", name+".golden")
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

var chartWord = regexp.MustCompile(`<c:f>|<f>([^<]*)</f>|<a:t>([^<]*)</a:t>|<(?:c:)?(barChart|barDir val="\w+")`)

// toldCharts is each chart's kind, title and ranges.
func toldCharts(t *testing.T, path string) string {
	var b strings.Builder
	for _, part := range parts(t, path, "xl/charts/") {
		b.WriteString("\nchart")
		for _, found := range chartWord.FindAllStringSubmatch(part, -1) {
			b.WriteString(" | " + strings.Join(found[1:], ""))
		}
	}
	return b.String() + "\n"
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
				shown, err := f.GetColVisible(sheet, columnName(c+1))
				require.NoError(t, err)
				level, err := f.GetColOutlineLevel(sheet, columnName(c+1))
				require.NoError(t, err)
				fmt.Fprintf(b, "%s is %v wide%s\n", columnName(c+1), width, map[bool]string{false: fmt.Sprintf(", folded at level %d", level)}[shown])
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

// TestPrintCanBeRead: one page wide, no sheet is printed at less than six
// points; one that would be has columns to fold, and the buttons to unfold them.
func TestPrintCanBeRead(t *testing.T) {
	d, o := mixedReport(), sampleOptions()
	day, month := filepath.Join(t.TempDir(), "d.xlsx"), filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Discrepancies(day, d, o))
	require.NoError(t, Settlement(month, statedSettlement(), o))
	folded := 0
	for _, path := range []string{day, month} {
		f := opened(t, path)
		for i, sheet := range f.GetSheetList() {
			shown, whole := sheetWidth(t, f, sheet)
			require.GreaterOrEqual(t, 10*806/shown, 6.0, sheet)
			part := parts(t, path, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1))[0]
			require.Equal(t, whole > shown, strings.Contains(part, `outlineLevelCol="1"`), sheet)
			require.NotContains(t, part, "zeroHeight", sheet)
			if whole > shown {
				folded++
				require.Less(t, 10*806/whole, 6.0, "%s need not be folded", sheet)
			}
		}
	}
	require.Equal(t, 5, folded, "the four lists of a day and the settlement's")
}

// sheetWidth is in points of the sheet, as pageHeight counts them: of the
// columns that are shown, and of all.
func sheetWidth(t *testing.T, f *excelize.File, sheet string) (shown, whole float64) {
	for c := range slices.MaxFunc(rows(t, f, sheet), func(a, b []string) int { return len(a) - len(b) }) {
		width, err := f.GetColWidth(sheet, columnName(c+1))
		require.NoError(t, err)
		visible, err := f.GetColVisible(sheet, columnName(c+1))
		require.NoError(t, err)
		whole += width*6 + 3.75
		if visible {
			shown += width*6 + 3.75
		}
	}
	return shown, whole
}
