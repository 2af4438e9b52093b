package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// TestClockOfTheGateway: a minute is no skew, whether the answer is ahead or
// behind, and a second more is one.
func TestClockOfTheGateway(t *testing.T) {
	now := time.Date(2026, time.November, 20, 2, 30, 0, 0, reconcile.Beijing)
	a, _, _ := newApp(&demoClock{now: now})
	for raw, says := range map[string]string{
		`{"responseTimeStamp":"2026-11-20 02:31:00"}`: "",
		`{"responseTimeStamp":"2026-11-20 02:31:01"}`: "the gateway says 2026-11-20 02:31:01; try: synchronising",
		`{"responseTimestamp":"2026-11-20 02:29:00"}`: "",
		`{"responseTimestamp":"2026-11-20 02:28:59"}`: "the gateway says 2026-11-20 02:28:59; try: synchronising",
		`{}`: "",
		``:   "",
	} {
		p := &probe{app: a, sentAt: now, answer: &reconcile.Answer{Raw: []byte(raw)}}
		_, err := p.clock(t.Context(), nil, 0)
		if says == "" {
			require.NoError(t, err, raw)
		} else {
			require.ErrorContains(t, err, says, raw)
		}
	}
}
