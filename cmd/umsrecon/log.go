package main

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// logger writes lines to stderr: text, or JSON by --log-format. A command that
// is not to chat gives warn; --verbose lets everything through.
func (a *app) logger(level slog.Level) *slog.Logger {
	if a.verbose {
		level = slog.LevelInfo
	}
	if a.mask == nil {
		a.mask = &masker{}
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: a.mask.attr}
	if a.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, o))
	}
	return slog.New(slog.NewTextHandler(a.stderr, o))
}

// masker is the one place where what is secret is taken out of what is logged:
// by the name of an attribute, and wherever the text of a secret stands. The
// zero masker knows no secret; one that learns does so for all its loggers.
type masker struct {
	secrets atomic.Pointer[strings.Replacer]
}

var tellingName = regexp.MustCompile(`(?i)(key|secret|sign|signature|token|password|authorization|buyer.*|open_?id|mobile|phone|url)$`)

// attr is the ReplaceAttr of every handler.
func (m *masker) attr(_ []string, a slog.Attr) slog.Attr {
	if tellingName.MatchString(a.Key) {
		return slog.String(a.Key, masked)
	}
	switch v := a.Value; v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(m.text(v.String()))
	case slog.KindAny:
		if _, ok := v.Any().(*slog.Source); !ok {
			a.Value = slog.StringValue(m.text(fmt.Sprint(v.Any())))
		}
	}
	return a
}

// text is a text without the secrets that are known.
func (m *masker) text(s string) string {
	if m == nil || m.secrets.Load() == nil {
		return s
	}
	return m.secrets.Load().Replace(s)
}

// shortestSecret keeps a key of a letter or two from garbling every line.
const shortestSecret = 6

// learn makes the secrets of a configuration known.
func (m *masker) learn(c *Config) {
	var secrets []string
	collectSecrets(reflect.ValueOf(*c), &secrets)
	secrets = append(secrets, c.Database.secrets()...)
	sort.Slice(secrets, func(i, j int) bool { return len(secrets[i]) > len(secrets[j]) })
	var pairs []string
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			pairs = append(pairs, s, masked)
		}
	}
	m.secrets.Store(strings.NewReplacer(pairs...))
}

func collectSecrets(v reflect.Value, into *[]string) {
	switch v.Type() {
	case reflect.TypeFor[Secret]():
		*into = append(*into, v.Interface().(Secret).Reveal())
		return
	case reflect.TypeFor[time.Location]():
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			collectSecrets(v.Elem(), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collectSecrets(v.Index(i), into)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectSecrets(v.Field(i), into)
			}
		}
	}
}

// loggedStore logs the steps of a run under its id and day.
type loggedStore struct {
	reconcile.Store
	log *slog.Logger
}

func logged(s reconcile.Store, log *slog.Logger) *loggedStore {
	return &loggedStore{Store: s, log: log}
}

func (s *loggedStore) BeginRun(ctx context.Context, day reconcile.Day, now time.Time) (string, error) {
	id, err := s.Store.BeginRun(ctx, day, now)
	if err == nil {
		s.log = s.log.With("run", id, "day", day.String())
		s.log.Info("run begins")
	}
	return id, err
}

func (s *loggedStore) LoadLedger(ctx context.Context, runID string, from reconcile.Reading, now time.Time, read func(reconcile.LoadWriter) (reconcile.Load, error)) (reconcile.Load, error) {
	l, err := s.Store.LoadLedger(ctx, runID, from, now, read)
	if err == nil {
		s.log.Info("ledger read", "source", from.Scope, "rows", l.Rows, "orders", l.Orders, "invalid", l.Invalid)
	}
	return l, err
}

func (s *loggedStore) CountToAsk(ctx context.Context, scope reconcile.Scope) (toAsk, reused int64, err error) {
	toAsk, reused, err = s.Store.CountToAsk(ctx, scope)
	s.log.Info("asking", "orders", toAsk, "reused", reused)
	return toAsk, reused, err
}

func (s *loggedStore) Publish(ctx context.Context, runID string, fn func(reconcile.Publication) error) error {
	s.log.Info("judging")
	err := s.Store.Publish(ctx, runID, fn)
	if err == nil {
		s.log.Info("published")
	}
	return err
}

func (s *loggedStore) EndRun(ctx context.Context, runID string, status reconcile.RunStatus, reason string, now time.Time) error {
	s.log.Warn("run ends without figures", "status", string(status), "reason", reason)
	return s.Store.EndRun(ctx, runID, status, reason, now)
}

// logNight tells of a run that published.
func logNight(log *slog.Logger, r result) {
	n := r.summary.ClassCounts()
	log.With("run", r.summary.RunID, "day", r.summary.Day.String()).Info("night", "status", string(r.summary.Status),
		"matched", n[reconcile.Matched], "discrepant", n[reconcile.Discrepant], "waiting", n[reconcile.Waiting],
		"unverified", n[reconcile.Unverified], "pending", r.summary.Pending, "late", string(r.late), "exit", r.code())
}
