package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon"
)

// FuzzConfig: whatever the file holds, there is a Config or there are faults,
// never a panic; the same file says the same; and no fault shows a secret.
func FuzzConfig(f *testing.F) {
	f.Add(umsrecon.ExampleConfig)
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.yaml"))
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		env := environment(map[string]string{"UMS_APP_ID": "id", "UMS_APP_KEY": "hidden-from-faults", "WORD": "hidden-from-faults"})
		// No folder at all: a file reference must not wander over the machine.
		refs := references{dir: string([]byte{'/', 0}), lookupEnv: env}
		if strings.Contains(string(data), "file:") {
			t.Skip()
		}
		c, faults := parseConfig(data, refs, EverySection)
		err := faults.asError("config.yaml")
		if err == nil {
			require.NotNil(t, c)
			require.NotEmpty(t, c.Merchants())
			require.Positive(t, c.Gateway.Concurrency)
			c.Settings()
			return
		}
		require.NotContains(t, err.Error(), "hidden-from-faults")
		_, again := parseConfig(data, refs, EverySection)
		require.Equal(t, err, again.asError("config.yaml"))
	})
}
