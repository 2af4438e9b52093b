package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

// The exit codes are a contract with cron, systemd and scripts.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiscrepant  = 3
	exitIncomplete  = 4
	exitBusy        = 5
	exitInterrupted = 130
)

// exitHelp stands in the help of the program.
const exitHelp = `Exit codes:
  0    done, everything agrees (notes and waiting cases do not count)
  1    error: ledger missing or unreadable, foreign database, a directory that cannot be written
  2    usage or configuration, a column that is not there, a day that is history (keep.orders)
  3    done, and an open or proposed case S1 to S3 or an invalid row belongs to this run
  4    done, but some orders are unverified, or the ledger is empty though its neighbours are not,
       or a control total of it is not met, or it is suspect as a whole
  5    another run holds the database
  130  interrupted, start again to go on`

// exitError ends the program with a code. err may be nil: then everything has
// been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is an error of the command line.
func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// exitCode is what an error means to the caller of the program.
func exitCode(err error) int {
	var exit *exitError
	var config *ConfigError
	var header *ledger.HeaderError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &config), errors.As(err, &header), errors.Is(err, reconcile.ErrHistory):
		return exitUsage
	case errors.Is(err, errBusy):
		return exitBusy
	case errors.Is(err, reconcile.ErrInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// hints say what to do about an error; the first that matches is shown.
var hints = []struct {
	err  error
	hint string
}{
	{reconcile.ErrNoLedger, "try: the export of that day in that place, or ledger.path in the configuration"},
	{ledger.ErrNotReady, "try: running again when it is whole"},
	{reconcile.ErrHeadless, "try: exporting the day again"},
	{reconcile.ErrInterrupted, "what was answered is kept; start again to go on"},
	{reconcile.ErrBooksOpen, "nothing was published; please report this with the output of: umsrecon runs"},
	{store.ErrForeign, "try: another file under database in the configuration"},
	{store.ErrNewer, "try: the newer umsrecon, or another file under database"},
	{store.ErrContradictory, "compare each with umsrecon discrepancies show, umsrecon bill query and a backup; do not restore before you know what differs: a backup lacks what came after it"},
	{store.ErrReadOtherwise, "after an update of umsrecon that is to be expected; without one, compare with a backup, and do not restore before you know what differs"},
	{store.ErrDamaged, "try: restoring the last backup"},
	{store.ErrFull, "try: making room on the disk, and running again"},
	{store.ErrOnServer, "try: pg_dump, with the same address"},
	{store.ErrNoCase, "try: umsrecon discrepancies list"},
	{store.ErrAmbiguous, "try: more of the id, from umsrecon discrepancies list"},
	{reconcile.ErrDayUnfinished, "try: umsrecon run --date, which finishes it"},
	{reconcile.ErrDayUnproven, "try: umsrecon run --date, which asks only what is open"},
	{reconcile.ErrNotReady, "try: umsrecon discrepancies list --date, or --accept ID with a --note"},
	{reconcile.ErrNoRunOfDay, "try: umsrecon run --date"},
	{reconcile.ErrNotOpen, "try: umsrecon discrepancies show, to see what became of it"},
	{reconcile.ErrNotProposed, "try: umsrecon discrepancies show, to see what became of it"},
	{errBusy, "wait for it to end, or stop it"},
	{fs.ErrPermission, "try: giving the user who runs umsrecon the right to it, or another path in the configuration"},
	{syscall.ENOTDIR, "a file stands where a folder is needed; try: another path in the configuration"},
	{syscall.EROFS, "try: a path in the configuration that can be written to"},
	{syscall.ENOSPC, "try: making room on the disk"},
	{syscall.EADDRINUSE, "try: stopping the program that has it, maybe another serve, or another address in the configuration"},
}

// dayError is an error about a ledger day, which the hints about days name.
type dayError struct {
	day reconcile.Day
	err error
}

func (e *dayError) Error() string { return e.err.Error() }
func (e *dayError) Unwrap() error { return e.err }

func dayHint(err error, hint string) string {
	var about *dayError
	if errors.As(err, &about) {
		return strings.ReplaceAll(hint, "--date", "--date "+about.day.String())
	}
	return hint
}

// explain is the one message about an error, with what to do where that is
// known; empty where there is nothing to say.
func (a *app) explain(err error) string {
	var exit *exitError
	if err == nil || errors.As(err, &exit) && exit.err == nil {
		return ""
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return fmt.Sprintf("%v; %s", err, dayHint(err, h.hint))
		}
	}
	var config *ConfigError
	if errors.As(err, &config) && config.unset() {
		return fmt.Sprintf("%v\ntry: giving the variable to this process (neither cron nor systemd reads a shell's own), or file:PATH in its place", err)
	}
	var header *ledger.HeaderError
	if errors.As(err, &header) {
		return fmt.Sprintf("%v; try: naming the headings under ledger.columns in the configuration", err)
	}
	return err.Error()
}
