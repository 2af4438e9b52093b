package main

import (
	"net"
	"strconv"
	"strings"
	"time"
)

// States of a service that systemd is told of.
const (
	sdReady    = "READY=1"
	sdStopping = "STOPPING=1"
	sdWatchdog = "WATCHDOG=1"
)

// sdNotify tells systemd how the service stands; where there is no systemd it
// does nothing. https://www.freedesktop.org/software/systemd/man/sd_notify.html
func (a *app) sdNotify(state string) error {
	socket, ok := a.lookupEnv("NOTIFY_SOCKET")
	if !ok || socket == "" {
		return nil
	}
	if rest, abstract := strings.CutPrefix(socket, "@"); abstract {
		socket = "\x00" + rest
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}

// watchdogEvery is how often systemd wants to hear from the service: half of
// what it waits for; 0: it does not.
func (a *app) watchdogEvery() time.Duration {
	text, _ := a.lookupEnv("WATCHDOG_USEC")
	usec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
