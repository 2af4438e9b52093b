package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
)

// TestProgressOfAll: the line of progress counts what workers have asked, too.
func TestProgressOfAll(t *testing.T) {
	w := newCrew(t, ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != ""), "progress", 300, 150)
	worker, said := w.member("work", "--once")
	require.NoError(t, worker.Start())
	var shown bytes.Buffer
	env := map[string]string{"UMS_APP_ID": playAppID, "UMS_APP_KEY": playAppKey, "DATABASE": w.address}
	a := &app{
		stdout: &bytes.Buffer{}, stderr: &shown, clock: wallClock{}, terminal: true,
		lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
	require.Equal(t, exitDiscrepant, a.run(t.Context(), []string{"-c", filepath.Join(w.dir, "config.yaml"), "run", "--date", tortureDay}), "%s", &shown)
	require.NoError(t, worker.Wait(), "%s", said)
	share := sharePattern.FindStringSubmatch(said.String())
	require.NotNil(t, share, "%s", said)
	require.NotEqual(t, "0", share[1])
	lines := regexp.MustCompile(`asked (\d+)/300`).FindAllString(shown.String(), -1)
	require.NotEmpty(t, lines)
	require.Equal(t, "asked 300/300", lines[len(lines)-1])
}

// TestWorkerOfAnotherRate: the gateway sees no more than the run allows, nor than
// the worker does.
func TestWorkerOfAnotherRate(t *testing.T) {
	address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
	for schema, rate := range map[string]string{"faster": "5000", "slower": "20"} {
		w := newCrew(t, address, schema, 200, 50)
		path := filepath.Join(w.dir, "config.yaml")
		config, err := os.ReadFile(path)
		require.NoError(t, err)
		other := strings.Replace(string(config), "requests_per_second: 50", "requests_per_second: "+rate, 1)
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, "other.yaml"), []byte(other), 0o600))
		worker, said := w.member("-c", "other.yaml", "work", "--once")
		require.NoError(t, worker.Start())
		w.night(t, rand.New(rand.NewPCG(1, 1)), 0, nil)
		require.NoError(t, worker.Wait(), "%s", said)
		require.Contains(t, said.String(), "this worker has other limits than the run")
		require.Regexp(t, sharePattern, said.String())
		w.judge(t, 100) // twice as much: a starved machine lets requests arrive together that went apart
	}
}
