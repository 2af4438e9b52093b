package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// settleLines writes the lines of figures of one report.
type settleLines struct {
	*sheet
	books  *reconcile.Settlement
	heads  []string
	detail listed
	// computed: the lines are formulas over the detail.
	computed bool
	first    int                   // row of the first line per date and channel
	last     int                   // row of the last subtotal
	subtotal map[reconcile.Day]int // rows
}

// byDate is 清算日期 × 商户号 × 支付渠道 with a subtotal under each date.
func (s *settleLines) byDate(total reconcile.SettleSum, sums columnSums) {
	s.block("一、按清算日期、商户号、支付渠道")
	s.headRow(append([]string{"清算日期", "商户号", "支付渠道"}, s.heads...)...)
	s.first = s.row + 1
	channels := s.books.Channels()
	for len(channels) > 0 {
		from, day := s.row+1, channels[0].SettleDay
		for ; len(channels) > 0 && channels[0].SettleDay == day; channels = channels[1:] {
			c := channels[0]
			s.sumLine([]any{s.settleDay(day), c.MID, s.channelWord(c.TargetSys)}, s.books.Of(c), lookText, s.overDetail)
		}
		s.sumLine([]any{s.settleDay(day), s.say("小计"), ""}, s.sumOf(func(o reconcile.Channel) bool { return o.SettleDay == day }), lookText.filled(fillTotal), s.overLines(from, s.row))
		s.subtotal[day] = s.row
	}
	if s.last = s.row; s.last < s.first {
		s.wide(s.say("本期无结算记录"), lookCalm, settlementColumns)
	} else {
		s.sumLine([]any{s.say("合计"), "", ""}, total, lookText.total(), s.overLines(s.first, s.last))
		s.detailLine(sums)
	}
	s.check("汇总合计 = 明细合计", s.agrees(total, sums))
	if !s.computed {
		s.wide(s.say("明细行数较多或名称相近，以上各行为数值；小计、合计、明细合计仍为公式。"), lookRemark, settlementColumns)
	}
	s.blank(1)
}

// mostCompared is how many rows are compared with lines at most when a
// spreadsheet recalculates; beyond it a file would open in minutes, and its
// lines are values.
const mostCompared = 20_000_000

// computable says whether formulas find the rows of each line: SUMIFS takes
// case, leading zeros, digits behind the fifteenth, and wildcards for nothing.
func computable(books *reconcile.Settlement, detail listed) bool {
	channels := books.Channels()
	if len(detail.where) > mostSheets || detail.rows()*len(channels) > mostCompared {
		return false
	}
	known := map[string]string{}
	for _, c := range channels {
		for _, word := range []string{c.MID, c.TargetSys} {
			key := []rune(strings.TrimLeft(strings.ToLower(word), "0"))
			like := string(key[:min(len(key), 15)])
			if other, is := known[like]; is && other != word || strings.ContainsAny(word, "*?~<>=") {
				return false
			}
			known[like] = word
		}
	}
	return true
}

// overDetail is the figure of a line by formula over 结算明细.
func (s *settleLines) overDetail(i, row int) string {
	if !s.computed {
		return ""
	}
	when := []string{"清算日期", fmt.Sprintf("$A%d", row), "商户号", fmt.Sprintf("$B%d", row), "支付渠道", fmt.Sprintf("$C%d", row)}
	switch head := settleHeads[i]; head {
	case "支付笔数":
		return s.detail.count(append(when, "支付总额", quoted(">=0"))...)
	case "退款笔数":
		return s.detail.count(append(when, "退款金额", quoted(">=0"))...)
	case "跨日笔数":
		return s.detail.count(append(when, "跨日", quoted(s.yes(true)))...)
	default:
		return s.detail.sum(head, when...)
	}
}

