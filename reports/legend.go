package reports

import (
	"cmp"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// legend is 说明: how to read the workbook, and what it was made from.
func (b *book) legend(sum reconcile.Summary) {
	s := b.sheet(b.say("说明"), layout{widths: []float64{32, 30, 18, 24, 18, 18}})
	s.wide(s.say("说明"), lookTitle, 6)
	s.notes("一、怎样读本表", readingNotes)
	s.settings(b.Settings)
	s.sources(sum)
	s.rules()
	s.finish()
}

func (s *sheet) notes(title string, notes []string) {
	s.block(title)
	for _, n := range notes {
		s.wide(s.say(n), look{wrap: true}, len(s.widths))
	}
	s.blank(1)
}

// settings lists what the figures depend on.
func (s *sheet) settings(list []Setting) {
	s.block("二、本次使用的设置")
	heads := func() { s.headRow("名称", "取值") }
	heads()
	s.again = heads
	for _, one := range list {
		value := cmp.Or(one.Value, "–")
		s.write(max(linesOf(one.Name, s.widths[0]), linesOf(value, s.widths[1])), s.cell(one.Name, lookText), s.cell(value, lookText))
	}
	s.again = nil
	s.blank(1)
}

// sources lists the books and statements that were read, so that a figure can be traced to
// the bytes it came from.
func (s *sheet) sources(sum reconcile.Summary) {
	s.block("三、台账来源")
	s.headRow("文件", "SHA-256", "快照时间", "行数 / 订单 / 无效", "对账日", "金额校验和（元）")
	s.loads(sum.Loads, "（已不存在）")
	if len(sum.Statements) > 0 {
		s.wide(s.say("对账单（按清算日期）"), lookRemark, len(s.widths))
		s.headRow("文件", "SHA-256", "快照时间", "行数 / 计入 / 无效", "清算日期", "金额校验和（元）")
		s.loads(sum.Statements, "（未提供）")
	}
	s.blank(1)
}

// loads lists what was read; missing stands behind the name of what was not there.
func (s *sheet) loads(loads []reconcile.Load, missing string) {
	for _, l := range loads {
		files := strings.Join(l.Files, "、")
		if l.Missing {
			files = l.Scope + s.say(missing)
		}
		if l.Shared {
			s.sharedLoad(files+s.say("（多个商户共用）"), l)
			continue
		}
		s.write(max(linesOf(files, s.widths[0]), linesOf(l.SHA256, s.widths[1])),
			s.cell(files, lookText), s.cell(l.SHA256, lookID), s.cell(l.SnapshotAt, lookTime.wrapped()),
			s.cell(s.say("%d / %d / %d", l.Rows, l.Orders, l.Invalid), lookWord), s.cell(l.Day, lookDay), s.cell(l.Total, lookMoney))
	}
}

// sharedLoad is a line of books that several merchants share: their figures are
// not for one of them.
func (s *sheet) sharedLoad(files string, l reconcile.Load) {
	s.write(linesOf(files, s.widths[0]), s.cell(files, lookText), s.cell("–", lookID), s.cell(l.SnapshotAt, lookTime.wrapped()),
		s.cell("–", lookWord), s.cell(l.Day, lookDay), s.cell("–", lookWord))
}

// rules is the legend of the codes.
func (s *sheet) rules() {
	s.block("四、差异代码")
	heads := func() { s.headRow("代码", "差异类型", "严重程度", "归类") }
	heads()
	s.again = heads
	for _, r := range reconcile.Rules {
		severity := tintSeverity(reconcile.Line{Case: reconcile.Case{Severity: r.Severity}}, lookWord)
		s.write(linesOf(s.code(r.Code), s.widths[1]), s.cell(string(r.Code), lookText), s.cell(s.code(r.Code), lookText),
			s.cell(s.severity(r.Severity), severity), s.cell(s.classOf(r), lookWord))
	}
}

// classOf is the class that a code by itself puts an order in.
func (s *sheet) classOf(r reconcile.Rule) string {
	switch {
	case r.Unverified:
		return s.class(reconcile.Unverified)
	case r.Severity.Discrepant():
		return s.class(reconcile.Discrepant)
	case r.Severity == reconcile.Wait:
		return s.class(reconcile.Waiting)
	case r.Code == reconcile.AmountWithinTolerance:
		return s.class(reconcile.Tolerance)
	}
	return s.say("提示")
}
