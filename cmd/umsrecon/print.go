package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// runJSON is a run as `run --format json` prints it; amounts are fen.
type runJSON struct {
	RunID   string              `json:"run_id"`
	Date    reconcile.Day       `json:"date"`
	Status  reconcile.RunStatus `json:"status"`
	Orders  ordersJSON          `json:"orders"`
	Stated  statedJSON          `json:"statements"`
	Queries queriesJSON         `json:"queries"`
	Cases   casesJSON           `json:"cases"`
	Reports []string            `json:"reports"`

	// MerchantFolders is how many merchants have got workbooks of their own, each
	// in the folder of its mid beside those of Reports.
	MerchantFolders int `json:"merchant_folders,omitempty"`

	DryRun bool                                     `json:"dry_run,omitempty"`
	Kinds  map[reconcile.Kind]*reconcile.KindTotals `json:"kinds"`
	Codes  map[reconcile.Code]reconcile.Sum         `json:"codes"`
	Fen    map[string]reconcile.Fen                 `json:"cases_fen"`
	Alarms []string                                 `json:"alarms"`
	// Restated says what moved against the figures that were signed; absent
	// when the day was not closed, empty when nothing moved.
	Restated *[]reconcile.Moved `json:"restated,omitempty"`
	// Changes says what a rerun of the day did; absent on its first run.
	Changes *changesJSON `json:"changes,omitempty"`
	// Late says that the night was missed, or had ended incomplete; absent when
	// it was in time.
	Late reconcile.Lateness `json:"late,omitempty"`
	// CaughtUp are the late nights that were done before this one.
	CaughtUp []runJSON `json:"caught_up,omitempty"`
	// NeverRun are nights that are too far back to be done by themselves.
	NeverRun []reconcile.Day `json:"never_run,omitempty"`
}

type ordersJSON struct {
	Loaded     int64 `json:"loaded"`
	Invalid    int64 `json:"invalid"`
	Matched    int64 `json:"matched"`
	Tolerance  int64 `json:"tolerance"`
	Waiting    int64 `json:"waiting"`
	Unverified int64 `json:"unverified"`
	Discrepant int64 `json:"discrepant"`
}

// statedJSON is what the statements that the run read hold.
type statedJSON struct {
	Lines   int64 `json:"lines"`
	Invalid int64 `json:"invalid"`
}

type queriesJSON struct {
	Sent     int64 `json:"sent"`
	Attempts int64 `json:"attempts"`
	Reused   int64 `json:"reused"`
}

type casesJSON struct {
	Opening  int64 `json:"opening"`
	New      int64 `json:"new"`
	Reopened int64 `json:"reopened"`
	Revalued int64 `json:"revalued"`
	Cleared  int64 `json:"cleared"`
	Resolved int64 `json:"resolved"`
	Closing  int64 `json:"closing"`
}

func (r result) json() runJSON {
	s, c, n := r.summary, r.summary.Cases, r.summary.ClassCounts()
	out := runJSON{
		RunID: s.RunID, Date: s.Day, Status: s.Status,
		Orders: ordersJSON{
			Loaded: s.Loaded(), Invalid: s.InvalidRows(), Matched: n[reconcile.Matched], Tolerance: n[reconcile.Tolerance],
			Waiting: n[reconcile.Waiting], Unverified: n[reconcile.Unverified], Discrepant: n[reconcile.Discrepant],
		},
		Stated:  stated(s),
		Queries: queriesJSON{Sent: s.Queries.Sent, Attempts: s.Queries.Attempts, Reused: s.Queries.Reused},
		Cases: casesJSON{
			Opening: c.Opening.Count, New: c.New.Count, Reopened: c.Reopened.Count, Revalued: c.Revalued.Count,
			Cleared: c.Cleared.Count, Resolved: c.Resolved.Count, Closing: c.Closing.Count,
		},
		Reports: append([]string{}, r.reports...), MerchantFolders: r.folders, Kinds: s.Kinds, Codes: s.Codes, Alarms: []string{},
		Fen: map[string]reconcile.Fen{
			"opening": c.Opening.Fen, "new": c.New.Fen, "reopened": c.Reopened.Fen, "revalued": c.Revalued.Fen,
			"cleared": c.Cleared.Fen, "resolved": c.Resolved.Fen, "closing": c.Closing.Fen,
		},
	}
	out.Changes, out.Late = r.changes.json(), r.late
	if r.signed != nil {
		moved := append([]reconcile.Moved{}, reconcile.WhatMoved(*r.signed, s)...)
		out.Restated = &moved
	}
	out.Alarms = append(out.Alarms, r.alarms()...)
	return out
}

