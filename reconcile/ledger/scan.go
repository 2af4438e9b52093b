package ledger

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"unicode/utf8"

	"github.com/umsrecon/umsrecon/reconcile"
)

// census is what the first reading of a file finds out.
type census struct {
	info     fs.FileInfo
	encoding Encoding // UTF8 or GB18030
	// sound: every line is structurally valid in the encoding.
	sound bool
	eol   byte // '\n', or '\r' where a file has no other line ends
}

const bufferSize = 64 << 10

var (
	bomUTF8    = []byte("\xef\xbb\xbf")
	bomGB18030 = []byte("\x84\x31\x95\x33")
)

// strangers are files that end up under .csv and are none.
var strangers = []struct {
	magic, what string
}{
	{"\xff\xfe", "it is UTF-16; save it as CSV in UTF-8 or GB18030"},
	{"\xfe\xff", "it is UTF-16; save it as CSV in UTF-8 or GB18030"},
	{"PK\x03\x04", "it is a workbook or an archive; save it as CSV, or set ledger.format to xlsx"},
	{"\xd0\xcf\x11\xe0", "it is an old Excel workbook; save it as CSV"},
	{"%PDF", "it is a PDF; export it as CSV"},
}

// scan reads a file through once and adds its bytes to sum.
func (b *Books) scan(ctx context.Context, path string, sum hash.Hash) (census, error) {
	f, info, err := open(path)
	if errors.Is(err, fs.ErrNotExist) { // a link that leads nowhere
		return census{}, fmt.Errorf("%w: %w", reconcile.ErrNoLedger, err)
	}
	if err != nil {
		return census{}, err
	}
	defer f.Close()
	raw := io.TeeReader(f, sum)
	if b.source.Format == XLSX {
		return census{info: info}, scanWorkbook(ctx, path, raw)
	}
	text, err := unpacked(raw)
	if err != nil {
		return census{}, fmt.Errorf("%q: %w", path, err)
	}
	br := bufio.NewReaderSize(text, bufferSize)
	head, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return census{}, err
	}
	for _, s := range strangers {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return census{}, fmt.Errorf("%q: %w: %s", path, ErrNotText, s.what)
		}
	}
	var v validity
	if err := v.read(ctx, br); err != nil {
		return census{}, fmt.Errorf("%q: %w", path, err)
	}
	c := census{info: info, eol: '\n', encoding: v.encoding(b.source.Encoding, head)}
	c.sound = c.encoding == UTF8 && v.badUTF8 == 0
	if v.linefeeds == 0 && v.returns > 0 {
		c.eol = '\r'
	}
	return c, nil
}

// validity counts the lines that a file cannot have in an encoding.
type validity struct {
	badUTF8, badGB     int64
	linefeeds, returns int64

	// Of the line so far.
	cut   []byte // the start of a rune, whose rest is in the next piece
	gb    gbState
	not8  bool // it is no UTF-8
	notGB bool // it is no GB18030
}

func (v *validity) read(ctx context.Context, br *bufio.Reader) error {
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		piece, err := br.ReadSlice('\n')
		whole := err == nil || err == io.EOF
		v.piece(piece, whole)
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// piece takes a part of a line; last: the line ends with it.
func (v *validity) piece(p []byte, last bool) {
	v.returns += int64(bytes.Count(p, []byte{'\r'}))
	if len(p) > 0 && p[len(p)-1] == '\n' {
		v.linefeeds++
	}
	if len(v.cut) > 0 || v.gb != gbStart || !ascii(p) {
		v.notGB = !v.gb.advance(p) || v.notGB
		v.pieceUTF8(p, last)
	}
	if !last {
		return
	}
	if v.not8 {
		v.badUTF8++
	}
	if v.notGB || v.gb != gbStart {
		v.badGB++
	}
	v.cut, v.gb, v.not8, v.notGB = nil, gbStart, false, false
}

func (v *validity) pieceUTF8(p []byte, last bool) {
	if len(v.cut) > 0 {
		p = append(v.cut, p...)
		v.cut = nil
	}
	if !last {
		if cut := cutRune(p); cut > 0 {
			v.cut = bytes.Clone(p[len(p)-cut:])
			p = p[:len(p)-cut]
		}
	}
	v.not8 = v.not8 || !utf8.Valid(p)
}

// cutRune is the number of bytes at the end of p that begin a rune and do not
// finish it.
func cutRune(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// encoding decides. A file that is neither is damaged, and read as the one
// that more of its lines fit: then only the damaged lines are bad rows. When
// both fit alike it is UTF-8, which other text hardly ever is by chance.
func (v *validity) encoding(forced Encoding, head []byte) Encoding {
	switch {
	case forced != Auto:
		return forced
	case bytes.HasPrefix(head, bomUTF8):
		return UTF8
	case bytes.HasPrefix(head, bomGB18030):
		return GB18030
	case v.badUTF8 == 0:
		return UTF8
	case v.badGB >= v.badUTF8:
		return UTF8
	}
	return GB18030
}

// gbState is where in a GB18030 character a reader stands.
type gbState int

const (
	gbStart gbState = iota
	gbSecond
	gbThird
	gbFourth
)

// advance reads on through p and says whether its structure is that of
// GB18030; which characters are defined is for the decoder to say.
func (s *gbState) advance(p []byte) bool {
	sound := true
	for _, b := range p {
		next, ok := s.after(b)
		*s, sound = next, sound && ok
	}
	return sound
}

func (s gbState) after(b byte) (gbState, bool) {
	lead := b >= 0x81 && b <= 0xfe
	digit := b >= '0' && b <= '9'
	switch {
	case s == gbStart && lead, s == gbSecond && digit, s == gbThird && lead:
		return s + 1, true
	case s == gbStart && b < utf8.RuneSelf, s == gbFourth && digit:
		return gbStart, true
	case s == gbSecond && (b >= 0x40 && b <= 0x7e || b >= 0x80 && b <= 0xfe):
		return gbStart, true
	}
	return gbStart, false
}

func ascii(p []byte) bool {
	for _, b := range p {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
