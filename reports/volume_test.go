package reports

import (
	"archive/zip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// heapLimit is many times what a workbook of any size takes, and a fraction of
// what one held whole in memory would.
const heapLimit = 350 << 20

// TestVolume writes more rows than a sheet holds. UMSRECON_VOLUME=1200000 does
// it with the limit of the format; it tells the time, and bounds the memory.
func TestVolume(t *testing.T) {
	n, o := 120, sampleOptions()
	o.RowLimit = 50
	if asked := os.Getenv("UMSRECON_VOLUME"); asked != "" {
		var err error
		n, err = strconv.Atoi(asked)
		require.NoError(t, err)
		o.RowLimit = 0
	}
	d := sampleReport()
	d.Discrepancies = func() reconcile.Lines {
		return func(yield func(reconcile.Line, error) bool) {
			for i := range n {
				if !yield(sampleLine(i, reconcile.AmountBillMore, 100, 101), nil) {
					return
				}
			}
		}
	}
	var most atomic.Uint64
	stop := make(chan struct{})
	go watchHeap(&most, stop)
	start, path := time.Now(), filepath.Join(t.TempDir(), "volume.xlsx")
	require.NoError(t, Discrepancies(path, d, o))
	close(stop)
	info, err := os.Stat(path)
	require.NoError(t, err)
	t.Logf("%d rows in %v: heap at most %d MB, file %d MB", n, time.Since(start).Round(time.Second), most.Load()>>20, info.Size()>>20)
	require.Equal(t, n, rowsInFile(t, path), "nothing is cut off")
	require.Positive(t, most.Load())
	require.LessOrEqual(t, most.Load(), uint64(heapLimit))
}

func watchHeap(most *atomic.Uint64, stop chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most.Store(max(most.Load(), m.HeapInuse))
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

var caseCell = regexp.MustCompile(`<c r="B\d+"[^>]*><is><t[^>]*>D[0-9a-f]{16}</t>`)

// rowsInFile counts the case numbers in the parts of the file themselves, as a
// stream: no library stands between.
func rowsInFile(t *testing.T, path string) (n int) {
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer z.Close()
	for _, part := range z.File {
		if strings.HasPrefix(part.Name, "xl/worksheets/sheet") {
			r, err := part.Open()
			require.NoError(t, err)
			rest, buf := "", make([]byte, 1<<20)
			for err == nil {
				var got int
				got, err = r.Read(buf)
				rest += string(buf[:got])
				whole := max(strings.LastIndex(rest, "</row>"), 0)
				n += len(caseCell.FindAllString(rest[:whole], -1))
				rest = rest[whole:]
			}
			require.NoError(t, r.Close())
		}
	}
	return n - len(sampleProblems()) - len(samplePending())
}
