package reports

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// book is a workbook being written. It keeps the first error; every method
// after it does nothing, so that callers ask once, at the end.
type book struct {
	Options
	file   *excelize.File
	looks  map[look]int
	sheets int
	err    error
}

func newBook(o Options, title string) *book {
	b := &book{Options: o, file: excelize.NewFile(), looks: map[look]int{}}
	at := o.MadeAt.UTC().Format(time.RFC3339)
	b.fail(b.file.SetDocProps(&excelize.DocProperties{Title: title, Creator: "umsrecon", LastModifiedBy: "umsrecon", Created: at, Modified: at}))
	b.fail(b.file.SetDefaultFont(fontName))
	return b
}

func (b *book) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// save writes the workbook to its path, whole or not at all.
func (b *book) save(path string) error {
	if b.err != nil {
		return b.err
	}
	b.file.SetActiveSheet(0)
	packed, err := b.pack(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer os.Remove(packed)
	return whole(path, func(tmp *os.File) error { return repack(tmp, packed) })
}

// whole makes a file appear whole or not at all: written beside its place,
// synced and renamed.
func whole(path string, write func(*os.File) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".umsrecon-*.tmp")
	if err != nil {
		return err
	}
	err = errors.Join(tmp.Chmod(0o640), write(tmp))
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// pack writes the workbook, its parts in any order, to a temporary file.
// excelize packs into memory unless the zip writer it asks for is on disk.
func (b *book) pack(dir string) (name string, err error) {
	tmp, err := os.CreateTemp(dir, ".umsrecon-*.tmp")
	if err != nil {
		return "", err
	}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(tmp) })
	_, err = b.file.WriteTo(io.Discard)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

const contentTypes = "[Content_Types].xml"

// repack copies the parts in a fixed order, the content types first: excelize
// writes streamed sheets, and the content types of pictures, in the order of
// a map.
func repack(to *os.File, packed string) error {
	from, err := zip.OpenReader(packed)
	if err != nil {
		return err
	}
	defer from.Close()
	slices.SortFunc(from.File, func(a, b *zip.File) int { return cmp.Compare(partOrder(a.Name), partOrder(b.Name)) })
	w := zip.NewWriter(to)
	for _, part := range from.File {
		if part.Name == contentTypes {
			err = sortTypes(w, part)
		} else {
			err = w.Copy(part)
		}
		if err != nil {
			return err
		}
	}
	return w.Close()
}

func partOrder(part string) string {
	if part == contentTypes {
		return ""
	}
	return part
}

// sortTypes writes the content types with their entries sorted; they are a
// set (ECMA-376-2, 7.2.3.2).
func sortTypes(w *zip.Writer, part *zip.File) error {
	r, err := part.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	entries := regexp.MustCompile(`<(?:Default|Override) [^>]*>(?:</(?:Default|Override)>)?`).FindAllString(string(text), -1)
	if len(entries) == 0 {
		return fmt.Errorf("%s has no entries", contentTypes)
	}
	head := text[:bytes.Index(text, []byte(entries[0]))]
	slices.Sort(entries)
	out, err := w.Create(contentTypes)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, string(head)+strings.Join(entries, "")+"</Types>")
	return err
}

// syncDir makes the rename last through a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
