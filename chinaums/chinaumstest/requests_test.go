package chinaumstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNoncesAreForgotten(t *testing.T) {
	n := nonces{seen: map[string]time.Time{}}
	start := time.Unix(1_000_000, 0)
	for second := range 4 * 60 * 60 {
		now := start.Add(time.Duration(second) * time.Second)
		require.True(t, n.use(fmt.Sprint(second), now))
		if last := second - int(2*maxSkew/time.Second); last >= 0 {
			require.False(t, n.use(fmt.Sprint(last), now), "a request could still be repeated")
		}
	}
	require.LessOrEqual(t, len(n.seen), int(3*maxSkew/time.Second)+1)
	require.True(t, n.use("0", start.Add(4*time.Hour)))
}

func TestLogIsBounded(t *testing.T) {
	var l requestLog
	const total = 2*maxLog + 5
	for i := range total {
		l.add(Request{Refusal: fmt.Sprint(i)})
	}
	require.Equal(t, total, l.total)
	last := l.last()
	require.Len(t, last, maxLog)
	require.Equal(t, fmt.Sprint(total-maxLog), last[0].Refusal)
	require.Equal(t, fmt.Sprint(total-1), last[maxLog-1].Refusal)
	require.LessOrEqual(t, cap(l.kept), 3*maxLog)
}
