package ledgertest

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
)

// PostgresForAll is Postgres for all tests of a package, called by TestMain,
// which calls stop at the end. The address is empty where there are no binaries
// and they are not required; with them, a server that does not start ends the
// program.
func PostgresForAll(required bool) (address string, stop func()) {
	all := &everyTest{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		address = Postgres(all, required)
	}()
	<-ended
	return address, all.stop
}

// everyTest stands for the tests of a package.
type everyTest struct {
	testing.TB
	ends []func()
}

func (e *everyTest) Helper() {}

func (e *everyTest) Cleanup(end func()) { e.ends = append(e.ends, end) }

func (e *everyTest) stop() {
	for _, end := range slices.Backward(e.ends) {
		end()
	}
	e.ends = nil
}

func (e *everyTest) Fatal(args ...any) {
	e.stop()
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func (e *everyTest) Fatalf(format string, args ...any) { e.Fatal(fmt.Sprintf(format, args...)) }

// Skipf ends the goroutine, as that of a test does.
func (e *everyTest) Skipf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	runtime.Goexit()
}
