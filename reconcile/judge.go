package reconcile

import (
	"fmt"
	"time"
)

// Judge decides what the evidence about one bill amounts to: one verdict per
// order in scope, in the order of f.Subjects, with every finding and its
// reason. It is a pure function: the same family, settings and instant give
// the same verdicts.
func Judge(f Family, set Settings, now time.Time) []Verdict {
	var verdicts []Verdict
	for _, s := range f.inScope() {
		v := newView(f, s, set, now)
		verdicts = append(verdicts, v.judge())
	}
	return verdicts
}

// view is one order before the judge.
type view struct {
	set    Settings
	now    time.Time
	today  Day
	family Family
	s      *Subject
	o      Order
	bill   Bill // zero unless the answer is Found
	col    column

	findings []Finding
	facts    Facts
	ledger   Amount // the order's amount as compared
	ums      Amount // the amount of UMS it is compared with
	held     bool   // held out of matching: the ledger contradicts itself
}

func newView(f Family, s *Subject, set Settings, now time.Time) *view {
	v := &view{set: set, now: now, today: DayOf(now), family: f, s: s, o: s.Order, col: noOrder}
	if s.Answer != nil && s.Answer.Outcome == Found {
		v.bill = s.Answer.Bill
		v.col = v.bill.column()
	}
	v.ledger = Some(v.o.Amount)
	v.facts.Row = s.Row
	v.facts.Found = s.Answer != nil && s.Answer.Outcome == Found
	v.facts.LedgerPaid = v.o.Booked()
	return v
}

func (v *view) judge() Verdict {
	v.ledgerAlone()
	alone := len(v.findings)
	switch {
	case !v.trustworthy():
		v.noticesUnanswered()
	case v.o.Kind() == Payment:
		v.payment()
	default:
		v.flow()
	}
	for i := range v.findings[:alone] {
		v.findings[i].UMS = v.ums // not known before
	}
	return v.verdict()
}

// trustworthy says whether there is an answer to go by, and records why not.
func (v *view) trustworthy() bool {
	if v.s.Answer != nil && v.s.Answer.Trustworthy() && v.answersBasis() {
		return true
	}
	v.col = unknown
	v.unverified()
	return false
}

// answersBasis says whether a paid bill states the amount that total_amount of
// a paid order is compared with: without it nothing would be proven. A closed
// bill need not state it.
func (v *view) answersBasis() bool {
	compared := v.o.Kind() == Payment && v.o.Booked() && v.bill.Paid() && v.bill.Status != BillClosed
	return !compared || v.basisAmount().Known
}

func (v *view) payment() {
	v.facts.BillPaid = v.bill.Paid()
	v.facts.BothPaid = v.facts.BillPaid && v.facts.LedgerPaid
	v.facts.RefundedInFull = v.refundedInFull()
	v.facts.Settled = v.facts.BillPaid && v.arrived(v.bill.Payment.SettleDay)
	v.facts.RefundsAgree, v.facts.CompletionsAgree = v.flowsAgree(Refund), v.flowsAgree(Completion)
	v.ums = v.basisAmount()
	v.standing()
	v.facts.Synced = !v.s.Synced.IsZero()
	v.clashes()
	v.regression()
	v.noticesAlone()
	v.statement()
	if v.held {
		return
	}
	v.status()
	v.amounts()
	v.refundSums()
	v.notices()
	v.payScore()
	v.guarantee()
	v.settlement()
	v.crossDay()
}

// standing is what the bill shows by itself.
func (v *view) standing() {
	b := v.bill
	v.facts.StatusKnown = v.col != unknown
	v.facts.StatusHolds = v.col != unknown && v.col != noOrder && (!b.Payment.Present || b.pairHolds())
	v.facts.SecureOver = b.SecureStatus == SecureAll || b.SecureStatus == SecureCanceled
	v.facts.SettleHolds = v.facts.BillPaid && b.Payment.SettleDay >= v.set.Calendar.BusinessDay(b.Payment.PaidAt)
	booked, open := v.refundsBooked()
	v.facts.RefundsSum = !open && booked >= v.o.Amount
}

func (v *view) verdict() Verdict {
	sortFindings(v.findings)
	out := Verdict{
		ID: v.s.ID, Key: v.o.Key, Findings: v.findings, Class: classify(v.findings), Facts: v.facts,
		Ledger: moved(v.facts.LedgerPaid, v.ledger), UMS: moved(v.facts.BillPaid, v.ums),
	}
	if v.facts.BothPaid && !v.ums.Known { // absent is not zero: it makes no difference
		out.UMS = out.Ledger
	}
	out.Carrier = carrier(out)
	out.Final = v.final(out.Class)
	return out
}

func moved(paid bool, a Amount) Fen {
	if !paid {
		return 0
	}
	return a.Fen
}

// carrier is the finding that explains why UMS − ledger is not zero: the one
// about the amount where there is one, else the gravest.
func carrier(v Verdict) Code {
	if v.UMS == v.Ledger || len(v.Findings) == 0 {
		return ""
	}
	for _, f := range v.Findings {
		if aboutAmount[f.Code] {
			return f.Code
		}
	}
	return v.Primary().Code
}

var aboutAmount = map[Code]bool{
	AmountBillMore: true, AmountBillLess: true, AmountWithinTolerance: true, AmountUnitSuspect: true, AmountBasisMismatch: true,
	RefundAmountMismatch: true, CompletionAmountMismatch: true,
}

// add records a finding about the order's own amount with the rule's severity.
func (v *view) add(c Code, w Words) *Finding {
	return v.addOver(c, v.ledger, v.ums, w)
}

// addOver records a finding about some other pair of amounts.
func (v *view) addOver(c Code, ledger, ums Amount, w Words) *Finding {
	v.findings = append(v.findings, Finding{
		Code: c, Severity: RuleOf(c).Severity, Ledger: ledger, UMS: ums, Reason: w,
		Basis: fmt.Sprintf("%s %s %s, %s/%s %s", v.o.Status, v.o.Amount.Yuan(), ledger.Yuan(), v.bill.Status, v.payStatus(), ums.Yuan()),
	})
	return &v.findings[len(v.findings)-1]
}

func (v *view) payStatus() string {
	if v.o.Kind() != Payment {
		return v.bill.flow(v.o.Kind()).Status
	}
	return v.bill.Payment.Status
}

// words is a sentence in both languages over the same arguments.
func words(zh, en string, args ...any) Words {
	return Words{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// arrived says whether a settle date is there and not in the future of the
// run's own date.
func (v *view) arrived(d Day) bool { return d != 0 && d <= v.today }

// past says whether more than a grace has gone by since an instant.
func (v *view) past(since time.Time, grace time.Duration) bool { return v.now.After(since.Add(grace)) }

func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(Beijing).Format(time.DateTime)
}
