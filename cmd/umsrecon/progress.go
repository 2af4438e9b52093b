package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/umsrecon/umsrecon/reconcile"
)

// isTerminal says whether a progress line makes sense on f.
func isTerminal(f *os.File, lookupEnv func(string) (string, bool)) bool {
	kind, _ := lookupEnv("TERM")
	return kind != "dumb" && term.IsTerminal(int(f.Fd()))
}

// bar is the one line of progress; a bar without a writer shows nothing.
type bar struct {
	w      io.Writer
	clock  reconcile.Clock
	began  time.Time
	shown  time.Time
	opened bool
}

func (a *app) progress() *bar {
	b := &bar{clock: a.clock}
	if a.terminal {
		b.w = a.stderr
	}
	return b
}

// show redraws the line, at most five times a second.
func (b *bar) show(p reconcile.Progress) {
	if b.w == nil {
		return
	}
	now := b.clock.Now()
	if b.began.IsZero() {
		b.began = now
	}
	if p.Done < p.Total && now.Sub(b.shown) < 200*time.Millisecond {
		return
	}
	b.shown, b.opened = now, true
	pace := ""
	if elapsed := now.Sub(b.began); p.Done > 0 && elapsed >= time.Second { // earlier it would be a guess
		left := time.Duration(float64(elapsed) / float64(p.Done) * float64(p.Total-p.Done))
		pace = fmt.Sprintf(", %.1f/s, %s left", float64(p.Done)/elapsed.Seconds(), left.Round(time.Second))
	}
	fmt.Fprintf(b.w, "\r\x1b[Kasked %d/%d%s, %d without an answer", p.Done, p.Total, pace, p.Failed)
}

// end leaves the line behind.
func (b *bar) end() {
	if b.opened {
		fmt.Fprintln(b.w)
	}
}
