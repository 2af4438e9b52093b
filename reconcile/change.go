package reconcile

// Change is what became of a case from one run of a day to the next.
type Change struct {
	Kind EventKind // the last event; EventStill: there was none
	Who  string    // a person, or the run of another day; empty: the run itself
	Line Line
	Why  Words // of the event; of a case that is still open its reason
}

// EventStill marks a case that a run found open and left open. It is never
// stored.
const EventStill EventKind = "still_open"

// ChangeKinds in the order in which they are told.
var ChangeKinds = []EventKind{EventCleared, EventOpened, EventReopened, EventRevalued, EventWithdrawn, EventInherited, EventProposed, EventResolved, EventRejected, EventAccepted, EventGone, EventStill}

// whyGone says what an order, row or cause shows now that a condition no
// longer holds.
func (s Sighting) whyGone(now Case, was State) Words {
	var w Words
	v := s.Verdict
	switch {
	case s.Cause != nil:
		w = words("不再是同一原因：%[1]d 笔中的 %[2]d 笔", "no longer one cause: %[2]d of %[1]d", s.Cause.Of, s.Cause.Count)
	case s.Scope != "":
		w = words("台账中已没有这一无效行", "the ledger no longer has the row, or it is understood now")
	case v.Key.BillNo == "":
		w = words("通知所述的订单已在台账中", "the order that the notices tell of is in the ledger")
	case len(v.Findings) > 0:
		w = words("现为%[1]s（%[2]s）：台账 %[3]s，渠道 %[4]s", "now %[5]s (%[6]s): ledger %[3]s, UMS %[4]s yuan",
			v.Class.ZH(), RuleOf(v.Primary().Code).ZH, v.Ledger.Yuan(), v.UMS.Yuan(), v.Class, v.Primary().Code)
	default:
		w = words("现为%[1]s：台账 %[2]s，渠道 %[3]s", "now %[4]s: ledger %[2]s, UMS %[3]s yuan", v.Class.ZH(), v.Ledger.Yuan(), v.UMS.Yuan(), v.Class)
	}
	if left := s.whyLeft(now, was); left != (Words{}) {
		w.ZH, w.EN = w.ZH+"；"+left.ZH, w.EN+"; "+left.EN
	}
	return w
}

// whyLeft says what becomes of a case that is not cleared though its condition
// is gone.
func (s Sighting) whyLeft(now Case, was State) Words {
	switch {
	case now.State == StateCleared:
		return Words{}
	case was == StateResolved:
		return Words{"此前已处理", "it was resolved before"}
	case s.KeepOpen:
		return Words{"本次对账疑似系统性问题，不作消除，下次对账再看", "this run looks systemic and clears nothing, the next run looks again"}
	}
	return Words{"须由人关闭", "a person has to close it"}
}
