package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// environment is a lookupEnv over a map.
func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

// fullEnvironment has what the example refers to, and what
// testdata/config/README.md promises.
var fullEnvironment = environment(map[string]string{
	"UMS_APP_ID": "test-app", "UMS_APP_KEY": "s3cr3t-app", "UMS_NOTICE_KEY": "s3cr3t-notice", "WORD": "s3cr3t", "EMPTY": "",
})

func TestConfigGolden(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "config"))
	files, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			got := "no fault\n"
			config, err := Load(file, fullEnvironment, EverySection...)
			if err != nil {
				got = err.Error() + "\n"
				require.Nil(t, config)
				require.IsType(t, &ConfigError{}, err)
			}
			require.NotContains(t, got, "s3cr3t")
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// TestFaultsAreBounded: a file full of faults is told in a hundred of them,
// without a search for the neighbours of every unknown key.
func TestFaultsAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"keys":     repeated("unknown_%d: 1\n"),
		"aliases":  "a: &a 1\n" + repeated("unknown_%d: *a\n"),
		"columns":  "ledger:\n  columns:\n" + repeated("    unknown_%d: x\n"),
		"statuses": "ledger:\n  statuses:\n" + repeated("    unknown_%d: [x]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(writeConfig(t, text), noEnvironment)
			var config *ConfigError
			require.ErrorAs(t, err, &config)
			require.Len(t, config.Faults, maxFaults)
			require.Greater(t, config.More, 2_000)
			require.ErrorContains(t, err, fmt.Sprintf("and %d more faults", config.More))
		})
	}
}

func repeated(format string) string {
	var b strings.Builder
	for i := 0; b.Len() < maxConfig/8; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
