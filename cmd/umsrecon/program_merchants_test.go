package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// partsAddUp NAME FOLDER…: beside the workbook of all merchants lies one in each of
// these folders, and of nobody else; the rows of their lists are those of its lists, but
// for rows of no merchant, and the figures of their first pages add up to its.
func partsAddUp(ts *testscript.TestScript, _ bool, args []string) {
	dir, name := filepath.Split(ts.MkAbs(args[0]))
	found, err := filepath.Glob(filepath.Join(dir, "*", name))
	ts.Check(err)
	want := []string{}
	for _, mid := range args[1:] {
		want = append(want, filepath.Join(dir, mid, name))
	}
	slices.Sort(want)
	if !slices.Equal(want, found) {
		ts.Fatalf("workbooks of merchants are %v, want %v", found, want)
	}
	var parts []sheetRows
	for _, path := range found {
		mid, ok := midOf(filepath.Base(filepath.Dir(path)))
		if !ok {
			ts.Fatalf("%s is no merchant's", path)
		}
		part := readSheets(ts, path)
		part.onlyOf(ts, mid)
		parts = append(parts, part)
	}
	whole := readSheets(ts, ts.MkAbs(args[0]))
	whole.hasRowsOf(ts, parts)
	whole.hasFiguresOf(ts, parts)
}

// silent FOLDER TEXT…: no file in the folder holds any of the texts; of a workbook
// every cell of every sheet is looked at.
func silent(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	books := 0
	for _, path := range files {
		text := ts.ReadFile(path)
		if filepath.Ext(path) == ".xlsx" {
			books++
			text = ""
			for sheet, rows := range readSheets(ts, path) {
				for _, row := range rows {
					text += sheet + "\n" + strings.Join(row, "\n") + "\n"
				}
			}
		}
		text = strings.ReplaceAll(text, ",", "") // of thousands
		for _, secret := range args[1:] {
			if strings.Contains(text, secret) {
				ts.Fatalf("%q stands in %s", secret, path)
			}
		}
	}
	if books == 0 {
		ts.Fatalf("there is no workbook in %s", args[0])
	}
}

// sheetRows are the rows of a workbook by sheet.
type sheetRows map[string][][]string

func readSheets(ts *testscript.TestScript, path string) sheetRows {
	f, err := excelize.OpenFile(path)
	ts.Check(err)
	defer f.Close()
	all := sheetRows{}
	for _, sheet := range f.GetSheetList() {
		all[sheet], err = f.GetRows(sheet)
		ts.Check(err)
	}
	return all
}

// firstPage is the sheet of figures; the one of notes lists nothing.
var firstPage = map[string]bool{"对账汇总": true, "结算汇总": true}

// listed are the rows of a list without their number, and the merchant of each.
func (s sheetRows) listed(sheet string) (rows []string, mids []string) {
	if firstPage[sheet] || sheet == "说明" || len(s[sheet]) < 3 {
		return nil, nil
	}
	of := slices.Index(s[sheet][2], "商户号")
	for _, row := range s[sheet][3:] {
		if _, err := strconv.Atoi(row[0]); err != nil || len(row) > 1 && strings.HasPrefix(row[1], "合计") {
			continue
		}
		mid := ""
		if of >= 0 && of < len(row) {
			mid = row[of]
		}
		rows, mids = append(rows, strings.Join(s.told(sheet, row)[1:], "|")), append(mids, mid)
	}
	return rows, mids
}

// told is a row without the words that name another bill, which a merchant is not
// told.
func (s sheetRows) told(sheet string, row []string) []string {
	row = slices.Clone(row)
	for _, head := range []string{"原因", "最近错误"} {
		if i := slices.Index(s[sheet][2], head); i >= 0 && i < len(row) && (head == "最近错误" || slices.Contains(row, "RESPONSE_KEY_MISMATCH")) {
			row[i] = ""
		}
	}
	return row
}

func (s sheetRows) onlyOf(ts *testscript.TestScript, mid string) {
	for sheet := range s {
		rows, mids := s.listed(sheet)
		for i := range rows {
			if mids[i] != mid && slices.Contains(s[sheet][2], "商户号") {
				ts.Fatalf("%s of %s has a row of %q: %s", sheet, mid, mids[i], rows[i])
			}
		}
	}
}

// hasRowsOf takes the rows of the parts out of the whole; what is left is of no
// merchant.
func (s sheetRows) hasRowsOf(ts *testscript.TestScript, parts []sheetRows) {
	for sheet := range s {
		rows, mids := s.listed(sheet)
		for _, part := range parts {
			of, _ := part.listed(sheet)
			for _, row := range of {
				i := slices.Index(rows, row)
				if i < 0 {
					ts.Fatalf("%s: not in the workbook of all merchants: %s", sheet, row)
				}
				rows, mids = slices.Delete(rows, i, i+1), slices.Delete(mids, i, i+1)
			}
		}
		for i, mid := range mids {
			if mid != "" {
				ts.Fatalf("%s: in no merchant's workbook: %s", sheet, rows[i])
			}
		}
	}
}

// figures are the numbers of the first page by block, label and column, in
// hundredths: of the blocks that are about orders or settlement lines alone.
func (s sheetRows) figures() map[string]int64 {
	all := map[string]int64{}
	for sheet := range firstPage {
		block := ""
		for _, row := range s[sheet] {
			if len(row) > 0 && strings.ContainsRune("一二三四五六七", []rune(row[0] + " ")[0]) {
				block = row[0]
			}
			if strings.HasPrefix(block, "五、") || strings.HasPrefix(block, "六、") || strings.HasPrefix(block, "七、") || block == "" {
				continue
			}
			for i := 1; i < len(row); i++ {
				if n, is := hundredths(row[i]); is {
					all[strings.Join([]string{block, row[0], strconv.Itoa(i)}, "|")] += n
				}
			}
		}
	}
	return all
}

func hundredths(text string) (int64, bool) {
	text = strings.ReplaceAll(text, ",", "")
	whole, fraction, decimal := strings.Cut(text, ".")
	if !decimal {
		fraction = "00"
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	return n, err == nil && len(fraction) == 2 && len(whole) < 12
}

func (s sheetRows) hasFiguresOf(ts *testscript.TestScript, parts []sheetRows) {
	sums := map[string]int64{}
	for _, part := range parts {
		for at, n := range part.figures() {
			sums[at] += n
		}
	}
	want := s.figures()
	if len(want) == 0 {
		ts.Fatalf("the first page has no figures")
	}
	for at := range want {
		if sums[at] != want[at] {
			ts.Fatalf("%s: the merchants have %d, all together %d", at, sums[at], want[at])
		}
	}
	maps.DeleteFunc(sums, func(at string, n int64) bool { _, known := want[at]; return known || n == 0 })
	if len(sums) > 0 {
		ts.Fatalf("only the merchants have %v", sums)
	}
}
