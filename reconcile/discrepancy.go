package reconcile

import (
	"cmp"
	"slices"
	"sort"
)

// Finding is one code that an order carries, with the values compared.
type Finding struct {
	Code     Code
	Severity Severity
	// Ledger and UMS are what the two sides state about the quantity that
	// the code compares; absent where a side states none.
	Ledger, UMS Amount
	Reason      Words
	// Worth is what is at stake where the two sides do not tell: a statement
	// settles too little or too much of what they agree about.
	Worth Amount
	// Shared: the case of a cause stands for it, it has none of its own.
	Shared bool
	// Basis holds the facts the finding rests on, as text without times of
	// asking: if it changes, a person's resolution no longer covers the case.
	Basis string
}

// Caseless says whether the finding is kept with the run only.
func (f Finding) Caseless() bool { return f.Severity.Note() || f.Shared }

// Difference is UMS − ledger, absent unless both sides state an amount.
func (f Finding) Difference() Amount { return f.UMS.Minus(f.Ledger) }

// Class is where an order ends up. Every order is in exactly one.
type Class string

// The classes; the first that fits is the order's.
const (
	Unverified Class = "unverified"
	Discrepant Class = "discrepant"
	Waiting    Class = "waiting"
	Tolerance  Class = "tolerance"
	Matched    Class = "matched"
)

// Classes in the order in which they are tried.
var Classes = []Class{Unverified, Discrepant, Waiting, Tolerance, Matched}

// ZH is the class in the words of the workbooks.
func (c Class) ZH() string {
	return map[Class]string{
		Unverified: "未核实", Discrepant: "差异", Waiting: "等待中", Tolerance: "容差内平", Matched: "已平",
	}[c]
}

// Facts is what an order shows now, for the grounds on which cases clear.
type Facts struct {
	LedgerPaid       bool   // the ledger row is paid, part refunded or refunded
	BillPaid         bool   // UMS took money at some time
	BothPaid         bool   // both of the above
	AmountsAgree     bool   // compared, and equal or within tolerance
	RefundedInFull   bool   // UMS gave all of it back
	Found            bool   // UMS knows the bill
	RefundsAgree     bool   // refund rows exist that move money, and UMS agrees with each; of a refund row: with it
	CompletionsAgree bool   // the same of completion rows
	FlowDecided      bool   // the refund or completion is done or failed at UMS
	Settled          bool   // the settle date has arrived
	StatusKnown      bool   // the bill's status is one that is known
	StatusHolds      bool   // bill and flow status do not contradict
	SecureOver       bool   // a guarantee was completed or cancelled
	RefundsSum       bool   // the ledger's refunds sum to what it calls refunded
	SettleHolds      bool   // UMS names a settle date, and not before the payment
	OthersRefunded   bool   // other payments of this order number were all given back
	IdentityHolds    bool   // the bill states all its amounts, and they add up
	Noticed          bool   // a verified notice says that the bill was paid
	NoticesAgree     bool   // the bill is paid, and no notice contradicts it
	Synced           bool   // UMS was told of the payment of a pay-score order
	Covered          bool   // the contracts of deductions were looked at
	ContractsMatched bool   // contract notices, too
	Placed           bool   // of a notice: it belongs to an order now
	Appeared         bool   // of a notice or line of a statement: the order it belongs to agrees
	LineAgrees       bool   // the statement has the line, with the bill's amount
	FeeAgrees        bool   // the statement's fee was compared, and holds
	NoSurplus        bool   // no line of a statement is without a block of its bill
	TotalsAgree      bool   // of a settle date: statement and bills add up to the same
	Row              string // fingerprint of the ledger row
}

// Verdict is what Judge says of one order.
type Verdict struct {
	ID       int64 // of the order, as the store counts; 0: to be found by its key
	Key      Key
	Class    Class
	Findings []Finding // gravest first, then in the order of Rules
	Final    bool      // nothing more can change; it need not be asked again
	Facts    Facts

	// Ledger and UMS are the money each side says has moved, zero where it
	// has not: what the bridge adds up.
	Ledger, UMS Fen
	// Carrier is the one code of the order that carries UMS − Ledger, so that
	// the bridge and a list of cases both count it once; empty when there is
	// no difference, or no finding to explain it.
	Carrier Code
}

// Primary is the finding that stands for the order; the zero Finding when it
// has none.
func (v Verdict) Primary() Finding {
	if len(v.Findings) == 0 {
		return Finding{}
	}
	return v.Findings[0]
}

// unanswered is the finding that says why there is no trustworthy answer; the
// zero Finding where there is one.
func (v Verdict) unanswered() Finding {
	i := slices.IndexFunc(v.Findings, func(f Finding) bool { return RuleOf(f.Code).Unverified })
	if i < 0 {
		return Finding{}
	}
	return v.Findings[i]
}

// waits says whether something about the order is explained by time alone.
func (v Verdict) waits() bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity == Wait || f.Code == SecuredFundsHeld })
}

// OneSided says whether exactly one side says that money moved.
func (v Verdict) OneSided() bool { return v.Facts.LedgerPaid != v.Facts.BillPaid }

// sortFindings puts the gravest first, then the order of the tables.
func sortFindings(fs []Finding) {
	if len(fs) < 2 {
		return
	}
	sort.SliceStable(fs, func(i, j int) bool {
		a, b := &fs[i], &fs[j]
		return cmp.Or(
			cmp.Compare(severityRank[a.Severity], severityRank[b.Severity]),
			cmp.Compare(a.Code.place(), b.Code.place()),
			cmp.Compare(a.Basis, b.Basis),
		) < 0
	})
}

// classify is the first class that fits the findings.
func classify(fs []Finding) Class {
	has := func(is func(Finding) bool) bool { return slices.ContainsFunc(fs, is) }
	switch {
	case has(func(f Finding) bool { return RuleOf(f.Code).Unverified }):
		return Unverified
	case has(func(f Finding) bool { return f.Severity.Discrepant() }):
		return Discrepant
	case has(func(f Finding) bool { return f.Severity == Wait }):
		return Waiting
	case has(func(f Finding) bool { return f.Code == AmountWithinTolerance }):
		return Tolerance
	}
	return Matched
}
