package reports

import (
	"cmp"
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// chartCodes is the number of codes that a chart shows: more bars would not
// be read.
const chartCodes = 12

// codes counts the findings by code, most frequent first, as a table and as
// two charts.
func (s *sheet) codes(sum reconcile.Summary) {
	s.block("六、差异类型（本次运行的全部发现，含提示）")
	codes := byCount(sum.Codes)
	if len(codes) == 0 {
		s.wide(s.say("本次对账无差异"), lookCalm, summaryColumns)
		return
	}
	s.codeHeads()
	first := s.row + 1
	for _, c := range codes {
		s.codeLine(c, sum.Codes[c])
	}
	s.wide(s.say("一单可有多个发现，各发现金额不相加。"), lookRemark, summaryColumns)
	s.blank(1)
	s.codeCharts(first, codes)
}

// codeCharts draws the first codes of the table that starts at row first.
func (s *sheet) codeCharts(first int, codes []reconcile.Code) {
	shown := min(len(codes), chartCodes)
	more := ""
	if len(codes) > shown {
		more = s.say("（前 %d 项）", shown)
	}
	c := chart{kind: excelize.Bar, labels: 1, first: first, last: first + shown - 1, width: 480, height: uint(shown*26 + 110)}
	s.keep(int(c.height)/22 + 2)
	s.blank(1) // the frame of a chart on the first row of a page is printed on the page before
	c.column, c.title, c.values, c.format = 1, s.say("差异类型：笔数")+more, 6, "#,##0"
	s.draw(c)
	c.column, c.title, c.values, c.format = 4, s.say("差异类型：金额（元）")+more, 7, "#,##0.00"
	s.draw(c)
	s.blank(int(c.height)/20 + 2)
}

func (s *sheet) codeHeads() {
	s.write(1, s.cell(s.say("差异类型"), lookHead), s.cell(s.say("代码"), lookHead), s.cell(nil, lookHead), s.cell(nil, lookHead),
		s.cell(s.say("严重程度"), lookHead), s.cell(s.say("笔数"), lookHead), s.cell(s.say("金额"), lookHead))
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
	slices.SortStableFunc(list, func(a, b reconcile.Code) int { return cmp.Compare(codes[b].Count, codes[a].Count) })
	return list
}

// remarks are the counts that belong on page one and have no block.
func (s *sheet) remarks(sum reconcile.Summary) {
	q := sum.Queries
	s.wide(s.say("查询：应查 %d 笔，已查 %d 笔，请求 %d 次，沿用中断前应答 %d 笔。", q.ToAsk, q.Sent, q.Attempts, q.Reused), lookRemark, summaryColumns)
	fields := make([]string, 0, len(sum.NotCompared))
	for f := range sum.NotCompared {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	for _, f := range fields {
		s.wide(s.say("未比对：台账字段 %s 有 %d 笔渠道未返回。", f, sum.NotCompared[f]), lookRemark, summaryColumns)
	}
}
