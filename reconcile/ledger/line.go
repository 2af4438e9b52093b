package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxRow is how long a row may be, in bytes of the file and of its text.
const maxRow = 1 << 20

// line is one physical line, decoded, without its line end.
type line struct {
	no   int
	text string
	flaw flaw
	bom  bool // it began with a byte order mark, and is not the first line
	// length and digest are of the whole line where text holds only its
	// beginning; empty otherwise.
	length int64
	digest string
}

// flaw is what makes a line useless before it is split.
type flaw int

const (
	flawless    flaw = iota
	flawEncoded      // bytes that the encoding does not define
	flawNUL
	flawLong // text holds the beginning
)

// lineReader reads physical lines in bounded memory.
type lineReader struct {
	br      *bufio.Reader
	eol     byte
	decode  func([]byte) (text string, sound bool)
	no      int
	scratch []byte
}

func newLineReader(r io.Reader, c census) *lineReader {
	d := decoder{sound: c.sound}
	lr := &lineReader{br: bufio.NewReaderSize(r, bufferSize), eol: c.eol, decode: d.utf8}
	if c.encoding == GB18030 {
		lr.decode = d.gb18030
	}
	return lr
}

// next is the next line, or io.EOF.
func (lr *lineReader) next() (line, error) {
	raw, err := lr.raw()
	if err != nil {
		return line{}, err
	}
	lr.no++
	l := line{no: lr.no}
	if raw.digest != nil {
		l.flaw, l.length, l.digest = flawLong, raw.length, hex.EncodeToString(raw.digest.Sum(nil)[:8])
	}
	text, sound := lr.decode(raw.head)
	text, marked := strings.CutPrefix(text, "\ufeff")
	l.text, l.bom = text, marked && lr.no > 1
	switch {
	case l.flaw != flawless:
	case strings.IndexByte(text, 0) >= 0:
		l.flaw = flawNUL
	case !sound:
		l.flaw = flawEncoded
	case len(text) > maxRow:
		l.flaw = flawLong
	}
	return l, nil
}

// rawLine is a line as it lies in the file; head is valid until the next one.
type rawLine struct {
	head   []byte
	length int64     // of all of it, where head is its beginning
	digest hash.Hash // nil where head is all of it
}

func (lr *lineReader) raw() (rawLine, error) {
	piece, err := lr.br.ReadSlice(lr.eol)
	if err == nil || err == io.EOF && len(piece) > 0 {
		return rawLine{head: lr.trimmed(piece)}, nil
	}
	lr.scratch = lr.scratch[:0]
	for errors.Is(err, bufio.ErrBufferFull) && len(lr.scratch)+len(piece) <= maxRow {
		lr.scratch = append(lr.scratch, piece...)
		piece, err = lr.br.ReadSlice(lr.eol)
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		return lr.skip(piece)
	}
	if err != nil && (err != io.EOF || len(lr.scratch)+len(piece) == 0) {
		return rawLine{}, err
	}
	lr.scratch = append(lr.scratch, piece...)
	return rawLine{head: lr.trimmed(lr.scratch)}, nil
}

// skip passes over the rest of a line that is too long; its beginning is kept
// for people to recognise it, its hash to tell it from others.
func (lr *lineReader) skip(piece []byte) (rawLine, error) {
	sum := sha256.New()
	sum.Write(lr.scratch)
	raw := rawLine{head: lr.scratch[:min(len(lr.scratch), maxRaw)], length: int64(len(lr.scratch)), digest: sum}
	for {
		text := bytes.TrimSuffix(piece, []byte{lr.eol})
		sum.Write(text)
		raw.length += int64(len(text))
		if len(text) < len(piece) {
			return raw, nil
		}
		var err error
		if piece, err = lr.br.ReadSlice(lr.eol); err == io.EOF && len(piece) == 0 {
			return raw, nil
		}
		if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
			return rawLine{}, err
		}
	}
}

// trimmed takes the line end away: CRLF, LF, or the lone CR of a file that
// has no other.
func (lr *lineReader) trimmed(p []byte) []byte {
	if n := len(p); n > 0 && p[n-1] == lr.eol {
		p = p[:n-1]
	}
	if lr.eol == '\n' {
		p = bytes.TrimSuffix(p, []byte{'\r'})
	}
	return p
}

// decoder turns bytes into text. Bytes that the encoding does not define
// become U+FFFD and make the line unsound.
type decoder struct {
	sound bool // the whole file is valid UTF-8
	dst   []byte
}

func (d *decoder) utf8(p []byte) (string, bool) {
	if d.sound || utf8.Valid(p) {
		return string(p), true
	}
	return strings.ToValidUTF8(string(p), string(utf8.RuneError)), false
}

// gb18030 is strict where the decoder of x/text is not: that reads a lone
// 0x80 as the euro sign, after the habit of browsers.
func (d *decoder) gb18030(p []byte) (string, bool) {
	if ascii(p) {
		return string(p), true
	}
	var s gbState
	sound := s.advance(p) && s == gbStart
	if need := utf8.UTFMax * len(p); cap(d.dst) < need {
		d.dst = make([]byte, need)
	}
	n, _, err := simplifiedchinese.GB18030.NewDecoder().Transform(d.dst[:cap(d.dst)], p, true)
	text := string(d.dst[:n])
	return text, sound && err == nil && !strings.ContainsRune(text, utf8.RuneError)
}
