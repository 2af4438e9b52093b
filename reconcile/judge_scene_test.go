package reconcile

import (
	"fmt"
	"time"
)

// scene is one bill before the judge: its payment row, the rows beside it, and
// the answer. scenes start in agreement; a case spoils one thing.
type scene struct {
	set  Settings
	now  time.Time
	pay  Subject
	rows []Subject // refunds and completions

	lines  []StatementLine
	covers []StatementCover
	bad    []BadRow
}

func agreed19() *scene {
	s := &scene{set: DefaultSettings(), now: nightly}
	s.pay = Subject{
		Order: Order{
			Key:       Key{BillKey: BillKey{MID: "m", TID: "00000001", InstMID: "QRPAYDEFAULT", BillDay: thursday, BillNo: "B"}},
			LedgerDay: thursday, Amount: 1908, Status: Paid, OrderNo: "SO1",
		},
		InScope: true, Copies: 1, FirstSeen: thursday.End(), StatusSince: thursday.End(), SnapshotAt: thursday.End(), Row: "row",
		Answer: &Answer{Outcome: Found, Code: "SUCCESS", Bill: Bill{
			Status: BillPaid, CreatedAt: at("09:59:00"), Total: Some(1908),
			Payment: Flow{
				Present: true, Status: FlowSuccess, Total: Some(1908), BuyerPay: Some(1800), Invoice: Some(1850), Coupon: Some(108),
				PaidAt: at("10:00:00"), SettleDay: thursday + 1,
			},
		}},
	}
	return s
}

func at(clock string) time.Time {
	t, err := time.ParseInLocation(time.DateTime, thursday.String()+" "+clock, Beijing)
	if err != nil {
		panic(err)
	}
	return t
}

func (s *scene) bill() *Bill { return &s.pay.Answer.Bill }
func (s *scene) flow() *Flow { return &s.pay.Answer.Bill.Payment }

// shows sets what the bill shows, by the columns of the status table.
func (s *scene) shows(column string) {
	b := s.bill()
	switch column {
	case "UNPAID":
		b.Status, b.Payment = BillUnpaid, Flow{}
	case "PAID":
	case "REFUND":
		b.Status, b.Payment.Status = BillRefund, FlowRefund
	case "REFUND in full":
		b.Status, b.Payment.Status = BillRefund, FlowClosed
	case "CLOSED with payment":
		b.Status, b.Payment.Status = BillClosed, FlowClosed
	case "CLOSED":
		b.Status, b.Payment = BillClosed, Flow{Present: true, Status: FlowClosed}
	case "UNKNOWN":
		b.Status = BillUnknown
	case "FROZEN":
		b.Status = "FROZEN"
	case "NO_ORDER":
		*s.pay.Answer = Answer{Outcome: NoOrder, Code: "NO_ORDER"}
	}
}

// refund adds a refund row of half the amount with its own answer.
func (s *scene) refund(status Status, flow string, mod ...func(*Subject)) *Subject {
	answer := *s.pay.Answer
	answer.Bill.Refund = Flow{Present: flow != "", Status: flow, Total: Some(900), PaidAt: at("12:00:00"), SettleDay: thursday + 1}
	if flow == "" {
		answer.Bill.Refund = Flow{}
	}
	r := Subject{Order: s.pay.Order, InScope: true, Copies: 1, FirstSeen: at("13:00:00"), Answer: &answer}
	r.Order.RefundID, r.Order.Amount, r.Order.Status = fmt.Sprintf("R%d", len(s.rows)), 900, status
	for _, m := range mod {
		m(&r)
	}
	s.rows = append(s.rows, r)
	return &s.rows[len(s.rows)-1]
}

func (s *scene) completion(status Status, flow string) *Subject {
	r := s.refund(status, "")
	r.Order.CompletionID, r.Order.RefundID = "C", ""
	if flow != "" {
		r.Answer.Bill.Completion = Flow{Present: true, Status: flow, Total: Some(900), PaidAt: at("12:00:00"), SettleDay: thursday + 1}
	}
	return r
}

func (s *scene) judge() []Verdict {
	return Judge(s.family(), s.set, s.now)
}

func (s *scene) family() Family {
	return Family{Bill: s.pay.Order.BillKey, Subjects: append([]Subject{s.pay}, s.rows...), Statement: s.lines, Covers: s.covers, BadLines: s.bad}
}

func codes(v Verdict) []Code {
	var all []Code
	for _, f := range v.Findings {
		all = append(all, f.Code)
	}
	return all
}
