package reports

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// TestSavingReadsNoSheetBack: what was streamed is copied into the file. excelize
// would parse a finished sheet of less than 16 MB for whoever asks it anything of
// it, at ten times its size, and write it again for nothing.
func TestSavingReadsNoSheetBack(t *testing.T) {
	b := newBook(sampleOptions(), "large")
	defer b.file.Close()
	s := b.sheet("rows", layout{widths: make([]float64, 10)})
	cells := make([]excelize.Cell, 10)
	for i := range cells {
		cells[i] = excelize.Cell{Value: strings.Repeat("x", 50)}
	}
	for range 10_000 { // some 9 MB
		s.write(1, cells...)
	}
	s.finish()
	before := allocated()
	path := filepath.Join(t.TempDir(), "large.xlsx")
	require.NoError(t, b.save(path))
	require.Less(t, allocated()-before, uint64(32<<20), "bytes that saving takes: a packer of a megabyte for each part")
	f := opened(t, path)
	require.Zero(t, f.GetActiveSheetIndex())
	require.Len(t, rows(t, f, "rows"), 10_000)
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
