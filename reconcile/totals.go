package reconcile

import (
	"errors"
	"fmt"
	"time"
)

// RunStatus is how a run ended.
type RunStatus string

// A run that is neither complete nor incomplete published nothing.
const (
	RunRunning     RunStatus = "running"
	RunComplete    RunStatus = "complete"
	RunIncomplete  RunStatus = "incomplete" // some orders are unverified, or the ledger is empty though its neighbours are not
	RunInterrupted RunStatus = "interrupted"
	RunFailed      RunStatus = "failed"
)

// Summary is one run in figures: what page one of the workbook, the terminal
// and `runs` show. It is kept with the run word for word.
type Summary struct {
	RunID     string    `json:"run_id"`
	Day       Day       `json:"day"`
	Status    RunStatus `json:"status"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
	NoQuery   bool      `json:"no_query"` // judged by answers at hand, whatever their age

	Loads      []Load `json:"loads"`
	Statements []Load `json:"statements,omitempty"`
	Invalid    int64  `json:"invalid"` // bad rows of both, as far as this run read them

	Kinds   map[Kind]*KindTotals `json:"kinds"`
	Queries Queries              `json:"queries"`
	// Codes counts every finding of the run, notes too, with what is at stake.
	Codes map[Code]Sum `json:"codes"`
	// OwnCodes is the part of Codes that stands on orders and rows of the run's
	// own day; nil in a run of an earlier umsrecon.
	OwnCodes map[Code]Sum `json:"own_codes"`
	// NotCompared counts, by ledger column, the orders whose column UMS did
	// not answer.
	NotCompared map[string]int64 `json:"not_compared"`
	Cases       RollForward      `json:"cases"`
	Ageing      []AgeBand        `json:"ageing"`
	// Alarms are what concerns the run as a whole, worst first: said on page
	// one, before any figure.
	Alarms []Words `json:"alarms"`
	// Judged and Discrepant count the orders that this run judged and found
	// discrepant, but for those of earlier days that were discrepant before.
	Judged     int64 `json:"judged"`
	Discrepant int64 `json:"discrepant"`
	// Systemic: so many orders are discrepant that a wrong setting is likelier
	// than as many faults; no case was cleared.
	Systemic bool `json:"systemic"`
	// LedgerEmpty: the ledger has no rows though the days beside it have.
	LedgerEmpty bool `json:"ledger_empty"`
	// Pending counts the open and proposed cases of the orders of this run.
	Pending int64 `json:"pending"`
}

// InvalidLines is the part of Invalid that stands in statements.
func (s Summary) InvalidLines() (n int64) {
	for _, l := range s.Statements {
		if !l.Unchanged {
			n += l.Invalid
		}
	}
	return n
}

// InvalidRows is the part of Invalid that stands in ledgers.
func (s Summary) InvalidRows() int64 { return s.Invalid - s.InvalidLines() }

// unchanged are the scopes of the statements that hold what they held when they
// were read.
func (s Summary) unchanged() (scopes []string) {
	for _, l := range s.Statements {
		if l.Unchanged {
			scopes = append(scopes, l.Scope)
		}
	}
	return scopes
}

// Queries counts what was asked.
type Queries struct {
	ToAsk    int64 `json:"to_ask"`   // orders that had to be asked
	Sent     int64 `json:"sent"`     // orders asked by this process
	Attempts int64 `json:"attempts"` // HTTP requests, retries too
	Reused   int64 `json:"reused"`   // orders whose answer an interrupted start of this run had got
}

// Load is one reading of one source of the ledger.
type Load struct {
	Scope      string    `json:"scope"`       // names the source and, where it is per day, the day
	Files      []string  `json:"files"`       // as read, in order
	SHA256     string    `json:"sha256"`      // of the bytes of all files, in order
	SnapshotAt time.Time `json:"snapshot_at"` // when the books were taken: the file's time, see Taken
	Day        Day       `json:"day"`         // zero: the source is not per day
	Rows       int64     `json:"rows"`        // data rows, good and bad
	Orders     int64     `json:"orders"`      // orders in them, duplicates counted once
	Invalid    int64     `json:"invalid"`
	Total      Fen       `json:"total_fen"`       // sum of the amounts of the orders, all kinds: a control figure, not a total of trade
	Owner      string    `json:"owner,omitempty"` // the merchant whose own books these are; empty: several may share them
	Missing    bool      `json:"missing"`         // an earlier day's source, or a statement, that is not there
	// Of a statement: Orders are its lines, each once; Unchanged was read before, as the figures say.
	Unchanged  bool     `json:"unchanged,omitempty"`
	Duplicates int64    `json:"duplicates,omitempty"` // lines that stand there once more
	MIDs       []string `json:"mids,omitempty"`       // of a statement: merchants that it is about whatever lines it has
	// Taken are the times of the files, where they are several: books are as
	// complete as the file that an order stands in. SnapshotAt is then the oldest
	// of a source that is per day, and the youngest of one that is not, whose old
	// files are of old days.
	Taken []time.Time `json:"taken,omitempty"`
	// Headless are the files, of those read, that hold nothing at all.
	Headless []string `json:"headless,omitempty"`
	// Controls are the control totals of the files that have one.
	Controls []Control `json:"controls,omitempty"`
	// Suspect says what is wrong with a source as a whole, though its rows can
	// be read one by one. It makes the run incomplete.
	Suspect []Words `json:"suspect,omitempty"`
	// MayBeEmpty: a day without a row of this source is nothing unusual.
	MayBeEmpty bool `json:"may_be_empty,omitempty"`
	// Emptied: it held rows before, and holds none now. TooOld are the orders of
	// days that are not judged any more and never were; Oldest is one of them.
	Emptied bool  `json:"-"`
	TooOld  int64 `json:"-"`
	Oldest  Order `json:"-"`
	// Shared: it is one merchant's view of books of several, without their figures.
	Shared bool `json:"-"`
}

// Count adds a verdict to the figures. carried: the order belongs to an
// earlier day than the run's.
func (s *Summary) Count(v Verdict, o Order, b Bill, carried bool) error {
	if s.Kinds == nil {
		s.Kinds = map[Kind]*KindTotals{}
	}
	k := s.Kinds[v.Key.Kind()]
	if k == nil {
		k = newKindTotals()
		s.Kinds[v.Key.Kind()] = k
	}
	t := tally{}
	t.add(&k.Loaded, o.Amount)
	addTo(&t, k.Classes, v.Class, o.Amount)
	if carried {
		addTo(&t, k.Carried, v.Class, o.Amount)
	}
	k.countMoney(&t, v, o, b, carried)
	k.Bridge.count(&t, v)
	return errors.Join(t.err, s.countFindings(v, carried))
}

func (s *Summary) countFindings(v Verdict, carried bool) error {
	var t tally
	if s.Codes == nil {
		s.Codes, s.OwnCodes = map[Code]Sum{}, map[Code]Sum{}
	}
	if s.NotCompared == nil {
		s.NotCompared = map[string]int64{}
	}
	for _, f := range v.Findings {
		addTo(&t, s.Codes, f.Code, v.Stake(f))
		if !carried {
			addTo(&t, s.OwnCodes, f.Code, v.Stake(f))
		}
		if f.Code == FieldNotCompared {
			s.NotCompared[f.Basis]++
		}
	}
	return t.err
}

// flow is the block of the bill that a kind of order is about.
func (b Bill) flow(k Kind) Flow {
	switch k {
	case Refund:
		return b.Refund
	case Completion:
		return b.Completion
	}
	return b.Payment
}

// ClassCounts adds the classes of all kinds by count: how many orders ended where.
func (s Summary) ClassCounts() map[Class]int64 {
	counts := map[Class]int64{}
	for _, k := range s.Kinds {
		for class, sum := range k.Classes {
			counts[class] += sum.Count
		}
	}
	return counts
}

// Loaded is the number of valid orders that the run judged, of all kinds.
func (s Summary) Loaded() int64 {
	var n int64
	for _, k := range s.Kinds {
		n += k.Loaded.Count
	}
	return n
}

// Check proves that classes, bridge and roll-forward add up; ErrBooksOpen says
// what does not.
func (s Summary) Check() error {
	for _, kind := range Kinds {
		k := s.Kinds[kind]
		if k == nil {
			continue
		}
		if err := k.check(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrBooksOpen, kind, err)
		}
	}
	return s.Cases.check()
}
