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
