package reconcile

import (
	"context"
	"iter"
	"time"
)

// Job is the night: load the ledger, ask UMS about open orders, judge, keep
// the cases, add up. One job runs at a time on a database.
type Job struct {
	Ledgers []Ledger
	// Statements are the exports of the merchant portal; none: no such witness.
	Statements []Statement
	Gateway    Gateway
	Store      Store
	Clock      Clock
	Settings   Settings
	Asking     Asking
	// PerMerchant: the figures of every merchant are kept, too.
	PerMerchant bool
	// Progress is told how the asking goes; it may be nil. Called from one
	// goroutine at a time.
	Progress func(Progress)
}

// Clock tells the time and waits; below the command nobody else does.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until the context ends, whose error it returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// Ledger is one source of the merchant's books.
type Ledger interface {
	// Scope names what Read would read for a day: two days with the same
	// scope share one source.
	Scope(day Day) string
	// Owner is the merchant whose own books these are; empty: several may share
	// them.
	Owner() string
	// Live: whatever day is read, its rows are as they are at that moment. Else a
	// day's books stay as they were written, and those of a later day are newer.
	Live() bool
	// Read passes each order and each bad row, in the order of the source.
	// It stops at the first error that either function returns. When the
	// source of the day does not exist, the error matches ErrNoLedger.
	Read(ctx context.Context, day Day, order func(Order, string) error, bad func(BadRow) error) (Load, error)
}

// Statement is one source of the merchant portal's exports, read by settle date.
type Statement interface {
	// Scope names what Read would read for a settle date.
	Scope(day Day) string
	// Fingerprint changes when the bytes of the source or the way in which they
	// are understood do. Without a source the error matches ErrNoLedger.
	Fingerprint(ctx context.Context, day Day) (string, error)
	// Read is that of a Ledger.
	Read(ctx context.Context, day Day, line func(StatementLine) error, bad func(BadRow) error) (Load, error)
}

// Gateway asks UMS. Implementations are safe for concurrent use.
type Gateway interface {
	// Ask asks about one order, retrying as it sees fit. Whatever goes wrong
	// is told in the Answer, never guessed; when ctx ends first the outcome
	// is NotQueried.
	Ask(ctx context.Context, k Key) Answer
}

// Scope is what a run is about.
type Scope struct {
	RunID    string
	Day      Day
	Since    Day       // the oldest ledger day still asked, which is none of history
	History  Day       // days before it are history: not all their orders are kept; zero: there is none
	Now      time.Time // of the run
	FreshFor time.Duration
	NoQuery  bool // judge by the answers at hand
	Requery  bool // ask the final orders of the day, too
	Recheck  []int
	Calendar Calendar
}

// Store keeps everything. Every method that writes is one transaction.
type Store interface {
	// BeginRun starts a run of a day, or takes up the day's last run when it
	// neither ended nor failed. It returns the run's id.
	BeginRun(ctx context.Context, day Day, now time.Time) (runID string, err error)
	// EndRun records how a run ended that published nothing.
	EndRun(ctx context.Context, runID string, status RunStatus, reason string, now time.Time) error

	// Horizon is the first day of which all orders are kept; zero: they are of
	// every day.
	Horizon(ctx context.Context) (Day, error)
	// LateNotices counts the verified notices that have come since the day of a
	// run began, belong to no order and are about payments before the horizon.
	LateNotices(ctx context.Context, s Scope) (int64, error)

	// LoadLedger reads one source into the database: all of it or nothing.
	LoadLedger(ctx context.Context, runID string, from Reading, now time.Time, read func(LoadWriter) (Load, error)) (Load, error)
	// OpenDays lists the earlier ledger days from since on that have an open
	// order or a pending case, oldest first.
	OpenDays(ctx context.Context, since, before Day) ([]Day, error)
	// NeighboursFilled says whether the loaded ledger days next to day hold
	// orders, or day itself did in an earlier load.
	NeighboursFilled(ctx context.Context, day Day) (bool, error)

	// CountToAsk is the number of questions of ToAsk, and of the orders that it
	// leaves out because this run has their answer already.
	CountToAsk(ctx context.Context, s Scope) (toAsk, reused int64, err error)
	// ToAsk opens the questions of a run: the orders that were passed over last
	// time first, then the oldest ledger day first.
	ToAsk(ctx context.Context, s Scope, a Asking) (Questions, error)
	// SaveAnswers commits answers; only then do they count. It does not keep the
	// slice.
	SaveAnswers(ctx context.Context, runID string, answers []Answered) error

	// TieNotices finds the bill that each verified notice is about, of those
	// that belong to none yet. reopen: what was final is open again for it;
	// without it notices about final orders wait for the next run.
	TieNotices(ctx context.Context, s Scope, reopen bool) error

	// StatementDays lists the settle dates up to a day whose statements are
	// wanted, oldest first: the run's own day, and those that bills of the
	// lookback name.
	StatementDays(ctx context.Context, s Scope, until Day) ([]StatementDay, error)
	// StatementRead is the fingerprint with which a run that published read a
	// source last, and what it held; empty: none did.
	StatementRead(ctx context.Context, scope string) (string, Load, error)
	// LoadStatement reads one statement into the database, in the place of what
	// it held before: all of it or nothing.
	LoadStatement(ctx context.Context, runID, scope, fingerprint string, now time.Time, read func(StatementWriter) (Load, error)) (Load, error)
	// TieStatements finds the bill that each line is about, of those that
	// belong to none yet.
	TieStatements(ctx context.Context, s Scope) error
	// Evidence lists every family that has an order in scope, and lets fn read
	// them.
	Evidence(ctx context.Context, s Scope, fn func(Evidence) error) error
	// History lists, for earlier ledger days, how many orders their last run
	// judged and how many it found discrepant.
	History(ctx context.Context, before Day) ([]DayShare, error)
	// CauseCases lists the cases that causes have had on ledger days from
	// since on, and those of the rows of sources. Called within Publish it
	// shows them as they are then.
	CauseCases(ctx context.Context, since Day) ([]Case, error)
	// DayOrders is how many orders of every kind a merchant's ledger day holds.
	DayOrders(ctx context.Context, mid string, day Day) (int64, error)
	// Publish runs fn in the transaction that writes verdicts, cases and the
	// summary; an error from fn leaves everything as it was.
	Publish(ctx context.Context, runID string, fn func(Publication) error) error
}