func stated(s reconcile.Summary) statedJSON {
	out := statedJSON{Invalid: s.InvalidLines()}
	for _, l := range s.Statements {
		if !l.Unchanged {
			out.Lines += l.Orders
		}
	}
	return out
}

// alarms are what concerns the run as a whole.
func (r result) alarms() (all []string) {
	for _, w := range r.summary.Alarms {
		all = append(all, w.EN)
	}
	if r.summary.NoQuery {
		all = append(all, "judged by the answers at hand, whatever their age (--no-query)")
	}
	return all
}

// printResults prints the nights; several days are an array in JSON, else it
// is the last one, with the late ones inside. Nights that ended in an error are
// printed only when they were interrupted: they can be taken up again.
func (a *app) printResults(cfg *Config, results []result, p plan, o nightOptions, format string, several bool) {
	results = slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.summary.Status == reconcile.RunFailed })
	if format == "text" {
		p.text(a.stdout)
		for _, r := range results {
			r.text(a.stdout, cfg, o.dryRun)
		}
		return
	}
	all := []runJSON{}
	for _, r := range results {
		j := r.json()
		j.DryRun = o.dryRun
		all = append(all, j)
	}
	switch {
	case several:
		printJSON(a.stdout, all)
	case len(all) > 0:
		last := all[len(all)-1]
		last.CaughtUp, last.NeverRun = all[:len(all)-1], p.tooOld
		printJSON(a.stdout, last)
	}
}

func printJSON(w io.Writer, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	_ = e.Encode(v) // stdout that is gone has nobody to tell
}

// text is a night on one screen.
func (r result) text(w io.Writer, cfg *Config, dryRun bool) {
	s, n := r.summary, r.summary.ClassCounts()
	fmt.Fprintf(w, "%s  %s%s  run %s\n", s.Day, s.Status, map[bool]string{true: " (dry run, nothing was written)"}[dryRun], s.RunID)
	if s.Status == reconcile.RunInterrupted {
		fmt.Fprintf(w, "  asked       %d of %d\n", s.Queries.Sent+s.Queries.Reused, s.Queries.ToAsk+s.Queries.Reused)
		return
	}
	if r.late != "" {
		fmt.Fprintf(w, "  ATTENTION   %s\n", lateText[r.late])
	}
	for _, alarm := range r.alarms() {
		fmt.Fprintf(w, "  ATTENTION   %s\n", alarm)
	}
	for _, l := range s.Loads {
		fmt.Fprintf(w, "  ledger      %s\n", loadText(l))
	}
	for _, line := range statementTexts(s.Statements) {
		fmt.Fprintf(w, "  statement   %s\n", line)
	}
	fmt.Fprintf(w, "  orders      %d judged (%d carried over), %s\n", s.Loaded(), carried(s), invalidText(s))
	fmt.Fprintf(w, "  classes     matched %d, tolerance %d, waiting %d, unverified %d, discrepant %d\n",
		n[reconcile.Matched], n[reconcile.Tolerance], n[reconcile.Waiting], n[reconcile.Unverified], n[reconcile.Discrepant])
	fmt.Fprintf(w, "  asked       %d orders in %d requests, %d answers reused\n", s.Queries.Sent, s.Queries.Attempts, s.Queries.Reused)
	r.money(w)
	fmt.Fprintf(w, "  cases       %s\n", rollText(s.Cases))
	r.codes(w)
	if r.signed != nil {
		for _, line := range movedText(*r.signed, s) {
			fmt.Fprintln(w, line)
		}
	}
	if r.changes != nil {
		r.changes.text(w)
	}
	for _, path := range r.reports {
		what := map[string]string{".xlsx": "workbook", ".html": "page", ".csv": "table"}[filepath.Ext(path)]
		fmt.Fprintf(w, "  %-10s  %s\n", what, cfg.shown(path))
	}
	if r.folders > 0 {
		fmt.Fprintf(w, "  workbooks   of %d merchants, each in %s\n", r.folders, cfg.shown(filepath.Join(cfg.Path(cfg.Reports.Dir), "<mid>")))
	}
}

