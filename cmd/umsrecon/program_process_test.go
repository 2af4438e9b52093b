package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long anything may take: a program that was told to stop is
// gone in 30 s.
const patience = 30 * time.Second

// process is the program under way.
type process struct {
	*exec.Cmd
	stdout, stderr lockedBuffer
	ended          chan struct{} // closed when it is gone
}

// lockedBuffer is a buffer that may be read while the program writes. It does
// not embed one, whose ReadFrom would write without the lock.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (p *process) printed() string { return p.stdout.String() }

func (p *process) complained() string { return p.stderr.String() }

// start starts the program of a script in the background. It is killed at the
// end of the script at the latest.
func start(ts *testscript.TestScript, args []string, stdout io.Writer) *process {
	return startWith(ts, args, stdout, io.Discard)
}

func startWith(ts *testscript.TestScript, args []string, stdout, stderr io.Writer) *process {
	return startAt(ts, args, nil, stdout, stderr)
}

func startAt(ts *testscript.TestScript, args []string, stdin io.Reader, stdout, stderr io.Writer) *process {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	p := &process{Cmd: exec.Command(path, args[1:]...), ended: make(chan struct{})}
	p.Dir, p.Env = ts.Getenv("WORK"), scriptEnv(ts)
	p.Stdin = stdin
	p.Stdout, p.Stderr = io.MultiWriter(stdout, &p.stdout), io.MultiWriter(stderr, &p.stderr)
	ts.Check(p.Start())
	ts.Defer(func() { _ = p.Process.Kill(); <-p.ended })
	go func() {
		_ = p.Wait() // the code says how it ended
		close(p.ended)
	}()
	return p
}

func scriptEnv(ts *testscript.TestScript) []string {
	env := os.Environ()
	for _, name := range []string{"UMS_APP_ID", "UMS_APP_KEY", "UMS_NOTICE_KEY", "UMSRECON_CONFIG", "DATABASE", "HOME", "TMPDIR", "GORACE"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "ABRT": syscall.SIGABRT}

// end sends the signal, waits, and puts the exit code into $CODE, -1 when the
// signal killed it, and the results into the file "printed". The signal "INT+" is sent until the process is gone, as an
// impatient person would.
func (p *process) end(ts *testscript.TestScript, name string) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	impatient := name == "INT+"
	if impatient {
		name = "INT"
	}
	if name != "" { // else it ends by itself
		ts.Check(p.Process.Signal(signals[name]))
	}
	deadline := time.After(patience)
	for gone := false; !gone; {
		select {
		case <-p.ended:
			gone = true
		case <-again.C:
			if impatient {
				_ = p.Process.Signal(signals[name]) // it may be gone by now
			}
		case <-deadline:
			ts.Fatalf("it was told to stop and is still there after %v", patience)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("printed"), []byte(p.printed()), 0o600))
	playOf(ts).said.WriteString(p.printed() + p.complained())
	ts.Setenv("CODE", strconv.Itoa(p.ProcessState.ExitCode()))
}

// interrupt-after N SIGNAL COMMAND…: starts the command, and sends it the
// signal when the gateway has seen N more requests.
func interruptAfter(ts *testscript.TestScript, _ bool, args []string) {
	afterRequests(ts, args[0], args[2:]).end(ts, args[1])
}

// afterRequests is the process of a command of which the gateway has seen so many
// requests.
func afterRequests(ts *testscript.TestScript, number string, command []string) *process {
	n, err := strconv.Atoi(number)
	ts.Check(err)
	g := playOf(ts).gateway
	before := g.Total()
	p := start(ts, command, io.Discard)
	deadline := time.After(patience)
	for g.Total() < before+n {
		select {
		case <-p.ended:
			ts.Fatalf("it ended by itself: %s", p.stderr.String())
		case <-deadline:
			ts.Fatalf("the gateway saw %d requests in %v", g.Total()-before, patience)
		case <-time.After(time.Millisecond):
		}
	}
	return p
}

// interrupt-question SIGNAL COMMAND…: starts the command with nobody at the
// keyboard, and sends it the signal when it asks.
func interruptQuestion(ts *testscript.TestScript, _ bool, args []string) {
	silent, keyboard, err := os.Pipe()
	ts.Check(err)
	ts.Defer(func() { _ = keyboard.Close(); _ = silent.Close() })
	p := startAt(ts, args[1:], silent, io.Discard, io.Discard)
	for deadline := time.Now().Add(patience); !strings.Contains(p.complained(), "type yes: "); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("it did not ask: %s", p.complained())
		}
	}
	p.end(ts, args[0])
}

// simulator [FLAG…]: starts umsrecon simulate on a free port; its address
// replaces $SIMULATOR in every configuration of the script.
func startSimulator(ts *testscript.TestScript, _ bool, args []string) {
	r, w := io.Pipe()
	p := start(ts, append([]string{"umsrecon", "simulate", "--listen", "127.0.0.1:0"}, args...), w)
	go func() { <-p.ended; _ = w.Close() }()
	line, _ := bufio.NewReader(r).ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, r) }()
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	if url == "" {
		ts.Fatalf("the simulator said %q", line)
	}
	playOf(ts).simulator = p
	fillIn(ts, "$SIMULATOR", url)
}

// told PATTERN: the simulator prints a line that matches.
func told(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	for deadline := time.Now().Add(patience); !want.MatchString(playOf(ts).simulator.printed()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the simulator did not say %q", args[0])
		}
	}
}

// end-simulator SIGNAL
func endSimulator(ts *testscript.TestScript, _ bool, args []string) {
	playOf(ts).simulator.end(ts, args[0])
}

// hold DATABASE: takes the lock as a run would; release gives it back.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	database := ts.MkAbs(args[0])
	if address := ts.Getenv("DATABASE"); address != "" {
		database = address
	}
	_, free, err := lock(context.Background(), database, "run of the test", time.Now())
	ts.Check(err)
	playOf(ts).free = free
	ts.Defer(free)
}

func release(ts *testscript.TestScript, _ bool, _ []string) { playOf(ts).free() }

// twice COMMAND…: runs the command two times at once.
func twice(ts *testscript.TestScript, _ bool, args []string) {
	a, b := start(ts, args, io.Discard), start(ts, args, io.Discard)
	<-a.ended
	<-b.ended
}
