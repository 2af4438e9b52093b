package ledger

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// figure is a number with the word before it and the unit behind it, as
// trailers and sidecars state them: 总笔数：300, COUNT=300, 共 300 笔,
// 金额（元） 5,724.00. What follows a : or = and begins with no digit is a
// figure that cannot be read.
var figure = regexp.MustCompile(
	`([\p{L}_]*)(?:[（(][^）)]*[）)])?\s*[:：=]?\s*(?:[¥￥]\s*)?(-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|-?[0-9]+(?:\.[0-9]+)?)([A-Za-z0-9.]*)\s*(笔|条|元)?` +
		`|([\p{L}_]+)(?:[（(][^）)]*[）)])?\s*[:：=][ \t]*([^\s0-9¥￥][^\s,，;；]*)`)

// words takes the figures that a text states in words; the first of each counts.
func (s *stated) words(text string, unit Unit) {
	for _, m := range figure.FindAllStringSubmatch(text, -1) {
		word, value, behind := m[1]+m[5], m[2]+m[3]+m[6], m[4]
		if tail := Fold(m[3]); tail == "yuan" || tail == "rows" {
			value, behind = m[2], map[string]string{"yuan": "元", "rows": "笔"}[tail]
		}
		counts, sums := countWord(word), sumWord(word)
		if !counts && !sums && openWord(word) {
			counts, sums = behind == "笔" || behind == "条", behind == "元"
		}
		switch {
		case counts:
			s.takeCount(value)
		case sums && behind == "元":
			s.takeSum(value, Yuan, nature{})
		case sums:
			s.takeSum(value, unit, nature{})
		}
	}
}

// cells takes the figures of a row of the trailer: those in words, a count
// that stands alone behind the first cell, a sum in the column that is summed.
func (s *stated) cells(cells []string, first, sumAt int, u Unit) {
	if sumAt >= 0 && sumAt < len(cells) && sumAt != first {
		cell := strings.NewReplacer(",", "", "¥", "", "￥", "", "元", "").Replace(strings.TrimSpace(cells[sumAt]))
		n := nature{number: true, serials: true}
		if _, why := u.minused(cell, n); why.EN == "" {
			s.takeSum(cell, u, n)
		}
	}
	s.words(strings.Join(cells, "\t"), u)
	if next := first + 1; first >= 0 && next < len(cells) && next != sumAt && digits(strings.TrimSpace(cells[next])) {
		s.takeCount(strings.TrimSpace(cells[next]))
	}
}

func (s *stated) takeCount(value string) {
	n, err := strconv.ParseInt(strings.ReplaceAll(value, ",", ""), 10, 64)
	switch {
	case s.count != nil:
	case err != nil || n < 0:
		s.amiss(say("笔数 %s 不是行数", "count %s is not a number of rows", shown(value)))
	default:
		s.count = &n
	}
}

func (s *stated) takeSum(value string, u Unit, n nature) {
	f, why := u.minused(strings.ReplaceAll(value, ",", ""), n)
	switch {
	case s.sum != nil:
	case why.EN != "":
		s.amiss(reconcile.Words{ZH: "合计" + why.ZH, EN: "sum: " + why.EN})
	default:
		s.sum = &f
	}
}

// amiss keeps the first complaint.
func (s *stated) amiss(why reconcile.Words) {
	if s.wrong.EN == "" {
		s.wrong = why
	}
}

// countWord says whether a word stands before a number of rows.
func countWord(word string) bool {
	word = bare(word)
	return !strings.HasSuffix(word, "discount") && endsIn(word, "笔数", "条数", "行数", "记录数", "count", "rows", "records")
}

// sumWord says whether a word stands before the sum of all amounts, and not
// before that of fees, refunds or discounts.
func sumWord(word string) bool {
	word = bare(word)
	return endsIn(word, "金额", "sum", "total", "amount") && !slices.ContainsFunc([]string{"退", "优惠", "手续费", "折扣", "实付", "净", "fee", "refund", "discount", "coupon", "net"}, func(s string) bool { return strings.Contains(word, s) })
}

// openWord says whether it is for the unit behind a figure to say what it is:
// 合计 5 笔, 共 5 笔, or no word at all.
func openWord(word string) bool {
	return word == "" || endsIn(Fold(word), "计", "共", "总", "total")
}

func endsIn(word string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(word, e) })
}