// rollText is the roll-forward with all its terms, which add up by count and by
// yuan; of what was revalued only the yuan count.
func rollText(c reconcile.RollForward) string {
	term := func(s reconcile.Sum, what string) string {
		return fmt.Sprintf("%d (%s) %s", s.Count, s.Fen.Yuan(), what)
	}
	return fmt.Sprintf("%s, +%s, +%s, %d revalued by (%s), -%s, -%s: %d open, %s yuan",
		term(c.Opening, "open before"), term(c.New, "new"), term(c.Reopened, "reopened"), c.Revalued.Count, c.Revalued.Fen.Yuan(),
		term(c.Cleared, "cleared"), term(c.Resolved, "resolved"), c.Closing.Count, c.Closing.Fen.Yuan())
}

func (r result) money(w io.Writer) {
	for _, kind := range reconcile.Kinds {
		if k := r.summary.Kinds[kind]; k != nil {
			fmt.Fprintf(w, "  %-11s ledger %s, UMS %s, difference %s yuan\n", string(kind)+"s", k.Ledger.Fen.Yuan(), k.UMS.Fen.Yuan(), (k.UMS.Fen - k.Ledger.Fen).Yuan())
		}
	}
}

func (r result) codes(w io.Writer) {
	for _, rule := range reconcile.Rules {
		if sum, ok := r.summary.Codes[rule.Code]; ok {
			fmt.Fprintf(w, "    %-7s %-26s %6d %14s  %s\n", rule.Severity, rule.Code, sum.Count, sum.Fen.Yuan(), rule.ZH)
		}
	}
}

func loadText(l reconcile.Load) string {
	if l.Missing {
		return l.Scope + ": not there, not read again"
	}
	return fmt.Sprintf("%s: %d rows, %d orders, %d invalid, sum %s yuan, sha256 %.12s%s",
		strings.Join(l.Files, ", "), l.Rows, l.Orders, l.Invalid, l.Total.Yuan(), l.SHA256, controlsMet(l))
}

// controlsMet names what a source agrees with.
func controlsMet(l reconcile.Load) (text string) {
	for _, c := range l.Controls {
		if c.Met() {
			text += ", agrees with " + c.From
		}
	}
	return text
}

// invalidText counts the rows that were not understood; those of statements
// are none of the ledger's.
func invalidText(s reconcile.Summary) string {
	text := fmt.Sprintf("%d invalid rows", s.InvalidRows())
	if lines := s.InvalidLines(); lines > 0 {
		text += fmt.Sprintf(", %d invalid lines of statements", lines)
	}
	return text
}

// statementTexts says what was read of the statements; those that are not there
// in one line.
func statementTexts(loads []reconcile.Load) (texts []string) {
	var missing []string
	for _, l := range loads {
		name := strings.TrimPrefix(l.Scope, "statement:")
		switch {
		case l.Missing:
			missing = append(missing, name)
		case l.Unchanged:
			texts = append(texts, name+": unchanged, not read again")
		default:
			texts = append(texts, fmt.Sprintf("%s: %d rows, %d lines, %d invalid, %d duplicates, sum %s yuan, sha256 %.12s%s",
				strings.Join(l.Files, ", "), l.Rows, l.Orders, l.Invalid, l.Duplicates, l.Total.Yuan(), l.SHA256, controlsMet(l)))
		}
	}
	switch n := len(missing); {
	case n == 1:
		texts = append(texts, missing[0]+": not there")
	case n > 1:
		texts = append(texts, fmt.Sprintf("%s to %s: %d are not there", missing[0], missing[n-1], n))
	}
	return texts
}

func carried(s reconcile.Summary) int64 {
	var n int64
	for _, k := range s.Kinds {
		for _, sum := range k.Carried {
			n += sum.Count
		}
	}
	return n
}
