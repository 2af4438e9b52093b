package ledger_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fixes the seed of generated tests, so that a run repeats. Another
// seed or more checks are asked for by -rapid.seed and -rapid.checks. No goroutine
// outlives the tests.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == seed.DefValue {
		if err := flag.Set("rapid.seed", "20260105"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}
