package reports

import (
	"iter"

	"github.com/umsrecon/umsrecon/reconcile"
)

// lists are the sheets of a day's workbook that list cases, once written.
type lists struct {
	cases, pending, problems, covered listed
	gaps                              columnSums // 差额 of the cases, by kind
	counts                            map[caseCount]int64
}

// caseCount is what page one counts the cases by; where severity or state are
// empty, any.
type caseCount struct {
	sheet    string // Chinese
	severity reconcile.Severity
	state    reconcile.State
	decided  bool // somebody has filled in 处理方式
}

// lists writes the sheets in their order.
func (b *book) lists(d DayReport, info string, today reconcile.Day) lists {
	l := lists{counts: map[caseCount]int64{}}
	l.gaps, l.cases = b.caseTable(info, today).write(b, l.counted(caseSheet, d.Discrepancies()))
	_, l.pending = b.pendingTable(info, today).write(b, l.counted(pendingSheet, d.Pending()))
	_, l.problems = b.problemTable(info).write(b, l.counted(problemSheet, d.LedgerProblems()))
	if d.Covered != nil {
		_, l.covered = b.coveredTable(info).write(b, l.counted(coveredSheet, d.Covered()))
	}
	return l
}

// counted counts the rows as they pass.
func (l lists) counted(sheet string, rows reconcile.Lines) iter.Seq2[reconcile.Line, error] {
	return func(yield func(reconcile.Line, error) bool) {
		for row, err := range rows {
			if err == nil {
				l.counts[caseCount{sheet: sheet}]++
				l.counts[caseCount{sheet: sheet, severity: row.Case.Severity, state: row.Case.State}]++
				l.counts[caseCount{sheet: sheet, state: row.Case.State}]++
				if row.Case.Outcome != "" {
					l.counts[caseCount{sheet: sheet, severity: row.Case.Severity, decided: true}]++
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
