package reports

import (
	"cmp"
	"iter"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Language is the language of headings and sentences. The zero value is Chinese.
type Language string

// The languages.
const (
	ZH Language = "zh"
	EN Language = "en"
)

// Setting is one line of the settings that a workbook was made with.
type Setting struct{ Name, Value string }

// Options are what both workbooks need.
type Options struct {
	Language Language
	Merchant string // name or number of the merchant, for the reader
	// OneOfSeveral: the workbook is the part of one merchant, and says what stands
	// only in that of all.
	OneOfSeveral bool
	Cutoff       string    // of the business day, such as "00:00"
	Settings     []Setting // shown in this order
	// NoticesExpected: an order without a notice is said to have none.
	NoticesExpected bool
	MadeAt          time.Time // printed, and the file's own date
	// Intend is told the fingerprint of every file when it is whole, before it
	// gets its name; an error leaves what has that name. It may be nil.
	Intend func(path, sha256 string) error
	// RowLimit is how many rows a sheet holds before the table goes on in the
	// next one; 0: as many as the format has.
	RowLimit int
}

func (o Options) rowLimit() int { return cmp.Or(o.RowLimit, formatRows) }

// today is the day from which ages count.
func (o Options) today(s reconcile.Summary) reconcile.Day {
	return cmp.Or(reconcile.DayOf(s.StartedAt), reconcile.DayOf(o.MadeAt))
}

// DayReport is a ledger day's run. The streams may be read more than once;
// each is read to its end, and an error in one leaves no workbook.
type DayReport struct {
	Summary reconcile.Summary
	// Discrepancies yields the cases of 对账差异表, in the order to be shown.
	Discrepancies func() reconcile.Lines
	// Pending yields the waiting and unverified cases.
	Pending func() reconcile.Lines
	// LedgerProblems yields bad and damaged rows, duplicates and vanished rows.
	LedgerProblems func() reconcile.Lines
	// Covered yields the orders for which the case of a cause stands; nil, or
	// none: there is no sheet of them.
	Covered func() reconcile.Lines
}

// SettlementReport is a month or one settle date.
type SettlementReport struct {
	Period string // "2026-11" or "2026-11-19", as it is printed
	Terms  reconcile.SettleTerms
	// Lines yields the lines of the period, best by settle date; an error
	// leaves no workbook.
	Lines func() iter.Seq2[reconcile.SettleLine, error]
}
