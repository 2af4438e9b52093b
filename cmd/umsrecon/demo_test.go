package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// TestDemoChecksItself: a label that is wrong makes the demo fail, and so does
// a fault that has none; all of them are told. The demo as a command is in
// testdata/script.
func TestDemoChecksItself(t *testing.T) {
	s := newStage(t)
	honest := slices.DeleteFunc(slices.Clone(s.sales), func(x *sale) bool { return len(x.labels) > 0 })
	code, fault, state := honest[0], honest[1], honest[2]
	code.expect("AMOUNT_BILL_MORE open")
	fault.takes(fault.amount - 1)
	state.takes(state.amount - 1)
	state.expect("AMOUNT_BILL_LESS cleared")

	err := s.play(t.Context())
	require.ErrorContains(t, err, "is not content")
	require.ErrorContains(t, err, code.row.billNo+": put in [AMOUNT_BILL_MORE open], found []")
	require.ErrorContains(t, err, fault.row.billNo+": put in [], found [AMOUNT_BILL_LESS open]")
	require.ErrorContains(t, err, state.row.billNo+": put in [AMOUNT_BILL_LESS cleared], found [AMOUNT_BILL_LESS open]")
	require.Equal(t, 3, strings.Count(err.Error(), "put in"), err)
}

// newStage is a demo that is ready to play.
func newStage(t *testing.T) *stage {
	a, _, _ := newApp(wallClock{})
	dir, err := demoFolder(filepath.Join(t.TempDir(), "demo"))
	require.NoError(t, err)
	clock := &demoClock{}
	s := &stage{app: a, dir: dir, clock: clock, shop: newShop(1), server: chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{demoAppID: chinaums.NewSecret(demoAppKey)}, Now: clock.Now, Seed: 1,
	})}
	server, err := s.server.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	s.stock(demoFewest)
	require.NoError(t, s.writeConfig(server.URL))
	return s
}

// TestDemoFaults: each fault has a sentence of its own.
func TestDemoFaults(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range slices.Concat(demoFaults, demoSecondFaults) {
		require.NotEmpty(t, f.what)
		require.False(t, seen[f.what], f.what)
		seen[f.what] = true
	}
}

func TestCompareLabels(t *testing.T) {
	wanted := map[string][]string{"b": {"X open", "Y note"}, "a": {"Z open"}}
	require.Empty(t, compareLabels(wanted, map[string][]string{"b": {"Y note", "X open"}, "a": {"Z open"}}), "the order does not matter")
	require.Equal(t, []string{"a: put in [Z open], found []", "c: put in [], found [W open]"},
		compareLabels(wanted, map[string][]string{"b": {"X open", "Y note"}, "c": {"W open"}}))
	require.Len(t, compareLabels(wanted, map[string][]string{"b": {"X open", "X open", "Y note"}, "a": {"Z open"}}), 1, "found twice is not found once")
}
