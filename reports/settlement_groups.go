package reports

import (
	"fmt"
	"maps"
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// byDay is one line per settle date, which the chart shows; it returns the
// first and last row of the dates. Their labels are text for the chart's sake.
func (s *settleLines) byDay() [2]int {
	s.block("三、按清算日期")
	s.headRow(append([]string{"清算日期", "", ""}, s.heads...)...)
	s.mergeAt(1, 3)
	first := s.row + 1
	for _, day := range daysOf(s.books) {
		label := day.String()
		if day == 0 {
			label = s.say("未给清算日期")
		}
		s.oneOf(label, func(c reconcile.Channel) bool { return c.SettleDay == day }, func(i, _ int) string { return at(firstFigure+i, s.subtotal[day]) })
	}
	rows := [2]int{first, s.row}
	s.blank(1)
	return rows
}

// byChannel is one line per channel over all dates.
func (s *settleLines) byChannel() {
	s.block("四、按支付渠道")
	s.headRow(append([]string{"支付渠道", "", ""}, s.heads...)...)
	s.mergeAt(1, 3)
	names := map[string]bool{}
	for _, c := range s.books.Channels() {
		names[c.TargetSys] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		s.oneOf(s.channelWord(name), func(c reconcile.Channel) bool { return c.TargetSys == name }, s.overChannel)
	}
	s.blank(1)
}

// overChannel adds up the lines of the channel that the row names.
func (s *settleLines) overChannel(i, row int) string {
	if !s.computed {
		return ""
	}
	return fmt.Sprintf("SUMIFS(%s,%s,$A%d)", fixed(firstFigure+i, s.first, s.last), fixed(3, s.first, s.last), row)
}

// oneOf is one line over the channels that fit.
func (s *settleLines) oneOf(label string, fits func(reconcile.Channel) bool, compute func(i, row int) string) {
	s.sumLine([]any{label, "", ""}, s.sumOf(fits), lookText, compute)
	s.mergeAt(1, 3)
}

// dayChart shows 净额 by settle date.
func (s *sheet) dayChart(rows [2]int) {
	if rows[1] < rows[0] {
		return
	}
	c := chart{kind: excelize.Col, column: 1, title: s.say("各清算日期净额（元）"), labels: 1, values: 11, first: rows[0], last: rows[1], width: 1450, height: 300, format: "#,##0.00"}
	s.keep(int(c.height)/22 + 2)
	s.blank(1) // as codeCharts
	s.draw(c)
	s.blank(int(c.height)/20 + 2)
}
