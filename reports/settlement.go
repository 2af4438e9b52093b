package reports

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Settlement writes the workbook of a month or settle date to path, over what
// is there (see Place). On any error the path is as it was; ErrBooksOpen when
// detail and summary differ.
func Settlement(path string, r SettlementReport, o Options) error {
	b := newBook(o, o.Language.say("银联商务结算")+" "+r.Period)
	defer b.file.Close()
	s := b.settlementSheet()
	books := reconcile.NewSettlement(r.Terms)
	detail, where := b.settleTable(b.infoLine(b.say("期间"), r.Period), r.Terms).write(b, b.priced(books, r.Lines()))
	s.settlement(r, books, detail, where)
	if err := b.save(path); err != nil {
		return fmt.Errorf("workbook %q: %w", path, err)
	}
	return nil
}

// settled is a line with what it adds to the report.
type settled struct {
	reconcile.SettleLine
	reconcile.SettleFigures
}

// priced counts the lines into the books as they pass.
func (b *book) priced(books *reconcile.Settlement, lines iter.Seq2[reconcile.SettleLine, error]) iter.Seq2[settled, error] {
	return func(yield func(settled, error) bool) {
		for l, err := range lines {
			var f reconcile.SettleFigures
			if err == nil {
				f, err = books.Add(l)
			}
			if !yield(settled{l, f}, err) || err != nil {
				return
			}
		}
	}
}

// settlementColumns is how wide the first page is.
const settlementColumns = 14

// settlementSheet adds 结算汇总, whose rows come when the detail is through.
func (b *book) settlementSheet() *sheet {
	return b.sheet(b.say("结算汇总"), layout{tab: fillBlock,
		widths: []float64{14, 18, 14, 10, 16, 13, 13, 16, 10, 14, 16, 14, 16, 10}})
}

func (s *sheet) settlement(r SettlementReport, books *reconcile.Settlement, detail columnSums, where []stretch) {
	s.head(s.say("银联商务结算汇总"), [][2]string{
		{"商户", s.Merchant}, {"期间", r.Period}, {"日切", s.Cutoff}, {"生成时间", instant(s.MadeAt)},
		{"结算方式", s.say(modeWords[r.Terms.Mode])}, {"单位", s.say("元")},
	})
	total, err := books.Sum(func(reconcile.Channel) bool { return true })
	s.fail(err)
	s.settleAlarms(books, total)
	heads := settleHeadings(total)
	s.byDate(books, total, heads, detail, where)
	s.feeSources(total)
	s.leftOut(books)
	days := s.byDay(books, heads)
	s.byChannel(books, heads)
	s.dayChart(days)
	s.notes("五、口径说明", settleNotes)
	s.terms(r.Terms)
	s.signatures()
	s.finish()
}

// settleAlarms says what the figures do not cover, before any of them.
func (s *sheet) settleAlarms(books *reconcile.Settlement, total reconcile.SettleSum) {
	for _, state := range []reconcile.SettleState{reconcile.SettleUnverified, reconcile.SettleUndetermined} {
		if n := leftOutCount(books, state); n > 0 {
			s.wide(s.say("！ %s %d 笔，未计入以下数字。", s.say(settleWords[state]), n), lookAlarm, settlementColumns)
		}
	}
	if total.Unpriced > 0 {
		s.wide(s.say("！ %d 笔支付没有适用的费率，手续费按未知处理（未扣减）。", total.Unpriced),
			look{bold: true, fill: fillWarn, ink: inkWarn, wrap: true}, settlementColumns)
	}
	if total.StatedFee.Count == 0 {
		s.wide(s.say("手续费为按设置费率逐笔预估，渠道查询接口不提供手续费；应结金额随之为预估。"), lookRemark, settlementColumns)
	}
	s.blank(1)
}

func leftOutCount(books *reconcile.Settlement, state reconcile.SettleState) (n int64) {
	for _, k := range reconcile.Kinds {
		n += books.LeftOut(state, k).Count
	}
	return n
}

var settleHeads = []string{"支付笔数", "支付总额", "联盟优惠", "渠道优惠", "买家实付", "退款笔数", "退款金额", "净额", "手续费", "应结金额", "跨日笔数"}

// settleHeadings says how much of the fees is an estimate: all, some, none.
func settleHeadings(total reconcile.SettleSum) []string {
	heads, fee := slices.Clone(settleHeads), slices.Index(settleHeads, "手续费")
	switch {
	case total.StatedFee.Count == 0:
		heads[fee] = "手续费（预估）"
	case total.Payable.Count > total.StatedPayable.Count:
		heads[fee] = "手续费（含预估）"
	}
	return heads
}

// feeSources says how much of the totals statements state, and how much is an
// estimate.
func (s *sheet) feeSources(total reconcile.SettleSum) {
	if total.StatedFee.Count == 0 {
		return
	}
	s.block("手续费与应结金额的来源")
	s.headRow("来源", "", "", "笔数", "手续费", "应结金额")
	s.mergeAt(1, 3)
	line := func(label string, count int64, fee, payable reconcile.Fen, l look) {
		s.write(1, s.cell(s.say(label), lookText), s.cell(nil, lookText), s.cell(nil, lookText), s.cell(count, lookCount), s.cell(fee, l), s.cell(payable, l))
		s.mergeAt(1, 3)
	}
	line("对账单", total.StatedPayable.Count, total.StatedFee.Fen, total.StatedPayable.Fen, lookMoney)
	line("预估", total.Payable.Count-total.StatedPayable.Count, total.Fee.Fen-total.StatedFee.Fen, total.Payable.Fen-total.StatedPayable.Fen, lookMoney)
	line("合计", total.Payable.Count, total.Fee.Fen, total.Payable.Fen, lookMoney.strong())
	s.blank(1)
}

