package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A configuration that is made to take all memory or time is refused, shortly.
func TestConfigBombs(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "]\n"
	}
	for name, text := range map[string]string{
		"aliases of aliases":    laughs,
		"an alias of itself":    "a: &a [*a]\n",
		"merge keys":            "a: &a {b: 1}\nc: {<<: [*a, *a, *a]}\n",
		"lists without end":     strings.Repeat("[", 200_000),
		"mappings without end":  strings.Repeat("{a: ", 100_000),
		"dashes without end":    strings.Repeat("- ", 200_000) + "x",
		"a scalar without end":  "merchant: {mid: " + strings.Repeat("9", 1<<20-100) + "}",
		"a key without end":     strings.Repeat("k", 1<<20-100) + ": 1",
		"very many keys":        manyKeys(60_000),
		"one key, many times":   strings.Repeat("database: x\n", 80_000),
		"an exponent":           "gateway: {requests_per_second: 1e999999999}",
		"too large as a file":   strings.Repeat("#\n", 1<<20),
		"text that turns":       "database: \"\\u202e\\x1b[2J\"\nmerchants: 1",
		"overlong UTF-8":        "database: \xc0\xaf",
		"an entity of no value": "database: !!binary " + strings.Repeat("A", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := Load(path, environment(nil), EverySection...)
			require.Error(t, err)
			require.Less(t, len(err.Error()), 64<<10)
			require.False(t, bytes.ContainsAny([]byte(err.Error()), "\x1b\u202e"), "%.200q", err)
		})
	}
}

func manyKeys(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString("k")
		text.WriteString(strings.Repeat("x", i%7))
		text.WriteString(string(rune('a' + i%26)))
		text.WriteString(": 1\n")
	}
	return text.String()
}
