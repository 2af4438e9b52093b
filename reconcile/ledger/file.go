package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// file is one file, looked at once.
type file struct {
	path, name string
	census     census
	sum        []byte   // SHA-256 of the bytes of all files up to this one
	keys       []string // of JSON lines: every key of the file
}

// pass is the second reading, in which the rows are passed on.
type pass struct {
	books *Books
	load  *reconcile.Load
	again hash.Hash // of the bytes read so far
	order func(reconcile.Order, string) error
	bad   func(reconcile.BadRow) error

	see  func(r *rowReader, rec record, v *values)                  // each row of the table; may be nil
	line func(p *pass, f file, headings []string, rec record) error // takes the rows of another table than a ledger; nil: it is one

	counted counted // of the present file
}

// read passes on the rows of one file; reconcile.ErrHeadless when it has no header.
func (p *pass) read(ctx context.Context, f file) error {
	in, info, err := open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q: %w", f.path, ErrChanged)
	}
	if err != nil {
		return err
	}
	defer in.Close()
	if err := f.unchanged(info); err != nil {
		return err
	}
	rows, err := p.books.tableOf(f, io.TeeReader(in, p.again))
	if err != nil {
		return fmt.Errorf("%q: %w", f.path, err)
	}
	defer rows.close()
	p.counted = counted{}
	h, headerErr := rows.header(p.books, f.name)
	if headerErr != nil && !headless(headerErr) {
		return headerErr
	}
	if headerErr == nil {
		if err := p.rows(ctx, f, rows, h); err != nil {
			return err
		}
	}
	if err := p.stood(f, in); err != nil {
		return err
	}
	if headerErr != nil {
		return reconcile.ErrHeadless
	}
	return p.control(f)
}

// stood proves that what was read is what was looked at first.
func (p *pass) stood(f file, in *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !bytes.Equal(p.again.Sum(nil), f.sum) {
		return fmt.Errorf("%q: %w", f.path, ErrChanged)
	}
	return f.unchanged(info)
}

func (f file) unchanged(now fs.FileInfo) error {
	was := f.census.info
	if !os.SameFile(was, now) || was.Size() != now.Size() || !was.ModTime().Equal(now.ModTime()) {
		return fmt.Errorf("%q: %w", f.path, ErrChanged)
	}
	return nil
}

func (p *pass) rows(ctx context.Context, f file, t table, h header) error {
	r := &rowReader{books: p.books, header: h, fromDay: p.load.Day}
	t.under(h)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := t.next()
		if errors.Is(err, io.EOF) {
			p.suspects(f, r)
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.row(f, r, rec); err != nil {
			return err
		}
		t.under(r.header)
	}
}

// row passes on what one record says.
func (p *pass) row(f file, r *rowReader, rec record) error {
	if p.line != nil {
		return p.line(p, f, r.header.cells, rec)
	}
	if p.trailing(f, r, rec) {
		return nil
	}
	p.load.Rows++
	row := reconcile.BadRow{Source: reconcile.Source{File: f.name, Line: rec.line}}
	at, why := p.unfit(f, r, rec)
	if why.EN == "" {
		v := r.read(rec)
		p.counted.noted(&v)
		if p.see != nil {
			p.see(r, rec, &v)
		}
		p.counted.add(v.amount[p.books.sumOf()], r.failed(p.books.sumOf()))
		for _, o := range r.orders(&v) {
			o.order.Source = row.Source
			if err := p.order(o.order, o.row); err != nil {
				return err
			}
		}
		if len(r.problems) == 0 {
			return nil
		}
		row.Column, row.Reason, row.Damaged = r.complaint()
	} else {
		p.counted.add(reconcile.Amount{}, true)
		row.Column, row.Reason = at, why
	}
	p.load.Invalid++
	row.Raw = rec.raw()
	return p.bad(row)
}

// unfit tells why a record is no row of the ledger at all, and in which
// column; no Words: it is one. A header in the middle is what joined files
// leave behind: the rows behind it are read under it.
func (p *pass) unfit(f file, r *rowReader, rec record) (heading string, why reconcile.Words) {
	sound := rec.why.EN == "" && rec.flaw == flawless
	if sound && (rec.bom || slices.Contains(rec.cells, r.heading(colBillNo))) {
		if h, faults := p.books.header(rec.cells); len(faults) == 0 {
			r.header = h
			return "", say("表头重复出现：文件由多个文件拼接而成，其后各行照常读取，请去掉本行", "the header stands here again: files were joined; the rows behind it are read, leave this line out")
		}
	}
	return f.broken(r.header.cells, rec, r, "ledger")
}

// broken tells why a record is no row of a table with these headings, and in
// which column; section is that of the table in the configuration.
func (f file) broken(headings []string, rec record, k rowKind, section string) (heading string, why reconcile.Words) {
	if rec.why.EN != "" {
		return rec.column, rec.why
	}
	if why := rec.flaw.words(f.census.encoding); why.EN != "" {
		return "", why
	}
	width := len(headings)
	word := trailerWord(rec.cells)
	switch {
	case rec.bom:
		return "", say("行首有字节顺序标记 (BOM)：文件由多个文件拼接而成，请去掉后重新导出", "the row begins with a byte order mark: files were joined; leave the mark out")
	case rec.quote != quoteSound:
		if rec.at < width {
			heading = headings[rec.at]
		}
		return heading, rec.quote.words()
	case word != "" && !k.certain(rec) && !k.likely(rec):
		return "", say("本行是合计行（请配置 %s.control.trailer: %s）", "the row states totals (try: %s.control.trailer: %s)", section, word)
	case len(rec.cells) < width && rec.last:
		return "", say("只有 %d 列，表头有 %d 列；这是最后一行，文件可能被截断，请重新导出", "has %d columns, the header has %d; it is the last line, the file is probably cut off: export it again", len(rec.cells), width)
	case len(rec.cells) != width:
		return "", say("有 %d 列，表头有 %d 列：请重新导出，含分隔符的字段须加引号", "has %d columns, the header has %d: export it again, with quotes around fields that hold the separator", len(rec.cells), width)
	}
	return "", reconcile.Words{}
}

func (f flaw) words(e Encoding) reconcile.Words {
	switch f {
	case flawEncoded:
		return say("含 %s 未定义的字节：请重新导出，或核对 encoding", "holds bytes that %s does not define: export it again, or look at encoding", e)
	case flawNUL:
		return say("含 NUL 字节，文件已损坏，请重新导出", "holds NUL bytes, the file is damaged: export it again")
	case flawLong:
		return say("本行超过 1 MiB，可能缺少换行或引号，请重新导出", "is longer than 1 MiB, a line end or a quote is probably missing: export it again")
	}
	return reconcile.Words{}
}

func (q quoteFault) words() reconcile.Words {
	switch q {
	case quoteOpen:
		return say("引号没有闭合（字段内的引号应写两次）", "a quote is not closed (a quote inside a field is doubled)")
	case quoteTrailing:
		return say("闭合引号后还有文字（应整体加引号并将字段内的引号写两次）", "there is text behind a closing quote (quote the whole field and double the quotes inside)")
	}
	return say("字段中间有引号（应整体加引号并将引号写两次）", "a quote stands inside a field that does not begin with one (quote the field and double the quote)")
}
