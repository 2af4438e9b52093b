package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reports/alert"
	"github.com/umsrecon/umsrecon/store"
)

// leastRoom is what a night may need on the disk beside a copy of the database.
const leastRoom = 200 << 20

// checkDisk wants room for the copy that an upgrade or a backup makes, and for
// the night's own growth.
func (a *app) checkDisk(_ context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	type place struct {
		dir  string
		need uint64
	}
	places := []place{{cfg.Path(cfg.Reports.Dir), leastRoom}}
	if database := cfg.database(); !store.OnServer(database) {
		places = append([]place{{filepath.Dir(database), leastRoom + sizeOf(database)}}, places...)
	}
	text := ""
	for _, place := range places {
		free, err := freeSpace(nearest(place.dir))
		switch {
		case err != nil:
			return "", fmt.Errorf("%s: %w", place.dir, err)
		case free < place.need:
			return "", fmt.Errorf("%s has %d MB left, a night may need %d; try: making room on the disk", place.dir, free>>20, place.need>>20)
		}
		text += fmt.Sprintf("%d MB free at %s; ", free>>20, cfg.shown(place.dir))
	}
	return strings.TrimSuffix(text, "; "), nil
}

func sizeOf(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}

// nearest is the folder itself, or the one above it that is there.
func nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// checkNights looks for nights that should have been.
func (a *app) checkNights(ctx context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	now := a.clock.Now()
	next, err := cfg.nextNight(now)
	if err != nil {
		return "", &exitError{code: exitUsage, err: err}
	}
	path := cfg.database()
	if there, err := store.Exists(ctx, path); err != nil {
		return "", err
	} else if !there {
		return "the first one is at " + next.Format(time.DateTime), nil
	}
	db, err := store.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	p, err := cfg.dueNights(now, 0).plan(ctx, db)
	if err != nil {
		return "", err
	}
	latest, err := db.Latest(ctx)
	if err != nil {
		return "", err
	}
	text := "no run was ever complete"
	if !latest.Success.IsZero() {
		text = "the last complete run ended at " + latest.Success.Format(time.DateTime)
	}
	switch {
	case len(p.tooOld) > 0:
		return "", errors.New(p.tooOldText())
	case len(p.nights) > 0:
		return "", &exitError{code: exitIncomplete, err: fmt.Errorf("%s; %s; try: umsrecon run --due", text, p.lateText())}
	}
	return text + ", the next one is at " + next.Format(time.DateTime), nil
}

// checkNotices looks whether the receiver can listen, or listens.
func (a *app) checkNotices(_ context.Context, cfg *Config, _ reconcile.Day) (string, error) {
	address := cfg.Notices.Listen
	if address == "" {
		return "no receiver is configured (notices.listen)", nil
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return address + " is in use: by serve, if it runs; else stop the program that has it", nil
	case err != nil:
		return "", fmt.Errorf("notices.listen: %w; try: another address", err)
	}
	_ = l.Close()
	return address + " is free for serve", nil
}

// checkMessages tries every channel when it may send.
func (a *app) checkMessages(ctx context.Context, cfg *Config, send bool) (string, error) {
	n := len(cfg.Alerts.Recipients)
	switch {
	case n == 0:
		return "nobody is told of runs (alerts.recipients)", nil
	case !send:
		return fmt.Sprintf("%d recipients, not tried; umsrecon check --send sends each a test", n), nil
	}
	message := alert.Trial(alert.Language(cfg.Reports.Language), a.clock.Now())
	faults := make([]error, n)
	var all sync.WaitGroup
	for i, to := range cfg.Alerts.Recipients {
		all.Go(func() {
			if err := to.channel().Send(ctx, message, a.clock.Now()); err != nil {
				faults[i] = fmt.Errorf("%s: %w", recipientName(i, to), err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(faults...); err != nil {
		return "", fmt.Errorf("%w\ntry: the address and the secret of the channel, and its keyword or address rules", err)
	}
	return fmt.Sprintf("a test was sent to %d recipients", n), nil
}