// overLines adds up the rows above, without the subtotals among them.
func (s *settleLines) overLines(from, to int) func(i, row int) string {
	return func(i, _ int) string { return fmt.Sprintf("SUBTOTAL(9,%s)", span(firstFigure+i, from, to)) }
}

// detailLine adds up the detail itself, so that a reader sees both agree.
func (s *settleLines) detailLine(sums columnSums) {
	cells := make([]excelize.Cell, settlementColumns)
	for i := range cells {
		cells[i] = s.cell(nil, lookText.total())
	}
	cells[0] = s.cell(s.say("明细合计"), lookText.total())
	for i, c := range s.settleMoney() {
		if at := slices.Index(settleHeads, c.head); c.sum && at >= 0 {
			cells[firstFigure-1+at] = s.formula(s.detail.sum(c.head), sums[""].fen[firstMoney+i], lookMoney.total())
		}
	}
	s.write(1, cells...)
}

// agrees holds the summary against the detail that was written; where they
// differ there is no workbook.
func (s *sheet) agrees(total reconcile.SettleSum, detail columnSums) bool {
	want := map[int]reconcile.Fen{}
	for i, sum := range []reconcile.Sum{total.Payments, total.Alliance, total.Coupon, total.BuyerPay, total.Refunds, total.Net, total.Fee, total.Payable} {
		want[firstMoney+i] = sum.Fen
	}
	var got map[int]reconcile.Fen
	if detail[""] != nil {
		got = detail[""].fen
	}
	for i, fen := range want {
		if got[i] != fen {
			s.fail(ErrBooksOpen)
			return false
		}
	}
	return true
}

// settleDay is a date, or the words for none.
func (s *sheet) settleDay(d reconcile.Day) any {
	if d == 0 {
		return s.say("未给清算日期")
	}
	return d
}

func daysOf(books *reconcile.Settlement) []reconcile.Day {
	var days []reconcile.Day
	for _, c := range books.Channels() {
		days = append(days, c.SettleDay)
	}
	return slices.Compact(days)
}

// firstFigure is the column of the first figure, behind three of words.
const firstFigure = 4

// sumLine is one line of figures behind three cells. compute gives the formula
// of a figure by its place in settleHeads and the row; empty: it is a value.
func (s *settleLines) sumLine(labels []any, sum reconcile.SettleSum, l look, compute func(i, row int) string) {
	cells := make([]excelize.Cell, 0, settlementColumns)
	for _, v := range labels {
		cell := l
		if _, isDay := v.(reconcile.Day); isDay {
			cell.format, cell.align = formatDay, "center"
		}
		cells = append(cells, s.cell(v, cell))
	}
	for i, f := range figuresOf(sum) {
		cell := lookMoney
		if f.count {
			cell = lookCount
		}
		cell.bold, cell.fill = l.bold, l.fill
		if !f.stated {
			cells = append(cells, s.cell(nil, cell))
			continue
		}
		cells = append(cells, s.formula(compute(i, s.row+1), f.value, cell))
	}
	s.write(1, cells...)
}

func (s *settleLines) sumOf(fits func(reconcile.Channel) bool) reconcile.SettleSum {
	sum, err := s.books.Sum(fits)
	s.fail(err)
	return sum
}

// figure is one cell of a line: a count, or an amount that somebody stated.
type figure struct {
	value         any
	count, stated bool
}

// figuresOf is a line in the order of settleHeads.
func figuresOf(sum reconcile.SettleSum) []figure {
	count := func(n int64) figure { return figure{n, true, true} }
	money := func(s reconcile.Sum, always bool) figure { return figure{s.Fen, false, always || s.Count > 0} }
	return []figure{
		count(sum.Payments.Count), money(sum.Payments, true), money(sum.Alliance, false), money(sum.Coupon, false), money(sum.BuyerPay, false),
		count(sum.Refunds.Count), money(sum.Refunds, true), money(sum.Net, true), money(sum.Fee, false), money(sum.Payable, true), count(sum.CrossDay),
	}
}
