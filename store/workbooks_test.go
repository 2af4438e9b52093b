package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorkbooks(t *testing.T) {
	db := open(t)
	_, found, err := db.Workbook(t.Context(), "a.xlsx")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, db.SaveWorkbook(t.Context(), "a.xlsx", "11", begin(t, db, day), now))
	require.NoError(t, db.SaveWorkbook(t.Context(), "a.xlsx", "22", "", now))
	sum, found, err := db.Workbook(t.Context(), "a.xlsx")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "22", sum)
}

func TestTheWorkbookOfASignedRunStays(t *testing.T) {
	db, run := night(t)
	found := func(path string) bool {
		_, found, err := db.Workbook(t.Context(), path)
		require.NoError(t, err)
		return found
	}
	require.NoError(t, db.SaveWorkbook(t.Context(), "day.xlsx", "a", run.RunID, now))
	require.NoError(t, db.SaveWorkbook(t.Context(), "month.xlsx", "b", "", now))
	require.True(t, found("day.xlsx"))
	closeDay(t, db)
	require.False(t, found("day.xlsx"))
	require.True(t, found("month.xlsx"), "it is about no single run")
	reopenDay(t, db)
	require.False(t, found("day.xlsx"), "it was signed once")
}
