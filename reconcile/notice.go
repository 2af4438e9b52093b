package reconcile

import "time"

// NoticeKind is what a notice is about.
type NoticeKind string

// The three kinds of notice.
const (
	DeductionNotice NoticeKind = "deduction" // 扣款结果通知: names no bill
	BillNotice      NoticeKind = "bill"      // 支付结果通知: names its bill
	ContractNotice  NoticeKind = "contract"  // 签约结果通知
)

// The ways by which a notice comes in.
const (
	NoticePath   = "notice"   // the receiver's path of payments and deductions
	ContractPath = "contract" // the receiver's path of contracts, which carries a secret
	ImportPath   = "import"   // a file of the merchant's own server
)

// Notice is what the platform sent without being asked, in the domain's
// words: the second witness for UMS. It is evidence only when Verified; then it
// is a claim of UMS as good as an answer, though on doubt the answer is right.
type Notice struct {
	Kind NoticeKind // empty: it could not be read at all
	ID   string     // notifyId; the same when a notice is repeated; may be empty
	// Digest is a fingerprint of the business fields: a repeat has the same.
	Digest string

	Verified bool
	Why      string // why it is not verified, or which field of it could not be read
	Path     string
	// ReceivedAt is when it came in; LastAt when it, or an unchanged repeat,
	// came last; Repeats how often it came again.
	ReceivedAt, LastAt time.Time
	Repeats            int64

	BillKey        // of a bill notice; of another kind MID and TID alone
	BillStatus     string
	Status         string // of the payment, or of the contract
	MerOrderID     string
	PaySeqID       string
	TargetOrderID  string
	TargetSys      string
	Total          Amount // of the bill, or of the deduction
	PaymentTotal   Amount // of a bill's payment: after the alliance discount
	BuyerPay       Amount
	Coupon         Amount // of a bill's payment the channel's coupon; of a deduction another quantity
	Refund         Amount
	PaidAt         time.Time
	SettleDay      Day
	ContractID     string    // of a deduction; of a contract notice its authorizationCode
	ContractSigned time.Time // of a deduction
	ContractEnds   time.Time // of a deduction
	ServiceID      string    // of a contract notice
	ContractOpen   bool      // of a contract notice: opened, not closed
	ContractAt     time.Time // of a contract notice: when it was opened or closed

	Raw []byte // what was received, masked but for the fields that the business needs

	// What else is stored about it. Changes is the notice of the same ID that
	// came first and said something else; nil: none.
	Changes  *Notice
	Contract ContractHistory // where contracts are matched
}

// ContractHistory is what contract notices say of the contract of a deduction.
type ContractHistory struct {
	Opened   bool      // a notice of its opening before the payment is stored
	ClosedAt time.Time // when it was closed last before the payment, not opened again since; zero: was not
	Since    time.Time // the first contract notice of the merchant; zero: none
}

// Since is when the merchant could have known: when the notice came in, or,
// of one that was imported, when it was paid.
func (n Notice) Since() time.Time {
	if n.Path == ImportPath && !n.PaidAt.IsZero() {
		return n.PaidAt
	}
	return n.ReceivedAt
}

// Paid says whether the notice is of money that was taken.
func (n Notice) Paid() bool {
	switch n.Kind {
	case BillNotice:
		b := Bill{Status: n.BillStatus, Payment: Flow{Present: true, Status: n.Status, PaidAt: n.PaidAt}}
		return b.Paid()
	case DeductionNotice:
		switch n.Status {
		case FlowSuccess, FlowRefund, FlowClosed, "SUCCESS": // closed with a payTime: paid, and given back
			return !n.PaidAt.IsZero()
		}
	}
	return false
}

// Refunds says whether the notice is of money that was given back.
func (n Notice) Refunds() bool {
	if n.Refund.Known && n.Refund.Fen > 0 {
		return true
	}
	return n.Paid() && (n.Status == FlowRefund || n.BillStatus == BillRefund || n.Kind == DeductionNotice && n.Status == FlowClosed)
}

// conflict names what of a paid bill the notice contradicts; empty: nothing. A
// deduction's total is that of the order, before or after a discount.
func (n Notice) conflict(b Bill) (what string, notice, bill string) {
	total := b.Total
	if n.Kind == DeductionNotice && n.Total == b.Payment.Total {
		total = n.Total
	}
	for _, c := range []struct {
		what         string
		notice, bill Amount
	}{
		{"totalAmount", n.Total, total}, {"billPayment.totalAmount", n.PaymentTotal, b.Payment.Total}, {"buyerPayAmount", n.BuyerPay, b.Payment.BuyerPay},
	} {
		if c.notice.Known && c.bill.Known && c.notice.Differs(c.bill) {
			return c.what, c.notice.Yuan(), c.bill.Yuan()
		}
	}
	if day := b.Payment.SettleDay; n.SettleDay != 0 && day != 0 && n.SettleDay != day {
		return "settleDate", n.SettleDay.String(), day.String()
	}
	return "", "", ""
}

// uncovered says why no contract covers a deduction, and whether that rests on
// contract notices; empty words: one does, or nothing is known to the contrary.
func (n Notice) uncovered(set Settings) (why Words, matched bool) {
	if n.Kind != DeductionNotice || n.PaidAt.IsZero() || !n.Paid() {
		return Words{}, false
	}
	at, h := n.PaidAt, n.Contract
	switch {
	case !n.ContractSigned.IsZero() && at.Before(n.ContractSigned):
		return words("扣款 %[1]s 早于通知所载签约时间 %[2]s", "deducted at %[1]s, before the contract was signed at %[2]s", stamp(at), stamp(n.ContractSigned)), false
	case !n.ContractEnds.IsZero() && at.After(n.ContractEnds):
		return words("扣款 %[1]s 晚于通知所载到期时间 %[2]s", "deducted at %[1]s, after the contract ended at %[2]s", stamp(at), stamp(n.ContractEnds)), false
	case !set.MatchContracts || n.ContractID == "":
		return Words{}, false
	case !h.ClosedAt.IsZero():
		return words("扣款 %[1]s 时协议 %[3]s 已于 %[2]s 解约", "deducted at %[1]s under contract %[3]s, which was closed at %[2]s", stamp(at), stamp(h.ClosedAt), n.ContractID), true
	case !h.Opened && set.ContractNotices && !h.Since.IsZero() && n.ContractSigned.After(h.Since):
		return words("未收到协议 %[2]s 的签约通知（所载签约时间 %[1]s）", "contract %[2]s, said to be signed at %[1]s, was never notified", stamp(n.ContractSigned), n.ContractID), true
	}
	return Words{}, false
}
