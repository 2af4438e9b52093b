package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// State is where a case stands in its life.
type State string

// Waiting and unverified cases come and go with their condition; notes have
// no life at all and are never stored as cases.
const (
	StateOpen       State = "open"
	StateProposed   State = "proposed" // resolved by one person, to be approved by another
	StateResolved   State = "resolved"
	StateCleared    State = "cleared" // by the tool: the condition is gone
	StateWaiting    State = "waiting"
	StateUnverified State = "unverified"
	StateNote       State = "note"
)

// States lists every state a discrepancy can be listed with.
var States = []State{StateOpen, StateProposed, StateResolved, StateCleared, StateWaiting, StateUnverified, StateNote}

// ZH is the state in the words of the workbooks.
func (s State) ZH() string {
	return map[State]string{
		StateOpen: "待处理", StateProposed: "待复核", StateResolved: "已处理", StateCleared: "已消除",
		StateWaiting: "等待中", StateUnverified: "未核实", StateNote: "提示",
	}[s]
}

// Pending says whether somebody still has to deal with the case.
func (s State) Pending() bool { return s == StateOpen || s == StateProposed }

// Case is the life of one finding over the nights. Its ID is a stable hash of
// the order's key (or the bad row's text) and the code: rerunning a day
// touches the same case.
type Case struct {
	ID       string
	Code     Code
	Severity Severity
	State    State
	Primary  bool // the order's gravest finding
	// Key is zero for a bad ledger row, and holds only the merchant for the
	// case of a cause.
	Key       Key
	LedgerDay Day
	Scope     string // of the source of a bad row; empty: of an order or notice
	// Covers is how many orders or rows the case of a cause stands for; zero:
	// the case is about one.
	Covers int64

	Ledger, UMS Amount // as the finding compared them
	// Gap is UMS − ledger in money that moved, on the one case of the order
	// that carries it; absent on the others.
	Gap    Amount
	Stake  Fen // what the case is worth in the roll-forward, never negative
	Reason Words
	Facts  string // Finding.Basis when last seen
	Gone   bool   // the condition no longer holds, but only a person may close it

	FirstSeen, LastSeen Day // Beijing dates of the runs that saw it
	Times               int // runs that saw it

	// What a person decided; empty while nobody has. Reviewer is who approved it.
	Outcome, Note, By, Reviewer string
}

// Difference is UMS − ledger, absent unless both state an amount. A case of a
// statement has none: it holds the statement against UMS.
func (c Case) Difference() Amount {
	if slices.Contains(statementCodes, c.Code) {
		return Amount{}
	}
	return c.UMS.Minus(c.Ledger)
}

var statementCodes = []Code{StatementMissing, StatementWaiting, StatementOnly, StatementAmountMismatch, FeeMismatch, SettleTotalMismatch}

// MinIDPrefix is how much of an id names a case to somebody who decides.
const MinIDPrefix = 4

// CaseID is the stable id of an order's case.
func CaseID(k Key, c Code) string {
	return caseID(k.MID, k.TID, k.InstMID, k.BillDay.String(), k.BillNo, k.RefundID, k.CompletionID, string(c))
}

// RowCaseID is the stable id of a bad row's case: by the name of its source
// and its text, so that it survives a change of line.
func RowCaseID(scope string, r BadRow) string {
	return caseID(scope, r.Raw, string(r.Code()))
}

// The leading letter keeps spreadsheets from reading an id such as
// 12345e6789 as a number.
func caseID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return "D" + hex.EncodeToString(sum[:8])
}

// Code is the code of the case that a bad row opens.
func (r BadRow) Code() Code {
	if r.Damaged {
		return LedgerKeyDamaged
	}
	return LedgerRowInvalid
}

// EventKind is what happened to a case.
type EventKind string

// Events are appended and never rewritten.
const (
	EventOpened   EventKind = "opened"
	EventReopened EventKind = "reopened"
	EventRevalued EventKind = "revalued"
	EventCleared  EventKind = "cleared"
	EventGone     EventKind = "condition_gone"
	EventProposed EventKind = "proposed"
	EventResolved EventKind = "resolved" // by a person, or approved by another
	EventRejected EventKind = "rejected"
	// EventWithdrawn: a proposal relied on facts that are no more.
	EventWithdrawn EventKind = "withdrawn"
	// EventInherited: a decision about the same facts was taken over from
	// the case that a notice had.
	EventInherited EventKind = "taken_over"
	EventAccepted  EventKind = "accepted" // by the signer of a day, as it is
)

// Event is one step in the life of a case.
type Event struct {
	CaseID string
	RunID  string // empty when a person did it
	At     time.Time
	Kind   EventKind
	State  State // after the event
	Was    State // before it; empty when the case is new
	Stake  Fen   // of the case after the event
	Delta  Fen   // change of the stake, for revalued and withdrawn
	By     string
	Reason Words
	Facts  string
}
