package main

import (
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// Ledger says where the merchant's books are and how to read them. Where it
// lists sources, these are read, and what stands beside the list is what they
// have in common.
type Ledger struct {
	LedgerSource
	Sources []LedgerSource `yaml:"sources"`
}

// LedgerSource is one source of a merchant's books.
type LedgerSource struct {
	Name       string                        `yaml:"name"`   // tells the sources of one merchant apart
	Format     string                        `yaml:"format"` // of ledger.Formats
	Pattern    string                        `yaml:"path"`   // {date}, {yyyymmdd}, globs; relative to Config.Dir
	Sheet      string                        `yaml:"sheet"`  // of a workbook; empty: the first
	DSN        SecretPath                    `yaml:"dsn"`    // of mysql and postgres
	Query      Query                         `yaml:"query"`  // of mysql, postgres and sqlite
	Timeout    time.Duration                 `yaml:"timeout"`
	Encoding   string                        `yaml:"encoding"`
	AmountUnit string                        `yaml:"amount_unit"` // fen or yuan
	Control    Control                       `yaml:"control"`
	MayBeEmpty bool                          `yaml:"may_be_empty"` // a day without a row is nothing unusual
	Quiet      time.Duration                 `yaml:"quiet"`        // unchanged for; 0: not looked at
	Wait       time.Duration                 `yaml:"wait"`         // for that
	Columns    map[string]string             `yaml:"columns"`      // ours: theirs; others under their own name
	Statuses   map[reconcile.Status][]string `yaml:"statuses"`     // every status, with the merchant's words
}

// Each are the sources to read, with what they have in common filled in.
func (l Ledger) Each() []LedgerSource {
	if len(l.Sources) == 0 {
		return []LedgerSource{l.LedgerSource}
	}
	return l.Sources
}

// Totals say where a file states how many rows it has, and their sum.
type Totals struct {
	Trailer string `yaml:"trailer"` // how the rows begin behind the orders or lines; empty: none
	Sidecar string `yaml:"sidecar"` // the file beside it, with {file}; empty: none
	SumOf   string `yaml:"sum_of"`  // the column of amounts
}

func (t Totals) control() ledger.Control {
	return ledger.Control{Trailer: t.Trailer, Sidecar: t.Sidecar, SumOf: t.SumOf}
}

// Control is what a ledger is held against as a whole.
type Control struct {
	Totals
	// ZeroEnds: ids of more than 15 digits that end in zeros are nothing unusual.
	ZeroEnds bool `yaml:"zero_ends"`
}

func (c Control) control() ledger.Control {
	out := c.Totals.control()
	out.ZeroEnds = c.ZeroEnds
	return out
}

// places are where the sources are, as a person reads it.
func (l Ledger) places() string {
	var all []string
	for _, s := range l.Each() {
		place := s.Pattern
		if f := ledger.Format(s.Format); f == ledger.MySQL || f == ledger.Postgres {
			place = s.Format
		}
		all = append(all, strings.TrimSpace(s.Name+" "+place))
	}
	return strings.Join(all, ", ")
}

// Query is a query of SQL; the one value that may be written on several lines.
type Query string

// Statement says where the merchant portal's exports of what UMS settles are,
// and how to read them.
type Statement struct {
	Pattern      string                      `yaml:"path"`   // as that of the ledger, {date} being the settle date; empty: there are none
	Format       string                      `yaml:"format"` // csv, xlsx or jsonl
	Sheet        string                      `yaml:"sheet"`  // of a workbook; empty: the first
	Encoding     string                      `yaml:"encoding"`
	AmountUnit   string                      `yaml:"amount_unit"`
	Columns      map[string]string           `yaml:"columns"` // ours: theirs; others under their own name
	Types        map[reconcile.Kind][]string `yaml:"types"`   // payment and refund, with the portal's words
	Control      Totals                      `yaml:"control"`
	FeeTolerance reconcile.Fen               `yaml:"fee_tolerance"` // of one transaction, against settlement.fees
}