// Evidence yields families by key, as they stand when it is called: those of
// some numbers in ascending order; nil: all.
type Evidence func(only []int) iter.Seq2[Family, error]

// LoadWriter takes the rows of one load.
type LoadWriter interface {
	// Order adds a good row; row is the fingerprint of its mapped columns.
	Order(o Order, row string) error
	BadRow(r BadRow) error
}

// StatementWriter takes the lines of one statement.
type StatementWriter interface {
	Line(l StatementLine) error
	BadRow(r BadRow) error
}

// StatementDay is a settle date whose statement is wanted. Again: also when it
// was read before, in case it was corrected.
type StatementDay struct {
	Day   Day
	Again bool
}

// Publication is the one transaction in which a run becomes visible.
type Publication interface {
	// ClosedBy is who has closed the day of the run; empty: it is open.
	ClosedBy() (string, error)
	Verdict(v Verdict) error
	// Matched is Verdict for orders, by their ids, that agree in everything.
	Matched(orders []int64, final bool) error
	// Case writes a case that was read in the state was; empty: it is new.
	// The error matches ErrDecidedMeanwhile when it has another one by now.
	Case(c Case, was State) error
	Event(e Event) error
	// BadRows yields the bad rows of the last loads in scope with the
	// case each has, and the pending cases of bad rows that are gone.
	BadRows(unchanged []string) ([]RowSighting, error)
	// Notices yields, when the verdicts are written, the notices of the
	// lookback that no order carries or that have a case of their own, and the
	// unverified ones by day and path.
	Notices(s Scope, see func(NoticeSighting) error) error
	// StatementLines yields, when the verdicts are written, the lines of
	// statements that belong to no order or have a case of their own, and the
	// pending cases of lines that are gone.
	StatementLines(s Scope, see func(StatementSighting) error) error
	// SettleTotals lists the settle dates of merchants whose statements have
	// not been found to add up yet, and those with a pending case.
	SettleTotals(s Scope) ([]SettleTotal, error)
	// Settling yields the families with a block that settles on one of the
	// days, or with a line of a statement that does.
	Settling(days []Day, see func(Family) error) error
	// TotalsAgree records that a settle date needs not be added up again.
	TotalsAgree(mid string, day Day) error
	// Balance is the closing balance of the previous run, and what
	// people resolved and reopened since.
	Balance() (opening, resolved, reopened Sum, err error)
	// PendingCases counts the open and proposed cases of the whole database
	// by the day they were first seen.
	PendingCases() (map[Day]Sum, error)
	// Merchants tells the same, and Balance, by merchant. kept: the previous
	// run has kept the shares of merchants; else there is no Opening.
	Merchants() (stand map[string]ShareCases, kept bool, err error)
	// Share keeps the part of a merchant.
	Share(m Share) error
	Finish(s Summary) error
}

// RowSighting is a bad row as a case sees it. Row is nil when the row is gone.
type RowSighting struct {
	CaseID string
	Scope  string
	Day    Day
	Row    *BadRow
	Case   *Case
}

// DayShare is a ledger day's record.
type DayShare struct {
	Day                Day
	Judged, Discrepant int64
}
