package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Control says where the maker of a file states its rows and their sum. The
// zero Control is nowhere.
type Control struct {
	// Trailer is how the first cell of the rows begins that stand behind the
	// orders: 合计. They are no orders.
	Trailer string
	// Sidecar is the name of the file beside each file, with {file} for its
	// name: {file}.ctl. It has a line count=300 or sum=5724.00, or both, or
	// is a JSON object of these.
	Sidecar string
	// SumOf is the column whose amounts are summed; default total_amount.
	SumOf string
}

// stated are the figures of a trailer or sidecar; nil: not stated.
type stated struct {
	from  string
	count *int64
	sum   *reconcile.Fen
}

// counted are the figures of the rows of one file.
type counted struct {
	rows    int64
	sum     reconcile.Fen
	unknown int64 // rows whose amount could not be read
	behind  *stated
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

// against holds what is stated against what was counted.
func (s stated) against(c counted) reconcile.Control {
	out := reconcile.Control{From: s.from, Count: s.count, Sum: s.sum, Rows: c.rows, Total: c.sum}
	switch {
	case s.count == nil && s.sum == nil:
		out.Missed = say("%s 中没有笔数也没有金额", "%s states neither a count nor a sum", s.from)
	case s.count != nil && *s.count != c.rows:
		out.Missed = say("%s 载明 %d 笔，实际读到 %d 行", "%s states %d rows, and %d were read", s.from, *s.count, c.rows)
	case s.sum != nil && c.unknown == 0 && *s.sum != c.sum:
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

func (b *Books) sidecar(path string) string {
	return filepath.Join(filepath.Dir(path), strings.ReplaceAll(b.source.Control.Sidecar, "{file}", filepath.Base(path)))
}

const maxSidecar = 64 << 10

// readSidecar reads the figures beside a file. One that is not there yet is
// the sign of a file that is not whole yet.
func readSidecar(path string, u Unit) (stated, error) {
	in, _, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stated{}, fmt.Errorf("control file %q is not there: %w", path, ErrNotReady)
	}
	if err != nil {
		return stated{}, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxSidecar))
	if err != nil {
		return stated{}, err
	}
	values := sidecarValues(string(text))
	var s stated
	for name, value := range values {
		if err := s.set(strings.TrimSpace(name), strings.TrimSpace(value), u); err != nil {
			return stated{}, fmt.Errorf("control file %q: %w: %w", path, err, reconcile.ErrUnreadable)
		}
	}
	return s, nil
}

func sidecarValues(text string) map[string]string {
	text = strings.TrimPrefix(text, "\ufeff")
	values := map[string]string{}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		err := eachValue(text, func(key string, v jsonValue) error { values[key] = v.text; return nil })
		if err == nil {
			return values
		}
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if i := strings.IndexAny(lines.Text(), "=:"); i > 0 {
			values[lines.Text()[:i]] = lines.Text()[i+1:]
		}
	}
	return values
}

func (s *stated) set(name, value string, u Unit) error {
	switch Fold(name) {
	case "count":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("count %q is not a number of rows", value)
		}
		s.count = &n
	case "sum":
		f, why := u.amount(value)
		if why.EN != "" {
			return errors.New("sum: " + why.EN)
		}
		s.sum = &f
	}
	return nil
}

// trailing says whether a record belongs to the trailer, and takes its
// figures. A row with a bill date, or with something in its place and a status,
// is an order, well or ill, wherever it stands.
func (p *pass) trailing(f file, r *rowReader, rec record) bool {
	word := p.books.source.Control.Trailer
	if word == "" || rec.flaw != flawless || rec.why.EN != "" || r.dated(rec) {
		return false
	}
	at := firstFilled(rec.cells)
	begins := at >= 0 && strings.HasPrefix(strings.TrimSpace(rec.cells[at]), word)
	if !begins && (p.counted.behind == nil || r.filled(rec, colBillDate) && r.filled(rec, colStatus)) {
		return false
	}
	if p.counted.behind == nil {
		p.counted.behind = &stated{from: fmt.Sprintf("%s:%d", f.name, rec.line)}
	}
	p.counted.behind.read(rec.cells, at, r.header.at[p.books.sumOf()], p.books.source.Unit)
	return true
}

