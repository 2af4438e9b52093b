package main

import (
	"fmt"
	"io"
	"os"
	"time"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"

	"github.com/umsrecon/umsrecon/reconcile"
)

// isTerminal says whether a progress line makes sense on f.
func isTerminal(f *os.File, lookupEnv func(string) (string, bool)) bool {
	kind, _ := lookupEnv("TERM")
	return kind != "dumb" && term.IsTerminal(int(f.Fd()))
}

// columnsOf is the width of a terminal; 0: not known.
func columnsOf(f *os.File) func() int {
	return func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}
}

// bar is the one line of progress, without colours; a bar without a writer
// shows nothing.
type bar struct {
	w      io.Writer
	wide   func() int // columns; nil or 0: not known
	clock  reconcile.Clock
	began  time.Time
	shown  time.Time
	opened bool
	last   reconcile.Progress
	// discrepant counts what looks so among the answered; nil: nobody judges yet.
	discrepant func() int64
}

func (a *app) progress() *bar {
	b := &bar{clock: a.clock, wide: a.columns}
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
	b.last = p
	if p.Done < p.Total && now.Sub(b.shown) < 200*time.Millisecond {
		return
	}
	b.shown, b.opened = now, true
	b.draw(now)
}

func (b *bar) draw(now time.Time) {
	p := b.last
	parts := []string{fmt.Sprintf("asked %d/%d", p.Done, p.Total)}
	if elapsed := now.Sub(b.began); p.Done > 0 && elapsed >= time.Second { // earlier it would be a guess
		left := time.Duration(float64(elapsed) / float64(p.Done) * float64(p.Total-p.Done))
		parts = append(parts, fmt.Sprintf("%.1f/s", float64(p.Done)/elapsed.Seconds()), fmt.Sprintf("%s left", left.Round(time.Second)))
	}
	if b.discrepant != nil {
		parts = append(parts, fmt.Sprintf("%d discrepant so far", b.discrepant()))
	}
	parts = append(parts, fmt.Sprintf("%d without an answer", p.Failed))
	fmt.Fprint(b.w, "\r\x1b[K"+fitted(parts, b.columns()))
}

func (b *bar) columns() int {
	if b.wide == nil {
		return 0
	}
	return b.wide()
}

// fitted joins the parts that have room on one line: a line that wraps could
// not be drawn again. The last column stays free.
func fitted(parts []string, columns int) string {
	line := ""
	for _, part := range parts {
		next := part
		if line != "" {
			next = line + ", " + part
		}
		if columns > 0 && displayed(next) >= columns {
			break
		}
		line = next
	}
	return line
}

// displayed is how many columns a text takes: Chinese takes two each.
func displayed(s string) (columns int) {
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			columns += 2
		case !unicode.Is(unicode.Mn, r):
			columns++
		}
	}
	return columns
}

// end leaves the line behind as it was shown last: rate and time are of the
// asking, not of what came after it.
func (b *bar) end() {
	if !b.opened {
		return
	}
	if b.discrepant != nil { // judged since
		b.draw(b.shown)
	}
	fmt.Fprintln(b.w)
}
