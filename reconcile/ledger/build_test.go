package ledger_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// table is a ledger of one row, its columns in the order of their names.
func table(cells map[string]string) string {
	headings := slices.Sorted(maps.Keys(cells))
	row := make([]string, len(headings))
	for i, h := range headings {
		row[i] = cells[h]
	}
	return lines(strings.Join(headings, ","), strings.Join(row, ","))
}

func longText(n int) string { return strings.Repeat("7A", n)[:n] }

func writeFile(t testing.TB, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func newBooks(t testing.TB, s ledger.Source) *ledger.Books {
	t.Helper()
	b, err := ledger.New(s)
	require.NoError(t, err)
	return b
}
