package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestDamaged reads each file of testdata/damaged, which holds a ledger as a
// merchant might send it, as CSV or JSON lines, and compares what is understood
// of it with the .golden beside it. A file named *.yuan.* has its amounts in yuan; the
// terminal has defaults, and the columns are looked up under our own names.
func TestDamaged(t *testing.T) {
	files, err := filepath.Glob("testdata/damaged/*.*")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(path string) bool { return filepath.Ext(path) == ".golden" })
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			golden := strings.TrimSuffix(path, filepath.Ext(path)) + ".golden"
			got := understood(t, path)
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func understood(t *testing.T, path string) string {
	s := ledger.Source{Dir: filepath.Dir(path), Pattern: filepath.Base(path), Defaults: terminal}
	if filepath.Ext(path) == ".jsonl" {
		s.Format = ledger.JSONL
	}
	if strings.Contains(path, ".yuan.") {
		s.Unit = ledger.Yuan
	}
	r, err := readSource(t, s)
	var header *ledger.HeaderError
	if errors.As(err, &header) || errors.Is(err, reconcile.ErrHeadless) || errors.Is(err, ledger.ErrNotText) {
		return err.Error() + "\n"
	}
	require.NoError(t, err)
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows, %d bad\n", r.load.Rows, r.load.Invalid)
	for _, o := range r.orders {
		fmt.Fprintf(&out, "\nline %d: %s %s of %s, %s yuan, %s\n", o.Source.Line, o.Kind(), o.BillNo+o.RefundID+o.CompletionID, o.LedgerDay, o.Amount.Yuan(), o.Status)
	}
	for _, b := range r.bad {
		fmt.Fprintf(&out, "\nline %d, column %q, damaged %v\n  %s\n  %s\n  %s\n", b.Line, b.Column, b.Damaged, b.Reason.EN, b.Reason.ZH, b.Raw)
	}
	return out.String()
}
