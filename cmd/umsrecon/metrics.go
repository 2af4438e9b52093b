package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
	"github.com/umsrecon/umsrecon/store/outfile"
)

// metrics writes lines in the text format of Prometheus. Alert on the age of
// umsrecon_last_success_timestamp_seconds.
type metrics struct{ w io.Writer }

func (m metrics) head(name, help string) {
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// value writes one sample; labels are pairs whose values have no quotes.
func (m metrics) value(name string, v any, labels ...string) {
	fmt.Fprint(m.w, name)
	for i := 0; i+1 < len(labels); i += 2 {
		fmt.Fprintf(m.w, "%s%s=%q", map[bool]string{true: "{", false: ","}[i == 0], labels[i], labels[i+1])
	}
	if len(labels) > 0 {
		fmt.Fprint(m.w, "}")
	}
	fmt.Fprintf(m.w, " %v\n", v)
}

func (m metrics) one(name, help string, v any) {
	m.head(name, help)
	m.value(name, v)
}

// writeMetrics tells where things stand.
func writeMetrics(w io.Writer, l store.Latest) {
	m := metrics{w}
	m.one("umsrecon_last_success_timestamp_seconds", "when the last complete run ended; 0: there was none", unix(l.Success))
	if l.Last != nil {
		m.one("umsrecon_last_run_timestamp_seconds", "when the last run began, whatever became of it", unix(l.Last.StartedAt))
		m.head("umsrecon_last_run_status", "1 for how the last run stands")
		for _, s := range []reconcile.RunStatus{reconcile.RunComplete, reconcile.RunIncomplete, reconcile.RunRunning, reconcile.RunInterrupted, reconcile.RunFailed} {
			m.value("umsrecon_last_run_status", map[bool]int{true: 1}[l.Last.Status == s], "status", string(s))
		}
	}
	m.head("umsrecon_open_cases", "open and proposed cases")
	for _, p := range l.Pending {
		m.value("umsrecon_open_cases", p.Count, "code", string(p.Code), "severity", string(p.Severity))
	}
	m.head("umsrecon_open_cases_fen", "what is at stake in them, in fen")
	for _, p := range l.Pending {
		m.value("umsrecon_open_cases_fen", int64(p.Fen), "code", string(p.Code), "severity", string(p.Severity))
	}
	if l.Published != nil {
		m.published(*l.Published.Summary, l)
	}
}

func (m metrics) published(s reconcile.Summary, l store.Latest) {
	m.one("umsrecon_run_duration_seconds", "of the last run that published", s.EndedAt.Sub(s.StartedAt).Seconds())
	m.one("umsrecon_run_invalid_rows", "ledger rows of that run that cannot be read", s.InvalidRows())
	m.one("umsrecon_run_invalid_statement_lines", "lines of statements that that run read and that cannot be", s.InvalidLines())
	m.head("umsrecon_run_orders", "orders of that run by class")
	n := s.ClassCounts()
	for _, c := range []reconcile.Class{reconcile.Matched, reconcile.Tolerance, reconcile.Waiting, reconcile.Unverified, reconcile.Discrepant} {
		m.value("umsrecon_run_orders", n[c], "class", string(c))
	}
	m.head("umsrecon_run_amount_fen", "money that each side says has moved, in fen")
	for _, kind := range reconcile.Kinds {
		if k := s.Kinds[kind]; k != nil {
			m.value("umsrecon_run_amount_fen", int64(k.Ledger.Fen), "kind", string(kind), "side", "ledger")
			m.value("umsrecon_run_amount_fen", int64(k.UMS.Fen), "kind", string(kind), "side", "ums")
		}
	}
	m.head("umsrecon_run_requests", "requests of that run by what came of the question")
	for _, a := range l.Asked {
		m.value("umsrecon_run_requests", a.Requests, "outcome", string(a.Outcome))
	}
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// writeMetricsFile replaces the file in one step: a reader sees the old or the
// new one, whole.
func writeMetricsFile(path string, l store.Latest) error {
	var text bytes.Buffer
	writeMetrics(&text, l)
	err := outfile.Write(path, 0o640, func(f *os.File) error {
		_, err := f.Write(text.Bytes())
		return err
	})
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}
