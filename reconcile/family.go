package reconcile

import (
	"iter"
	"time"
)

// Family is everything known about one bill: its payment row and the refund
// and completion rows that name it. Rows of a family that this run does not
// judge are there because the others depend on them.
type Family struct {
	Number   int // in the list that it was read from, from 1
	Bill     BillKey
	Subjects []Subject // payment first, then refunds, then completions, each by id
	// Statement holds the lines of statements about the bill, each once; Covers
	// are the settle dates of its merchant whose statements were read.
	Statement []StatementLine
	Covers    []StatementCover
	// BadLines are lines of statements that were not understood, but for a
	// number of the bill.
	BadLines []BadRow
}

// inScope yields the subjects to be judged, numbered as their verdicts are.
func (f Family) inScope() iter.Seq2[int, *Subject] {
	return func(yield func(int, *Subject) bool) {
		nth := 0
		for i := range f.Subjects {
			if !f.Subjects[i].InScope {
				continue
			}
			if !yield(nth, &f.Subjects[i]) {
				return
			}
			nth++
		}
	}
}

// Subject is one order with the evidence about it.
type Subject struct {
	ID      int64 // of the order, as the store counts; 0: not known
	Order   Order
	InScope bool // to be judged by this run
	// Revisited: it was final, and is judged for a statement alone, by the
	// answer at hand; while it stays final it is none of the run's orders.
	Revisited bool

	// What its loads have shown.
	Copies      int       // identical rows in the load, 1 as a rule
	Conflicting bool      // rows of the same key differ; Order holds the one with the largest amount
	Vanished    bool      // in an earlier load of its source, gone from the last
	FirstSeen   time.Time // when the order was first loaded
	StatusSince time.Time // when its present status was first loaded
	SnapshotAt  time.Time // when the books it stands in were taken
	Row         string    // fingerprint of the row's mapped columns
	Pinned      *Pinned   // how it stood when it became final, or its day was signed off; nil: never has
	SignedOff   bool      // its ledger day is closed

	// Answer is what the run goes by: this run's own, or the one at hand for
	// an order that need not be asked. Nil: none.
	Answer *Answer

	// History of the bill as UMS told it before.
	FirstSettleDay Day       // the settle date it first named; zero: none yet
	FirstPaidAt    time.Time // payTime when UMS first called it paid; zero: never did

	// Notices are the verified ones about the bill, the first received first;
	// they stand on the payment.
	Notices []Notice
	// NoticesFrom is when the first verified notice of the merchant was paid,
	// or came in; zero: none ever came.
	NoticesFrom time.Time
	// Synced is when UMS was told of the payment of a pay-score order; zero:
	// it was not.
	Synced time.Time

	Clashes []Clash
	Cases   []Case // all that the order has ever had, in no order
	// NoticeCases are those of notices and lines of statements about it from
	// before it was there.
	NoticeCases []Case
}

// Pinned is an order's money and status when nothing more could change.
type Pinned struct {
	Status Status
	Amount Fen
}

// Clash ties an order to others that cannot both be right.
type Clash struct {
	Code      Code   // PaymentReferenceReused or DoublePayment
	Reference string // the payment reference, or the order number, they share
	Others    []Key  // the other payments, sorted; never empty
	// Over: the others were given back in full, so that nothing clashes any more.
	Over bool
}
