package reports

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Independent readers of the workbooks. Without them the tests are skipped,
// unless REQUIRE_OFFICE=1.

// absent skips, or fails where office programs are required.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_OFFICE") == "1" {
		require.FailNow(t, what+" is not installed")
	}
	t.Skip(what + " is not installed: the workbook was not read by an independent program")
}

// openpyxl reads every cell of a workbook: sheet to rows to values.
func openpyxl(t *testing.T, path string, cached bool) map[string][][]any {
	t.Helper()
	python := ""
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import openpyxl").Run() == nil {
			python = p
			break
		}
	}
	if python == "" {
		absent(t, "openpyxl")
	}
	script := `
import json, sys, openpyxl, warnings
warnings.simplefilter("error")
book = openpyxl.load_workbook(sys.argv[1], data_only=sys.argv[2] == "cached")
print(json.dumps({s.title: [[v if isinstance(v, (int, float, type(None))) else str(v) for v in row] for row in s.values] for s in book.worksheets}))
`
	var stderr strings.Builder
	how := "formulas"
	if cached {
		how = "cached"
	}
	cmd := exec.Command(python, "-c", script, path, how)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var sheets map[string][][]any
	require.NoError(t, json.Unmarshal(out, &sheets))
	return sheets
}

func TestOpenpyxlReadsTheSame(t *testing.T) {
	var lines []reconcile.Line
	for i, fen := range exactAmounts {
		l := sampleLine(i, reconcile.AmountBillMore, 0, 0)
		l.Case.Gap = reconcile.Some(fen)
		l.Order.OrderNo = []string{"=1+1", "0001", "3.19E+17"}[i%3]
		lines = append(lines, l)
	}
	d := sampleReport()
	d.Discrepancies = each(lines)
	_, path := written(t, d, sampleOptions())
	sheet := openpyxl(t, path, true)["对账差异表"]
	for i, fen := range exactAmounts {
		row := sheet[headingRow+i]
		require.Equal(t, yuan(fen), row[17], fen.Yuan())
		require.Equal(t, lines[i].Order.OrderNo, row[6])
		require.Equal(t, lines[i].Case.Key.BillNo, row[7])
		require.Equal(t, "2026-11-19 00:00:00", row[2], "a real date")
		require.Equal(t, "2026-11-19 12:30:00", row[22], "a real instant")
	}
	var total reconcile.Fen
	for _, fen := range exactAmounts {
		total += fen
	}
	require.Equal(t, yuan(total), sheet[headingRow+len(lines)][17], "the total has its value beside the formula")
	formulas := openpyxl(t, path, false)["对账差异表"]
	require.Equal(t, "=SUBTOTAL(109,R4:R17)", formulas[headingRow+len(lines)][17])
	require.Equal(t, "=1+1", formulas[headingRow][6])
}

func TestOpenpyxlReadsTheSettlement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Settlement(path, sampleSettlement(), sampleOptions()))
	detail := openpyxl(t, path, true)["结算明细"]
	require.Equal(t, 423.12, detail[len(detail)-1][18])
}

