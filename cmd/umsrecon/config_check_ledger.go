package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// ledgerColumns are the canonical names of the ledger's columns.
var ledgerColumns = ledger.Columns()

func (d *decoder) checkLedger(path string, l Ledger) {
	d.checkSource(path, l.LedgerSource)
	if len(l.Sources) == 0 {
		d.checkPlace(path, l.LedgerSource)
		return
	}
	first := map[string]int{}
	for i, s := range l.Sources {
		below := fmt.Sprintf("%s.sources[%d]", path, i)
		d.checkSource(below, s)
		d.checkPlace(below, s)
		// Two sources of one place would take each other's rows for vanished.
		place := s.Name
		if !ledger.Format(s.Format).Queried() {
			place = s.Pattern
		} else if place == "" {
			place = s.Format
		}
		if before, twice := first[place]; twice {
			d.wrong(below, "is the same source as %s.sources[%d]; give it another path, or a query another name", path, before)
		}
		first[place] = i
	}
}

// checkPlace looks for what a format needs to find the books.
func (d *decoder) checkPlace(path string, s LedgerSource) {
	format := ledger.Format(s.Format)
	if !format.Queried() {
		return
	}
	if s.Query == "" && !d.unread(path, "query") {
		d.wrong(path+".query", "is missing: format %s needs one", s.Format)
	}
	if format != ledger.SQLite && s.DSN.IsZero() && !d.unread(path, "dsn") {
		d.wrong(path+".dsn", "is missing: format %s needs one", s.Format)
	}
}

// unread says whether a key stands in the file, at a ledger or at the one it
// is like, and was not needed or could not be read.
func (d *decoder) unread(path, key string) bool {
	for {
		if m, ok := d.written[path+"."+key]; ok {
			return m.unfit
		}
		i := strings.LastIndex(path, ".sources[")
		switch {
		case i >= 0:
			path = path[:i]
		case path != "ledger":
			path = "ledger"
		default:
			return false
		}
	}
}

func (d *decoder) checkSource(path string, l LedgerSource) {
	d.oneOf(path+".format", l.Format, ledger.Formats()...)
	d.must(path+".name", sourceName.MatchString(l.Name), "must be letters, digits, - and _, at most 32")
	d.must(path+".timeout", l.Timeout > 0 && l.Timeout <= 24*time.Hour, "must be more than 0s and at most 24h")
	d.notNegative(path+".quiet", l.Quiet)
	d.notNegative(path+".wait", l.Wait)
	d.checkControl(path+".control", l.Control.Totals, "total_amount", "buyer_pay_amount", "coupon_amount", "refund_amount", "authed_amount")
	if m := d.written[path+".dsn"]; !m.unfit && !l.DSN.IsZero() && m.shown == "" && m.line > 0 {
		d.must(path+".dsn", false, "must be env:NAME or file:PATH: it holds a password")
	}
	if err := ledger.CheckQuery(ledger.Format(l.Format), string(l.Query)); err != nil && l.Query != "" {
		d.must(path+".query", false, "%v", err)
	}
	d.oneOf(path+".encoding", l.Encoding, "auto", "utf-8", "gb18030")
	d.oneOf(path+".amount_unit", l.AmountUnit, "fen", "yuan")
	d.must(path+".path", l.Pattern != "", "must not be empty")
	d.checkPattern(path+".path", l.Pattern)
	d.checkColumns(path+".columns", l.Columns, ledgerColumns)
	d.checkStatuses(path+".statuses", l.Statuses)
}

