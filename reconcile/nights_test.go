package reconcile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDueNights(t *testing.T) {
	day := func(n int) Day { return MakeDay(2026, time.November, n) }
	now := time.Date(2026, time.November, 20, 2, 30, 0, 0, Beijing) // the night of the 19th
	days := func(from, to int) (all []Day) {
		for n := from; n <= to; n++ {
			all = append(all, day(n))
		}
		return all
	}
	night := func(n int, status RunStatus) Night {
		known := Night{Day: day(n), Status: status, Began: now.Add(-time.Hour)}
		if status == RunComplete || status == RunIncomplete {
			known.Published = (day(n) + 1).Start().Add(2 * time.Hour)
		}
		return known
	}
	all := func(n ...Night) []Night { return n }
	late := func(why Lateness, of ...int) (all []LateNight) {
		for _, n := range of {
			all = append(all, LateNight{day(n), why})
		}
		return all
	}
	closed, empty, stale := night(18, RunFailed), night(18, RunIncomplete), night(18, RunIncomplete)
	closed.Closed, empty.LedgerEmpty = true, true
	cutOff := night(18, RunComplete)
	cutOff.Unwritten = true
	empty.Began, stale.Began = now.Add(-20*time.Hour), now.Add(-20*time.Hour)
	for _, c := range []struct {
		name     string
		known    []Night
		expected []Day
		want     []LateNight
		tooOld   []Day
	}{
		{"a new installation misses nothing", nil, days(1, 18), nil, nil},
		{"nor one that never published", all(night(15, RunFailed)), days(1, 18), nil, nil},
		{"all is well", all(night(17, RunComplete), night(18, RunComplete)), days(1, 18), nil, nil},
		{"missed, oldest first", all(night(15, RunComplete), night(17, RunComplete)), days(1, 18), late(Missed, 16, 18), nil},
		{"tried in vain", all(night(17, RunComplete), night(18, RunFailed)), days(1, 18), late(Missed, 18), nil},
		{"interrupted", all(night(17, RunComplete), night(18, RunInterrupted)), days(1, 18), late(Missed, 18), nil},
		{"killed", all(night(17, RunComplete), night(18, RunRunning)), days(1, 18), late(Missed, 18), nil},
		{"cut off behind its publication", all(night(17, RunComplete), cutOff), days(1, 18), late(CutOff, 18), nil},
		{"before the first one nothing was to be done", all(night(18, RunComplete)), days(1, 18), nil, nil},
		{"nothing was expected on that day", all(night(16, RunComplete)), []Day{day(16), day(18)}, late(Missed, 18), nil},
		{"signed off", all(night(17, RunComplete), closed), days(1, 18), nil, nil},
		{"incomplete", all(night(17, RunComplete), night(18, RunIncomplete)), days(1, 18), late(Unfinished, 18), nil},
		{"incomplete for too long", all(night(17, RunComplete), stale), days(1, 18), nil, nil},
		{"an empty ledger is a missed night", all(night(17, RunComplete), empty), days(1, 18), late(Missed, 18), nil},
		{"no further back than 7 days", all(night(8, RunComplete)), days(1, 14), late(Missed, 12, 13, 14), days(9, 11)},
		{"an old gap is not told for ever", all(night(8, RunComplete), night(11, RunComplete), night(12, RunComplete)), days(1, 12), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, tooOld := CatchUp{Back: 7, RetryFor: 20 * time.Hour}.Due(c.known, c.expected, now)
			require.Equal(t, c.want, due)
			require.Equal(t, c.tooOld, tooOld)
		})
	}
	byHand := night(2, RunComplete)
	byHand.Published = now
	due, tooOld := CatchUp{Back: 7}.Due(all(byHand, night(17, RunComplete)), days(1, 18), now)
	require.Equal(t, late(Missed, 18), due)
	require.Empty(t, tooOld, "a day of long ago, run by hand, begins nothing")
	caughtUp := night(12, RunComplete)
	caughtUp.Published = now
	due, _ = CatchUp{Back: 7}.Due(all(caughtUp, night(17, RunComplete)), days(1, 18), now)
	require.Equal(t, late(Missed, 13, 14, 15, 16, 18), due, "one that could be caught up does")

	due, tooOld = CatchUp{}.Due(all(night(16, RunComplete)), days(1, 19), now)
	require.Equal(t, late(Missed, 19), due, "yesterday is never too old")
	require.Equal(t, days(17, 18), tooOld)
}
