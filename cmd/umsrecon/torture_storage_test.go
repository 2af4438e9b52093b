package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newDisk is a victim whose database and workbooks lie on a small disk of their
// own. Where none can be mounted that is said, and nothing is tried.
func newDisk(t *testing.T) *victim {
	v := newVictim(t)
	v.disk = "disk/"
	require.NoError(t, os.Mkdir(v.path("disk"), 0o750))
	require.NoError(t, os.Remove(v.path("umsrecon.db")))
	text, err := os.ReadFile(v.path("config.yaml"))
	require.NoError(t, err)
	v.write(t, "config.yaml", strings.Replace(string(text), "reports: {", "database: disk/umsrecon.db\nreports: {dir: disk/reports, ", 1))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m,mode=750", "tmpfs", v.path("disk")).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", v.path("disk")).Run() })
	return v
}

func (v *victim) remount(t *testing.T, options string) {
	t.Helper()
	out, err := exec.Command("mount", "-o", "remount,"+options, v.path("disk")).CombinedOutput()
	require.NoError(t, err, string(out))
}

// runs runs the program and returns what it said.
func (v *victim) runs(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	c := v.command(t, args...)
	out, _ := c.CombinedOutput() // the code says how it ended
	return c.ProcessState.ExitCode(), string(out)
}

var dayRun = []string{"run", "--date", killDay}

// requireClear: one message, which says what is wrong in words.
func requireClear(t *testing.T, said string, words *regexp.Regexp) {
	t.Helper()
	require.Equal(t, 1, strings.Count("\n"+said, "\numsrecon: "), said)
	require.Regexp(t, words, said)
	require.NotContains(t, said, "panic")
}

// TestDiskFull lets the disk be full at every size that is too small for a
// night. Each time there is a clear error, nothing half-written, and with room
// again the night completes as if nothing had been.
func TestDiskFull(t *testing.T) {
	full, seed := tortured(t)
	draw := rand.New(rand.NewPCG(seed, 11))
	calm := newDisk(t)
	code, said := calm.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	want := calm.remains(t)
	failed, enough := 0, 0
	for kib := 4; enough == 0; kib += longOr(full, 32, 600+draw.IntN(600)) {
		t.Run(fmt.Sprintf("%d KiB", kib), func(t *testing.T) {
			v := newDisk(t)
			v.remount(t, fmt.Sprintf("size=%dk", kib))
			code, said := v.runs(t, dayRun...)
			if code == exitDiscrepant {
				enough = kib
			} else {
				require.Equal(t, exitFailed, code, said)
				requireClear(t, said, regexp.MustCompile(`(?i)no space left|disk is full|disk I/O error`))
				v.noneHalf(t)
				failed++
			}
			v.remount(t, "size=64m")
			if code != exitDiscrepant {
				code, said = v.runs(t, dayRun...)
				require.Equal(t, exitDiscrepant, code, said)
			}
			require.Equal(t, want, v.remains(t))
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d disks were full, up to %d KiB; each was said, left nothing half-written, and the night completed as undisturbed when there was room", failed, enough)
}

// noneHalf: no temporary file is left, and every workbook can be read.
func (v *victim) noneHalf(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(v.path("disk/.umsrecon-*"))
	require.NoError(t, err)
	more, err := filepath.Glob(v.path("disk/reports/.umsrecon-*"))
	require.NoError(t, err)
	require.Empty(t, append(left, more...))
	books, err := filepath.Glob(v.path("disk/reports/*.xlsx"))
	require.NoError(t, err)
	for _, book := range books {
		v.cells(t, &strings.Builder{}, book)
	}
}

// TestDiskReadOnly and locked: a clear error, nothing changes, and it works when
// the cause is gone.
func TestDiskReadOnly(t *testing.T) {
	v := newDisk(t)
	code, said := v.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	before := v.remains(t)
	v.remount(t, "ro")
	for _, args := range [][]string{dayRun, {"report", "--date", killDay}, {"backup", "disk/copy.db"}} {
		code, said = v.runs(t, args...)
		require.Equal(t, exitFailed, code, said)
		requireClear(t, said, regexp.MustCompile("read-only"))
	}
	v.remount(t, "rw")
	require.Equal(t, before, v.remains(t))
	code, said = v.runs(t, "run", "--date", killNext)
	require.Equal(t, exitDiscrepant, code, said)
}

// TestDatabaseLocked: another program holds the database longer than it is
// waited for.
func TestDatabaseLocked(t *testing.T) {
	if full, _ := tortured(t); !full {
		t.Skip("it is waited for 15 s; .ci/torture storage does it")
	}
	v := newVictim(t)
	code, said := v.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	before := v.remains(t)
	db, err := sql.Open("sqlite", v.path("umsrecon.db"))
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	code, said = v.runs(t, dayRun...)
	require.Equal(t, exitFailed, code, said)
	requireClear(t, said, regexp.MustCompile("database is locked"))
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, before, v.remains(t))
	code, said = v.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	t.Log("a locked database: said after 15 s, untouched, and taken up when it was free")
}

var damagedWords = regexp.MustCompile(`(?i)damaged|malformed|not a database|disk I/O error|corrupt|SQL logic error|constraint|scan|json|invalid|unknown|no such|its schema is`)

// TestDatabaseDamaged cuts a database off and flips single bits of it. It is
// detected with an error, by check or by who reads it, or all that the database
// holds is what it was. What is neither is silent: such are counted, by column.
func TestDatabaseDamaged(t *testing.T) {
	full, seed := tortured(t)
	draw := rand.New(rand.NewPCG(seed, 13))
	v := newVictim(t)
	code, said := v.runs(t, dayRun...)
	require.Equal(t, exitDiscrepant, code, said)
	whole, err := os.ReadFile(v.path("umsrecon.db"))
	require.NoError(t, err)
	_, want := v.runs(t, "discrepancies", "list", "--format", "json")
	_, runs := v.runs(t, "runs", "--format", "json")
	held, err := v.holds(t)
	require.NoError(t, err)

	try := func(data []byte) string {
		for _, ending := range []string{"-wal", "-shm"} {
			_ = os.Remove(v.path("umsrecon.db" + ending))
		}
		require.NoError(t, os.WriteFile(v.path("umsrecon.db"), data, 0o600))
		checked, report := v.runs(t, "check", "--date", killDay)
		listed, list := v.runs(t, "discrepancies", "list", "--format", "json")
		ran, records := v.runs(t, "runs", "--format", "json")
		for _, s := range []string{report, list, records} {
			require.NotContains(t, s, "panic:")
		}
		switch {
		case listed != exitDone:
			requireClear(t, list, damagedWords)
			return "detected when read"
		case ran != exitDone:
			requireClear(t, records, damagedWords)
			return "detected when read"
		case checked == exitFailed && regexp.MustCompile(`database +NOT OK`).MatchString(report):
			return "detected by check"
		}
		now, err := v.holds(t)
		if err != nil {
			return "detected when read"
		}
		for _, column := range slices.Sorted(maps.Keys(held)) {
			if now[column] != held[column] {
				return "silent, in " + column
			}
		}
		if list != want || records != runs {
			return "silent, in an index"
		}
		return "harmless"
	}
	count := map[string]int{}
	for range longOr(full, 60, 3) {
		count["cut off: "+try(whole[:draw.IntN(len(whole))])]++
	}
	for what := range count {
		require.NotContains(t, what, "silent")
	}
	for range longOr(full, 300, 5) {
		data := append([]byte(nil), whole...)
		data[draw.IntN(len(data))] ^= 1 << draw.IntN(8)
		count["a bit flipped: "+try(data)]++
	}
	require.Equal(t, "harmless", try(whole))
	t.Logf("%v", count)
}

// holds is all that stands in the database, by table and column.
func (v *victim) holds(t *testing.T) (map[string][32]byte, error) {
	db := v.openCopy(t)
	defer db.Close()
	var tables []string
	held := map[string][32]byte{}
	err := eachOf(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'", func(_ []string, values []any) {
		tables = append(tables, fmt.Sprintf("%s", values...))
	})
	for _, table := range tables {
		if err != nil {
			return nil, err
		}
		err = eachOf(db, "SELECT * FROM "+table+" NOT INDEXED", func(columns []string, values []any) {
			for i, c := range columns {
				c = table + "." + c
				held[c] = sha256.Sum256(fmt.Appendf(nil, "%x %#v", held[c], values[i]))
			}
		})
	}
	return held, err
}

func eachOf(db *sql.DB, query string, see func(columns []string, values []any)) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		see(columns, values)
	}
	return rows.Err()
}

