package main

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// tortured says whether the full version of a proof is asked for, as
// .ci/torture does, and its seed.
func tortured(t *testing.T) (full bool, seed uint64) {
	seed = 1
	if text := os.Getenv("SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "SEED")
		seed = n
	}
	return os.Getenv("TORTURE") == "full", seed
}

// longOr is long in the full version, else short.
func longOr[T any](full bool, long, short T) T {
	if full {
		return long
	}
	return short
}
