package main

import (
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
)

// tight: no file that is new since `remember` may be read by everybody, or
// written by anybody but its owner; no folder either.
func tight(ts *testscript.TestScript, _ bool, _ []string) {
	before, work, files := playOf(ts).files, ts.Getenv("WORK"), 0
	ts.Check(filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		ts.Check(err)
		rel, _ := filepath.Rel(work, path)
		rel = filepath.ToSlash(rel)
		info, err := d.Info()
		if os.IsNotExist(err) {
			return nil // a temporary file of somebody who is at work
		}
		ts.Check(err)
		hidden := strings.HasPrefix(rel, ".tmp") || rel == "."
		if _, old := before[rel]; old || hidden || d.IsDir() && info.Mode().Perm()&0o022 == 0 {
			return nil
		}
		files++
		if info.Mode().Perm()&0o027 != 0 {
			ts.Fatalf("%s is %s", rel, info.Mode())
		}
		return nil
	}))
	if files == 0 {
		ts.Fatalf("there is no new file")
	}
}

// tight-names NAME…: of each name there is a file that `tight` has looked at.
func tightNames(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		found, err := filepath.Glob(ts.MkAbs(name))
		ts.Check(err)
		if len(found) == 0 {
			ts.Fatalf("there is no %s", name)
		}
	}
	tight(ts, false, nil)
}

// escapes are what a text may hold that moves a cursor, colours, rings, hides,
// turns writing around, or is taken for a formula.
var escapes = []string{"\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "\r\x1b[2Kgone", "\u202egnp.exe", "\u200f1\u2066\u061c", "\u2028line", "\x00nul", "\x7f\x08"}

var formulas = []string{`=HYPERLINK("http://x","y")`, "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1"}

// hostile DAY: a ledger whose every cell holds in some row what a terminal or a
// spreadsheet would obey, and bills, codes and messages of the gateway that do.
func hostile(ts *testscript.TestScript, _ bool, args []string) {
	day, p := args[0], playOf(ts)
	var text strings.Builder
	text.WriteString("order_no,bill_no,bill_date,total_amount,status,paid_at,mer_order_id\n")
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		text.WriteString(strings.Join(cells, ",") + "\n")
	}
	n := 0
	for _, bad := range append(append([]string{}, escapes...), formulas...) {
		for column := range 7 {
			n++
			cells := []string{"O1", fmt.Sprintf("H%04d", n), day, "1908", "PAID", day + " 10:00:00", fmt.Sprintf("M%d", n)}
			b := paidBill(cells[1], day)
			b.TotalAmount, b.BillPayment.TotalAmount = "1907", "1907"
			b.BillDesc, b.MerName, b.BillPayment.PaySeqID = bad, bad, bad+cells[1]
			b.BillPayment.TargetSys, b.BillPayment.TargetOrderID = bad, bad+cells[1]
			if column == 0 {
				b.BillStatus = bad
			}
			p.gateway.Put(b)
			cells[column] += bad
			if column%2 == 0 {
				cells[column] = bad
			}
			row(cells...)
		}
	}
	ts.Check(os.MkdirAll(ts.MkAbs("ledger"), 0o750))
	ts.Check(os.WriteFile(ts.MkAbs("ledger/orders-"+day+".csv"), []byte(text.String()), 0o600))
}

// harmless: what the last command printed moves no cursor: it holds printable
// characters, blanks and line ends alone.
func harmless(ts *testscript.TestScript, _ bool, _ []string) {
	said := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if said == "" {
		ts.Fatalf("nothing was printed")
	}
	for line := range strings.Lines(said) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if !unicode.IsPrint(r) && r != '\t' && r != '\u3000' {
				ts.Fatalf("%q has %U", line, r)
			}
		}
	}
}

// no-formulas PATTERN…: no text of others begins a formula in these CSV files
// and workbooks.
func noFormulas(ts *testscript.TestScript, _ bool, args []string) {
	files := 0
	for _, pattern := range args {
		found, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, path := range found {
			files++
			data := ts.ReadFile(path)
			for _, bad := range formulas {
				if strings.HasSuffix(path, ".xlsx") {
					if zipHolds(path, "<f>"+html.EscapeString(bad)) || zipHolds(path, "<f>"+html.EscapeString(bad[1:])) {
						ts.Fatalf("%s computes %q", path, bad)
					}
					continue
				}
				for _, start := range []string{"," + bad, `,"` + strings.ReplaceAll(bad, `"`, `""`)} {
					if strings.Contains(data, start) {
						ts.Fatalf("%s begins a cell with %q", path, bad)
					}
				}
			}
		}
	}
	if files == 0 {
		ts.Fatalf("there is no file to look into")
	}
}
