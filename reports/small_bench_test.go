package reports

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkSmall writes the workbooks of a merchant with a handful of lines: where
// there are thousands of merchants, it is what the night waits for.
func BenchmarkSmall(b *testing.B) {
	o := sampleOptions()
	dir := b.TempDir()
	b.Run("settlement", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, Settlement(filepath.Join(dir, "s.xlsx"), sampleSettlement(), o))
		}
	})
	b.Run("discrepancies", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, Discrepancies(filepath.Join(dir, "d.xlsx"), sampleReport(), o))
		}
	})
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, Page(filepath.Join(dir, "d.xlsx"), sampleReport().Summary, o))
		}
	})
}
