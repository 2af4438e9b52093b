package ledger

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// byContent finds the columns that no heading names by what stands in them.
func (g *Guess) byContent(l look, found *[columnCount]int, taken map[int]bool) {
	take := func(c column, at int) {
		found[c], taken[at] = at, true
		g.doubt("%s was taken for %s by its content alone", shown(l.headings[at]), c)
	}
	for _, c := range []column{colBillNo, colBillDate, colMID, colTID, colTotal, colStatus, colPaidAt} {
		for _, fits := range l.kinds(c, found[colBillNo]) {
			for i := range l.headings {
				if found[c] < 0 && !taken[i] && l.headings[i] != "" && l.all(i, fits) && l.spreadLike(c, i) {
					take(c, i)
				}
			}
		}
	}
	// What is named for something less needed stands in for what is.
	for _, s := range []struct{ needed, lent column }{{colBillNo, colMerOrderID}, {colBillNo, colOrderNo}, {colTotal, colBuyerPay}} {
		at := found[s.lent]
		if found[s.needed] >= 0 || at < 0 || s.needed == colBillNo && !l.all(at, vendorForm) || s.needed == colTotal && found[colRefundAmount] >= 0 {
			continue
		}
		found[s.lent], found[s.needed] = -1, at
		g.doubt("%s was taken for %s, which no heading names", shown(l.headings[at]), s.needed)
	}
}

// vendorNumber is the form of the vendor's pages: the 4 characters of the
// source, the day, and digits: 31942002269255200133896901.
var vendorNumber = regexp.MustCompile(`^[0-9A-Za-z]{4}(?:20)?([0-9]{2}[01][0-9][0-3][0-9])[0-9]{4,21}$`)

func vendorForm(cell string, _ nature) bool { return numberDay(cell) != 0 }

// numberDay is the day in a number of the vendor's form; zero: it has none.
func numberDay(cell string) reconcile.Day {
	m := vendorNumber.FindStringSubmatch(cell)
	if m == nil || len(cell) < 18 || len(cell) > 32 {
		return 0
	}
	d, err := reconcile.ParseDay("20" + m[1])
	if err != nil {
		return 0
	}
	return d
}

// kinds are the forms of a column's cells, the surest first.
func (l look) kinds(c column, billNo int) []func(string, nature) bool {
	switch c {
	case colBillNo:
		return []func(string, nature) bool{vendorForm, func(cell string, _ nature) bool { return len(cell) >= 20 && sane(cell) }}
	case colBillDate:
		return []func(string, nature) bool{func(cell string, n nature) bool {
			_, why := dateOf(cell, n)
			return why.EN == ""
		}}
	case colMID:
		return []func(string, nature) bool{func(cell string, _ nature) bool { return len(cell) == 15 && digits(cell) }}
	case colTID:
		return []func(string, nature) bool{func(cell string, n nature) bool {
			_, why := dateOf(cell, n)
			return len(cell) == 8 && sane(cell) && why.EN != ""
		}}
	case colTotal:
		amount := func(cell string, n nature) bool {
			_, why := Yuan.amountOf(cell, n)
			_, dated := date(cell)
			return why.EN == "" && dated.EN != "" && len(cell) < 11
		}
		return []func(string, nature) bool{func(cell string, n nature) bool { return amount(cell, n) && strings.Contains(cell, ".") }, amount}
	case colStatus:
		return []func(string, nature) bool{func(cell string, _ nature) bool { return statusWords[Fold(cell)] != "" }}
	}
	return []func(string, nature) bool{func(cell string, n nature) bool {
		_, why := instantOf(cell, time.UTC, n)
		_, day := dateOf(cell, n)
		return why.EN == "" && day.EN != ""
	}}
}

// all says whether a column has cells, and each of them fits.
func (l look) all(at int, fits func(string, nature) bool) bool {
	some := false
	for _, r := range l.rows {
		if cell := strings.TrimSpace(r.cells[at]); cell != "" {
			if some = true; !fits(cell, r.nature(at)) {
				return false
			}
		}
	}
	return some
}

// useless are headings of shops that are none of ours, whatever stands under
// them.
var useless = []string{"下单时间", "创建时间", "更新时间", "createdat", "createtime", "updatedat", "updatetime", "序号", "数量", "手机号", "参考号", "检索参考号", "流水号", "手续费", "运费", "id", "qty", "quantity", "phone"}

// spreadLike says whether the cells of a column are as different as ours are.
func (l look) spreadLike(c column, at int) bool {
	cells := l.cellsOf(at)
	different := map[string]bool{}
	for _, cell := range cells {
		different[cell] = true
	}
	if slices.Contains(useless, bare(l.headings[at])) {
		return false
	}
	switch c {
	case colBillNo:
		return 2*len(different) > len(cells)
	case colMID, colTID:
		return len(different) == 1 || 5*len(different) <= len(cells)
	case colTotal:
		return 2*len(cells) > len(l.rows) && !counting(cells)
	}
	return true
}

// counting says whether cells are 1, 2, 3: the numbers of the rows.
func counting(cells []string) bool {
	return len(cells) > 1 && slices.Equal(cells[:2], []string{"1", "2"}) && (len(cells) == 2 || cells[2] == "3")
}
