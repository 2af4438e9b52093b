package reports

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// filledIn is the sample's workbook with a resolution in the row of every case.
func filledIn(t *testing.T, o Options, outcome string) string {
	f, path := written(t, sampleReport(), o)
	sheet := o.Language.say(caseSheet)
	heads := rows(t, f, sheet)[headingRow-1]
	for i := range sampleDiscrepancies() {
		for head, value := range map[string]any{headOutcome: outcome, headNote: "已核对", headBy: "张三", headOn: int(sampleDay + 1 - epoch)} {
			require.NoError(t, f.SetCellValue(sheet, at(slices.Index(heads, o.Language.say(head))+1, headingRow+1+i), value))
		}
	}
	require.NoError(t, f.SaveAs(path))
	return path
}

// readBack holds what was read against the sample's cases.
func readBack(t *testing.T, path string) {
	t.Helper()
	found, err := ReadFilled(path)
	require.NoError(t, err)
	lines := map[string]reconcile.Line{}
	for _, l := range sampleDiscrepancies() {
		lines[l.Case.ID] = l
	}
	require.Len(t, found, len(lines))
	for _, row := range found {
		l, known := lines[row.Entry.CaseID]
		require.True(t, known, row.Entry.CaseID)
		delete(lines, row.Entry.CaseID)
		require.NoError(t, row.Err)
		require.NoError(t, row.Unchanged(l))
		require.Equal(t, l.Case.Version(), row.Entry.Version)
		d := row.Entry.Decision
		require.Equal(t, []any{"核销", "已核对", "张三", sampleDay + 1}, []any{d.Remedy.ZH, d.Note, d.By, d.On})
	}
}

func TestReadFilledInBothLanguages(t *testing.T) {
	readBack(t, filledIn(t, sampleOptions(), "核销"))
	english := sampleOptions()
	english.Language = EN
	readBack(t, filledIn(t, english, "write off"))
}

func TestReadFilledAfterLibreOffice(t *testing.T) {
	readBack(t, office(t, filledIn(t, sampleOptions(), "核销"), "xlsx", ".xlsx"))
}

func TestReadFilledOfAMovedTable(t *testing.T) {
	path := filledIn(t, sampleOptions(), "核销")
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	all, err := f.GetRows(caseSheet)
	require.NoError(t, err)
	table := all[headingRow-1 : headingRow+len(sampleDiscrepancies())]
	slices.Reverse(table[1:])
	moved := filepath.Join(t.TempDir(), "moved.xlsx")
	g := excelize.NewFile()
	require.NoError(t, g.SetSheetName("Sheet1", caseSheet))
	for i, row := range table {
		slices.Reverse(row)
		for j, v := range append([]string{"我们的列", ""}, row...) {
			require.NoError(t, g.SetCellValue(caseSheet, at(j+1, i+6), v))
		}
	}
	require.NoError(t, g.SaveAs(moved))
	readBack(t, moved)
}

func TestReadFilledOfManySheets(t *testing.T) {
	o := sampleOptions()
	o.RowLimit = headingRow + 6
	readBack(t, filledInEverywhere(t, o))
}

func filledInEverywhere(t *testing.T, o Options) string {
	f, path := written(t, sampleReport(), o)
	for _, sheet := range f.GetSheetList() {
		if !isCaseSheet(sheet) {
			continue
		}
		table := rows(t, f, sheet)
		heads := table[headingRow-1]
		for n := headingRow; n < len(table) && len(table[n][1]) == 17; n++ {
			for head, value := range map[string]any{headOutcome: "核销", headNote: "已核对", headBy: "张三", headOn: "2026/11/20"} {
				require.NoError(t, f.SetCellValue(sheet, at(slices.Index(heads, head)+1, n+1), value))
			}
		}
	}
	require.Contains(t, f.GetSheetList(), "对账差异表 2")
	require.NoError(t, f.SaveAs(path))
	return path
}

