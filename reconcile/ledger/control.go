package ledger

import (
	"errors"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Control says where the maker of a file states its rows and their sum. The
// zero Control is nowhere.
type Control struct {
	// Trailer is how the first cell of the rows begins that stand behind the
	// orders or lines: 合计. They are none.
	Trailer string
	// Sidecar is the name of the file beside each file, with {file} for its
	// name: {file}.ctl. It states its figures as a trailer does, in words
	// (count=300, 金额：5,724.00), or is a JSON object of these.
	Sidecar string
	// SumOf is the column whose amounts are summed, with the signs that they are
	// written with; default total_amount, of a statement amount.
	SumOf string
	// ZeroEnds: that ids of more than 15 digits end in zeros is nothing
	// unusual; see lostLeast.
	ZeroEnds bool
}

// stated are the figures of a trailer or sidecar; nil: not stated.
type stated struct {
	from  string
	count *int64
	sum   *reconcile.Fen
	wrong reconcile.Words // about a figure that could not be read
	blank bool            // a figure is a formula whose value was not saved
}

// counted are the figures of the rows of one file.
type counted struct {
	rows    int64
	sum     reconcile.Fen
	unknown int64 // rows whose amount could not be read
	behind  *stated
	ids     [columnCount]tally
}

// add counts a row and its amount; failed: the amount could not be read.
func (c *counted) add(a reconcile.Amount, failed bool) {
	c.rows++
	if failed {
		c.unknown++
	}
	if !a.Known || failed {
		return
	}
	sum, err := c.sum.Add(a.Fen)
	if err != nil {
		c.unknown++
		return
	}
	c.sum = sum
}

// against holds what is stated against what was counted. A sum that lacks an
// amount proves nothing, and is neither met nor missed.
func (s stated) against(c counted) reconcile.Control {
	out := reconcile.Control{From: s.from, Count: s.count, Sum: s.sum, Rows: c.rows, Total: c.sum}
	switch {
	case s.wrong.EN != "":
		out.Missed = reconcile.Words{ZH: s.from + " 中" + s.wrong.ZH, EN: "in " + s.from + ", " + s.wrong.EN}
	case s.blank && (s.count == nil || *s.count == c.rows) && (s.sum == nil || c.unknown == 0 && *s.sum == c.sum):
		out.Open = say("%s 中的公式没有保存计算结果，无法核对；请用表格软件打开并另存", "%s holds a formula whose value was not saved, which is not comparable; open the file in a spreadsheet program and save it", s.from)
	case s.count == nil && s.sum == nil:
		out.Missed = say("%s 中没有笔数也没有金额", "%s states neither a count nor a sum", s.from)
	case s.count != nil && *s.count != c.rows:
		out.Missed = say("%s 载明 %d 笔，实际读到 %d 行", "%s states %d rows, and %d were read", s.from, *s.count, c.rows)
	case s.sum != nil && c.unknown > 0:
		out.Open = say("%s 载明的金额 %s 元无法核对：%d 行没有可读的金额", "%s states a sum of %s yuan, which is not comparable: %d rows have no readable amount", s.from, s.sum.Yuan(), c.unknown)
	case s.sum != nil && *s.sum != c.sum:
		out.Missed = say("%s 载明金额 %s 元，实际读到 %s 元", "%s states a sum of %s yuan, and %s were read", s.from, s.sum.Yuan(), c.sum.Yuan())
	}
	return out
}

// control compares the figures of a file with those that it or its sidecar states.
func (p *pass) control(f file) error {
	c := p.books.source.Control
	if c.Trailer != "" {
		behind := p.counted.behind
		if behind == nil {
			p.load.Controls = append(p.load.Controls, reconcile.Control{
				From: f.name, Rows: p.counted.rows, Total: p.counted.sum,
				Missed: say("%s 末尾没有以 %q 开头的合计行，文件可能被截断", "%s has no trailer that begins with %q, the file is probably cut off", f.name, c.Trailer),
			})
		} else {
			p.load.Controls = append(p.load.Controls, behind.against(p.counted))
		}
	}
	if c.Sidecar == "" {
		return nil
	}
	path := p.books.sidecar(f.path)
	s, err := readSidecar(path, p.books.source.Unit)
	if err != nil {
		return err
	}
	s.from = p.books.shown(path)
	p.load.Controls = append(p.load.Controls, s.against(p.counted))
	return nil
}

func (b *Books) sumOf() column {
	if c, ok := columnNamed(b.source.Control.SumOf); ok {
		return c
	}
	return colTotal
}

// check says what is wrong with the settings; money says which columns hold
// amounts.
func (c Control) check(money func(name string) bool) error {
	var errs []error
	if c.SumOf != "" && !money(c.SumOf) {
		errs = append(errs, fmt.Errorf("control: sum_of %q is no column of amounts", c.SumOf))
	}
	if c.Sidecar != "" && (strings.ContainsAny(c.Sidecar, "/\\\x00") || !strings.Contains(c.Sidecar, "{file}")) {
		errs = append(errs, fmt.Errorf("control: sidecar %q must be a file name that holds {file}", c.Sidecar))
	}
	return errors.Join(errs...)
}

func moneyNamed(name string) bool {
	c, ok := columnNamed(name)
	return ok && c.money()
}

func (c column) money() bool {
	return c == colTotal || c == colBuyerPay || c == colCoupon || c == colRefundAmount || c == colAuthedAmount
}