// byDate is 清算日期 × 商户号 × 支付渠道 with a subtotal under each date.
func (s *sheet) byDate(books *reconcile.Settlement, total reconcile.SettleSum, heads []string, detail columnSums, where []stretch) {
	s.block("一、按清算日期、商户号、支付渠道")
	s.headRow(append([]string{"清算日期", "商户号", "支付渠道"}, heads...)...)
	first := s.row + 1
	for _, day := range daysOf(books) {
		from := s.row + 1
		for _, c := range books.Channels() {
			if c.SettleDay == day {
				sum, err := books.Sum(func(o reconcile.Channel) bool { return o == c })
				s.fail(err)
				s.sumLine([]any{s.settleDay(day), c.MID, c.TargetSys}, sum, lookText, 0, 0)
			}
		}
		sum, err := books.Sum(func(o reconcile.Channel) bool { return o.SettleDay == day })
		s.fail(err)
		s.sumLine([]any{s.settleDay(day), s.say("小计"), ""}, sum, lookText.filled(fillTotal), from, s.row)
	}
	if s.row < first {
		s.wide(s.say("本期无结算记录"), lookCalm, settlementColumns)
	} else {
		s.sumLine([]any{s.say("合计"), "", ""}, total, lookText.total(), first, s.row)
		s.detailLine(detail, where)
	}
	s.check("汇总合计 = 明细合计", s.agrees(total, detail))
	s.blank(1)
}

// detailLine adds up the detail itself, so that a reader sees both agree.
func (s *sheet) detailLine(detail columnSums, where []stretch) {
	cells := make([]excelize.Cell, settlementColumns)
	for i := range cells {
		cells[i] = s.cell(nil, lookText.total())
	}
	cells[0] = s.cell(s.say("明细合计"), lookText.total())
	for i, c := range s.settleMoney() {
		at := 3 + slices.Index(settleHeads, c.head)
		if !c.sum || at < 3 {
			continue
		}
		sums := make([]string, len(where))
		for j, w := range where {
			sums[j] = fmt.Sprintf("SUM('%s'!%s)", w.sheet, span(firstMoney+1+i, w.first, w.last))
		}
		cells[at] = s.formula(strings.Join(sums, "+"), detail[""].fen[firstMoney+i], lookMoney.total())
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

// sumLine is one line of figures behind three cells. With rows from and to
// the figures are formulas over them that leave out subtotals.
func (s *sheet) sumLine(labels []any, sum reconcile.SettleSum, l look, from, to int) {
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
		switch {
		case from > 0:
			cells = append(cells, s.formula(fmt.Sprintf("SUBTOTAL(9,%s)", span(len(labels)+i+1, from, to)), f.value, cell))
		case f.stated:
			cells = append(cells, s.cell(f.value, cell))
		default:
			cells = append(cells, s.cell(nil, cell))
		}
	}
	s.write(1, cells...)
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

// leftOut is what stands beside the figures, each state on lines of its own.
func (s *sheet) leftOut(books *reconcile.Settlement) {
	s.block("二、未计入以上的订单")
	s.headRow("类别", "类型", "", "笔数", "涉及金额")
	s.mergeAt(2, 3)
	none := true
	for _, state := range []reconcile.SettleState{reconcile.SettleUnverified, reconcile.SettleHeld, reconcile.SettleUndetermined} {
		for _, k := range reconcile.Kinds {
			if sum := books.LeftOut(state, k); sum.Count > 0 {
				none = false
				s.write(1, s.cell(s.say(settleWords[state]), lookText), s.cell(s.say(kindWord(k)), lookWord), s.cell(nil, lookWord), s.cell(sum.Count, lookCount), s.cell(sum.Fen, lookMoney))
				s.mergeAt(2, 3)
			}
		}
	}
	if none {
		s.wide(s.say("全部订单均已计入"), lookCalm, 5)
	}
	s.blank(1)
}

// byDay is one line per settle date, which the chart shows; it returns the
// first and last row of the dates. Their labels are text for the chart's sake.
func (s *sheet) byDay(books *reconcile.Settlement, heads []string) [2]int {
	s.block("三、按清算日期")
	s.headRow(append([]string{"清算日期", "", ""}, heads...)...)
	s.mergeAt(1, 3)
	first := s.row + 1
	for _, day := range daysOf(books) {
		label := day.String()
		if day == 0 {
			label = s.say("未给清算日期")
		}
		s.oneOf(label, books, func(c reconcile.Channel) bool { return c.SettleDay == day })
	}
	rows := [2]int{first, s.row}
	s.blank(1)
	return rows
}

// byChannel is one line per channel over all dates.
func (s *sheet) byChannel(books *reconcile.Settlement, heads []string) {
	s.block("四、按支付渠道")
	s.headRow(append([]string{"支付渠道", "", ""}, heads...)...)
	s.mergeAt(1, 3)
	names := map[string]bool{}
	for _, c := range books.Channels() {
		names[c.TargetSys] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		label := name
		if label == "" {
			label = s.say("未返回")
		}
		s.oneOf(label, books, func(c reconcile.Channel) bool { return c.TargetSys == name })
	}
	s.blank(1)
}

// oneOf is one line over the channels that fit.
func (s *sheet) oneOf(label string, books *reconcile.Settlement, fits func(reconcile.Channel) bool) {
	sum, err := books.Sum(fits)
	s.fail(err)
	s.sumLine([]any{label, "", ""}, sum, lookText, 0, 0)
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