func TestReadFilledSaysWhatIsWrong(t *testing.T) {
	path := filledIn(t, sampleOptions(), "核销")
	heads := rows(t, opened(t, path), caseSheet)[headingRow-1]
	set := func(f *excelize.File, head string, value any) {
		require.NoError(t, f.SetCellValue(caseSheet, at(slices.Index(heads, head)+1, headingRow+1), value))
	}
	first := sampleDiscrepancies()[0]
	for name, c := range map[string]struct {
		head  string
		value any
		want  string
	}{
		"outcome": {headOutcome, "随便", `处理方式: "随便" is not in the list`},
		"review":  {headJudge, "也许", `复核结果: "也许" is not in the list: 同意、驳回`},
		"date":    {headOn, "明天", `"明天" is not a date`},
		"no case": {headCase, "", "no case number"},
		"tick":    {headNote, true, "处理说明: the cell holds TRUE or FALSE, not a text"},
		"who":     {headBy, false, "处理人: the cell holds TRUE or FALSE, not a text"},
		"dated":   {headNote, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), "处理说明: the cell holds a date or time, not a text"},
		"number":  {headBy, 46346, ""},
		"done on": {headOn, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), ""},
		"amount":  {"台账金额", "19.085", `台账金额: "19.085" is not whole fen`},
		"word":    {"台账金额", "abc", `"abc" is not an amount`},
		"bill":    {"账单号", "B1", "账单号 is \"B1\" in the file, \"" + first.Case.Key.BillNo + "\" in the database"},
		"fen":     {"台账金额", 19.07, `台账金额 is "19.07" in the file, "19.08" in the database`},
		"tail":    {"台账金额", "19.079999999999998", ""},
		"day":     {"对账日", int(sampleDay - epoch + 1), `对账日 is "2026-11-20" in the file, "2026-11-19" in the database`},
		"code":    {"代码", "AMOUNT_BILL_MORE", `代码 is "AMOUNT_BILL_MORE"`},
		"gap":     {"差额（渠道−台账）", "", `is "" in the file, "-0.01" in the database`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := excelize.OpenFile(path)
			require.NoError(t, err)
			set(f, c.head, c.value)
			edited := filepath.Join(t.TempDir(), "edited.xlsx")
			require.NoError(t, f.SaveAs(edited))
			found, err := ReadFilled(edited)
			require.NoError(t, err)
			row := found[0]
			if row.Err == nil {
				row.Err = row.Unchanged(first)
			}
			if c.want == "" {
				require.NoError(t, row.Err)
			} else {
				require.ErrorContains(t, row.Err, c.want)
			}
		})
	}
}

func TestReadFilledRefusesOtherFiles(t *testing.T) {
	lacking, _ := written(t, sampleReport(), sampleOptions())
	require.NoError(t, lacking.RemoveCol(caseSheet, "AL"))
	path := filepath.Join(t.TempDir(), "lacking.xlsx")
	require.NoError(t, lacking.SaveAs(path))
	_, err := ReadFilled(path)
	require.ErrorIs(t, err, ErrNotOurs)
	require.ErrorContains(t, err, `no column "核对码"`)

	for want, head := range map[string]string{
		"with a password":    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest",
		"it is no .xlsx":     "差异编号,处理方式",
		"is no .xlsx file; ": "",
	} {
		other := filepath.Join(t.TempDir(), "other.xlsx")
		require.NoError(t, os.WriteFile(other, []byte(head), 0o600))
		_, err := ReadFilled(other)
		require.ErrorIs(t, err, ErrNotOurs)
		require.ErrorContains(t, err, want)
	}
	ods := filepath.Join(t.TempDir(), "filled.ods")
	out, err := os.Create(ods)
	require.NoError(t, err)
	z := zip.NewWriter(out)
	_, err = z.Create("content.xml")
	require.NoError(t, errors.Join(err, z.Close(), out.Close()))
	_, err = ReadFilled(ods)
	require.ErrorIs(t, err, ErrNotOurs)
	require.ErrorContains(t, err, `filled.ods": not a discrepancies workbook of this program: it is no .xlsx file; save it as .xlsx`)

	junk := filepath.Join(t.TempDir(), "junk.xlsx")
	require.NoError(t, os.WriteFile(junk, []byte("junk"), 0o600))
	_, err = ReadFilled(junk)
	require.ErrorContains(t, err, junk)
}

