package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

const (
	importBatch = 500     // notices of one transaction
	maxNotice   = 1 << 20 // bytes of a line
	maxTold     = 1000    // lines of a file that are told of
)

// noticeImport is one file being taken in.
type noticeImport struct {
	*app
	cfg   *Config
	db    *store.DB
	done  importedFile
	batch []reconcile.Notice
	from  []int // the lines of the batch
	// apart are notices whose signature did not hold. Until one of the file
	// holds, it is not known whether they are forged or the key is wrong.
	apart  []reconcile.Notice
	proven bool // a signature held
}

func (i *noticeImport) file(ctx context.Context) error {
	in, closeFile, err := i.open()
	if err != nil {
		return err
	}
	defer closeFile()
	if err := i.lines(ctx, in); err != nil {
		return err
	}
	if i.done.Unverified > 0 && !i.proven {
		i.done.Refused = fmt.Sprintf("none of these %d notices verifies, so none of them was stored; "+
			"check that notices.key is the communication key (通讯密钥, not the AppKey) of their merchant, and that the lines are the bodies as they were received", i.done.Unverified)
	} else if i.done.Unreadable > 0 && i.done.Read == 0 {
		i.done.Refused = "no line is a notice, so nothing was stored; check that this is the file of the notices, one form-encoded or JSON body a line"
	}
	return nil
}

// open opens a file of lines of text.
func (i *noticeImport) open() (lines *bufio.Reader, closeFile func(), err error) {
	var in io.Reader = i.stdin
	closeFile = func() {}
	if i.done.File != "-" {
		f, err := os.Open(i.done.File)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%w; try: the name of a file of notices, or - for stdin", withoutPath(err))
		}
		if err != nil {
			return nil, nil, withoutPath(err)
		}
		in, closeFile = f, func() { _ = f.Close() }
	}
	lines = bufio.NewReaderSize(in, 64<<10)
	if err := checkNoticeFile(lines); err != nil {
		closeFile()
		return nil, nil, err
	}
	return lines, closeFile, nil
}

// strangers are files that are given for lines of text and are none.
var strangers = []struct{ magic, what string }{
	{"\xff\xfe", "is UTF-16; try: iconv -f UTF-16 -t UTF-8, or saving it as UTF-8"},
	{"\xfe\xff", "is UTF-16; try: iconv -f UTF-16 -t UTF-8, or saving it as UTF-8"},
	{"\x1f\x8b", "is compressed; try: zcat FILE | umsrecon notices import -"},
	{"PK\x03\x04", "is a workbook or an archive; try: the file of the bodies themselves, one a line"},
}

// checkNoticeFile refuses, before anything of it is stored, a file whose lines
// cannot be notices.
func checkNoticeFile(lines *bufio.Reader) error {
	head, err := lines.Peek(512)
	switch {
	case errors.Is(err, syscall.EISDIR):
		return errors.New("is a directory; try: the files in it")
	case err != nil && !errors.Is(err, io.EOF):
		return withoutPath(err)
	}
	for _, s := range strangers {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return errors.New(s.what)
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return errors.New("is UTF-16 or no text; try: saving it as UTF-8")
	}
	return checkNoticeJSON(bytes.TrimSpace(bytes.TrimPrefix(head, bom)))
}

var bom = []byte("\uFEFF")

// checkNoticeJSON refuses JSON that does not stand one object a line.
func checkNoticeJSON(head []byte) error {
	if inside, array := bytes.CutPrefix(head, []byte("[")); array {
		if inside = bytes.TrimSpace(inside); len(inside) == 0 || inside[0] == '{' || inside[0] == ']' {
			return errors.New("is a JSON array; try: one object a line, as jq -c '.[]' FILE makes it")
		}
	}
	if first, _, more := bytes.Cut(head, []byte("\n")); more && string(bytes.TrimSpace(first)) == "{" {
		return errors.New("is JSON of several lines; try: one object a line, as jq -c . FILE makes it")
	}
	return nil
}

