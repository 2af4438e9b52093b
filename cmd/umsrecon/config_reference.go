package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
)

// maxReferenced bounds a file that a reference names.
const maxReferenced = 64 << 10

// references resolves env:NAME and file:PATH.
type references struct {
	dir       string // from which a relative path counts
	lookupEnv func(string) (string, bool)
	met       func(ref string) // told of each that is resolved; nil: nobody wants to know
}

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// isReference says whether a value stands for another.
func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

// malformed says what is wrong with a reference itself, or nothing. What does
// not look like a name is not repeated: it may be the secret.
func malformed(ref string) string {
	kind, name, _ := strings.Cut(ref, ":")
	switch {
	case kind == "env" && !environmentName.MatchString(name):
		return "env: must be followed by the name of an environment variable"
	case name == "":
		return "file: must be followed by a path"
	}
	return ""
}

// How a reference to nothing is told.
const (
	notSet  = " is not set"
	isEmpty = " is empty"
)

// resolve is the text that a reference stands for, without one newline at its
// end, or what is wrong with it. A file with a secret must not be readable by
// everybody.
func (r references) resolve(ref string, secret bool) (text, problem string) {
	if r.met != nil {
		r.met(ref)
	}
	kind, name, _ := strings.Cut(ref, ":")
	if kind == "file" {
		text, problem = r.file(name, secret)
	} else if v, ok := r.lookupEnv(name); ok {
		text = v
	} else {
		problem = ref + notSet
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if problem == "" && text == "" {
		problem = ref + isEmpty
	}
	return text, problem
}

func (r references) file(name string, secret bool) (text, problem string) {
	path := r.find(name)
	// Stat comes before Open, which would wait for the writer of a pipe.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", unreadable(name, err)
	case !info.Mode().IsRegular():
		return "", fmt.Sprintf("file:%s is not a regular file", name)
	case secret && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0:
		return "", fmt.Sprintf("file:%s is open to every user; try: chmod o-rwx %q", name, path)
	}
	data, err := readUpTo(path, maxReferenced)
	if err != nil {
		return "", unreadable(name, err)
	}
	return string(data), ""
}

// find is where a file is: what systemd hands over (LoadCredential=) goes before
// a file of the same plain name.
func (r references) find(name string) string {
	if dir, ok := r.lookupEnv("CREDENTIALS_DIRECTORY"); ok && filepath.Base(name) == name {
		if path := filepath.Join(dir, name); filepath.IsAbs(path) && isFile(path) {
			return path
		}
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func unreadable(name string, err error) string {
	return fmt.Sprintf("file:%s: %v", name, withoutPath(err))
}

// readUpTo reads a file of at most limit bytes.
func readUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("is larger than %d KiB", limit>>10)
	}
	return data, err
}

// pendingReference is a reference and where its value goes.
type pendingReference struct {
	ref, path, section string
	line               int
	into               reflect.Value
}

// reference resolves what is needed now and keeps the rest for later.
func (d *decoder) reference(p pendingReference) {
	d.written[p.path] = mark{line: p.line, unfit: true}
	listed := p.into.Kind() == reflect.Slice && isScalar(p.into.Type().Elem())
	switch problem := malformed(p.ref); {
	case problem != "":
		d.faults.add(p.line, p.path, "%s", problem)
	case !listed && !isScalar(p.into.Type()):
		d.faults.add(p.line, p.path, "must be written out here; a reference stands for one value or a list of values")
	case d.needs[p.section]:
		d.resolve(p)
	default:
		d.pending = append(d.pending, p)
	}
}

// resolve reads what a reference stands for. A list is separated by commas or
// newlines.
func (d *decoder) resolve(p pendingReference) {
	text, problem := d.refs.resolve(p.ref, carriesSecret(p.into.Type()))
	if problem != "" {
		d.faults.add(p.line, p.path, "%s", problem)
		return
	}
	m := mark{line: p.line, shown: "what " + p.ref + " says"}
	if p.into.Kind() != reflect.Slice {
		d.text(p.into, text, p.path, m)
		return
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' })
	p.into.Set(reflect.MakeSlice(p.into.Type(), len(words), len(words)))
	d.written[p.path] = m
	for i, w := range words {
		d.text(p.into.Index(i), strings.TrimSpace(w), fmt.Sprintf("%s[%d]", p.path, i), m)
	}
}
