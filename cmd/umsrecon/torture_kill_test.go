package main

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestKillTorture kills the program at seeded random points of a night, in every
// phase of it, and starts it again each time until it completes. Then
// everything is as after a night that nobody disturbed: cases, events, totals,
// the cells of the workbooks, the files that are there. No question whose answer
// was committed at a kill is asked again.
func TestKillTorture(t *testing.T) {
	full, seed := tortured(t)
	draw := rand.New(rand.NewPCG(seed, 9))
	calm := newVictim(t)
	var steps []step
	for i := range nightSteps {
		steps = append(steps, calm.undisturbed(t, nightSteps[i]))
	}
	want := calm.remains(t)
	require.Contains(t, want, "case AMOUNT_BILL_LESS", "the night has something to lose")

	kills, phases, kept := 0, map[string]int{}, 0
	nights := 0
	for ; kills < longOr(full, 200, 3); nights++ {
		v := newVictim(t)
		v.phases = phases
		for _, s := range steps {
			v.tortured(t, draw, s, longOr(full, 6, 1))
		}
		require.Equal(t, want, v.remains(t), "after night %d", nights)
		kills, kept = kills+v.kills, kept+v.kept
	}
	t.Logf("%d kills in %d nights of seed %d; %d answers were committed at a kill of their run, none of them was asked for again", kills, nights, seed, kept)
	for _, phase := range slices.Sorted(maps.Keys(phases)) {
		t.Logf("%4d kills while %s", phases[phase], phase)
	}
}

// step is one command of a night.
type step struct {
	name   string
	args   []string
	day    string                         // of a run
	before func(*testing.T, *victim)      // what a person does before it
	done   func(*testing.T, *victim) bool // it completed, though it was killed
	exit   int                            // of the undisturbed one
	marks  []milestone
}

// milestone is a line of the log of an undisturbed step: until then so much time
// had gone by since the one before. The last one is its end.
type milestone struct {
	text string
	took time.Duration
}

var nightSteps = []step{
	{name: "importing notices", args: []string{"notices", "import", "notices.log"}},
	{name: "run", args: []string{"run", "--date", killDay}, day: killDay, done: runDone(killDay)},
	{name: "importing decisions", args: []string{"discrepancies", "import", "filled.xlsx"}, before: decideInWorkbook},
	{name: "run", args: []string{"run", "--date", killNext}, day: killNext, done: runDone(killNext)},
	{name: "writing workbooks again", args: []string{"report", "--date", killDay, "--month", killDay[:7]}},
	{name: "backing up", args: []string{"backup", "copy.db"}, done: backupDone},
}

// phaseOf is what a step was at when it had logged a line.
func phaseOf(s step, line string) string {
	for _, p := range []struct{ message, phase string }{
		{"msg=workbook", "writing workbooks"}, {"msg=published", "writing workbooks"}, {"workbooks are written", "writing workbooks"},
		{"msg=judging", "judging and publishing"}, {"msg=asking", "asking and committing answers"},
		{`msg="run begins"`, "loading"}, {`msg="ledger read"`, "loading"}, {"msg=night", "ending"},
	} {
		if s.day != "" && strings.Contains(line, p.message) {
			return p.phase
		}
	}
	if s.day != "" {
		return "starting a run"
	}
	return s.name
}

// undisturbed runs a step and learns how long its parts take.
func (v *victim) undisturbed(t *testing.T, s step) step {
	if s.before != nil {
		s.before(t, v)
	}
	p := v.start(t, s)
	last := time.Now()
	for line := range p.lines {
		s.marks = append(s.marks, milestone{message(line), time.Since(last)})
		last = time.Now()
	}
	s.exit = p.wait(t)
	s.marks = append(s.marks, milestone{"", time.Since(last)})
	require.Contains(t, []int{exitDone, exitDiscrepant}, s.exit, "%v: %s", s.args, p.said())
	return s
}

