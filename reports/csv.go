package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// DiscrepanciesCSV writes the tables of a day's workbook as CSV files beside
// it: …-cases.csv, …-pending.csv, …-problems.csv and …-covered.csv. UTF-8 with a byte order
// mark; amounts in yuan, absent ones empty; a text that a spreadsheet could
// take for a formula has an apostrophe before it.
func DiscrepanciesCSV(workbook string, d DayReport, o Options) error {
	b := &book{Options: o}
	today := o.today(d.Summary)
	if err := b.caseTable("", today).csv(beside(workbook, "-cases.csv"), o, d.Discrepancies()); err != nil {
		return err
	}
	if err := b.pendingTable("", today).csv(beside(workbook, "-pending.csv"), o, d.Pending()); err != nil {
		return err
	}
	if err := b.problemTable("").csv(beside(workbook, "-problems.csv"), o, d.LedgerProblems()); err != nil || d.Covered == nil {
		return err
	}
	return b.coveredTable("").csv(beside(workbook, "-covered.csv"), o, d.Covered())
}

// SettlementCSV writes the detail of a settlement as …-detail.csv beside its
// workbook, as DiscrepanciesCSV does.
func SettlementCSV(workbook string, r SettlementReport, o Options) error {
	b := &book{Options: o}
	lines := b.priced(reconcile.NewSettlement(r.Terms), r.Lines())
	return b.settleTable("", r.Terms).csv(beside(workbook, "-detail.csv"), o, lines)
}

// The files that can stand beside a workbook, by what follows its name.
var (
	DayTwins        = []string{".html", "-cases.csv", "-pending.csv", "-problems.csv", "-covered.csv"}
	SettlementTwins = []string{"-detail.csv"}
)

// beside is the name of a file that belongs to a workbook.
func beside(workbook, ending string) string {
	return strings.TrimSuffix(workbook, filepath.Ext(workbook)) + ending
}

func (t table[T]) csv(path string, o Options, rows iter.Seq2[T, error]) error {
	err := o.put(path, func(f *os.File) error { return t.writeCSV(f, o.Language, rows) })
	if err != nil {
		return fmt.Errorf("csv %q: %w", path, err)
	}
	return nil
}

const byteOrderMark = "\ufeff"

func (t table[T]) writeCSV(to io.Writer, lang Language, rows iter.Seq2[T, error]) error {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	record := make([]string, len(t.columns))
	for i, c := range t.columns {
		record[i] = guarded(lang.say(c.head))
	}
	if err := w.Write(record); err != nil {
		return err
	}
	n := int64(0)
	for row, err := range rows {
		if err != nil {
			return err
		}
		n++
		for i, c := range t.columns {
			record[i] = ""
			if c.value != nil {
				record[i] = csvText(c.value(row, n))
			}
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// csvText is a value in a CSV file.
func csvText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case reconcile.Fen:
		return v.Yuan()
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(reconcile.Beijing).Format(time.DateTime)
	case int64:
		return fmt.Sprint(v)
	case string:
		return guarded(clean(v))
	}
	return plainValue(v)
}

// guarded keeps a spreadsheet from computing a text.
func guarded(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
