package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// serveHealth answers on loopback: /healthz whether the loop moves, /readyz
// whether the database answers, too, and /metrics.
func (d *daemon) serveHealth(address string) (closeHealth func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: d.health(), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0),
	}
	d.log.Info("health", "address", listener.Addr().String())
	go func() { _ = server.Serve(limited(listener, 16)) }() // it ends when it is closed
	return func() { _ = server.Close() }, nil
}

const healthTimeout = 5 * time.Second

func (d *daemon) health() http.Handler {
	db := d.db // of this configuration
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, ok bool, what string) {
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, what)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		say(w, d.pulse.alive(), map[bool]string{true: "ok", false: "nothing moves"}[d.pulse.alive()])
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		switch _, err := db.Latest(ctx); {
		case !d.pulse.alive():
			say(w, false, "nothing moves")
		case err != nil:
			say(w, false, "the database does not answer")
		default:
			say(w, true, "ok")
		}
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		l, err := db.Latest(ctx)
		if err != nil {
			say(w, false, "the database does not answer")
			return
		}
		var text bytes.Buffer
		writeMetrics(&text, l)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(text.Bytes())
	})
	return mux
}
