package ledger_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestReadNoticesAChange(t *testing.T) {
	rows := lines(plainHeader, "3194A,2026-11-19,1,paid")
	for name, change := range map[string]func(t *testing.T, path string){
		"appended": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte(rows+"3194B,2026-11-19,1,paid\n"), 0o600))
		},
		"touched": func(t *testing.T, path string) {
			require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		},
		"same size and time": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(rows, "3194A", "3194B", 1)), 0o600))
			require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"removed": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
		},
		"replaced": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".new", []byte(rows), 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, lines(plainHeader, "3194Z,2026-11-19,1,paid"))
			s.Pattern = "*.csv"
			second := filepath.Join(s.Dir, "orders2.csv")
			require.NoError(t, os.WriteFile(second, []byte(rows), 0o600))
			b, err := ledger.New(s)
			require.NoError(t, err)
			first := true
			_, err = b.Read(t.Context(), day, func(reconcile.Order, string) error {
				if first {
					change(t, second)
				}
				first = false
				return nil
			}, func(reconcile.BadRow) error { return nil })
			require.ErrorIs(t, err, ledger.ErrChanged)
			require.ErrorContains(t, err, "orders2.csv")
		})
	}
}

func TestReadStopsAtTheCallersError(t *testing.T) {
	b, err := ledger.New(source(t, lines(plainHeader, "3194A,2026-11-19,1,paid", "3194B,x,1,paid", "3194C,2026-11-19,1,paid")))
	require.NoError(t, err)
	full := errors.New("disk full")
	orders := 0
	_, err = b.Read(t.Context(), day, func(reconcile.Order, string) error { orders++; return nil }, func(reconcile.BadRow) error { return full })
	require.ErrorIs(t, err, full)
	require.Equal(t, 1, orders)
	_, err = b.Read(t.Context(), day, func(reconcile.Order, string) error { return full }, func(reconcile.BadRow) error { return nil })
	require.ErrorIs(t, err, full)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.Read(ctx, day, nil, nil)
	require.ErrorIs(t, err, context.Canceled)
}