// recalculate makes LibreOffice compute every formula on loading, not believe
// the stored value.
const recalculate = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
`

// office converts a workbook with LibreOffice and returns the result's path.
func office(t *testing.T, path, format, ext string) string {
	t.Helper()
	return filepath.Join(offices(t, format, path), strings.TrimSuffix(filepath.Base(path), ".xlsx")+ext)
}

// offices converts workbooks in one go, which saves the start of the program,
// and returns the folder of the results.
func offices(t *testing.T, format string, paths ...string) string {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		absent(t, "LibreOffice")
	}
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "profile", "user"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "profile", "user", "registrymodifications.xcu"), []byte(recalculate), 0o600))
	cmd := exec.Command(program, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", format, "--outdir", dir)
	cmd.Args = append(cmd.Args, paths...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return dir
}

func TestLibreOfficeReadsTheSame(t *testing.T) {
	var lines []reconcile.Line
	for i, fen := range exactAmounts {
		l := sampleLine(i, reconcile.AmountBillMore, 0, 0)
		l.Case.Gap, l.Order.OrderNo = reconcile.Some(fen), "=1+1"
		lines = append(lines, l)
	}
	d := sampleReport()
	d.Discrepancies = each(lines)
	_, path := written(t, d, sampleOptions())
	all := asCSV(t, path, 2, "对账差异表")
	require.Equal(t, "差额（渠道−台账）", all[headingRow-1][17])
	for i, fen := range exactAmounts {
		row := all[headingRow+i]
		require.Equal(t, fen.Yuan(), strings.ReplaceAll(row[17], ",", ""))
		require.Equal(t, "=1+1", row[6])
		require.Equal(t, lines[i].Case.Key.BillNo, row[7])
		require.Equal(t, []string{"2026-11-19", "2026-11-19 12:30:00"}, []string{row[2], row[22]})
	}
}

// asCSV is a sheet as LibreOffice shows it. 44 comma, 34 quote, 76 UTF-8,
// from line 1, as shown, one sheet by number.
func asCSV(t *testing.T, path string, number int, sheet string) [][]string {
	t.Helper()
	filter := fmt.Sprintf("csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,true,false,false,%d", number)
	file, err := os.Open(office(t, path, filter, "-"+sheet+".csv"))
	require.NoError(t, err)
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	all, err := reader.ReadAll()
	require.NoError(t, err)
	return all
}

func TestLibreOfficeComputesTheSameTotals(t *testing.T) {
	english, small := sampleOptions(), sampleOptions()
	english.Language, small.RowLimit = EN, 12
	books := map[string]struct {
		write func(path string) error
		least int // formulas
	}{
		"day":              {func(p string) error { return Discrepancies(p, mixedReport(), sampleOptions()) }, 59},
		"day-english":      {func(p string) error { return Discrepancies(p, mixedReport(), english) }, 59},
		"day-quiet":        {func(p string) error { return Discrepancies(p, quietReport(), sampleOptions()) }, 29},
		"month":            {func(p string) error { return Settlement(p, statedSettlement(), sampleOptions()) }, 200},
		"month-in-english": {func(p string) error { return Settlement(p, statedSettlement(), english) }, 200},
		"month-in-sheets":  {func(p string) error { return Settlement(p, sampleSettlement(), small) }, 180},
		"month-of-alike":   {func(p string) error { return Settlement(p, alikeSettlement(), sampleOptions()) }, 60},
	}
	dir, paths := t.TempDir(), []string{}
	for name, book := range books {
		path := filepath.Join(dir, name+".xlsx")
		require.NoError(t, book.write(path))
		paths = append(paths, path)
	}
	results := offices(t, "xlsx", paths...)
	for name, book := range books {
		t.Run(name, func(t *testing.T) {
			stored, computed := opened(t, filepath.Join(dir, name+".xlsx")), opened(t, filepath.Join(results, name+".xlsx"))
			require.GreaterOrEqual(t, requireSameFormulas(t, stored, computed), book.least)
		})
	}
}

// mixedReport has cases of every kind and of none, decided and undecided ones,
// remarks behind the state, and orders that a case stands for.
func mixedReport() DayReport {
	d := sampleReport()
	lines := sampleDiscrepancies()
	none := sampleLine(6, reconcile.SettleTotalMismatch, 500, 400)
	none.Case.State, none.Case.Gone = reconcile.StateProposed, true
	bad := sampleProblems()[0]
	bad.Case.State = reconcile.StateCleared
	d.Discrepancies, d.Covered = each(append(lines, none, bad)), each(lines[:2])
	return d
}

func quietReport() DayReport {
	nothing := each([]reconcile.Line(nil))
	return DayReport{Summary: reconcile.Summary{Day: sampleDay, Status: reconcile.RunComplete}, Discrepancies: nothing, Pending: nothing, LedgerProblems: nothing, Covered: nothing}
}

// statedSettlement has lines without a channel, and some that a statement settles.
func statedSettlement() SettlementReport {
	r := sampleSettlement()
	return changed(r, func(i int, l *reconcile.SettleLine) {
		if i%4 == 0 {
			l.TargetSys = ""
		}
		if i%5 == 0 && l.State == reconcile.SettleCounted {
			l.Stated = &reconcile.StatementLine{Kind: l.Kind, Amount: l.BillTotal.Fen, Fee: reconcile.Some(3), Net: reconcile.Some(l.BillTotal.Fen - l.Refund.Fen - 3)}
		}
	})
}

// alikeSettlement has channels that a spreadsheet takes for one.
func alikeSettlement() SettlementReport {
	return changed(sampleSettlement(), func(i int, l *reconcile.SettleLine) { l.TargetSys = []string{"WXPay", "wxpay", "W*"}[i%3] })
}

func changed(r SettlementReport, change func(i int, l *reconcile.SettleLine)) SettlementReport {
	lines := r.Lines
	r.Lines = func() iter.Seq2[reconcile.SettleLine, error] {
		return func(yield func(reconcile.SettleLine, error) bool) {
			i := 0
			for l, err := range lines() {
				change(i, &l)
				i++
				if !yield(l, err) {
					return
				}
			}
		}
	}
	return r
}

// requireSameFormulas holds the value stored beside every formula against
// what another program computes, and counts them.
func requireSameFormulas(t *testing.T, stored, computed *excelize.File) (count int) {
	t.Helper()
	raw := excelize.Options{RawCellValue: true}
	for _, sheet := range stored.GetSheetList() {
		for r, row := range rows(t, stored, sheet) {
			for c := range row {
				cell := at(c+1, r+1)
				formula, err := stored.GetCellFormula(sheet, cell)
				require.NoError(t, err)
				if formula == "" {
					continue
				}
				count++
				want, err := stored.GetCellValue(sheet, cell, raw)
				require.NoError(t, err)
				got, err := computed.GetCellValue(sheet, cell, raw)
				require.NoError(t, err)
				wantFen, err := yuanText(want)
				require.NoError(t, err)
				gotFen, err := yuanText(got)
				require.NoError(t, err)
				require.Equal(t, wantFen, gotFen, "%s %s =%s", sheet, cell, formula)
			}
		}
	}
	return count
}

func TestLibreOfficePrintsEverySheet(t *testing.T) {
	_, path := written(t, sampleReport(), sampleOptions())
	pdf := office(t, path, "pdf", ".pdf")
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		absent(t, "pdftotext")
	}
	text, err := exec.Command(program, "-layout", pdf, "-").Output()
	require.NoError(t, err)
	require.NotContains(t, string(text), "###", "no number is too wide for its column")
	for _, title := range []string{"银联商务对账汇总", "对账差异表", "等待与未核实", "台账问题", "说明"} {
		require.Contains(t, string(text), title)
	}
	require.Contains(t, strings.ReplaceAll(string(text), " ", ""), "第1页/共")
}
