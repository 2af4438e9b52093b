package reports

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// written writes a day's workbook and opens it.
func written(t *testing.T, d DayReport, o Options) (*excelize.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.xlsx")
	require.NoError(t, Discrepancies(path, d, o))
	return opened(t, path), path
}

func opened(t *testing.T, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// rows are the formatted cells of a sheet.
func rows(t *testing.T, f *excelize.File, sheet string) [][]string {
	t.Helper()
	all, err := f.GetRows(sheet)
	require.NoError(t, err)
	return all
}

// cellAt is the raw value of a cell by its heading, in the nth row of data
// counted from 0.
func cellAt(t *testing.T, f *excelize.File, sheet, head string, n int) string {
	t.Helper()
	for i, h := range rows(t, f, sheet)[headingRow-1] {
		if h == head {
			v, err := f.GetCellValue(sheet, at(i+1, headingRow+1+n), excelize.Options{RawCellValue: true})
			require.NoError(t, err)
			return v
		}
	}
	require.FailNow(t, "no such column", head)
	return ""
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	first := map[string][]byte{}
	for range 8 {
		for name, write := range map[string]func(string) error{
			"d.xlsx": func(p string) error { return Discrepancies(p, sampleReport(), sampleOptions()) },
			"s.xlsx": func(p string) error { return Settlement(p, sampleSettlement(), sampleOptions()) },
		} {
			path := filepath.Join(dir, name)
			require.NoError(t, write(path))
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			if first[name] == nil {
				first[name] = got
			}
			require.Equal(t, len(first[name]), len(got), name)
			require.True(t, string(first[name]) == string(got), "%s differs", name)
		}
	}
}

func TestWorkbookModeAndNothingBeside(t *testing.T) {
	_, path := written(t, sampleReport(), sampleOptions())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	beside, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, beside, 1)
}

func TestAnErrorInAStreamLeavesEverythingAsItWas(t *testing.T) {
	broken := errors.New("disk gone")
	fails := func() reconcile.Lines {
		return func(yield func(reconcile.Line, error) bool) {
			if yield(sampleLine(1, reconcile.BillNotFound, 1, 0), nil) {
				yield(reconcile.Line{}, broken)
			}
		}
	}
	for name, change := range map[string]func(*DayReport){
		"cases":    func(d *DayReport) { d.Discrepancies = fails },
		"pending":  func(d *DayReport) { d.Pending = fails },
		"problems": func(d *DayReport) { d.LedgerProblems = fails },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.xlsx")
			require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
			d := sampleReport()
			change(&d)
			require.ErrorIs(t, Discrepancies(path, d, sampleOptions()), broken)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "yesterday", string(kept))
			beside, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, beside, 1)
		})
	}
}

func TestAFolderThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "d.xlsx")
	err := Discrepancies(path, sampleReport(), sampleOptions())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, path)
}

func TestRenameFailsAndLeavesNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "d.xlsx")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o750))
	require.Error(t, Discrepancies(path, sampleReport(), sampleOptions()))
	beside, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, beside, 1)
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "账单 3194", "账单 3194"},
		{"control characters become pictures", "a\x00b\tc\nd\x7f", "a␀b␉c␊d␡"},
		{"broken UTF-8", "a\xffb", "a\ufffdb"},
		{"not a character of XML", "a\uffffb\u0085", "a\ufffdb\ufffd"},
		{"beyond the basic plane", "𠮷", "𠮷"},
		{"a formula is text", "=1+1", "=1+1"},
	} {
		require.Equal(t, c.want, clean(c.in), c.name)
	}
	long := clean(strings.Repeat("长", cellLimit+1))
	require.Len(t, []rune(long), cellLimit)
	require.True(t, strings.HasSuffix(long, "…"))
	require.Equal(t, strings.Repeat("长", cellLimit), clean(strings.Repeat("长", cellLimit)))
}

func TestColumnName(t *testing.T) {
	for n := 1; n < 2000; n++ {
		want, err := excelize.ColumnNumberToName(n)
		require.NoError(t, err)
		require.Equal(t, want, columnName(n))
	}
}

func TestSerial(t *testing.T) {
	require.EqualValues(t, 61, serial(reconcile.MakeDay(1900, 3, 1)))
	require.EqualValues(t, 46345, serial(sampleDay))
	require.Equal(t, "1900-02-28", serial(reconcile.MakeDay(1900, 2, 28)), "spreadsheets count a 29 February 1900")
	require.Equal(t, 46346+2.5/24, serialTime(sampleNow))
	require.Equal(t, 46346+2.5/24, serialTime(sampleNow.UTC()), "Beijing, whatever the zone of the instant")
}

// parts are the XML parts of a workbook whose names start with prefix.
func parts(t *testing.T, path, prefix string) []string {
	t.Helper()
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer z.Close()
	var found []string
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, prefix) {
			continue
		}
		r, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		found = append(found, string(text))
	}
	return found
}

func TestChartsAreNativeBars(t *testing.T) {
	_, day := written(t, sampleReport(), sampleOptions())
	month := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Settlement(month, sampleSettlement(), sampleOptions()))
	byCode, byDate := parts(t, day, "xl/charts/"), parts(t, month, "xl/charts/")
	require.Len(t, byCode, 2)
	require.Len(t, byDate, 1)
	for i, want := range []string{"!$F$", "!$G$"} {
		require.Contains(t, byCode[i], "<barChart>")
		require.Contains(t, byCode[i], "!$A$")
		require.Contains(t, byCode[i], want)
	}
	require.Contains(t, byDate[0], "!$K$")
	require.Empty(t, parts(t, day, "xl/externalLinks"))
	require.Empty(t, parts(t, day, "xl/vbaProject"))
}

// A block's title never ends a printed page: the break is ours, before it.
func TestABlockStartsANewPageWhenTheOldOneIsFull(t *testing.T) {
	b := newBook(sampleOptions(), "t")
	defer b.file.Close()
	s := b.sheet("pages", layout{widths: []float64{60, 60}})
	for range 60 {
		s.block("分类")
		s.blank(4)
	}
	for s.row < 1000 {
		before, used := s.row, s.used
		s.block("分类")
		require.Equal(t, before+1, s.row)
		require.LessOrEqual(t, s.used, s.pageHeight())
		require.NotZero(t, used)
		s.blank(3)
	}
	s.finish()
	require.NoError(t, b.err)
}
