package store

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// trialOf names the database of which a process that is to be killed makes a
// trial.
const trialOf = "UMSRECON_TEST_TRIAL"

// TestTrialsThatAreLeft: the trial of a killed process goes with the next dry run,
// or run; that of a living one stays, and so does what only has such a name.
func TestTrialsThatAreLeft(t *testing.T) {
	onlyOnServer(t)
	for name, next := range map[string]func(at string){
		"by a dry run": func(at string) {
			_, remove, err := Trial(t.Context(), at)
			require.NoError(t, err)
			remove()
		},
		"by a run": func(at string) {
			release, _, err := Hold(t.Context(), at, "a run")
			require.NoError(t, err)
			release()
		},
	} {
		t.Run(name, func(t *testing.T) {
			at := newPlace(t)
			other := "umsrecon_trial_" + strings.Repeat("0", 32)
			onServer(t, "CREATE SCHEMA "+other+"; COMMENT ON SCHEMA "+other+" IS 'of another'")
			defer onServer(t, "DROP SCHEMA "+other)
			mine, remove, err := Trial(t.Context(), at)
			require.NoError(t, err)
			defer remove()
			killed, kill := trialToKill(t, at)
			next(at)
			require.True(t, trialThere(t, killed))
			kill()
			require.Eventually(t, func() bool { // the server has to notice
				next(at)
				return !trialThere(t, killed)
			}, 20*time.Second, 50*time.Millisecond)
			require.True(t, trialThere(t, mine))
			require.True(t, trialThere(t, other))
		})
	}
}

// trialToKill is the address of a trial that another process has made.
func trialToKill(t *testing.T, at string) (trial string, kill func()) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), trialOf+"="+at)
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	trial, made := strings.CutSuffix(said, " <nil>\n")
	require.True(t, made, said)
	return trial, func() {
		require.NoError(t, victim.Process.Kill())
		require.Error(t, victim.Wait())
	}
}

var trialName = regexp.MustCompile(`umsrecon_trial_[0-9a-f]{32}`)

// trialThere says whether the schema that an address names is there.
func trialThere(t *testing.T, address string) (there bool) {
	t.Helper()
	schema := trialName.FindString(address)
	require.NoError(t, admin.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&there))
	return there
}
