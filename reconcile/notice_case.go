package reconcile

import (
	"strconv"
	"strings"
	"time"
)

// NoticeSighting is a payment that notices tell of and no order carries, or the
// notices of one day and path whose signature did not hold, as their cases see
// it.
type NoticeSighting struct {
	// Payment names the payment within its merchant: notices of any kind about
	// it, repeated or changed, have the same.
	Payment string
	Notices []Notice // about it, the first received first; of unverified ones the first alone
	// Unproven counts the notices of one day and path whose signature did
	// not hold; zero: this is about verified ones.
	Unproven Unproven
	Placed   bool // it belongs to an order
	Appeared bool // that order is paid in the ledger and agrees
	// Carried are the codes of the cases that the order has: what it carries
	// itself is no case of the notices any more.
	Carried []Code
	// Looked: the books of its day were taken after the payment, so that the
	// order should be in them; of a deduction also: every order of that day
	// has a trustworthy answer, so that its bill would be known.
	Looked bool
	Cases  []Case // that it has had
}

// Unproven is how many notices were not verified on one day and path.
type Unproven struct {
	Day   Day // Beijing date of their arrival
	Path  string
	Count int64
	First time.Time
	Last  time.Time
}

// PaymentName is what notices about one payment have in common: the merchant's
// order, else a reference, else the bill, else the notice itself.
func (n Notice) PaymentName() string {
	for _, name := range []struct{ of, value string }{
		{"merOrderId", n.MerOrderID}, {"paySeqId", n.PaySeqID}, {"targetOrderId", n.TargetOrderID}, {"billNo", n.BillNo}, {"notifyId", n.ID},
	} {
		if name.value != "" {
			return name.of + " " + name.value
		}
	}
	return "digest " + n.Digest
}

// NoticeCaseID is the stable id of a case about notices: by the payment, or by
// day and path where they cannot be believed.
func (s NoticeSighting) NoticeCaseID(c Code) string {
	if s.Unproven.Count > 0 {
		return caseID("unverified", s.Unproven.Day.String(), s.Unproven.Path, string(c))
	}
	return caseID("notice", s.last().MID, s.Payment, string(c))
}

// last is the notice that came last: the present word about the payment.
func (s NoticeSighting) last() Notice { return s.Notices[len(s.Notices)-1] }

// merchant is whom the notices are about; empty: they cannot be believed.
func (s NoticeSighting) merchant() string {
	if s.Unproven.Count > 0 {
		return ""
	}
	return s.last().MID
}

// LedgerDay is the day whose books the case belongs to, else the business day
// of the arrival.
func (s NoticeSighting) LedgerDay(c Calendar) Day {
	if s.Unproven.Count > 0 {
		return s.Unproven.Day
	}
	for _, n := range s.Notices {
		if n.BillDay != 0 || !n.PaidAt.IsZero() {
			return n.LedgerDay(c)
		}
	}
	return c.BusinessDay(s.Notices[0].ReceivedAt)
}

// LedgerDay is the day in whose books the payment of a notice belongs: its bill
// date where it names one, else the business day of the payment.
func (n Notice) LedgerDay(c Calendar) Day {
	if n.BillDay != 0 {
		return n.BillDay
	}
	return c.BusinessDay(n.PaidAt)
}

// JudgeNotices lists the findings about a payment that no order carries, one of
// a code at most. Like Judge it is a pure function.
func JudgeNotices(s NoticeSighting, set Settings) []Finding {
	var found []Finding
	switch {
	case s.Unproven.Count > 0:
		if set.ExpectNotices {
			found = append(found, s.Unproven.finding(s.Notices[0]))
		}
		return found
	case s.Placed:
		return nil // the order carries what is to be said
	}
	if n := s.paid(); s.Looked && n != nil {
		f := n.finding(LedgerNotFound, words("通知 %[1]s：%[2]s，回溯期内的台账没有对应的订单", "notice %[1]s: %[2]s, no order of the lookback in the ledger", s.names(), n.says()))
		f.Basis = s.Payment + " " + n.Digest
		found = append(found, f)
	}
	if set.ExpectNotices {
		found = append(found, aloneOf(s.Notices, set)...)
	}
	sortFindings(found)
	return found
}

// paid is the last notice that says that money was taken; nil: none does.
func (s NoticeSighting) paid() *Notice {
	for i := len(s.Notices) - 1; i >= 0; i-- {
		if s.Notices[i].Paid() {
			return &s.Notices[i]
		}
	}
	return nil
}

func (s NoticeSighting) names() string {
	var names []string
	for _, n := range s.Notices {
		names = append(names, n.ID)
	}
	return strings.Join(names, ", ")
}

func (u Unproven) finding(first Notice) Finding {
	return Finding{
		Code: NoticeUnverified, Severity: RuleOf(NoticeUnverified).Severity, Basis: strconv.FormatInt(u.Count, 10),
		Reason: words("%[1]s（%[2]s）有 %[3]d 条通知验签失败，首条 %[4]s，末条 %[5]s；首条原因：%[7]s", "%[3]d notices of %[1]s (%[2]s) were not verified, the first %[4]s, the last %[5]s; the first: %[6]s",
			u.Day, u.Path, u.Count, stamp(u.First), stamp(u.Last), first.Why, inChinese(first.Why)),
	}
}