func TestReadFilledTakesTheValueThatWasSavedWithAFormula(t *testing.T) {
	f, path := written(t, sampleReport(), sampleOptions())
	heads := rows(t, f, caseSheet)[headingRow-1]
	cell := func(head string, row int) string { return at(slices.Index(heads, head)+1, headingRow+row) }
	for row := 1; row <= 3; row++ {
		for head, value := range map[string]string{headOutcome: "核销", headBy: "张三"} {
			require.NoError(t, f.SetCellValue(caseSheet, cell(head, row), value))
		}
	}
	require.NoError(t, f.SetCellValue(caseSheet, cell(headNote, 3), "已核对"))
	require.NoError(t, f.SetCellFormula(caseSheet, cell(headNote, 1), `="已"&"查"`))
	require.NoError(t, f.SetCellFormula(caseSheet, cell(headNote, 2), "=NA()"))
	require.NoError(t, f.SetRowVisible(caseSheet, headingRow+3, false))
	require.NoError(t, f.SaveAs(path))
	found, err := ReadFilled(path)
	require.NoError(t, err)
	require.ErrorContains(t, found[0].Err, "处理说明: the cell holds a formula whose value was not saved")
	require.ErrorContains(t, found[1].Err, "formula")

	found, err = ReadFilled(office(t, path, "xlsx", ".xlsx")) // which saves values
	require.NoError(t, err)
	require.NoError(t, found[0].Err)
	require.Equal(t, "已查", found[0].Entry.Decision.Note)
	require.ErrorContains(t, found[1].Err, "处理说明: the cell holds an error of a formula (#N/A)")
	require.NoError(t, found[2].Err)
	require.Equal(t, []bool{false, false, true}, []bool{found[0].Hidden, found[1].Hidden, found[2].Hidden})
}

// Of merged cells the file has the value once: the other rows are told of, and
// none of them is taken for one that nobody has filled in.
func TestReadFilledTellsOfMergedCells(t *testing.T) {
	f, path := written(t, sampleReport(), sampleOptions())
	heads := rows(t, f, caseSheet)[headingRow-1]
	cell := func(head string, row int) string { return at(slices.Index(heads, head)+1, headingRow+row) }
	for row := 1; row <= 2; row++ {
		for head, value := range map[string]string{headOutcome: "核销", headBy: "张三"} {
			require.NoError(t, f.SetCellValue(caseSheet, cell(head, row), value))
		}
	}
	require.NoError(t, f.SetCellValue(caseSheet, cell(headNote, 1), "同一原因"))
	require.NoError(t, f.MergeCell(caseSheet, cell(headNote, 1), cell(headNote, 3)))
	require.NoError(t, f.MergeCell(caseSheet, "A1", "AL1"), "a title is nobody's row")
	require.NoError(t, f.SaveAs(path))
	for name, path := range map[string]string{"as saved": path, "after LibreOffice": office(t, path, "xlsx", ".xlsx")} {
		found, err := ReadFilled(path)
		require.NoError(t, err, name)
		require.Len(t, found, 4, "%s: rows 1 to 3, and the one that was decided before", name)
		require.NoError(t, found[0].Err, name)
		require.Equal(t, "同一原因", found[0].Entry.Decision.Note, name)
		for _, row := range found[1:3] {
			require.ErrorContains(t, row.Err, "处理说明: the cell is merged with "+cell(headNote, 1), name)
		}
		require.NoError(t, found[3].Err, name)
	}
}

func TestReadFilledOfARangeMergedToTheEnd(t *testing.T) {
	path := filledIn(t, sampleOptions(), "核销")
	part, sheet := partThatHolds(t, path, "<t>"+headVersion+"</t>")
	with := func(ranged, row string) ([]Filled, error) {
		merged := strings.Replace(sheet, "<mergeCells count=\"3\">", `<mergeCells count="4"><mergeCell ref="`+ranged+`"/>`, 1)
		require.NotEqual(t, len(sheet), len(merged))
		return ReadFilled(withPart(t, path, part, strings.Replace(merged, "</sheetData>", row+"</sheetData>", 1)))
	}
	found, err := with("AG4:AG1048576", "")
	require.NoError(t, err)
	require.NoError(t, found[0].Err)
	require.ErrorContains(t, found[1].Err, "merged with AG4")
	_, err = with("AG4:XFD1048576", `<row r="70000"></row>`)
	require.ErrorContains(t, err, "try: unmerging")
}
