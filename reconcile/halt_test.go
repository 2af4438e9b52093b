package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHaltThirdRefusalStops(t *testing.T) {
	h := newHalt()
	for range 2 {
		require.True(t, h.admit("m"))
		h.heard("m", Answer{Outcome: Rejected})
	}
	require.True(t, h.admit("m"))
	h.heard("m", Answer{Outcome: Found})
	for range 3 {
		require.True(t, h.admit("m"), "an answer in between starts the count anew")
		h.heard("m", Answer{Outcome: Rejected, Message: "BAD_SIGN"})
	}
	require.False(t, h.admit("m"))
	require.Contains(t, h.reason("m"), "BAD_SIGN")
	require.True(t, h.admit("n"), "other merchants go on")
	require.Empty(t, h.reason("n"))
}

func TestHaltDeadGatewayStopsEverybody(t *testing.T) {
	h := newHalt()
	fail := func(n int) {
		for range n {
			require.True(t, h.admit("m"))
			h.heard("m", Answer{Outcome: QueryFailed, Message: "connection refused"})
		}
	}
	fail(19)
	require.True(t, h.admit("m"))
	h.heard("m", Answer{Outcome: NoOrder})
	fail(20)
	require.False(t, h.admit("m"))
	require.False(t, h.admit("n"))
	require.Contains(t, h.reasons()[0], "connection refused")
}
