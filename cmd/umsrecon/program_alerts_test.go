package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// ears hear what is told to people and to watchdogs.
type ears struct {
	mu    sync.Mutex
	heard strings.Builder
}

func (e *ears) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintf(&e.heard, "%s %s %s\n", r.Method, r.URL.Path, body)
	switch {
	case strings.HasPrefix(r.URL.Path, "/refuse"):
		fmt.Fprintf(w, `{"errcode":93000,"errmsg":"invalid %s"}`, r.URL.RawQuery)
	case strings.HasPrefix(r.URL.Path, "/broken"):
		w.WriteHeader(http.StatusInternalServerError)
	default:
		fmt.Fprint(w, `{"errcode":0,"code":0}`)
	}
}

// take is what was heard since it was last asked for.
func (e *ears) take() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.heard.Reset()
	return e.heard.String()
}

// ears: starts a server for messages and pings; its address replaces $EARS in
// every configuration. What comes to /refuse and /broken is not taken.
func startEars(ts *testscript.TestScript, _ bool, _ []string) {
	e := &ears{}
	server := httptest.NewServer(e)
	ts.Defer(server.Close)
	playOf(ts).ears = e
	fillIn(ts, "$EARS", server.URL)
}

// heard FILE: writes what was heard since the last such line into a file.
func heardTo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(playOf(ts).ears.take()), 0o600))
}

// log-lines FIELD…: each line on stderr is a JSON object, and each that tells of
// a run has these fields.
func logLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := 0
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
		lines++
		for _, name := range args {
			if _, ok := fields[name]; !ok {
				ts.Fatalf("%q has no %s", line, name)
			}
		}
	}
	if lines == 0 {
		ts.Fatalf("nothing was logged")
	}
}
