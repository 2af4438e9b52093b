package reconcile_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
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

// wholeDays lowers the number of checks for tests that play a night in each,
// unless the number was asked for.
func wholeDays(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	require.NoError(t, flag.Set("rapid.checks", "24"))
	t.Cleanup(func() { require.NoError(t, flag.Set("rapid.checks", checks.DefValue)) })
}
