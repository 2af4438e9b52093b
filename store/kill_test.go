package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// victimOf names the database of a process that is to be killed.
const victimOf = "UMSRECON_TEST_VICTIM"

// victimDoes is what such a process does: save answers, if nothing else is said.
const victimDoes = "UMSRECON_TEST_VICTIM_DOES"

var victims = map[string]func(path string) error{"": victim, pruning: pruningVictim}

const perBatch = 7

// victim saves answers in batches and says each batch that is committed, until
// it is killed.
func victim(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, path)
	if err != nil {
		return err
	}
	run, err := db.BeginRun(ctx, day, now)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		var batch []reconcile.Answered
		for range perBatch {
			a := paid(fmt.Sprint(n))
			a.Raw = make([]byte, 5000) // so that a batch does not fit a page
			batch = append(batch, reconcile.Answered{Key: payment("1").Key, Answer: a})
		}
		if err := db.SaveAnswers(ctx, run, batch); err != nil {
			return err
		}
		fmt.Println("committed", n)
	}
}

func TestKilledProcessLosesNothingItCommitted(t *testing.T) {
	path := newPlace(t)
	db, err := Open(t.Context(), path)
	require.NoError(t, err)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	require.NoError(t, db.Close())

	committed := 0
	for _, kills := range []int{1, 5, 12} {
		committed += runAndKill(t, path, kills)
	}

	db, err = Open(t.Context(), path)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Check(t.Context()))
	require.Equal(t, run, begin(t, db, day), "the killed run is taken up again")
	answers, err := db.Answers(t.Context(), payment("1").Key)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(answers), committed*perBatch, "all that was said to be committed is there")
	require.Zero(t, len(answers)%perBatch, "and no batch is there in part")
	require.NotNil(t, subjects(t, db, scope(run))[payment("1").Key].Answer)
}

// runAndKill kills the victim after it has said so many batches, and returns
// how many it had said in the end.
func runAndKill(t *testing.T, path string, batches int, does ...string) (committed int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimOf+"="+path, victimDoes+"="+strings.Join(does, ""))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		require.True(t, strings.HasPrefix(lines.Text(), "committed "), lines.Text())
		if committed++; committed == batches {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait(), "it was killed")
	require.GreaterOrEqual(t, committed, batches)
	return committed
}
