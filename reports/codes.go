package reports

import (
	"slices"
	"sort"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// chartCodes is the number of codes that a chart shows: more bars would not
// be read.
const chartCodes = 12

// codes counts the findings by code, most frequent first, as a table and as
// two charts. Where a chart cannot show all of them, a second table has those
// that weigh most.
func (s *sheet) codes(sum reconcile.Summary) {
	codes := byCount(sum.Codes)
	s.keep(min(len(codes), chartCodes) + 3) // no page ends within what a chart shows
	s.block("七、差异类型（本次运行的全部发现，含提示）")
	if len(codes) == 0 {
		s.wide(s.say("本次对账无差异"), lookCalm, summaryColumns)
		return
	}
	counted := s.codeTable(codes, sum)
	s.wide(s.say("一单可有多个发现，各发现金额不相加。"), lookRemark, summaryColumns)
	weighed, more := counted, []string{"", ""}
	if len(codes) > chartCodes {
		heavy := byAmount(sum.Codes)
		heavy = heavy[:min(len(heavy), chartCodes)]
		s.blank(1)
		s.keep(len(heavy) + 2)
		s.wide(s.say("以下按金额排列（前 %d 项）", len(heavy)), lookRemark, summaryColumns)
		weighed = s.codeTable(heavy, sum)
		counted[1] = counted[0] + chartCodes - 1
		more = []string{s.say("：") + s.say("按笔数前 %d 项", chartCodes), s.say("：") + s.say("按金额前 %d 项", len(heavy))}
	}
	s.blank(1)
	s.codeCharts(counted, weighed, more)
}

// codeTable returns its first and last row.
func (s *sheet) codeTable(codes []reconcile.Code, sum reconcile.Summary) [2]int {
	s.codeHeads()
	first := s.row + 1
	s.again = s.codeHeads
	for _, c := range codes {
		s.codeLine(c, sum.Codes[c])
	}
	s.again = nil
	return [2]int{first, s.row}
}

// codeCharts draws two ranges of rows of code tables.
func (s *sheet) codeCharts(counted, weighed [2]int, more []string) {
	rows := max(counted[1]-counted[0], weighed[1]-weighed[0]) + 1
	c := chart{kind: excelize.Bar, labels: 1, width: 520, height: uint(rows*26 + 110)}
	s.keep(int(c.height)/22 + 2)
	s.blank(1) // the frame of a chart on the first row of a page is printed on the page before
	c.column, c.title, c.values, c.format = 1, s.say("差异类型：笔数")+more[0], 6, "#,##0"
	c.first, c.last = counted[0], counted[1]
	s.draw(c)
	c.column, c.title, c.values, c.format = 4, s.say("差异类型：金额（元）")+more[1], 7, "#,##0.00"
	c.first, c.last = weighed[0], weighed[1]
	s.draw(c)
	s.blank(int(c.height)/20 + 2)
}

func (s *sheet) codeHeads() {
	s.write(1, s.headCells("差异类型", "代码", "", "", "严重程度", "笔数", "金额")...)
	s.mergeAt(2, 4)
}

func (s *sheet) codeLine(c reconcile.Code, sum reconcile.Sum) {
	severity := tintSeverity(reconcile.Line{Case: reconcile.Case{Severity: reconcile.RuleOf(c).Severity}}, lookWord)
	cells := []excelize.Cell{s.cell(s.code(c), lookText), s.cell(string(c), lookText), s.cell(nil, lookText), s.cell(nil, lookText),
		s.cell(s.severity(reconcile.RuleOf(c).Severity), severity)}
	s.write(linesOf(s.code(c), s.widths[0]), append(cells, s.sumCells("", lookText, sum)[1:]...)...)
	s.mergeAt(2, 4)
}

// byCount lists the codes, most frequent first, then in the order of the rules.
func byCount(codes map[reconcile.Code]reconcile.Sum) []reconcile.Code {
	var list []reconcile.Code
	for _, r := range reconcile.Rules {
		if codes[r.Code].Count > 0 {
			list = append(list, r.Code)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return codes[list[i]].Count > codes[list[j]].Count })
	return list
}

// byAmount lists the codes that stand for money, those that weigh most first.
func byAmount(codes map[reconcile.Code]reconcile.Sum) []reconcile.Code {
	list := slices.DeleteFunc(byCount(codes), func(c reconcile.Code) bool { return codes[c].Fen == 0 })
	sort.SliceStable(list, func(i, j int) bool { return codes[list[i]].Fen > codes[list[j]].Fen })
	return list
}

// remarks are the counts that belong on page one and have no block.
func (s *sheet) remarks(sum reconcile.Summary) {
	if q := sum.Queries; !s.OneOfSeveral {
		s.wide(s.say("查询：应查 %d 笔，已查 %d 笔，请求 %d 次，沿用中断前应答 %d 笔。", q.ToAsk, q.Sent, q.Attempts, q.Reused), lookRemark, summaryColumns)
	}
	fields := make([]string, 0, len(sum.NotCompared))
	for f := range sum.NotCompared {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	for _, f := range fields {
		s.wide(s.say("未比对：台账字段 %s 有 %d 笔渠道未返回。", f, sum.NotCompared[f]), lookRemark, summaryColumns)
	}
}
