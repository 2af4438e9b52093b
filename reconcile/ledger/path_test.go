package ledger_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestReadPaths(t *testing.T) {
	write := func(path string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(lines(plainHeader, "3194A,2026-11-19,1,paid")), 0o600))
	}
	odd := filepath.Join(t.TempDir(), `a[1]*?\b`)
	write(filepath.Join(odd, "2026", "orders-20261119.csv"))
	require.NoError(t, os.Mkdir(filepath.Join(odd, "folder.csv"), 0o700))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(odd, "link.csv")))
	for name, c := range map[string]struct {
		pattern, scope string
		err            error
		says           string
	}{
		"date in a folder with glob characters": {pattern: "2026/orders-{yyyymmdd}.csv", scope: "2026/orders-20261119.csv"},
		"glob":                                  {pattern: "./*/orders-*.csv", scope: "*/orders-*.csv"},
		"absolute":                              {pattern: filepath.Join(strings.NewReplacer("[", "?", "*", "?", `\`, "?").Replace(odd), "2026", "orders-*.csv"), scope: "-"},
		"no such file":                          {pattern: "orders.csv", err: reconcile.ErrNoLedger, says: "orders.csv"},
		"link that leads nowhere":               {pattern: "link.csv", err: reconcile.ErrNoLedger, says: "link.csv"},
		"no such folder":                        {pattern: "2025/*.csv", err: reconcile.ErrNoLedger, says: "2025"},
		"directory":                             {pattern: "folder.csv", says: "is a directory, not a file"},
		"device":                                {pattern: "/dev/null", says: "is a device, not a file"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := ledger.New(ledger.Source{Dir: odd, Pattern: c.pattern, Defaults: terminal})
			require.NoError(t, err)
			if c.scope != "" && c.scope != "-" {
				require.Equal(t, c.scope, b.Scope(day))
			}
			r, err := readBooks(b, day)
			if c.says == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"2026/orders-20261119.csv"}, r.load.Files)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.err != nil, errors.Is(err, reconcile.ErrNoLedger))
		})
	}
}

func TestReadFolderThatMayNotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every folder")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "closed"), 0))
	b, err := ledger.New(ledger.Source{Dir: dir, Pattern: "closed/*.csv", Defaults: terminal})
	require.NoError(t, err)
	_, err = readBooks(b, day)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NotErrorIs(t, err, reconcile.ErrNoLedger)
}

func TestScope(t *testing.T) {
	for name, c := range map[string]struct{ name, pattern, first, second string }{
		"per day":     {"", "ledger/orders-{date}.csv", "ledger/orders-2026-11-19.csv", "ledger/orders-2026-11-20.csv"},
		"compact":     {"m1", "{yyyymmdd}/*.csv", "m1:20261119/*.csv", "m1:20261120/*.csv"},
		"of all days": {"m1", "orders.csv", "m1:orders.csv", "m1:orders.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			here, err := ledger.New(ledger.Source{Dir: "/a", Name: c.name, Pattern: c.pattern})
			require.NoError(t, err)
			there, err := ledger.New(ledger.Source{Dir: "/b", Name: c.name, Pattern: c.pattern})
			require.NoError(t, err)
			require.Equal(t, c.first, here.Scope(day))
			require.Equal(t, c.second, here.Scope(day+1))
			require.Equal(t, here.Scope(day), there.Scope(day))
		})
	}
}
