package main

import (
	"archive/zip"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// eachFile calls see for every file of the script, by its path in the folder.
func eachFile(ts *testscript.TestScript, see func(path string, data []byte)) {
	work := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(work, path)
		see(filepath.ToSlash(rel), data)
		return err
	}))
}

// nowhere TEXT [BUT…]: no file below the working folder holds the text, packed
// workbooks and the database's log included, and the program never printed it.
func nowhere(ts *testscript.TestScript, _ bool, args []string) {
	files := 0
	eachFile(ts, func(path string, data []byte) {
		files++
		if !slices.Contains(args[1:], path) && fileHolds(ts.MkAbs(path), data, args[0]) {
			ts.Fatalf("%q stands in %s", args[0], path)
		}
	})
	if strings.Contains(playOf(ts).said.String(), args[0]) {
		ts.Fatalf("%q was printed", args[0])
	}
	if files == 0 {
		ts.Fatalf("there is no file to look into")
	}
}

// holds FILE TEXT: the file holds the text; ! for the contrary.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if fileHolds(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])), args[1]) == neg {
		ts.Fatalf("%s holds %q: %v", args[0], args[1], neg)
	}
}

func fileHolds(path string, data []byte, text string) bool {
	return strings.Contains(string(data), text) || strings.HasSuffix(path, ".xlsx") && zipHolds(path, text)
}

// zipHolds says whether a part of a workbook holds a text.
func zipHolds(path, text string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer z.Close()
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			return false
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || strings.Contains(string(data), text) {
			return err == nil
		}
	}
	return false
}

// remember: takes note of every file; untouched [UNDER…]: the files, those
// below these paths where some are given, are the same, none more, none less.
func remember(ts *testscript.TestScript, _ bool, _ []string) { playOf(ts).files = fingerprints(ts) }

func fingerprints(ts *testscript.TestScript) map[string]string {
	files := map[string]string{}
	eachFile(ts, func(path string, data []byte) {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		files[path] = fmt.Sprintf("%x of %v", sha256.Sum256(data), info.ModTime())
	})
	return files
}

func untouched(ts *testscript.TestScript, _ bool, args []string) {
	before, now := playOf(ts).files, fingerprints(ts)
	every := maps.Clone(before)
	maps.Copy(every, now)
	for _, path := range slices.Sorted(maps.Keys(every)) {
		asked := len(args) == 0 || slices.ContainsFunc(args, func(under string) bool { return path == under || strings.HasPrefix(path, under+"/") })
		if asked && before[path] != now[path] {
			ts.Fatalf("%s was %q and is %q", path, before[path], now[path])
		}
	}
}

// no-leftovers: nothing half-written stays, here or in the folder for
// temporary files.
func noLeftovers(ts *testscript.TestScript, _ bool, _ []string) {
	eachFile(ts, func(path string, _ []byte) {
		name := filepath.Base(path)
		if strings.HasPrefix(path, ".tmp/") || strings.HasPrefix(name, ".umsrecon-") && name != demoMarker || strings.HasSuffix(name, ".tmp") {
			ts.Fatalf("%s was left behind", path)
		}
	})
}

// database FILE SQL: runs a statement on an SQLite database, made if it is not
// there.
func makeDatabase(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(err)
	ts.Check(db.Close())
}

// damage FILE: overwrites the middle of a file.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	for i := len(data) / 4; i < len(data)/2; i++ {
		data[i] ^= 0x5a
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}
