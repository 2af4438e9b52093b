package reports

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

// rollForward carries the cases from the last run to this one, with their
// ages beside.
func (s *sheet) rollForward(sum reconcile.Summary) {
	r := sum.Cases
	s.whole(map[bool]string{false: "五、差异单滚动与账龄（全库待处理、待复核）", true: "五、差异单滚动与账龄（本商户待处理、待复核）"}[s.OneOfSeveral], 10)
	left := []struct {
		label string
		sum   reconcile.Sum
	}{
		{"期初", r.Opening}, {"加：新增", r.New}, {"加：重开", r.Reopened}, {"加减：金额调整", r.Revalued},
		{"减：系统消除", r.Cleared}, {"减：人工处理", r.Resolved}, {"期末", r.Closing},
	}
	s.write(1, append(append(s.headCells("项目", "笔数", "金额"), excelize.Cell{}), s.headCells("账龄", "笔数", "金额")...)...)
	for i, line := range left {
		l := lookText
		if line.label == "期初" || line.label == "期末" {
			l = l.total()
		}
		cells := append(s.sumCells(s.say(line.label), l, line.sum), excelize.Cell{})
		if i == len(left)-1 {
			cells[1].Formula, cells[2].Formula = rolled(2, s.row), rolled(3, s.row)+"+"+at(3, s.row-2)
		}
		if i < len(sum.Ageing) {
			cells = append(cells, s.sumCells(s.band(sum.Ageing[i]), lookWord, sum.Ageing[i].Sum)...)
		}
		s.write(1, cells...)
	}
	count := r.Opening.Count + r.New.Count + r.Reopened.Count - r.Cleared.Count - r.Resolved.Count
	fen := r.Opening.Fen + r.New.Fen + r.Reopened.Fen + r.Revalued.Fen - r.Cleared.Fen - r.Resolved.Fen
	s.check("期初 + 新增 + 重开 ± 调整 − 消除 − 处理 = 期末", count == r.Closing.Count && fen == r.Closing.Fen)
	s.blank(1)
}

// rolled is 期末 out of the six lines above it, in one column, without what
// was revalued: that has no count of its own.
func rolled(column, last int) string {
	return fmt.Sprintf("SUM(%s)-SUM(%s)", span(column, last-5, last-3), span(column, last-1, last))
}

// sumCells are a label, a count and an amount.
func (s *sheet) sumCells(label string, l look, sum reconcile.Sum) []excelize.Cell {
	count, money := lookCount, lookMoney
	count.bold, money.bold, count.fill, money.fill = l.bold, l.bold, l.fill, l.fill
	return []excelize.Cell{s.cell(label, l), s.cell(sum.Count, count), s.cell(sum.Fen, money)}
}

func (s *sheet) band(a reconcile.AgeBand) string {
	if a.To < 0 {
		return s.say("超过 %d 天", a.From-1)
	}
	return s.say("%d–%d 天", a.From, a.To)
}
