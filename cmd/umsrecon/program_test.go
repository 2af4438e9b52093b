package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"umsrecon": main})
}

// leakless are tests that fail when a goroutine outlives them.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	code := m.M.Run()
	http.DefaultClient.CloseIdleConnections() // messages to people go by it
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// TestProgram runs the program as its users do: one script a story, in
// testdata/script. README.md there says what the commands beside those of
// testscript do.
func TestProgram(t *testing.T) { testscript.Run(t, scripts("testdata/script", nil)) }

// scripts are those of a folder, with what they can do and these variables.
func scripts(dir string, variables map[string]string) testscript.Params {
	return testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("UMS_APP_ID", playAppID)
			env.Setenv("UMS_APP_KEY", playAppKey)
			env.Setenv("UMS_NOTICE_KEY", playNoticeKey)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a race-built program lingers for a second otherwise
			for name, value := range variables {
				env.Setenv(name, value)
			}
			env.Values["play"] = &play{}
			env.Defer(func() { requireWhole(env) })
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "server" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return variables["PASSWORD"] != "" && dir == "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "says": says, "same": same,
			"gateway": startGateway, "stop-gateway": stopGateway, "bills": putBills, "sell": sell,
			"misbehave": misbehave, "behave": behave, "requests": requests, "asked": asked, "asked-once": askedOnce,
			"interrupt-after": interruptAfter, "interrupt-question": interruptQuestion, "ends-with": endsWith, "simulator": startSimulator, "end-simulator": endSimulator,
			"notice": addNotice, "serve": startServe, "end-serve": endServe, "deliver": deliver, "torrent": torrent,
			"each-once": eachOnce, "told": told, "twice": twice, "completions": completionsOf, "case": caseOf, "completed": completed, "synced": synced, "tokens": issued,
			"ears": startEars, "heard": heardTo, "log-lines": logLines,
			"hold": hold, "release": release, "database": makeDatabase, "damage": damage,
			"nowhere": nowhere, "holds": holds, "remember": remember, "untouched": untouched, "no-leftovers": noLeftovers,
			"ledger-in": ledgerIn, "move": move, "fill": fill, "parts-add-up": partsAddUp, "silent": silent, "tight": tight, "tight-names": tightNames, "hostile": hostile, "harmless": harmless, "no-formulas": noFormulas, "ago": ago, "storm": stormOf, "at-last": atLast,
		},
	}
}

// play is what one script has at hand.
type play struct {
	gateway   *chinaumstest.Gateway
	server    *chinaumstest.Server
	simulator *process
	serve     *process
	ears      *ears
	receiver  string            // the address of serve
	seen      int               // requests up to the last look
	free      func()            // gives back the lock that the script holds
	said      strings.Builder   // all that the program ever printed
	files     map[string]string // fingerprints by path, as remembered
}

func playOf(ts *testscript.TestScript) *play { return ts.Value("play").(*play) }

// exits CODE COMMAND…: the command ends with that exit code. An error is one
// message on stderr, and every error has one.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code is %d, want %s", code, args[0])
	}
	p, stderr := playOf(ts), ts.ReadFile("stderr")
	p.said.WriteString(ts.ReadFile("stdout") + stderr)
	messages := 0
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "umsrecon: ") {
			messages++
		}
	}
	failed := slices.Contains([]int{exitFailed, exitUsage, exitBusy, exitInterrupted}, code)
	quiet := slices.Contains(args, "check") // it has said all on stdout
	if failed && messages != 1 && !quiet || !failed && messages != 0 {
		ts.Fatalf("exit code %d came with %d messages", code, messages)
	}
}

// endsWith CODE WANT
func endsWith(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] != args[1] {
		ts.Fatalf("it ended with %s, want %s", args[0], args[1])
	}
}
