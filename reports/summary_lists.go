package reports

import (
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// caseStates are the states that a case in 对账差异表 can have.
var caseStates = []reconcile.State{reconcile.StateOpen, reconcile.StateProposed, reconcile.StateResolved, reconcile.StateCleared}

// listed says what the lists of this file hold, by formulas over them: a
// reader sees that they are whole, and how far people have come.
func (s *sheet) listed(l lists) {
	s.block("六、本表所列（公式取自各明细表）")
	s.casesListed(l)
	s.blank(1)
	s.keep(9)
	s.headRow("明细表", "类型 / 状态", "行数", gapHead)
	for _, k := range reconcile.Kinds {
		if n := l.gaps.rows(k); n > 0 {
			which := []string{"类型", quoted(s.say(kindWord(k)))}
			gap := s.formula(l.cases.sum(gapHead, which...), l.gaps[k].fen[slices.Index(l.cases.heads, gapHead)], lookMoney)
			s.listLine(caseSheet, kindWord(k), s.formula(l.cases.count(which...), n, lookCount), gap)
		}
	}
	for _, state := range []reconcile.State{reconcile.StateWaiting, reconcile.StateUnverified} {
		n := l.counts[caseCount{sheet: pendingSheet, state: state}]
		s.listLine(pendingSheet, state.ZH(), s.formula(l.pending.count("处理状态", s.begins(state)), n, lookCount), s.cell(nil, lookMoney))
	}
	s.listAll(problemSheet, l.problems, l.counts)
	if len(l.covered.where) > 0 {
		s.listAll(coveredSheet, l.covered, l.counts)
	}
	s.blank(1)
}

const gapHead = "差额（渠道−台账）"

func (s *sheet) listLine(sheet, which string, figures ...excelize.Cell) {
	s.write(1, append([]excelize.Cell{s.cell(s.say(sheet), lookText), s.cell(s.say(which), lookWord)}, figures...)...)
}

// listAll counts the rows of a sheet, each of which has a code.
func (s *sheet) listAll(sheet string, rows listed, counts map[caseCount]int64) {
	s.listLine(sheet, "", s.formula(rows.count("代码", quoted("?*")), counts[caseCount{sheet: sheet}], lookCount), s.cell(nil, lookMoney))
}

// begins finds a state in 处理状态, where a remark may follow the word.
func (s *sheet) begins(state reconcile.State) string { return quoted(s.state(state) + "*") }

// casesListed counts 对账差异表 by severity and state.
func (s *sheet) casesListed(l lists) {
	heads := []string{"严重程度"}
	for _, state := range caseStates {
		heads = append(heads, state.ZH())
	}
	s.headRow(append(heads, "合计", "已填处理方式")...)
	first, totals := s.row+1, make([]int64, len(caseStates)+2)
	for _, severity := range []reconcile.Severity{reconcile.S1, reconcile.S2, reconcile.S3} {
		s.severityLine(l, severity, totals)
	}
	cells := []excelize.Cell{s.cell(s.say("合计"), lookWord.total())}
	for i, n := range totals {
		cells = append(cells, s.formula("SUM("+span(i+2, first, s.row)+")", n, lookCount.total()))
	}
	s.write(1, cells...)
}

// severityLine is one severity by state, in all, and how many are decided; it
// adds the figures to the totals.
func (s *sheet) severityLine(l lists, severity reconcile.Severity, totals []int64) {
	which := []string{"严重程度", quoted(s.severity(severity))}
	formulas, values := []string{}, []int64{}
	all := int64(0)
	for _, state := range caseStates {
		n := l.counts[caseCount{sheet: caseSheet, severity: severity, state: state}]
		all += n
		formulas, values = append(formulas, l.cases.count(slices.Concat(which, []string{"处理状态", s.begins(state)})...)), append(values, n)
	}
	formulas = append(formulas, "SUM("+at(2, s.row+1)+":"+at(len(caseStates)+1, s.row+1)+")", l.cases.count(slices.Concat(which, []string{headOutcome, quoted("?*")})...))
	values = append(values, all, l.counts[caseCount{sheet: caseSheet, severity: severity, decided: true}])
	cells := []excelize.Cell{s.cell(s.severity(severity), tintSeverity(reconcile.Line{Case: reconcile.Case{Severity: severity}}, lookWord))}
	for i, f := range formulas {
		totals[i] += values[i]
		cells = append(cells, s.formula(f, values[i], lookCount))
	}
	s.write(1, cells...)
}
