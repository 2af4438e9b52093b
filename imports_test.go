package umsrecon_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/umsrecon/umsrecon"

// mayImport is the table of the house: which of our packages each may import.
// Imports point down only.
var mayImport = map[string][]string{
	".":                           {},
	"chinaums":                    {},
	"chinaums/chinaumstest":       {"chinaums"},
	"reconcile":                   {},
	"reconcile/ledger":            {"reconcile"},
	"reconcile/ledger/ledgertest": {},
	"reconcile/gateway":           {"reconcile", "chinaums"},
	"store":                       {"reconcile", ".", "store/outfile", "store/postgres"},
	"store/outfile":               {},
	"store/postgres":              {},
	"reports":                     {"reconcile", "store/outfile"},
	"reports/alert":               {"reconcile"},
	"cmd/umsrecon":                {".", "chinaums", "reconcile", "reconcile/ledger", "reconcile/gateway", "store", "store/outfile", "reports", "reports/alert"},
}

// simulatorFiles of the command may import the simulator: no configuration
// can reach it.
func mayImportSimulator(file string) bool {
	name := path.Base(file)
	return strings.HasPrefix(name, "demo") || strings.HasPrefix(name, "simulate")
}

// noIO is what the domain may not import of the standard library.
var noIO = []string{"os", "net", "io", "database", "log", "syscall", "embed", "bufio"}

// source is one file that goes into the program.
type source struct {
	folder, file string
	tree         *ast.File
}

func TestImportsPointDown(t *testing.T) {
	sources := program(t)
	require.NotEmpty(t, sources)
	for _, s := range sources {
		for _, fault := range s.faults() {
			t.Error(fault)
		}
	}
	seen := map[string]bool{}
	for _, s := range sources {
		seen[s.folder] = true
	}
	for folder := range mayImport {
		require.True(t, seen[folder], "the table has a package %q that is not there", folder)
	}
}

// The checker finds what it is for.
func TestImportsThatPointUp(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"up":                 {"store/x.go", `package store; import "` + module + `/reports"`, "may not import reports"},
		"domain with files":  {"reconcile/x.go", `package reconcile; import "os"`, "may not import os"},
		"domain with net":    {"reconcile/x.go", `package reconcile; import "net/http"`, "may not import net/http"},
		"simulator":          {"cmd/umsrecon/run.go", `package main; import "` + module + `/chinaums/chinaumstest"`, "may not import chinaums/chinaumstest"},
		"clock":              {"store/x.go", `package store; import "time"; var x = time.Now()`, "time.Now"},
		"environment":        {"chinaums/x.go", `package chinaums; import "os"; var x = os.Getenv("X")`, "os.Getenv"},
		"global logger":      {"reports/x.go", `package reports; import "log/slog"; func f() { slog.Info("x") }`, "slog.Info"},
		"unknown package":    {"helper/x.go", `package helper`, "not in the table"},
		"simulator in demo":  {"cmd/umsrecon/demo_x.go", `package main; import "` + module + `/chinaums/chinaumstest"`, ""},
		"clock in a command": {"cmd/umsrecon/x.go", `package main; import "time"; var x = time.Now()`, ""},
		"hasty signature":    {"chinaums/x.go", `package chinaums; func f(sign, want string) bool { return sign == want }`, "compare secrets by"},
		"hasty secret":       {"cmd/umsrecon/x.go", `package main; import "bytes"; var x = bytes.Equal([]byte(a.Reveal()), b)`, "compare secrets by"},
		"no signature":       {"chinaums/x.go", `package chinaums; func f(sign string) bool { return sign == "" }`, ""},
		"constant time":      {"chinaums/x.go", `package chinaums; import "crypto/hmac"; var x = hmac.Equal(sign, want)`, ""},
		"down":               {"store/x.go", `package store; import "` + module + `/reconcile"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := parser.ParseFile(token.NewFileSet(), c.file, c.text, 0)
			require.NoError(t, err)
			faults := source{folder: path.Dir(c.file), file: c.file, tree: tree}.faults()
			if c.want == "" {
				require.Empty(t, faults)
				return
			}
			require.Contains(t, strings.Join(faults, "\n"), c.want)
		})
	}
}

func program(t *testing.T) []source {
	var all []source
	require.NoError(t, filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		file = filepath.ToSlash(file)
		all = append(all, source{folder: path.Dir(file), file: file, tree: tree})
		return err
	}))
	return all
}

func (s source) faults() []string {
	allowed, known := mayImport[s.folder]
	if !known {
		return []string{fmt.Sprintf("%s: package %s is not in the table", s.file, s.folder)}
	}
	var faults []string
	for _, spec := range s.tree.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		if ours, ok := inside(target); ok {
			simulator := ours == "chinaums/chinaumstest" && s.folder == "cmd/umsrecon" && mayImportSimulator(s.file)
			if !slices.Contains(allowed, ours) && !simulator {
				faults = append(faults, fmt.Sprintf("%s: may not import %s", s.file, ours))
			}
			continue
		}
		first, _, _ := strings.Cut(target, "/")
		if s.folder == "reconcile" && slices.Contains(noIO, first) {
			faults = append(faults, fmt.Sprintf("%s: the domain may not import %s", s.file, target))
		}
	}
	if s.folder != "cmd/umsrecon" {
		faults = append(faults, s.surroundings()...)
	}
	return append(faults, s.hastyComparisons()...)
}

func inside(target string) (string, bool) {
	if target == module {
		return ".", true
	}
	return strings.CutPrefix(target, module+"/")
}

// surroundings finds what only a command may take from where it runs.
func (s source) surroundings() []string {
	forbidden := []string{"time.Now", "time.Since", "time.Until", "os.Getenv", "os.LookupEnv", "os.Environ"}
	var faults []string
	ast.Inspect(s.tree, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		used := from.Name + "." + selector.Sel.Name
		logs := (from.Name == "slog" || from.Name == "log") && slices.Contains([]string{"Info", "Warn", "Error", "Debug", "Print", "Printf", "Println", "Default", "Fatal", "Fatalf"}, selector.Sel.Name)
		if slices.Contains(forbidden, used) || logs {
			faults = append(faults, fmt.Sprintf("%s: only a command may use %s", s.file, used))
		}
		return true
	})
	return faults
}

// secretName is how what must be compared in constant time is called.
var secretName = regexp.MustCompile(`(?i)(sign|signature|secret|mac|reveal)$`)

// hastyComparisons finds secrets and signatures that are compared by == or
// bytes.Equal, which tell by their time how much was right. Whether there is one
// at all may be asked.
func (s source) hastyComparisons() (faults []string) {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		var pair []ast.Expr
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				pair = []ast.Expr{n.X, n.Y}
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Equal", "EqualFold", "Compare"}, f.Sel.Name) && fmt.Sprint(f.X) != "hmac" {
				pair = n.Args
			}
		}
		if len(pair) == 2 && !empty(pair[0]) && !empty(pair[1]) && (secret(pair[0]) || secret(pair[1])) {
			faults = append(faults, fmt.Sprintf("%s: compare secrets by hmac.Equal or subtle.ConstantTimeCompare", s.file))
		}
		return true
	})
	return faults
}

func empty(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Value == `""` || e.Kind == token.INT
	case *ast.Ident:
		return e.Name == "nil"
	}
	return false
}

func secret(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return secretName.MatchString(e.Name)
	case *ast.SelectorExpr:
		return secretName.MatchString(e.Sel.Name)
	case *ast.CallExpr:
		return secret(e.Fun) || len(e.Args) == 1 && secret(e.Args[0])
	}
	return false
}
