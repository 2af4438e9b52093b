package reports

import (
	"archive/zip"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// FuzzFilledRow: whatever people write into the cells of a row, it is read for
// what it says or the row has an error; nothing is taken for another thing.
func FuzzFilledRow(f *testing.F) {
	f.Add("D3f2a9b0", "1", "核销", "已核对", "张三", "2026-11-20", "李四", "同意")
	f.Add("D3f2a9b0", "", "write off", "=1+1", " 张三 ", "46346", "", "Approved")
	f.Add("", "", "", "x", "", "2026/1/5", "", "")
	f.Add("D1", "", "销核", "", "", "2026-02-30", "", "?")
	f.Fuzz(func(t *testing.T, id, version, outcome, note, by, on, reviewer, review string) {
		cells := []string{id, version, outcome, note, by, on, reviewer, review}
		r := rowReader{places: map[string]int{
			headCase: 0, headVersion: 1, headOutcome: 2, headNote: 3, headBy: 4, headOn: 5, headReviewer: 6, headJudge: 7,
		}, shown: func(column int) (string, error) { return cells[column], nil }}
		got, is := r.read(cells, nil)
		require.Equal(t, strings.TrimSpace(outcome)+strings.TrimSpace(note)+strings.TrimSpace(by)+strings.TrimSpace(on)+strings.TrimSpace(reviewer)+strings.TrimSpace(review) != "", is)
		if !is || got.Err != nil {
			return
		}
		require.Equal(t, []string{strings.TrimSpace(id), strings.TrimSpace(note), strings.TrimSpace(by), strings.TrimSpace(reviewer)},
			[]string{got.Entry.CaseID, got.Entry.Decision.Note, got.Entry.Decision.By, got.Entry.Reviewer})
		require.NotEmpty(t, got.Entry.CaseID)
		if word := strings.TrimSpace(outcome); word != "" {
			require.NotEmpty(t, got.Entry.Decision.Remedy.ZH)
			again, err := remedyOf(got.Entry.Decision.Remedy.ZH)
			require.NoError(t, err)
			require.Equal(t, got.Entry.Decision.Remedy, again)
		}
		require.Equal(t, strings.TrimSpace(review) == "", got.Entry.Review == "")
		require.Equal(t, strings.TrimSpace(on) == "", got.Entry.Decision.On == 0)
		if d := got.Entry.Decision.On; d != 0 {
			again, err := r.day(d.String())
			require.NoError(t, err, "%q was taken for %s", on, d)
			require.Equal(t, d, again)
		}
	})
}

// FuzzYuanText: an amount in a cell is read to the fen, or not at all.
func FuzzYuanText(f *testing.F) {
	for _, s := range []string{"19.899999999999999", "1,908.00", "1e3", "NaN", "Inf", "-0.01", "0x1p4", "1_000", "-10,000,000,000.01", "1e10", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		yuan, err := yuanText(text)
		if err != nil {
			return
		}
		again, err := yuanText(yuan)
		require.NoError(t, err)
		require.Equal(t, yuan, again)
		exact, ok := new(big.Rat).SetString(strings.ReplaceAll(text, ",", ""))
		require.True(t, ok, "%q was taken for %s", text, yuan)
		read, _ := new(big.Rat).SetString(yuan)
		gap, _ := exact.Sub(exact, read).Float64()
		require.InDelta(t, 0, gap, 1e-5, "%q was taken for %s", text, yuan)
	})
}

// FuzzReadFilled gets behind the archive: whatever stands in the sheet of a
// workbook that is whole, it is read or refused, the same way each time.
func FuzzReadFilled(f *testing.F) {
	path := filepath.Join(f.TempDir(), "d.xlsx")
	require.NoError(f, Discrepancies(path, sampleReport(), sampleOptions()))
	part, sheet := partThatHolds(f, path, "<t>"+headVersion+"</t>")
	f.Add(sheet)
	f.Add(strings.ReplaceAll(sheet, "<row ", "<row r=\"9999999\" "))
	f.Add(strings.ReplaceAll(sheet, `t="inlineStr"`, `t="s"`))
	f.Fuzz(func(t *testing.T, sheet string) {
		changed := withPart(t, path, part, sheet)
		rows, err := ReadFilled(changed)
		again, errAgain := ReadFilled(changed)
		require.Equal(t, err == nil, errAgain == nil)
		require.Len(t, again, len(rows))
		for _, r := range rows {
			require.Positive(t, r.Row)
			require.True(t, r.Err != nil || r.Entry.CaseID != "")
			_ = r.Unchanged(reconcile.Line{})
		}
	})
}

// A small workbook that unpacks to a large one is refused.
func TestReadFilledBomb(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.xlsx")
	require.NoError(t, Discrepancies(path, sampleReport(), sampleOptions()))
	part, sheet := partThatHolds(t, path, "<t>"+headVersion+"</t>")
	_, err := ReadFilled(withPart(t, path, part, strings.Replace(sheet, "<sheetData>", "<sheetData>"+strings.Repeat(" ", 80<<20), 1)))
	require.ErrorContains(t, err, "limit")
}

// A row that claims to be the two thousand millionth is not waited for, and one
// that would be lost, or a cell that would be shifted, is not read past.
func TestReadFilledOutOfPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.xlsx")
	require.NoError(t, Discrepancies(path, sampleReport(), sampleOptions()))
	part, sheet := partThatHolds(t, path, "<t>"+headVersion+"</t>")
	for was, others := range map[string][]string{`<row r="4"`: {`<row r="2147483647"`, `<row r="-5"`, `<row r="3"`, `<row r="x"`}, `<c r="B4"`: {`<c r="A4"`, `<c r="B5"`, `<c r="4"`}} {
		require.Contains(t, sheet, was)
		for _, is := range others {
			_, err := ReadFilled(withPart(t, path, part, strings.Replace(sheet, was, is, 1)))
			require.ErrorIs(t, err, ErrNotOurs, is)
			require.ErrorContains(t, err, "out of place")
		}
	}
}

// partThatHolds finds the part of a workbook in which a text stands.
func partThatHolds(f testing.TB, book, text string) (name, content string) {
	z, err := zip.OpenReader(book)
	require.NoError(f, err)
	defer z.Close()
	for _, part := range z.File {
		in, err := part.Open()
		require.NoError(f, err)
		data, err := io.ReadAll(in)
		require.NoError(f, err)
		if strings.HasPrefix(part.Name, "xl/worksheets/sheet") && strings.Contains(string(data), text) {
			return part.Name, string(data)
		}
	}
	require.FailNow(f, "no part holds "+text)
	return "", ""
}

// withPart is the workbook with another part in the place of one.
func withPart(t *testing.T, book, name, content string) string {
	z, err := zip.OpenReader(book)
	require.NoError(t, err)
	defer z.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "changed.xlsx"))
	require.NoError(t, err)
	defer out.Close()
	w := zip.NewWriter(out)
	for _, part := range z.File {
		if part.Name != name {
			require.NoError(t, w.Copy(part))
			continue
		}
		to, err := w.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(to, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Name()
}