// tortured runs a step to its end, killing it a few times on the way.
func (v *victim) tortured(t *testing.T, draw *rand.Rand, s step, most int) {
	if s.before != nil {
		s.before(t, v)
	}
	v.committed = nil
	for i := range most {
		before := max(1, len(s.marks)*(i+1)/most) // an early kill first: a step goes on where it was
		if v.killOnce(t, s, draw.IntN(before), 1.2*draw.Float64()) {
			return
		}
	}
	p := v.start(t, s)
	for range p.lines {
	}
	require.Equal(t, s.exit, p.wait(t), "%v: %s", s.args, p.said())
	v.notAskedAgain(t)
}

// killOnce kills a step in the part before a milestone, when this share of it
// has gone by. It says whether the step is done: it was faster, or was killed
// behind its last deed.
func (v *victim) killOnce(t *testing.T, s step, at int, share float64) (done bool) {
	wait := time.Duration(share * float64(s.marks[at].took))
	p := v.start(t, s)
	line := ""
	for n := 0; n < at; {
		next, more := <-p.lines
		if !more {
			break
		}
		line = next
		if message(line) == s.marks[n].text {
			n++
		} else if i := slices.IndexFunc(s.marks, func(m milestone) bool { return m.text == message(line) }); i >= 0 {
			n = i + 1 // it was taken up behind what it would have done
		}
	}
	select {
	case <-p.ended:
	case <-time.After(wait):
	}
	_ = p.Process.Signal(syscall.SIGKILL)
	for next := range p.lines {
		line = next
	}
	if code := p.wait(t); code >= 0 {
		require.Equal(t, s.exit, code, "%v: %s", s.args, p.said())
		v.notAskedAgain(t)
		return true
	}
	v.autopsy(t, s, line)
	if done = s.done != nil && s.done(t, v); done {
		v.notAskedAgain(t)
	}
	return done
}

// message is the text of a logged line.
func message(line string) string {
	_, rest, _ := strings.Cut(line, "msg=")
	if text, quoted := strings.CutPrefix(rest, `"`); quoted {
		text, _, _ = strings.Cut(text, `"`)
		return text
	}
	text, _, _ := strings.Cut(rest, " ")
	return text
}

// autopsy looks at what a kill has left: a whole database, and the answers that
// are not to be asked for again.
func (v *victim) autopsy(t *testing.T, s step, line string) {
	v.kills++
	phase := phaseOf(s, line)
	db := v.openCopy(t)
	defer db.Close()
	var verdict string
	require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
	var schema int
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&schema))
	if schema == 1 {
		phase = "starting, and migrating"
	}
	v.phases[phase]++
	if s.day == "" {
		return
	}
	c := committed{asked: len(v.requests(t))}
	rows, err := db.Query(`SELECT o.bill_day || ' ' || o.bill_no || ' ' || o.refund_id || ' ' || o.completion_id
FROM answers AS a JOIN orders AS o USING (order_id)
WHERE a.outcome IN ('found', 'no_order') AND a.run_id = (SELECT max(run_id) FROM runs WHERE day = ?)`, s.day)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var question string
		require.NoError(t, rows.Scan(&question))
		c.questions = append(c.questions, question)
	}
	require.NoError(t, rows.Err())
	v.kept += len(c.questions)
	v.committed = append(v.committed, c)
}

// committed is what was answered for good at a kill, and how many requests the
// simulator had seen by then.
type committed struct {
	questions []string
	asked     int
}

func (v *victim) notAskedAgain(t *testing.T) {
	requests := v.requests(t)
	for _, c := range v.committed {
		for _, again := range requests[c.asked:] {
			require.NotContains(t, c.questions, again, "it was answered and committed before the kill")
		}
	}
}

// process of a victim, whose log is read line by line.
type victimProcess struct {
	*exec.Cmd
	lines chan string
	ended chan struct{}
	out   *lockedBuffer
}

func (p *victimProcess) wait(t *testing.T) int {
	t.Helper()
	<-p.ended
	err := p.Cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return p.ProcessState.ExitCode()
}

func (p *victimProcess) said() string { return p.out.String() }
