// Command umsrecon reconciles a merchant's orders with ChinaUMS every night.
//
// One file per command; wire.go puts the parts together, exit.go says what
// the exit codes mean.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
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
	os.Exit(a.run(ctx, os.Args[1:]))
}
