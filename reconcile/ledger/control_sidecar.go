package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

func (b *Books) sidecar(path string) string {
	return filepath.Join(filepath.Dir(path), strings.ReplaceAll(b.source.Control.Sidecar, "{file}", filepath.Base(path)))
}

const maxSidecar = 64 << 10

// readSidecar reads the figures beside a file. One that is not there yet is
// the sign of a file that is not whole yet.
func readSidecar(path string, u Unit) (stated, error) {
	text, err := sidecarText(path)
	if err != nil {
		return stated{}, err
	}
	var s stated
	s.readSidecar(text, u)
	if s.wrong.EN != "" {
		return stated{}, refusal{fmt.Errorf("control file %q: %s", path, s.wrong.EN)}
	}
	return s, nil
}

func sidecarText(path string) (string, error) {
	in, _, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: control file %q is not there", ErrNotReady, path)
	}
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxSidecar))
	return string(text), err
}

// readSidecar reads a JSON object of figures, or lines as a trailer has them.
func (s *stated) readSidecar(text string, u Unit) {
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var lines []string
		err := eachValue(text, func(key string, v jsonValue) error {
			lines = append(lines, fmt.Sprintf("%s=%s", key, v.text))
			return nil
		})
		if err == nil {
			text = strings.Join(lines, "\n")
		}
	}
	for l := range strings.Lines(text) {
		s.words(l, u)
	}
}
