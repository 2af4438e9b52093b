package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestWorkbooks(t *testing.T) {
	db := open(t)
	requireOurs := func(want bool, sum string) {
		t.Helper()
		ours, err := db.OurWorkbook(t.Context(), "a.xlsx", sum)
		require.NoError(t, err)
		require.Equal(t, want, ours, sum)
	}
	requireOurs(false, "11")
	require.NoError(t, db.IntendWorkbook(t.Context(), "a.xlsx", "11", now))
	requireOurs(true, "11")
	requireOurs(false, "22")
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "a.xlsx", SHA256: "11", RunID: begin(t, db, day)}, now))
	require.NoError(t, db.IntendWorkbook(t.Context(), "a.xlsx", "22", now))
	requireOurs(true, "11")
	requireOurs(true, "22")
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "a.xlsx", SHA256: "22"}, now))
	requireOurs(false, "11")
	requireOurs(true, "22")
}

func TestTheWorkbookOfASignedRunStays(t *testing.T) {
	db, run := night(t)
	ours := func(path string) bool {
		ours, err := db.OurWorkbook(t.Context(), path, "a")
		require.NoError(t, err)
		return ours
	}
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "day.xlsx", SHA256: "a", RunID: run.RunID}, now))
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "month.xlsx", SHA256: "a"}, now))
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "8983/day.xlsx", SHA256: "a", RunID: run.RunID, MID: "8983"}, now))
	require.True(t, ours("day.xlsx"))
	require.True(t, ours("8983/day.xlsx"))
	closeDay(t, db)
	require.False(t, ours("day.xlsx"))
	require.False(t, ours("8983/day.xlsx"), "it shows a part of what was signed")
	require.True(t, ours("month.xlsx"), "it is about no single run")
	reopenDay(t, db)
	require.False(t, ours("day.xlsx"), "it was signed once")
}

// TestUnwritten: a run that published has all its workbooks when the one that
// names it is recorded.
func TestUnwritten(t *testing.T) {
	db, first := night(t)
	unwritten := func(since time.Time) (id string, before *reconcile.Summary, atNight bool) {
		s, before, found, err := db.Unwritten(t.Context(), day, since)
		require.NoError(t, err)
		require.Equal(t, found, s.RunID != "")
		nights, err := db.Nights(t.Context())
		require.NoError(t, err)
		return s.RunID, before, nights[0].Unwritten
	}
	id, before, late := unwritten(first.EndedAt.Add(-time.Second))
	require.Equal(t, first.RunID, id)
	require.Nil(t, before)
	require.True(t, late)
	id, _, late = unwritten(first.EndedAt)
	require.Empty(t, id, "its figures are old")
	require.True(t, late)

	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "month.xlsx", SHA256: "a"}, now))
	require.NoError(t, db.IntendWorkbook(t.Context(), "day.xlsx", "a", now))
	_, _, late = unwritten(now.Add(-time.Hour))
	require.True(t, late)
	require.NoError(t, db.SaveWorkbook(t.Context(), Workbook{Path: "8983/day.xlsx", SHA256: "a", RunID: first.RunID, MID: "8983"}, now))
	_, _, late = unwritten(now.Add(-time.Hour))
	require.True(t, late, "that of a merchant is not the last")
	last := Workbook{Path: "day.xlsx", SHA256: "a", RunID: first.RunID, Awaited: true}
	require.NoError(t, db.SaveWorkbook(t.Context(), last, now))
	id, _, late = unwritten(now.Add(-time.Hour))
	require.Equal(t, first.RunID, id, "that of a merchant could not be written")
	require.True(t, late)
	ours, err := db.OurWorkbook(t.Context(), "day.xlsx", "a")
	require.NoError(t, err)
	require.True(t, ours)
	last.Awaited = false
	require.NoError(t, db.SaveWorkbook(t.Context(), last, now))
	id, _, late = unwritten(now.Add(-time.Hour))
	require.Empty(t, id)
	require.False(t, late)

	second := begin(t, db, day)
	publish(t, db, second)
	id, before, late = unwritten(now.Add(-time.Hour))
	require.Equal(t, second, id)
	require.Equal(t, first.RunID, before.RunID)
	require.True(t, late)
	begin(t, db, day)
	id, _, late = unwritten(now.Add(-time.Hour))
	require.Empty(t, id, "another run is under way, and is taken up itself")
	require.False(t, late)
}