// checkControl wants the sum of one of the columns of amounts.
func (d *decoder) checkControl(path string, c Totals, amounts ...string) {
	d.must(path+".sidecar", c.Sidecar == "" || strings.Contains(c.Sidecar, "{file}") && !strings.ContainsAny(c.Sidecar, `/\`), "must be a file name that holds {file}, such as {file}.ctl")
	d.oneOf(path+".sum_of", c.SumOf, amounts...)
}

var sourceName = regexp.MustCompile(`^[\p{L}\p{N}_-]{0,32}$`)

var placeholder = regexp.MustCompile(`[{}][^{}]*}?`)

func (d *decoder) checkPattern(path, pattern string) {
	for _, found := range placeholder.FindAllString(pattern, -1) {
		d.must(path, found == "{date}" || found == "{yyyymmdd}", "may hold {date} and {yyyymmdd}, no other braces")
	}
	_, err := filepath.Match(pattern, "")
	d.must(path, err == nil, "is not a valid pattern; look at its [ and \\")
}

func (d *decoder) checkColumns(path string, columns map[string]string, known []string) {
	section := "ledger"
	if strings.HasPrefix(path, "statement.") {
		section = "statement"
	}
	for _, ours := range slices.Sorted(maps.Keys(columns)) {
		below := keyPath(path, printable(ours))
		theirs := columns[ours]
		if slices.Contains(known, ours) {
			d.must(below, strings.TrimSpace(theirs) != "", "must be a heading of the %s", section)
			continue
		}
		d.wrong(below, "is not a column of umsrecon%s", d.columnHint(ours, theirs, known))
	}
}

// columnHint knows the likeliest slip: the two sides changed places.
func (d *decoder) columnHint(ours, theirs string, known []string) string {
	if slices.Contains(known, theirs) {
		return "; ours comes first: write " + theirs + ": " + strconv.Quote(ours)
	}
	return d.nearest(ours, known)
}

// checkStatement is checkLedger for the exports of the merchant portal.
func (d *decoder) checkStatement(s Statement) {
	const path = "statement"
	d.oneOf(path+".format", s.Format, string(ledger.CSV), string(ledger.XLSX), string(ledger.JSONL))
	d.oneOf(path+".encoding", s.Encoding, "auto", "utf-8", "gb18030")
	d.oneOf(path+".amount_unit", s.AmountUnit, "fen", "yuan")
	d.checkPattern(path+".path", s.Pattern)
	d.checkColumns(path+".columns", s.Columns, ledger.StatementColumns())
	d.checkControl(path+".control", s.Control, "amount", "fee", "net")
	d.checkFen(path+".fee_tolerance", s.FeeTolerance)
	d.checkTypes(path+".types", s.Types)
}

// checkTypes gives each word one meaning; the words of a type that the file
// does not name yield to those that it does.
func (d *decoder) checkTypes(path string, types map[reconcile.Kind][]string) {
	words := map[string]string{}
	kinds := slices.Sorted(maps.Keys(types))
	unwritten := func(k reconcile.Kind) bool { _, ok := d.written[keyPath(path, string(k))]; return !ok }
	for _, kind := range kinds {
		if unwritten(kind) {
			types[kind] = slices.DeleteFunc(slices.Clone(types[kind]), func(word string) bool {
				return slices.ContainsFunc(kinds, func(k reconcile.Kind) bool { return !unwritten(k) && slices.Contains(types[k], word) })
			})
		}
	}
	for _, kind := range kinds {
		below := keyPath(path, printable(string(kind)))
		if kind != reconcile.Payment && kind != reconcile.Refund {
			d.wrong(below, "is not a type; the types are payment and refund")
		}
		for i, word := range types[kind] {
			at, same := fmt.Sprintf("%s[%d]", below, i), ledger.Fold(strings.TrimSpace(word))
			d.must(at, same != "", "must not be empty")
			d.must(at, words[same] == "" || words[same] == string(kind), "means %s already", words[same])
			words[same] = string(kind)
		}
	}
}

func (d *decoder) checkStatuses(path string, statuses map[reconcile.Status][]string) {
	names := make([]string, len(reconcile.Statuses))
	for i, s := range reconcile.Statuses {
		names[i] = string(s)
	}
	for _, s := range slices.Sorted(maps.Keys(statuses)) {
		below := keyPath(path, printable(string(s)))
		if _, ok := d.written[below]; ok && !slices.Contains(names, string(s)) {
			d.wrong(below, "is not a status%s", d.nearest(string(s), names))
		}
	}
	d.yieldDefaults(path, statuses)
	means := map[string]meaning{}
	for _, s := range reconcile.Statuses {
		for i, word := range statuses[s] {
			d.checkWord(means, meaning{s, fmt.Sprintf("%s.%s[%d]", path, s, i)}, word)
		}
	}
}

// yieldDefaults takes a word that the file gives to one status away from the
// statuses that the file does not name.
func (d *decoder) yieldDefaults(path string, statuses map[reconcile.Status][]string) {
	taken := map[string]bool{}
	for _, s := range reconcile.Statuses {
		if _, ok := d.written[keyPath(path, string(s))]; ok {
			for _, word := range statuses[s] {
				taken[ledger.Fold(strings.TrimSpace(word))] = true
			}
		}
	}
	for _, s := range reconcile.Statuses {
		if _, ok := d.written[keyPath(path, string(s))]; !ok {
			statuses[s] = slices.DeleteFunc(slices.Clone(statuses[s]), func(word string) bool { return taken[ledger.Fold(word)] })
		}
	}
}

// meaning is the status that a word stands for, and where that is said.
type meaning struct {
	status reconcile.Status
	path   string
}

// checkWord refuses a word that stands for two statuses. The ledger compares
// words trimmed and without regard to the case of ASCII letters.
func (d *decoder) checkWord(means map[string]meaning, m meaning, word string) {
	d.must(m.path, strings.TrimSpace(word) != "", "must not be empty")
	same := ledger.Fold(strings.TrimSpace(word))
	before, taken := means[same]
	if !taken {
		means[same] = m
		return
	}
	d.must(m.path, false, "means %s already, on line %d", before.status, d.lineOf(before.path))
}
