// Command umsrecon reconciles a merchant's orders with ChinaUMS every night.
//
// One file per command; wire.go puts the parts together, exit.go says what
// the exit codes mean.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/umsrecon/umsrecon/store/outfile"
)

func main() {
	// A crash, or the watchdog, ends the program by a signal: its exit code 2
	// would mean a wrong configuration, with which nobody starts it again.
	debug.SetTraceback("crash")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookupEnv: os.LookupEnv, clock: wallClock{},
		terminal: isTerminal(os.Stderr, os.LookupEnv), columns: columnsOf(os.Stderr),
	}
	remove := ownTemp()
	code := a.run(ctx, os.Args[1:])
	remove()
	os.Exit(code)
}

// ownTemp gives this process a folder of its own for temporary files, those of
// libraries too, and clears away what killed ones have left: a workbook that is
// read or written can be gigabytes. Where no folder can be made they stay where
// they were.
func ownTemp() (remove func()) {
	name := "TMPDIR"
	if runtime.GOOS == "windows" {
		name = "TMP"
	}
	outfile.Sweep(os.TempDir())
	folder, remove, err := outfile.TempFolder(os.TempDir())
	if err != nil || os.Setenv(name, folder) != nil {
		return func() {}
	}
	return remove
}
