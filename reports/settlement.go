package reports

import (
	"fmt"
	"iter"
	"slices"

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
	sums, detail := b.settleTable(b.infoLine(b.say("期间"), r.Period), r.Terms).write(b, b.priced(books, r.Lines()))
	s.settlement(r, books, sums, detail)
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

func (s *sheet) settlement(r SettlementReport, books *reconcile.Settlement, sums columnSums, detail listed) {
	s.head(s.say("银联商务结算汇总"), [][2]string{
		{"商户", s.Merchant}, {"期间", r.Period}, {"日切", s.Cutoff}, {"生成时间", instant(s.MadeAt)},
		{"结算方式", s.say(modeWords[r.Terms.Mode])}, {"单位", s.say("元")},
	})
	lines := settleLines{sheet: s, books: books, detail: detail, computed: computable(books, detail), subtotal: map[reconcile.Day]int{}}
	total := lines.sumOf(func(reconcile.Channel) bool { return true })
	lines.heads = settleHeadings(total)
	s.settleAlarms(books, total)
	lines.byDate(total, sums)
	s.feeSources(total, detail)
	s.leftOut(books, detail)
	days := lines.byDay()
	lines.byChannel()
	s.signatures()
	s.dayChart(days)
	s.notes("五、口径说明", settleNotes)
	s.terms(r.Terms)
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