// dated says whether a record has a bill date.
func (r *rowReader) dated(rec record) bool {
	at := r.header.at[colBillDate]
	if at >= len(rec.cells) {
		return false
	}
	_, why := dateOf(strings.Trim(rec.cells[at], asciiBlanks), rec.nature(at))
	return why.EN == ""
}

// filled says whether a record has something in a column.
func (r *rowReader) filled(rec record, c column) bool {
	at := r.header.at[c]
	return at >= 0 && at < len(rec.cells) && strings.TrimSpace(rec.cells[at]) != ""
}

func firstFilled(cells []string) int {
	for i, c := range cells {
		if strings.TrimSpace(c) != "" {
			return i
		}
	}
	return -1
}

var (
	countWords = regexp.MustCompile(`(?i)(?:笔数|条数|count|rows)\s*[:：=]?\s*([0-9]+)|([0-9]+)\s*[笔条]`)
	sumWords   = regexp.MustCompile(`(?i)(?:金额|sum|total)\s*[:：=]?\s*([0-9][0-9,]*(?:\.[0-9]+)?)`)
)

// read takes the figures of a row of the trailer: a count beside a word such
// as 笔数, or alone behind the first cell; a sum beside 金额, or in the column
// that is summed.
func (s *stated) read(cells []string, first, sumAt int, u Unit) {
	text := strings.Join(cells, " ")
	if m := countWords.FindStringSubmatch(text); m != nil {
		s.take(&s.count, m[1]+m[2])
	} else if next := first + 1; first >= 0 && next < len(cells) && next != sumAt && digits(strings.TrimSpace(cells[next])) {
		s.take(&s.count, strings.TrimSpace(cells[next]))
	}
	candidates := []string{}
	if sumAt >= 0 && sumAt < len(cells) && sumAt != first {
		candidates = append(candidates, cells[sumAt])
	}
	if m := sumWords.FindStringSubmatch(text); m != nil {
		candidates = append(candidates, m[1])
	}
	for _, c := range candidates {
		c = strings.NewReplacer(",", "", "¥", "", "￥", "", "元", "").Replace(strings.TrimSpace(c))
		if f, why := u.amountOf(c, nature{number: true, serials: true}); why.EN == "" && s.sum == nil {
			s.sum = &f
		}
	}
}

func (s *stated) take(into **int64, text string) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && *into == nil {
		*into = &n
	}
}

func (b *Books) sumOf() column {
	if c, ok := columnNamed(b.source.Control.SumOf); ok {
		return c
	}
	return colTotal
}

func (c Control) check() error {
	var errs []error
	if got, ok := columnNamed(c.SumOf); c.SumOf != "" && (!ok || !got.money()) {
		errs = append(errs, fmt.Errorf("control: sum_of %q is no column of amounts", c.SumOf))
	}
	if c.Sidecar != "" && (strings.ContainsAny(c.Sidecar, "/\\\x00") || !strings.Contains(c.Sidecar, "{file}")) {
		errs = append(errs, fmt.Errorf("control: sidecar %q must be a file name that holds {file}", c.Sidecar))
	}
	return errors.Join(errs...)
}

func (c column) money() bool {
	return c == colTotal || c == colBuyerPay || c == colCoupon || c == colRefundAmount || c == colAuthedAmount
}

// trailerWords are how trailers begin that nobody configured.
var trailerWords = []string{"合计", "总计", "小计", "总笔数", "总金额", "共计"}

// likeTrailer recognises a row that states totals.
func (r *rowReader) likeTrailer(rec record) string {
	at := r.header.at[colBillDate]
	if at >= len(rec.cells) || strings.TrimSpace(rec.cells[at]) == "" {
		return trailerWord(rec.cells)
	}
	return ""
}
