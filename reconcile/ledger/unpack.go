package ledger

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

var gzipMagic = []byte("\x1f\x8b")

// unpacked is the text of a file, whether it is gzipped or not. All bytes of
// the file are read on the way.
func unpacked(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(r, bufferSize)
	head, err := br.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(head, gzipMagic) {
		return br, nil
	}
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGzip, err)
	}
	return gzipText{z}, nil
}

// gzipText names what is wrong with a gzipped file.
type gzipText struct{ z *gzip.Reader }

func (g gzipText) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", ErrGzip, err)
	}
	return n, err
}
