package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

const serveExits = `Exit codes:
  0    stopped by a signal; what came of a night is in the log, under exit
  1    error: the receiver cannot listen or go on, the database cannot be opened
  2    usage or configuration, a schedule.cron that never comes`

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "run every night by the schedule, and receive the platform's notices",
		Long: "serve runs until it is stopped: each night at schedule.cron it does what is late and reconciles the day before,\n" +
			"as `run` does, and at schedule.retry_at what ended incomplete. Where notices.listen is set it receives notices; one\n" +
			"is answered SUCCESS when it is on the disk. SIGHUP reads the configuration again; an invalid one changes nothing.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.load(EverySection...)
			if err != nil {
				return err
			}
			if _, err := cfg.nextNight(a.clock.Now()); err != nil {
				return usage("%w", err)
			}
			return a.serve(c.Context(), cfg)
		},
	}
}

// serve ends with its context, or when the receiver cannot go on.
func (a *app) serve(ctx context.Context, cfg *Config) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	d := &daemon{app: a, cfg: cfg, log: a.logger(slog.LevelInfo), hup: hangups(ctx), stop: stop, began: a.clock.Now()}
	return d.run(ctx)
}

// hangups tells of each SIGHUP until the context ends.
func hangups(ctx context.Context) <-chan struct{} {
	signals, told := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(signals, syscall.SIGHUP)
	context.AfterFunc(ctx, func() { signal.Stop(signals); close(signals) })
	go func() {
		for range signals {
			select {
			case told <- struct{}{}:
			default: // it will be read anyway
			}
		}
	}()
	return told
}

const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 15 * time.Second
	answerTimeout  = 30 * time.Second // the wait for the disk included
	idleTimeout    = 5 * time.Second
	maxHeader      = 16 << 10
	maxConnections = 1024
	closeTimeout   = 10 * time.Second
)

// receive serves the notice receiver at an address until it is closed. fail is
// told when it cannot go on, listening where it listens.
func (a *app) receive(ctx context.Context, cfg *Config, address string, logger *slog.Logger, fail context.CancelCauseFunc,
	listening func(address string),
) (closeReceiver func(), err error) {
	db, err := store.Open(ctx, cfg.database())
	if err != nil {
		return nil, err
	}
	box := newInbox(db)
	refused := newRefusals(a.clock, logger)
	handler, err := chinaums.NewReceiver(cfg.receiverOptions(a.clock, box, refused))
	var server *http.Server
	if err == nil {
		server, err = serveHTTP(address, handler, logger, fail, listening)
	}
	if err != nil {
		box.close()
		return nil, errors.Join(fmt.Errorf("notice receiver: %w", err), db.Close())
	}
	return func() {
		ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = server.Shutdown(ended) // whoever is late is cut off below
		_ = server.Close()
		box.close()
		refused.close()
		_ = db.Close()
	}, nil
}

func serveHTTP(address string, handler http.Handler, logger *slog.Logger, fail context.CancelCauseFunc, listening func(string)) (*http.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ConnContext: withConnection, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	if at, ok := listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
		logger.Warn("others can reach this port in plain HTTP: put a TLS proxy before it, and listen on 127.0.0.1", "address", at.String())
	}
	logger.Info("receiving notices", "address", listener.Addr().String())
	listening(listener.Addr().String())
	go func() {
		if err := server.Serve(limited(listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("notice receiver: %w", err))
		}
	}()
	return server, nil
}

// receiverOptions ties the receiver to the configuration and the inbox.
func (c *Config) receiverOptions(clock reconcile.Clock, box *inbox, refused *refusals) chinaums.ReceiverOptions {
	return chinaums.ReceiverOptions{
		Path: c.Notices.Path, ContractPath: chinaums.NewSecret(c.Notices.ContractPath.Reveal()),
		Key: c.noticeKey, AllowMD5: c.Notices.AllowMD5, Now: clock.Now,
		Sink: func(ctx context.Context, r chinaums.Received) error {
			keepConnection(ctx)
			return box.put(ctx, gateway.Notice(r))
		},
		Refused: refused.tell,
	}
}

// noticeKey is the communication key of a merchant. One merchant's key serves
// whatever mid its notices name.
func (c *Config) noticeKey(mid string) (chinaums.Secret, bool) {
	for _, m := range c.Merchants() {
		if m.MID == mid || len(c.Listed) == 0 {
			return chinaums.NewSecret(m.NoticeKey.Reveal()), true
		}
	}
	return chinaums.Secret{}, false
}