func (i *noticeImport) lines(ctx context.Context, in *bufio.Reader) error {
	for {
		line, tooLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return withoutPath(err)
		}
		if len(line) > 0 || err == nil {
			i.done.Lines++
		}
		switch text := bytes.TrimSpace(bytes.TrimPrefix(line, bom)); {
		case tooLong:
			i.unreadable(fmt.Sprintf("is longer than %d bytes", maxNotice))
		case len(text) > 0:
			i.line(text)
		}
		if err != nil || len(i.batch) >= importBatch || i.proven && len(i.apart) >= importBatch {
			if saveErr := i.save(ctx); saveErr != nil || err != nil {
				return saveErr
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// readLine reads one line without its end. One that is too long is read to its
// end and not kept.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxNotice {
			line, tooLong = line[:1], true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

func (i *noticeImport) line(text []byte) {
	n, err := chinaums.ParseNotice("", text)
	switch {
	case err != nil:
		i.unreadable(err.Error())
		return
	case n.ID == "" && n.Params["sign"] == "":
		i.unreadable("it is no notice: it has neither notifyId nor sign")
		return
	case n.Kind == chinaums.NoticeContract && n.MID == "":
		i.unreadable("it is no contract notice: it names no merchant")
		return
	}
	i.done.Read++
	r := chinaums.Received{Notice: n, Verified: true, At: i.clock.Now(), Path: reconcile.ImportPath}
	if err := n.Authenticate(i.cfg.noticeKey, i.cfg.Notices.AllowMD5); err != nil {
		r.Verified, r.Why = false, err.Error()
		i.unverified(gateway.Notice(r))
		return
	}
	i.proven = i.proven || n.Kind != chinaums.NoticeContract
	i.batch, i.from = append(i.batch, gateway.Notice(r)), append(i.from, i.done.Lines)
}

func (i *noticeImport) unreadable(why string) {
	i.done.Unreadable++
	i.tell(importProblem{Line: i.done.Lines, What: "unreadable", Why: why})
}

// unverified puts a notice apart; many are counted on the last, as the store
// does.
func (i *noticeImport) unverified(n reconcile.Notice) {
	i.done.Unverified++
	i.tell(importProblem{Line: i.done.Lines, What: "unverified", NotifyID: n.ID, Why: n.Why})
	if len(i.apart) < importBatch {
		i.apart = append(i.apart, n)
		return
	}
	i.apart[importBatch-1].Repeats++
}

func (i *noticeImport) tell(p importProblem) {
	if len(i.done.Problems) >= maxTold {
		i.done.Untold++
		return
	}
	p.NotifyID, p.Why = plain(p.NotifyID), plain(p.Why)
	i.done.Problems = append(i.done.Problems, p)
	about := ""
	if p.NotifyID != "" {
		about = fmt.Sprintf("notice %q: ", p.NotifyID)
	}
	fmt.Fprintf(i.stderr, "%s line %d: %s: %s%s\n", i.done.File, p.Line, p.What, about, p.Why)
}

// save commits what is certain, and tells of what is not as it should be.
func (i *noticeImport) save(ctx context.Context) error {
	notices := i.batch
	if i.proven {
		notices, i.apart = append(notices, i.apart...), nil
	}
	kept, err := i.db.SaveNotices(ctx, notices)
	if err != nil {
		return err
	}
	for n, line := range i.from {
		i.stored(notices[n], kept[n], line)
	}
	i.batch, i.from = i.batch[:0], i.from[:0]
	return nil
}

func (i *noticeImport) stored(n reconcile.Notice, k store.Kept, line int) {
	if k == store.KeptRepeated {
		i.done.Repeated++
	} else {
		i.done.Stored++
	}
	if k == store.KeptChanged {
		i.done.Changed++
		i.tell(importProblem{line, "changed", n.ID, "it was stored before with other content"})
	}
	if n.Why != "" {
		i.tell(importProblem{line, "field", n.ID, n.Why})
	}
}