// TestSyncOrder holds the system calls of a run against the order in which what
// is written lasts: a file is synced, then renamed, then its folder is synced;
// the database's log is synced by each commit.
func TestSyncOrder(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("there is no strace here")
	}
	v := newVictim(t)
	program, err := exec.LookPath("umsrecon")
	require.NoError(t, err)
	c := v.command(t, dayRun...)
	c.Path, err = exec.LookPath("strace")
	require.NoError(t, err)
	c.Args = append([]string{"strace", "-f", "-y", "-qq", "-o", v.path("trace"), "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", program}, dayRun...)
	out, _ := c.CombinedOutput()
	if strings.Contains(string(out), "ptrace") {
		t.Skipf("nothing can be traced here: %s", out)
	}
	require.Equal(t, exitDiscrepant, c.ProcessState.ExitCode(), string(out))
	text, err := os.ReadFile(v.path("trace"))
	require.NoError(t, err)
	synced, renamed, pending := map[string]bool{}, 0, ""
	log := 0
	name := regexp.MustCompile(`f(?:data)?sync\(\d+<([^>]*)>`)
	moved := regexp.MustCompile(`rename(?:at2?)?\(.*"([^"]+)".*"([^"]+)"`)
	for line := range strings.Lines(string(text)) {
		if m := name.FindStringSubmatch(line); m != nil {
			synced[m[1]] = true
			if m[1] == pending {
				pending = ""
			}
			if strings.HasSuffix(m[1], "umsrecon.db-wal") {
				log++
			}
		}
		if m := moved.FindStringSubmatch(line); m != nil {
			require.Empty(t, pending, "the folder was not synced behind the last rename")
			require.True(t, synced[m[1]], "%s was renamed before it was synced", m[1])
			pending = filepath.Dir(m[2])
			renamed++
		}
	}
	require.Empty(t, pending)
	require.Positive(t, renamed)
	require.Positive(t, log, "commits sync the log")
	t.Logf("%d files were synced, renamed, and their folder synced, in this order; the log of the database was synced %d times", renamed, log)
}
