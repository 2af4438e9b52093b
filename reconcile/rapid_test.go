package reconcile_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain fixes the seed of generated tests, so that a run repeats. Another
// seed or more checks are asked for by -rapid.seed and -rapid.checks.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == seed.DefValue {
		if err := flag.Set("rapid.seed", "20260105"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
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
